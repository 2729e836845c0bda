/**
 * Runs the commands of an append-only log: beside the executor, since they were checked when they were
 * new, are counted and timed for nobody, and their replies are dropped.
 *
 * Between `begin` and `end` commands only change the data: that is not propagated, no client waits, and
 * nothing goes for being due. What the server was about before is as it was afterwards: a log may be
 * replayed in the middle of a client's command (DEBUG LOADAOF).
 */
import type { Args } from '../../resp/args.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../api/call.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { RegisteredCommand } from '../command-table.js';
import type { Invocation } from '../execution/invocation.js';

export interface LogReplayParts {
  readonly call: Call;
  readonly clock: ServerClock;
  /** Answers with what a command has thrown. */
  readonly invocation: Pick<Invocation, 'failed'>;
  readonly reply: ReplyWriter;
}

export class LogReplay {
  /** Of the call, as it was before. */
  private before: Partial<Call> = {};

  constructor(private readonly parts: LogReplayParts) {}

  begin(): void {
    const { call, clock } = this.parts;
    const { args, canBlock, client, command, db, dirty, now, propagating } = call;
    this.before = { args, canBlock, client, command, db, dirty, now, propagating };
    clock.tick();
    call.now = clock.ms;
    call.canBlock = false;
    call.keepsDue = true;
    call.propagating = false;
  }

  /**
   * Runs a command.
   * @param goOn with what it goes on, if it was left (a script)
   * @returns the reply if it is an error
   */
  run(
    client: ClientImpl,
    command: RegisteredCommand,
    args: Args,
    goOn?: (call: Call) => void,
  ): string | undefined {
    const { call, reply } = this.parts;
    call.client = client;
    call.args = args;
    call.db = client.db;
    call.command = command;
    const { errors, size } = reply;
    let error: string | undefined;
    try {
      if (goOn === undefined) command.run(call);
      else goOn(call);
    } catch (thrown) {
      reply.truncate(size);
      this.parts.invocation.failed(thrown, command, reply);
    }
    if (reply.errors !== errors) {
      error = reply.buf.toString('latin1', reply.start + size + 1, reply.pos - 2);
    }
    reply.truncate(size);
    return error;
  }

  /** @returns how many changes were made, which count as none */
  end(): number {
    const { call } = this.parts;
    const { dirty } = call;
    Object.assign(call, this.before);
    call.keepsDue = false;
    return dirty - call.dirty;
  }
}
