/**
 * From bytes to replies: parses a client's requests batch by batch, warms the memory they will touch
 * (batch.ts), and runs them in order.
 *
 *     run ──parse──> runBatch ──> execute ──> Invocation.run           the common path
 *                │                   └─────> CheckedPath.execute       a bit of the gate is set
 *                └──> runSingle ──> execute                            one small request by itself
 *
 * What they are charged with, and how they are timed: charges.ts. Commands that come from elsewhere than
 * a client's bytes: inner-commands.ts, late-commands.ts.
 *
 * All of this is the common path of the server: it allocates nothing; guarded by `npm run bench`.
 */
import type { Args } from '../../resp/args.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../api/call.js';
import { ClientFlag, ClientGate } from '../api/client.js';
import type { Log } from '../api/log.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { RegisteredCommand } from '../command-table.js';
import type { Gate } from '../gate.js';
import { describeProtocolError } from '../protocol-error.js';
import type { Stats } from '../stats.js';
import type { Batch } from './batch.js';
import type { Charges } from './charges.js';
import type { CheckedPath } from './checked-path.js';
import type { Invocation } from './invocation.js';

/** A client's requests end with these: what it has sent beyond is never run. */
const CLOSING = ClientFlag.CloseAfterReply | ClientFlag.CloseAsap;
/** Commands that end the run of a client's batch before the next is looked at. */
const STOP = CLOSING | ClientFlag.Blocked | ClientFlag.Behind;

export interface ExecutorParts {
  readonly batch: Batch;
  readonly call: Call;
  readonly charges: Charges;
  readonly checked: CheckedPath;
  readonly clock: ServerClock;
  readonly gate: Gate;
  readonly invocation: Invocation;
  readonly log: Log;
  readonly reply: ReplyWriter;
  readonly stats: Stats;
}

export class Executor {
  // What each request needs, one load nearer than in `parts`.
  private readonly args: Args;
  private readonly call: Call;
  private readonly gate: Gate;
  private readonly invocation: Invocation;
  private readonly reply: ReplyWriter;

  constructor(private readonly parts: ExecutorParts) {
    this.args = parts.batch.args;
    this.call = parts.call;
    this.gate = parts.gate;
    this.invocation = parts.invocation;
    this.reply = parts.reply;
    this.call.args = this.args;
  }

  /**
   * Runs the complete requests in `buf[at..end)`, until one makes the client wait or close.
   * @returns the offset behind the last one that was run
   */
  run(client: ClientImpl, buf: Buffer, at: number, end: number): number {
    const { reply } = this;
    const { reader } = this.parts.batch;
    client.inNeeded = 0;
    client.inRoom = 0;
    while (at < end) {
      reader.parse(buf, at, end, (client.gate & ClientGate.NeedsAuth) === 0, client.progress);
      if (reader.count === 0) {
        at = reader.consumed;
        if (reader.error !== undefined) {
          this.protocolError(client, reader.error, buf, at, end);
          return end;
        }
        client.inNeeded = reader.needed;
        client.inRoom = reader.room;
        break;
      }
      reply.open(client.resp === 3);
      at = this.runBatch(client);
      client.collect(reply);
      if ((client.flags & STOP) !== 0) break;
    }
    return (client.flags & CLOSING) !== 0 ? end : at;
  }

  /** Runs the reader's requests. @returns the offset of the first byte that was not run */
  private runBatch(client: ClientImpl): number {
    const { args, call } = this;
    const { batch, charges, clock, stats } = this.parts;
    const { commands, reader } = batch;
    batch.open();
    const { argc, count, first } = reader;
    call.client = client;
    if (count === 1) {
      const command = commands[0];
      if (command !== undefined && charges.isSampled(command, reader.consumed - reader.begin[0]!)) {
        return this.runSingle(client, command);
      }
    } else {
      batch.warm(client.db);
    }

    clock.tick();
    call.now = clock.ms;
    client.lastInteractionMs = clock.ms;
    charges.begin();
    let timedFrom = clock.us;
    let runFrom = 0;
    let i = 0;
    for (; i < count; i++) {
      args.base = first[i]!;
      args.count = argc[i]!;
      let command = commands[i];
      if (command !== undefined && command.subcommands !== undefined) {
        command = batch.subcommand(i, command);
      }
      let hasRun: boolean;
      if (command !== undefined && charges.isTimedAlone(command)) {
        if (i > runFrom) timedFrom = charges.run(client, runFrom, i, timedFrom);
        runFrom = i + 1;
        hasRun = this.execute(client, command);
        if (hasRun) timedFrom = charges.single(client, command, timedFrom);
      } else {
        hasRun = this.execute(client, command);
      }
      if ((client.flags & STOP) !== 0) {
        if (hasRun) i++;
        break;
      }
    }
    if (i > runFrom) charges.run(client, runFrom, i, timedFrom);
    stats.commandsProcessed += i;
    const last = i > 0 ? commands[i - 1] : undefined;
    if (last !== undefined) client.lastCommand = last.fullName;
    return i < count ? reader.begin[i]! : reader.consumed;
  }

  /** Runs a batch of one such command by the turn's time. @returns as `runBatch` */
  private runSingle(client: ClientImpl, command: RegisteredCommand): number {
    const { args, call } = this;
    const { batch, charges, clock, stats } = this.parts;
    const { reader } = batch;
    if (clock.stale) clock.tick();
    call.now = clock.ms;
    client.lastInteractionMs = clock.ms;
    args.base = 0;
    args.count = reader.argc[0]!;
    if (!this.execute(client, command)) return reader.begin[0]!;
    stats.commandsProcessed++;
    if (command.notRun !== 0) command.notRun = 0;
    else {
      charges.estimate(command);
      stats.commandMicros += command.sampleUsec;
    }
    client.lastCommand = command.fullName;
    return reader.consumed;
  }

  /** Runs one request, of a known command or not. @returns false: it has to wait, and comes again */
  private execute(client: ClientImpl, command: RegisteredCommand | undefined): boolean {
    const { count } = this.args;
    if (
      command === undefined ||
      (this.gate.bits | client.gate) !== 0 ||
      count < command.minArgs ||
      count > command.maxArgs
    ) {
      return this.parts.checked.execute(client, command);
    }
    this.invocation.run(client, command, this.call, this.reply);
    return true;
  }

  private protocolError(
    client: ClientImpl,
    error: string,
    buf: Buffer,
    at: number,
    end: number,
  ): void {
    const { clock, reply, log } = this.parts;
    log.verbose(describeProtocolError(error, client, buf.subarray(at, end), clock.now()));
    const silent = ClientFlag.ReplyOff | ClientFlag.ReplySkip | ClientFlag.ReplySkipNext;
    if ((client.flags & silent) === 0) {
      reply.open(client.resp === 3);
      reply.error(`ERR ${error}`);
      client.collect(reply);
    }
    client.close(true);
  }
}
