/**
 * The report that a server writes to its log when it crashes, in Redis's form, because tools and
 * people look for its headings:
 *
 *     === REDIS BUG REPORT START: Cut & paste starting from here ===
 *     what happened, the stack, INFO, the clients, the client whose command it was
 *     === REDIS BUG REPORT END. Make sure to include from START to END. ===
 */
import os from 'node:os';
import type { Args } from '../resp/args.js';
import { quoteBytes } from '../text/quote.js';
import type { Client, ClientRegistry } from './api/client.js';
import type { Log } from './api/log.js';
import type { CrashCause, InfoApi } from './api/server.js';
import { REDIS_VERSION } from './version.js';

/** Longest part of an argument that is shown, in bytes. */
const SHOWN_ARGUMENT = 128;

export interface BugReportParts {
  readonly log: Log;
  readonly info: InfoApi;
  readonly clients: ClientRegistry;
  /** `crash-log-enabled`: whether the report says more than what happened. */
  readonly detailed: boolean;
  /** The client whose command is running, and the command. */
  readonly current?: { readonly client: Client; readonly args: Args };
}

/** Writes the report; ending the process is the caller's business. */
export function writeBugReport(cause: CrashCause, parts: BugReportParts): void {
  const { log } = parts;
  log.raw('\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n');
  for (const line of explain(cause)) log.warning(line);
  if (parts.detailed) {
    log.raw(`\n------ STACK TRACE ------\n${stackTrace()}\n`);
    log.raw(`\n------ INFO OUTPUT ------\n${parts.info.render(['all'])}`);
    log.raw(`\n------ CLIENT LIST OUTPUT ------\n${clientLines(parts.clients)}`);
    if (parts.current !== undefined) log.raw(currentClient(parts.current));
  }
  log.raw(
    '\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n' +
      '       Please report the crash, with all of the above, to the authors of respd.\n\n',
  );
}

function explain(cause: CrashCause): string[] {
  switch (cause.kind) {
    case 'signal': {
      const number = os.constants.signals[cause.signal];
      return [`Redis ${REDIS_VERSION} crashed by signal: ${number}, si_code: 0`];
    }
    case 'panic':
      return [
        '------------------------------------------------',
        '!!! Software Failure. Press left mouse button to continue',
        `Guru Meditation: ${cause.message} #debug:0`,
      ];
    case 'assertion':
      return ['=== ASSERTION FAILED ===', `==> debug:0 '${cause.expression}' is not true`];
    case 'out of memory':
      return [`Out Of Memory allocating ${cause.bytes} bytes!`];
  }
}

function stackTrace(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error('stack');
  Error.stackTraceLimit = limit;
  return stack.split('\n').slice(1).join('\n');
}

function clientLines(clients: ClientRegistry): string {
  let text = '';
  for (const client of clients.all()) text += `${clientLine(client)}\n`;
  return text;
}

function clientLine(client: Client): string {
  return (
    `id=${client.id} addr=${client.addr} laddr=${client.laddr} fd=${client.fd} ` +
    `name=${client.name} db=${client.db.index} qbuf=${client.queryBufferBytes} ` +
    `oll=${client.outputChunks} tot-mem=${client.memoryBytes} cmd=${client.lastCommand} ` +
    `user=${client.user} resp=${client.resp}`
  );
}

function currentClient({ client, args }: { client: Client; args: Args }): string {
  let text = `\n------ CURRENT CLIENT INFO ------\n${clientLine(client)}\nargc: '${args.count}'\n`;
  for (let i = 0; i < args.count; i++) {
    const shown = quoteBytes(args.view(i).subarray(0, SHOWN_ARGUMENT));
    text += `argv[${i}]: '${shown}'\n`;
    // What follows may be a password.
    if (args.is(i, 'AUTH')) break;
  }
  return text;
}
