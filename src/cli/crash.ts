/**
 * The end of a process against its will: a report in the log, in the frame that tools look for, and
 * the exit status of what happened.
 *
 * JavaScript can catch an exception and SIGABRT, not a segmentation fault. An exception that nobody
 * caught has left something half done, so the process ends (a command's own exceptions are caught
 * before, see server/execution/invocation.ts).
 */
import type { CrashSignal } from '../server/debug.js';
import type { Server } from '../server/server.js';

export function crashOnFailure(server: Server): void {
  process.on('SIGABRT', () => {
    server.debug.report({ kind: 'signal', signal: 'SIGABRT' });
    endBySignal('SIGABRT');
  });
  process.on('uncaughtException', (error) => {
    server.debug.report({ kind: 'exception', error });
    process.exit(1);
  });
}

/** Ends the process as this signal does when nobody catches it. */
export function endBySignal(signal: CrashSignal): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
