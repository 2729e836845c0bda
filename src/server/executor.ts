/**
 * From bytes to replies: parses a client's requests batch by batch, warms the memory they will
 * touch, and runs them in order.
 *
 * Timing: two readings of the clock cost as much as a GET. So a run of consecutive constant-time
 * commands (flag `fast`) of a batch is timed as one, each charged its equal share; of such commands
 * that come one at a time and are small, one in SAMPLE_EVERY is timed and the next ones are charged
 * the same. Every other command is timed by itself. Call counts are always exact.
 *
 * Between two commands, clients that wait for keys are served (blocking.ts): their commands run here
 * again. While nobody waits that costs nothing, since a bit of the gate says so.
 *
 * `execute` and the loops here are the common path of the server: they allocate nothing; guarded by
 * `npm run bench`.
 */
import { ArenaFullError } from '../datastructs/arena.js';
import { WARM_MAX } from '../datastructs/dict.js';
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { Args } from '../resp/args.js';
import { ReplyError } from '../resp/reply-error.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { RequestReader } from '../resp/request-reader.js';
import type { Call } from './api/call.js';
import { ClientFlag, ClientGate } from './api/client.js';
import { CommandBit } from './api/command-table.js';
import type { Log } from './api/log.js';
import type { ClientImpl } from './client.js';
import type { ServerClock } from './clock.js';
import {
  type CommandTableImpl,
  type RegisteredCommand,
  unknownSubcommand,
} from './command-table.js';
import { checkArity, type GateState, passGate, unknownCommand, type Verdict } from './gate.js';
import { MemberWarmer } from './member-warmer.js';
import { describeProtocolError } from './protocol-error.js';
import type { Stats } from './stats.js';
import { isQueued } from './transaction.js';

/** Commands that end the run of a client's batch before the next is looked at. */
const STOP = ClientFlag.Blocked | ClientFlag.CloseAfterReply;
/** Which commands are timed together: those with Fast alone of these bits. */
const TIMING_BITS = CommandBit.Fast | CommandBit.Blocking;
/** Of constant-time commands that come one at a time, so many are charged what one took. */
const SAMPLE_EVERY = 8;
const NOT_IN_TRANSACTION = 'ERR Command not allowed inside a transaction';
/** A request longer than this is timed by itself, whatever its flags say, in bytes. */
const SAMPLE_MAX_BYTES = 4096;

export interface ExecutorParts {
  readonly clock: ServerClock;
  readonly commands: CommandTableImpl;
  readonly keyspace: Keyspace;
  readonly reply: ReplyWriter;
  readonly call: Call;
  readonly stats: Stats;
  readonly gateState: GateState;
  readonly log: Log;
  /** The client's command has to wait until the pause ends. */
  onPaused(client: ClientImpl): void;
  /** EXEC was refused before it ran: the transaction is to be forgotten. */
  onExecRefused(client: ClientImpl): void;
  /** Keys are ready for which clients wait. */
  onKeysReady(): void;
}

export class Executor {
  readonly reader = new RequestReader();
  /** Bits of ServerGate: why all commands must pass the checks. */
  gate = 0;
  /** Whether `latency-tracking` is on. */
  trackLatency = true;
  /** Whether clients that wait for keys may be served: `onKeysReady` is due. */
  keysReady = false;

  private readonly args: Args;
  /** The batch's commands, by request; undefined for an unknown name. */
  private readonly batch: (RegisteredCommand | undefined)[] = [];
  private readonly members = new MemberWarmer();
  private readonly warmHashes = new Int32Array(WARM_MAX);
  private postponed = false;
  /** Single commands until the next is timed. */
  private untilSample = 0;
  /** Microseconds since the batch was last timed that were not its own. */
  private othersUsec = DOUBLE_FIELD;

  constructor(private readonly parts: ExecutorParts) {
    const { reader } = this;
    this.args = new Args(reader.buf, reader.offs, reader.lens, reader.hashes);
    parts.call.args = this.args;
    this.othersUsec = 0;
  }

  /**
   * Runs the complete requests in `buf[at..end)`, until one makes the client wait or close.
   * @returns the offset behind the last one that was run
   */
  run(client: ClientImpl, buf: Buffer, at: number, end: number): number {
    const { reader } = this;
    const { reply } = this.parts;
    client.inNeeded = 0;
    client.inRoom = 0;
    while (at < end) {
      reader.parse(buf, at, end, client.authenticated, client.progress);
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
    return (client.flags & ClientFlag.CloseAfterReply) !== 0 ? end : at;
  }

  /** Runs the reader's batch. @returns the offset of the first byte that was not run */
  private runBatch(client: ClientImpl): number {
    const { reader, args, batch } = this;
    const { call, clock, commands, stats } = this.parts;
    const { first, argc, count } = reader;
    args.buf = reader.buf;
    args.offs = reader.offs;
    args.lens = reader.lens;
    args.hashes = reader.hashes;

    // Pipelines often send one command again and again, which need not be looked up each time.
    const { buf, offs, lens } = args;
    let command: RegisteredCommand | undefined;
    let name = 0;
    let nameLen = 0;
    for (let i = 0; i < count; i++) {
      const at = first[i]!;
      const off = offs[at]!;
      if (lens[at] !== nameLen || !endsAlike(buf, name, off, nameLen)) {
        name = off;
        nameLen = lens[at]!;
        command = commands.find(buf, name, nameLen);
      }
      batch[i] = command;
    }
    call.client = client;
    if (count === 1) {
      const command = batch[0];
      if (command !== undefined && this.isSampled(command)) return this.runSingle(client, command);
    } else {
      this.warm(client, count);
    }

    clock.tick();
    call.now = clock.ms;
    client.lastInteractionMs = clock.ms;
    this.othersUsec = 0;
    let timedFrom = clock.us;
    let runFrom = 0;
    let i = 0;
    for (; i < count; i++) {
      args.base = first[i]!;
      args.count = argc[i]!;
      let command = batch[i];
      if (command !== undefined && command.subcommands !== undefined) {
        command = this.subcommand(command);
        batch[i] = command;
      }
      if (command !== undefined && (command.bits & TIMING_BITS) !== CommandBit.Fast) {
        if (i > runFrom) timedFrom = this.chargeRun(runFrom, i, timedFrom);
        runFrom = i + 1;
        this.execute(client, command);
        if (!this.postponed) timedFrom = this.charge(client, command, timedFrom);
      } else {
        this.execute(client, command);
      }
      if ((client.flags & STOP) !== 0) {
        if (!this.postponed) i++;
        break;
      }
    }
    if (i > runFrom) this.chargeRun(runFrom, i, timedFrom);
    stats.commandsProcessed += i;
    const last = i > 0 ? batch[i - 1] : undefined;
    if (last !== undefined) client.lastCommand = last.fullName;
    this.postponed = false;
    return i < count ? reader.begin[i]! : reader.consumed;
  }

  /** Whether the batch is one small constant-time command, which need not be timed this time. */
  private isSampled(command: RegisteredCommand): boolean {
    if ((command.bits & TIMING_BITS) !== CommandBit.Fast || command.sampleUsec < 0) return false;
    if (command.subcommands !== undefined) return false;
    if (this.reader.consumed - this.reader.begin[0]! > SAMPLE_MAX_BYTES) return false;
    if (--this.untilSample > 0) return true;
    this.untilSample = SAMPLE_EVERY;
    return false;
  }

  /** Runs a batch of one such command by the turn's time. @returns as `runBatch` */
  private runSingle(client: ClientImpl, command: RegisteredCommand): number {
    const { reader, args } = this;
    const { call, clock, stats } = this.parts;
    if (clock.stale) clock.tick();
    call.now = clock.ms;
    client.lastInteractionMs = clock.ms;
    args.base = 0;
    args.count = reader.argc[0]!;
    this.execute(client, command);
    if (this.postponed) {
      this.postponed = false;
      return reader.begin[0]!;
    }
    command.usec += command.sampleUsec;
    if (this.trackLatency) command.recordLatency(command.sampleUsec, 1);
    stats.commandMicros += command.sampleUsec;
    stats.commandsProcessed++;
    client.lastCommand = command.fullName;
    return reader.consumed;
  }

  /** Runs one command, known or not, on the args that are set. */
  private execute(client: ClientImpl, command: RegisteredCommand | undefined): void {
    const { call, reply } = this.parts;
    const { args } = this;
    if (command === undefined || (this.gate | client.gate) !== 0) {
      this.executeChecked(client, command);
      return;
    }
    if (args.count < command.minArgs || args.count > command.maxArgs) {
      command.rejected++;
      checkArity(command, args, reply);
      return;
    }
    this.invoke(client, command, call, reply);
  }

  private invoke(
    client: ClientImpl,
    command: RegisteredCommand,
    call: Call,
    reply: ReplyWriter,
  ): void {
    call.db = client.db;
    call.command = command;
    const errors = reply.errors;
    const mark = reply.size;
    try {
      command.run(call);
    } catch (error) {
      reply.truncate(mark);
      this.failed(error, command);
    }
    command.calls++;
    if (reply.errors !== errors) command.failed++;
    if (call.rewritten !== undefined) call.rewritten = undefined;
  }

  /** The long way: an unknown command, or one that must pass the gate. */
  private executeChecked(client: ClientImpl, command: RegisteredCommand | undefined): void {
    const { reply } = this.parts;
    const { args } = this;
    const mark = reply.size;
    if ((client.flags & ClientFlag.ReplySkipNext) !== 0) {
      client.flags = (client.flags & ~ClientFlag.ReplySkipNext) | ClientFlag.ReplySkip;
    }
    const errors = reply.errors;
    if (command === undefined) {
      const parent = this.parts.commands.find(args.buf, args.off(0), args.len(0));
      reply.error(
        parent?.subcommands !== undefined && args.count > 1
          ? unknownSubcommand(parent.fullName, args.text(1))
          : unknownCommand(args),
      );
    } else if (!checkArity(command, args, reply)) {
      command.rejected++;
    } else if (this.invokeGated(client, command) === 'postponed') {
      this.postponed = true;
      this.parts.onPaused(client);
      return;
    }
    if (client.transaction !== undefined && reply.errors !== errors) this.refuse(client, command);
    if ((client.gate & ClientGate.Reply) !== 0) this.applyReplyMode(client, mark);
    if (this.keysReady) this.serveOthers(client);
  }

  private invokeGated(client: ClientImpl, command: RegisteredCommand): Verdict {
    const { call, reply, gateState } = this.parts;
    const verdict = passGate(gateState, client, command, reply);
    if (verdict === 'run') {
      if (client.transaction !== undefined && isQueued(command)) this.enqueue(client, command);
      else this.invoke(client, command, call, reply);
    } else if (verdict === 'rejected') command.rejected++;
    return verdict;
  }

  /** A request inside of a transaction has had an error for its answer. */
  private refuse(client: ClientImpl, command: RegisteredCommand | undefined): void {
    if (command === undefined || isQueued(command)) client.transaction!.isRefused = true;
    // EXEC itself ends the transaction, unless it was not even run.
    else if (command.fullName === 'exec') this.parts.onExecRefused(client);
  }

  /** Keeps a command of a transaction for EXEC. */
  private enqueue(client: ClientImpl, command: RegisteredCommand): void {
    const { reply } = this.parts;
    if ((command.bits & CommandBit.NoMulti) !== 0) {
      command.rejected++;
      reply.error(NOT_IN_TRANSACTION);
      return;
    }
    client.transaction!.add(command, this.parts.call.args);
    reply.status('QUEUED');
  }

  /** Runs a command that was queued. To be called by EXEC only. */
  runQueued(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    const { call, clock, reply } = this.parts;
    const begin = clock.micros();
    call.args = args;
    this.invoke(client, command, call, reply);
    this.chargeDone(command, clock.micros() - begin);
  }

  /** Serves clients that wait for what this client's command has brought, before its next. */
  private serveOthers(client: ClientImpl): void {
    const { call, clock, reply } = this.parts;
    const begin = clock.micros();
    client.collect(reply);
    this.parts.onKeysReady();
    call.client = client;
    reply.open(client.resp === 3);
    this.othersUsec += clock.micros() - begin;
  }

  /**
   * Runs the command again of a client that has waited. To be called between two commands, when no
   * client's replies are open.
   * @returns the time it took, in microseconds
   */
  runAgain(client: ClientImpl, command: RegisteredCommand, request: Args): number {
    const { call, clock, reply, stats } = this.parts;
    clock.tick();
    const begin = clock.us;
    call.now = clock.ms;
    call.client = client;
    call.args = request;
    reply.open(client.resp === 3);
    this.invokeGated(client, command);
    call.args = this.args;
    if ((client.gate & ClientGate.Reply) !== 0) this.applyReplyMode(client, 0);
    client.collect(reply);
    const usec = clock.micros() - begin;
    stats.commandMicros += usec;
    return usec;
  }

  /** CLIENT REPLY OFF and SKIP: takes back what was written since the mark. */
  private applyReplyMode(client: ClientImpl, mark: number): void {
    const { flags } = client;
    if ((flags & (ClientFlag.ReplyOff | ClientFlag.ReplySkip)) !== 0) {
      this.parts.reply.truncate(mark);
    }
    // A reply that is to come later is still to be skipped.
    if ((flags & ClientFlag.Blocked) !== 0) return;
    client.flags &= ~ClientFlag.ReplySkip;
    if ((flags & (ClientFlag.ReplyOff | ClientFlag.ReplySkipNext)) === 0) {
      client.gate &= ~ClientGate.Reply;
    }
  }

  private failed(error: unknown, command: RegisteredCommand): void {
    const { reply, log } = this.parts;
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

  /** A container's subcommand; the container itself when it can run or has none such. */
  private subcommand(command: RegisteredCommand): RegisteredCommand | undefined {
    const { args } = this;
    if (args.count < 2) return command;
    return this.parts.commands.findSubcommand(command, args.buf, args.off(1), args.len(1));
  }

  /** Hashes the keys of the batch's commands and touches their memory. */
  private warm(client: ClientImpl, count: number): void {
    const { reader, batch, warmHashes } = this;
    const { hasher } = this.parts.keyspace;
    const { first, argc, offs, lens, hashes, buf } = reader;
    let warmed = 0;
    // The key before: pipelines often name the same one again, which need not be hashed twice.
    let before = 0;
    let beforeLen = -1;
    for (let i = 0; i < count; i++) {
      const command = batch[i];
      if (command === undefined) continue;
      const { keyFirst, keyStep } = command;
      if (keyFirst === 0) continue;
      const n = argc[i]!;
      const last = command.keyLast < 0 ? n + command.keyLast : command.keyLast;
      const base = first[i]!;
      for (let k = keyFirst; k <= last && k < n && warmed < WARM_MAX; k += keyStep) {
        const off = offs[base + k]!;
        const len = lens[base + k]!;
        if (len === beforeLen && endsAlike(buf, before, off, len)) {
          hashes[base + k] = warmHashes[warmed - 1]!;
          continue;
        }
        const hash = hasher.hash(buf, off, len);
        hashes[base + k] = hash;
        warmHashes[warmed++] = hash;
        before = off;
        beforeLen = len;
      }
    }
    if (warmed > 1) client.db.dict.warm(warmHashes, warmed);
    this.members.warm(reader, batch, client.db);
  }

  /** Charges the batch's commands [from, to) their share of the time since `since`. @returns now */
  private chargeRun(from: number, to: number, since: number): number {
    const now = this.parts.clock.micros();
    const each = this.ownTime(now - since) / (to - from);
    const { batch } = this;
    for (let i = from; i < to; ) {
      const command = batch[i++];
      let times = 1;
      for (; i < to && batch[i] === command; i++) times++;
      if (command === undefined) continue;
      command.usec += each * times;
      command.sampleUsec = each;
      if (this.trackLatency) command.recordLatency(each, times);
    }
    return now;
  }

  private charge(client: ClientImpl, command: RegisteredCommand, since: number): number {
    const now = this.parts.clock.micros();
    const usec = this.ownTime(now - since);
    const waiting = client.blockedBy;
    if (waiting?.charge !== undefined) waiting.charge(usec);
    else this.chargeDone(command, usec);
    return now;
  }

  /** Charges a command that is done with the time it took. */
  chargeDone(command: RegisteredCommand, usec: number): void {
    command.usec += usec;
    if (this.trackLatency) command.recordLatency(usec, 1);
  }

  /** What of the time that has passed belongs to the batch's own commands. */
  private ownTime(passedUsec: number): number {
    const usec = passedUsec - this.othersUsec;
    this.othersUsec = 0;
    this.parts.stats.commandMicros += usec;
    return usec;
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

/** Whether two words are the same, compared from their ends: where most keys differ. */
function endsAlike(buf: Uint8Array, a: number, b: number, len: number): boolean {
  for (let i = len - 1; i >= 0; i--) if (buf[a + i] !== buf[b + i]) return false;
  return true;
}

/** Whether an allocation failed: V8's words for a buffer, or the arena's own. */
function isOutOfMemory(error: unknown): boolean {
  if (error instanceof ArenaFullError) return true;
  return error instanceof RangeError && error.message.includes('allocation failed');
}
