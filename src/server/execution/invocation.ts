/**
 * One run of a command's handler: what it throws becomes the reply, what it has changed is passed on,
 * and it is counted.
 *
 * A handler throws before it has changed anything, a ReplyError if the client is to blame. Whatever it
 * has written by then is taken back. A Refusal says that the command should not have run at all: it is
 * counted as rejected, and not as a call.
 *
 * On every request's path: allocates nothing, guarded by `npm run bench`.
 */
import { ArenaFullError } from '../../datastructs/arena.js';
import { Refusal, ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../api/call.js';
import type { Log } from '../api/log.js';
import type { ClientImpl } from '../client.js';
import type { RegisteredCommand } from '../command-table.js';
import type { Propagation } from '../propagation/propagation.js';
import type { Charges } from './charges.js';

export interface InvocationParts {
  readonly charges: Charges;
  readonly log: Log;
  readonly propagation: Propagation;
}

export class Invocation {
  constructor(private readonly parts: InvocationParts) {}

  /** Runs a command on `call.args`. @param reply where it replies to; `call.reply` as well */
  run(client: ClientImpl, command: RegisteredCommand, call: Call, reply: ReplyWriter): void {
    call.db = client.db;
    call.command = command;
    const errors = reply.errors;
    const mark = reply.size;
    try {
      command.run(call);
    } catch (error) {
      reply.truncate(mark);
      this.failed(error, command, reply);
      if (error instanceof Refusal) {
        this.parts.charges.rejected(command);
        return;
      }
    }
    command.calls++;
    if (reply.errors !== errors) command.failed++;
    if (call.propagating) this.parts.propagation.afterCommand(call, command);
  }

  /**
   * The rest of a command that was counted when it began.
   * @param rest what is left to do, and the reply
   */
  finish(client: ClientImpl, command: RegisteredCommand, call: Call, rest: () => void): void {
    const { args, reply } = call;
    const errors = reply.errors;
    const mark = reply.size;
    try {
      rest();
    } catch (error) {
      reply.truncate(mark);
      this.failed(error, command, reply);
    }
    if (reply.errors !== errors) command.failed++;
    call.args = args;
    call.db = client.db;
    if (call.propagating) this.parts.propagation.afterCommand(call, command);
  }

  /** Answers with what a command has thrown. */
  failed(error: unknown, command: RegisteredCommand, reply: ReplyWriter): void {
    const { log } = this.parts;
    if (error instanceof ReplyError) {
      reply.error(error);
      return;
    }
    if (isOutOfMemory(error)) {
      log.warning(`Out of memory in command '${command.fullName}': ${(error as Error).message}`);
      reply.error('OOM the server has no memory for this');
      return;
    }
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.warning(`Internal error in command '${command.fullName}': ${what}`);
    reply.error('ERR internal error, see the log of the server');
  }
}

/** Whether an allocation failed: V8's words for a buffer, or the arena's own. */
function isOutOfMemory(error: unknown): boolean {
  if (error instanceof ArenaFullError) return true;
  return error instanceof RangeError && error.message.includes('allocation failed');
}
