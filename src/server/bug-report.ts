/**
 * The report that a server writes to its log when it crashes, in Redis's form, because tools and
 * people look for its headings:
 *
 *     === REDIS BUG REPORT START: Cut & paste starting from here ===
 *     what happened, the stack, INFO, the clients, the client whose command it was
 *     === REDIS BUG REPORT END. Make sure to include from START to END. ===
 *
 * It is written by a process that may be broken: a part that fails is left out.
 */
import os from 'node:os';
import type { Args } from '../resp/args.js';
import { quoteBytes } from '../text/quote.js';
import type { Client, ClientRegistry } from './api/client.js';
import type { Log } from './api/log.js';
import type { CrashCause, InfoApi } from './api/server.js';
import { REDIS_VERSION, RESPD_VERSION } from './api/version.js';

/** Longest part of an argument that is shown, in bytes. */
const SHOWN_ARGUMENT = 128;
/** Deepest stack that is shown. */
const STACK_LINES = 50;

export interface BugReportParts {
  readonly log: Log;
  readonly info: InfoApi;
  readonly clients: ClientRegistry;
  /** `crash-log-enabled`: whether the report says more than what happened. */
  readonly detailed: boolean;
  /** The client whose command ran last, and the command. */
  readonly current: { readonly client: Client | undefined; readonly args: Args };
}

/** Writes the report; ending the process is the caller's business. */
export function writeBugReport(cause: CrashCause, parts: BugReportParts): void {
  const { log } = parts;
  log.warning('=== REDIS BUG REPORT START: Cut & paste starting from here ===');
  for (const line of explain(cause)) log.warning(line);
  log.warning(`respd ${RESPD_VERSION}, Node.js ${process.version}, ${process.platform}`);
  if (parts.detailed) {
    chapter(log, 'STACK TRACE', () => stackTrace(cause));
    chapter(log, 'INFO OUTPUT', () => parts.info.render(['all']));
    chapter(log, 'CLIENT LIST OUTPUT', () => [...parts.clients.all()].map(clientLine).join('\n'));
    chapter(log, 'CURRENT CLIENT INFO', () => currentClient(parts.current));
  }
  log.warning('=== REDIS BUG REPORT END. Make sure to include from START to END. ===');
}

function chapter(log: Log, title: string, text: () => string): void {
  log.warning(`------ ${title} ------`);
  try {
    for (const line of text().split(/\r?\n/)) if (line !== '') log.warning(line);
  } catch (error) {
    log.warning(`(not to be had: ${(error as Error).message})`);
  }
}

function explain(cause: CrashCause): string[] {
  switch (cause.kind) {
    case 'signal': {
      const number = os.constants.signals[cause.signal];
      return [`Redis ${REDIS_VERSION} crashed by signal: ${number}, si_code: 0`];
    }
    case 'exception':
      return [`respd crashed by an exception that nobody caught: ${cause.error.message}`];
    case 'panic':
      return [
        '------------------------------------------------',
        '!!! Software Failure. Press left mouse button to continue',
        `Guru Meditation: ${cause.message}`,
      ];
    case 'assertion':
      return ['=== ASSERTION FAILED ===', `==> '${cause.expression}' is not true`];
    case 'out of memory':
      return [`Out Of Memory allocating ${cause.bytes} bytes!`];
  }
}

function stackTrace(cause: CrashCause): string {
  if (cause.kind === 'exception') return cause.error.stack ?? '';
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_LINES;
  const { stack = '' } = new Error('stack');
  Error.stackTraceLimit = limit;
  return stack.slice(stack.indexOf('\n') + 1);
}

function clientLine(client: Client): string {
  return (
    `id=${client.id} addr=${client.addr} laddr=${client.laddr} fd=${client.fd} ` +
    `name=${client.name} db=${client.db.index} qbuf=${client.queryBufferBytes} ` +
    `oll=${client.outputChunks} tot-mem=${client.memoryBytes} cmd=${client.lastCommand} ` +
    `user=${client.user.name} resp=${client.resp}`
  );
}

function currentClient({ client, args }: BugReportParts['current']): string {
  if (client === undefined) return '';
  const lines = [clientLine(client), `argc: '${args.count}'`];
  for (let i = 0; i < args.count; i++) {
    lines.push(`argv[${i}]: '${quoteBytes(args.view(i).subarray(0, SHOWN_ARGUMENT))}'`);
    // What follows may be a password.
    if (args.is(i, 'AUTH')) break;
  }
  return lines.join('\n');
}
