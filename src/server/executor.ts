/**
 * From bytes to replies: parses a client's requests batch by batch, warms the memory they will
 * touch, and runs them in order.
 *
 * Timing: two readings of the clock cost as much as a GET. So a run of consecutive constant-time
 * commands (flag `fast`) of a batch is timed as one, each charged its equal share; of such commands
 * that come one at a time and are small, one in SAMPLE_EVERY is timed and the next ones are charged
 * the same. Every other command is timed by itself. Call counts are always exact, and a command that
 * was refused or queued is charged nothing.
 *
 * What takes `slowerThanUsec` or longer is told to `onSlow` (slow log, latency monitoring). Of commands
 * that are timed together it can't be said which one was slow: of such a run none is told of, unless
 * the mean is as long as that, or it is a run of one. That is right for the usual thresholds of some
 * milliseconds, as constant-time commands don't take that long. Who wants to know of each sets
 * `timesEach` (slow-commands.ts).
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
import { Refusal, ReplyError } from '../resp/reply-error.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { RequestReader } from '../resp/request-reader.js';
import type { Acl } from './acl/acl.js';
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
import { isHttp } from './cross-protocol.js';
import {
  checkArity,
  type GateState,
  ownBitsOf,
  passGate,
  ServerGate,
  unknownCommand,
  type Verdict,
} from './gate.js';
import { MemberWarmer } from './member-warmer.js';
import type { Propagation } from './propagation/propagation.js';
import { describeProtocolError } from './protocol-error.js';
import type { Stats } from './stats.js';
import { isQueued } from './transaction.js';

/** A client's requests end with these: what it has sent beyond is never run. */
const CLOSING = ClientFlag.CloseAfterReply | ClientFlag.CloseAsap;
/** Commands that end the run of a client's batch before the next is looked at. */
const STOP = CLOSING | ClientFlag.Blocked | ClientFlag.Behind;
/** Which commands are timed together: those with Fast alone of these bits. */
const TIMING_BITS = CommandBit.Fast | CommandBit.Blocking;
/** Of constant-time commands that come one at a time, so many are charged what one took. */
const SAMPLE_EVERY = 8;
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
  readonly acl: Acl;
  readonly propagation: Propagation;
  readonly log: Log;
  /** The client's command has to wait until the pause ends. */
  onPaused(client: ClientImpl): void;
  /** The client speaks HTTP: its connection is to be ended. */
  onHttp(client: ClientImpl): void;
  /** EXEC was refused before it ran: the transaction is to be forgotten. */
  onExecRefused(client: ClientImpl): void;
  /** Keys are ready for which clients wait. */
  onKeysReady(): void;
  /** A command has run (or waits, and will not be told of again) while ServerGate.Monitored is set. */
  onMonitored(
    client: ClientImpl,
    command: RegisteredCommand,
    args: Args,
    isInScript: boolean,
  ): void;
  /** A command of a client with ClientGate.Tracking has run. */
  onTracked(client: ClientImpl, command: RegisteredCommand, args: Args): void;
  /** A request of such a client has been answered; what was pushed to it meanwhile is to follow. */
  onTrackedDone(client: ClientImpl, command: RegisteredCommand | undefined): void;
  /** A command is about to run while ServerGate.TrackingFull is set. */
  onTrackingFull(): void;
  /** Asked and told while ServerGate.HotKeys is set. */
  readonly hotKeys: {
    takes(): boolean;
    note(command: RegisteredCommand, args: Args, micros: number, replyBytes: number): void;
  };
  /** A command has taken `slowerThanUsec` or longer. */
  onSlow(client: ClientImpl, command: RegisteredCommand, args: Args, usec: number): void;
  /** A command is about to run while ServerGate.Saving is set. */
  onSaving(client: ClientImpl, command: RegisteredCommand, args: Args): void;
}

export class Executor {
  readonly reader = new RequestReader();
  /** Bits of ServerGate: why all commands must pass the checks. */
  gate = 0;
  /** Whether `latency-tracking` is on. */
  trackLatency = true;
  /** Whether clients that wait for keys may be served: `onKeysReady` is due. */
  keysReady = false;
  /** Commands that take so long, or longer, are told to `onSlow`, in microseconds. */
  slowerThanUsec = Number.POSITIVE_INFINITY;
  /** Whether constant-time commands are timed one by one, too: somebody wants to know of each. */
  timesEach = false;

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
  /** The client whose command runs now, if messages may be pushed to it. */
  private running: ClientImpl | undefined;
  /** Whether its reply may be under way, so that messages to it have to wait. */
  private isReplying = false;
  /** Messages that were pushed to it meanwhile: they follow the command's reply. */
  private pushes: Buffer[] = [];
  /** Whether the command that runs has run before, and waited since. */
  private isAgain = false;
  /** Whether a script's command runs that is told of. */
  private isInScript = false;
  /** As `pushes`, for a client whose command was left, to be gone on with. */
  private heldPushes: Buffer[] = [];

  constructor(private readonly parts: ExecutorParts) {
    const { reader } = this;
    this.args = new Args(reader.buf, reader.offs, reader.lens, reader.hashes);
    parts.call.args = this.args;
    this.othersUsec = 0;
  }

  /** @param bit of ServerGate */
  setGate(bit: number, isSet: boolean): void {
    if (isSet) this.gate |= bit;
    else this.gate &= ~bit;
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
      if (command !== undefined && this.isTimedAlone(command)) {
        if (i > runFrom) timedFrom = this.chargeRun(client, runFrom, i, timedFrom);
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
    if (i > runFrom) this.chargeRun(client, runFrom, i, timedFrom);
    stats.commandsProcessed += i;
    const last = i > 0 ? batch[i - 1] : undefined;
    if (last !== undefined) client.lastCommand = last.fullName;
    this.postponed = false;
    return i < count ? reader.begin[i]! : reader.consumed;
  }

  private isTimedAlone(command: RegisteredCommand): boolean {
    return (command.bits & TIMING_BITS) !== CommandBit.Fast || this.timesEach;
  }

  /** Whether the batch is one small constant-time command, which need not be timed this time. */
  private isSampled(command: RegisteredCommand): boolean {
    if (this.isTimedAlone(command) || command.sampleUsec < 0) return false;
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
    stats.commandsProcessed++;
    if (command.notRun !== 0) command.notRun = 0;
    else {
      command.usec += command.sampleUsec;
      if (this.trackLatency) command.recordLatency(command.sampleUsec, 1);
      stats.commandMicros += command.sampleUsec;
    }
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
      this.rejected(command);
      checkArity(command, args, reply);
      this.refused(client, command);
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
      this.failed(error, command, reply);
      if (error instanceof Refusal) {
        this.rejected(command);
        return;
      }
    }
    command.calls++;
    if (reply.errors !== errors) command.failed++;
    if (call.propagating) this.parts.propagation.afterCommand(call, command);
  }

  /** The long way: an unknown command, or one that must pass the gate. */
  private executeChecked(client: ClientImpl, command: RegisteredCommand | undefined): void {
    const { reply } = this.parts;
    const { args } = this;
    const mark = reply.size;
    if ((client.flags & ClientFlag.ReplySkipNext) !== 0) {
      client.flags = (client.flags & ~ClientFlag.ReplySkipNext) | ClientFlag.ReplySkip;
    }
    this.running = client;
    this.isReplying = true;
    if (command === undefined) {
      this.parts.stats.commandsProcessed--; // it has not run
      this.refuseUnknown(client);
      this.refused(client, command);
    } else if (!checkArity(command, args, reply)) {
      this.rejected(command);
      this.refused(client, command);
    } else {
      const verdict = this.invokeGated(client, command);
      if (verdict === 'postponed') {
        this.postponed = true;
        this.running = undefined;
        this.parts.onPaused(client);
        return;
      }
      if (verdict === 'rejected') this.refused(client, command);
    }
    if ((client.gate & ClientGate.Reply) !== 0) this.applyReplyMode(client, mark);
    this.finish(client, command);
    if (this.keysReady) this.serveOthers(client);
  }

  /** Answers a request that names no command. */
  private refuseUnknown(client: ClientImpl): void {
    const { args } = this;
    if (isHttp(args)) {
      this.parts.onHttp(client);
      return;
    }
    const parent = this.parts.commands.find(args.buf, args.off(0), args.len(0));
    this.parts.reply.error(
      parent?.subcommands !== undefined && args.count > 1
        ? unknownSubcommand(parent.fullName, args.text(1))
        : unknownCommand(args),
    );
  }

  /**
   * Sends a message that is no reply. To the client whose command is running it goes behind the
   * reply, since a reply can't be interrupted.
   * @param message encoded for this client's protocol; shared by all who get it, so not to be changed
   */
  push(client: ClientImpl, message: Buffer): void {
    this.pushBytes(client, message, 0, message.length);
  }

  /** Sends buf[start..end) as `push` does; it must stay as it is until the turn's end. */
  pushBytes(client: ClientImpl, buf: Buffer, start: number, end: number): void {
    if (client !== this.running) client.deliver(buf, start, end);
    else if (this.isReplying) this.pushes.push(buf.subarray(start, end));
    else this.parts.reply.raw(buf, start, end - start);
  }

  /** The client whose command is running, if it passes the gate. */
  get current(): ClientImpl | undefined {
    return this.running;
  }

  /** A command that messages may have been pushed to is done. */
  private finish(client: ClientImpl, command: RegisteredCommand | undefined): void {
    this.isReplying = false;
    if (client.blockedBy?.kind === 'script') {
      this.running = undefined;
      this.heldPushes = this.pushes;
      this.pushes = [];
      return;
    }
    if ((client.gate & ClientGate.Tracking) !== 0) this.parts.onTrackedDone(client, command);
    this.running = undefined;
    if (this.pushes.length === 0) return;
    for (const message of this.pushes) this.parts.reply.raw(message, 0, message.length);
    this.pushes = [];
  }

  private invokeGated(client: ClientImpl, command: RegisteredCommand): Verdict {
    const { call, reply, gateState } = this.parts;
    const verdict = passGate(gateState, this.gate, client, command, call.args, reply);
    if (verdict === 'run') {
      if ((this.gate & ServerGate.TrackingFull) !== 0) this.relieveTracking(client);
      if (client.transaction !== undefined && isQueued(command)) this.enqueue(client, command);
      else this.invokeObserved(client, command, call.args);
    } else if (verdict === 'rejected') this.rejected(command);
    return verdict;
  }

  /** What has to be forgotten of the tracked keys is told before the reply, unless there is none. */
  private relieveTracking(client: ClientImpl): void {
    this.isReplying = (client.gate & ClientGate.Reply) !== 0;
    this.parts.onTrackingFull();
    this.isReplying = true;
  }

  /** Runs a command that somebody may want to know of. */
  private invokeObserved(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    const { call } = this.parts;
    if ((this.gate & ServerGate.Saving) !== 0) this.parts.onSaving(client, command, args);
    if ((this.gate & ServerGate.HotKeys) !== 0) this.invokeNoted(client, command, args);
    else this.invoke(client, command, call, call.reply);
    if ((this.gate & ServerGate.Monitored) !== 0 && !this.isAgain) {
      this.parts.onMonitored(client, command, args, this.isInScript);
    }
    if ((client.gate & ClientGate.Tracking) !== 0) this.parts.onTracked(client, command, args);
  }

  /** Runs a command and tells how much it was, if it is one of those that are looked at. */
  private invokeNoted(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    const { call, clock, hotKeys } = this.parts;
    const isNoted = !this.isInScript && hotKeys.takes();
    const begin = isNoted ? clock.micros() : 0;
    const { size } = call.reply;
    this.invoke(client, command, call, call.reply);
    if (isNoted) hotKeys.note(command, args, clock.micros() - begin, call.reply.size - size);
  }

  /** A request was not run: it spoils the transaction; an EXEC takes it along, and what is watched. */
  private refused(client: ClientImpl, command: RegisteredCommand | undefined): void {
    if (command?.fullName === 'exec') {
      this.parts.onExecRefused(client);
      // Those who have seen MULTI shall see that it is over.
      if ((this.gate & ServerGate.Monitored) !== 0) {
        this.parts.onMonitored(client, command, this.args, false);
      }
    } else if (client.transaction !== undefined) client.transaction.isRefused = true;
  }

  /** A command is refused. */
  private rejected(command: RegisteredCommand): void {
    command.rejected++;
    this.skipped(command);
  }

  /** A command does not run, and so is not counted, nor charged with time. */
  private skipped(command: RegisteredCommand): void {
    command.notRun++;
    this.parts.stats.commandsProcessed--;
  }

  /** Keeps a command of a transaction for EXEC. */
  private enqueue(client: ClientImpl, command: RegisteredCommand): void {
    const { call, gateState, reply } = this.parts;
    this.skipped(command);
    client.transaction!.add(command, call.args, ownBitsOf(gateState, command, call.args));
    reply.status('QUEUED');
  }

  /** Runs a command that was queued. To be called by EXEC only. */
  runQueued(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    const { call, clock, reply, stats } = this.parts;
    const begin = clock.micros();
    // Its user's rights may have changed since the command was queued.
    if ((client.gate & ClientGate.Restricted) !== 0) {
      const error = this.parts.acl.refusalInExec(client, command, args);
      if (error !== undefined) {
        this.parts.reply.error(error);
        return;
      }
    }
    const { errors } = reply;
    call.args = args;
    this.invokeObserved(client, command, args);
    reply.errors = errors; // EXEC has not failed because of it
    stats.commandsProcessed++;
    const usec = clock.micros() - begin;
    if (command.notRun !== 0) command.notRun = 0;
    else if (client.blockedBy !== undefined) client.blockedBy.charge?.(usec);
    else this.chargeDone(client, command, args, usec);
  }

  /**
   * Runs a command of a client's script, which may run it.
   * Allocates nothing; guarded by `npm run bench`.
   * @param reply where it replies to; `call.reply` as well
   * @returns what it took, in microseconds, if it is not known to be short; else 0
   */
  runInScript(
    client: ClientImpl,
    command: RegisteredCommand,
    args: Args,
    reply: ReplyWriter,
  ): number {
    const { call, clock, stats } = this.parts;
    const isTimed = this.isTimedAlone(command) || command.sampleUsec < 0 || --this.untilSample <= 0;
    const begin = isTimed ? clock.micros() : 0;
    call.args = args;
    if ((this.gate | client.gate) !== 0) this.invokeInScript(client, command, args);
    else this.invoke(client, command, call, reply);
    stats.commandsProcessed++;
    if (isTimed) {
      const usec = clock.micros() - begin;
      this.untilSample = SAMPLE_EVERY;
      command.sampleUsec = usec;
      this.chargeDone(client, command, args, usec);
      return usec;
    }
    command.usec += command.sampleUsec;
    if (this.trackLatency) command.recordLatency(command.sampleUsec, 1);
    return 0;
  }

  private invokeInScript(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    this.isInScript = true;
    this.invokeObserved(client, command, args);
    this.isInScript = false;
  }

  /**
   * Goes on with what a client has begun in an earlier turn. To be called when no client's replies are
   * open.
   */
  goOn(client: ClientImpl, work: () => void): void {
    const { call, reply } = this.parts;
    call.client = client;
    reply.open(client.resp === 3);
    this.running = client;
    this.isReplying = true;
    this.pushes = this.heldPushes;
    this.heldPushes = [];
    work();
    call.args = this.args;
    if ((client.gate & ClientGate.Reply) !== 0) this.applyReplyMode(client, 0);
    this.finish(client, undefined);
    client.collect(reply);
  }

  /** Has a command that is gone on with reply. @returns whether that is an error */
  writeReply(command: RegisteredCommand, reply: ReplyWriter, write: () => void): boolean {
    const { errors, size } = reply;
    try {
      write();
    } catch (error) {
      reply.truncate(size);
      this.failed(error, command, reply);
    }
    return reply.errors !== errors;
  }

  /** What a command that was gone on with has changed is passed on. */
  propagate(command: RegisteredCommand): void {
    const { call, propagation } = this.parts;
    if (call.propagating) propagation.afterCommand(call, command);
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
   * @returns the time it took, in microseconds; -1 if it was refused
   */
  runAgain(client: ClientImpl, command: RegisteredCommand, request: Args): number {
    const { call, clock, reply, stats } = this.parts;
    clock.tick();
    const begin = clock.us;
    call.now = clock.ms;
    call.client = client;
    call.args = request;
    reply.open(client.resp === 3);
    this.running = client;
    this.isReplying = true;
    this.isAgain = true;
    const verdict = this.invokeGated(client, command);
    this.isAgain = false;
    command.notRun = 0;
    call.args = this.args;
    if ((client.gate & ClientGate.Reply) !== 0) this.applyReplyMode(client, 0);
    this.finish(client, command);
    client.collect(reply);
    const usec = clock.micros() - begin;
    stats.commandMicros += usec;
    return verdict === 'run' ? usec : -1;
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
  private chargeRun(client: ClientImpl, from: number, to: number, since: number): number {
    const now = this.parts.clock.micros();
    const each = this.ownTime(now - since) / (to - from);
    if (each >= this.slowerThanUsec) this.tellOfRun(client, from, to, each);
    const { batch } = this;
    for (let i = from; i < to; ) {
      const command = batch[i++];
      let times = 1;
      for (; i < to && batch[i] === command; i++) times++;
      if (command === undefined) continue;
      if (command.notRun !== 0) {
        const notRun = Math.min(command.notRun, times);
        command.notRun -= notRun;
        times -= notRun;
        if (times === 0) continue;
      }
      command.usec += each * times;
      command.sampleUsec = each;
      if (this.trackLatency) command.recordLatency(each, times);
    }
    return now;
  }

  private charge(client: ClientImpl, command: RegisteredCommand, since: number): number {
    const now = this.parts.clock.micros();
    const usec = this.ownTime(now - since);
    if (command.notRun !== 0) {
      command.notRun = 0;
      return now;
    }
    const waiting = client.blockedBy;
    if (waiting?.charge !== undefined) waiting.charge(usec);
    else this.chargeDone(client, command, this.args, usec);
    return now;
  }

  /**
   * Tells of the batch's commands [from, to), which took so long each. Which calls of a command were
   * refused is not known by now, so that its other calls in the run are left out with them.
   */
  private tellOfRun(client: ClientImpl, from: number, to: number, usec: number): void {
    const { reader, args, batch } = this;
    const { base, count } = args;
    for (let i = from; i < to; i++) {
      const command = batch[i];
      if (command === undefined || command.notRun > 0) continue;
      args.base = reader.first[i]!;
      args.count = reader.argc[i]!;
      this.parts.onSlow(client, command, args, usec);
    }
    args.base = base;
    args.count = count;
  }

  /** Charges a command that is done with the time it took. */
  chargeDone(client: ClientImpl, command: RegisteredCommand, args: Args, usec: number): void {
    command.usec += usec;
    if (this.trackLatency) command.recordLatency(usec, 1);
    if (usec >= this.slowerThanUsec) this.parts.onSlow(client, command, args, usec);
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
