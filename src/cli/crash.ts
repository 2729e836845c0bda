/**
 * The last words of a process that ends against its will: a report in the log, in the frame that
 * tools look for.
 *
 * JavaScript can catch an exception and SIGABRT, not a segmentation fault. An exception that nobody
 * caught has left something half done, so the process ends (a command's own exceptions are caught
 * before, see server/executor.ts).
 */
import type { Log } from '../server/api/log.js';
import { REDIS_VERSION, RESPD_VERSION } from '../server/api/version.js';

export function crashOnSignals(log: Log): void {
  process.on('SIGABRT', () => {
    report(log, `Redis ${REDIS_VERSION} crashed by signal: 6`, new Error('SIGABRT').stack);
    process.removeAllListeners('SIGABRT');
    process.kill(process.pid, 'SIGABRT');
  });
  process.on('uncaughtException', (error) => {
    report(log, `respd crashed by an exception that nobody caught: ${error.message}`, error.stack);
    process.exit(1);
  });
}

function report(log: Log, headline: string, stack: string | undefined): void {
  log.warning('=== REDIS BUG REPORT START: Cut & paste starting from here ===');
  log.warning(headline);
  log.warning(`respd ${RESPD_VERSION}, Node.js ${process.version}, ${process.platform}`);
  log.warning('------ STACK TRACE ------');
  for (const line of (stack ?? '').split('\n')) log.warning(line);
  log.warning('=== REDIS BUG REPORT END. ===');
}
