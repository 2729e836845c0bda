/**
 * What commands are charged with: how often they ran, and for how long.
 *
 * Two readings of the clock cost as much as a GET. So a run of consecutive constant-time commands (flag
 * `fast`) of a batch is timed as one, each charged its equal share; of such commands that come one at a
 * time and are small, one in SAMPLE_EVERY is timed and the next ones are charged the same. Every other
 * command is timed by itself:
 *
 *     batch     GET GET SET | KEYS | GET INCR
 *     clock   ^             ^      ^          ^       four readings for six commands
 *
 * Call counts are always exact, and a command that was refused or queued is charged nothing.
 *
 * What takes `slowerThanUsec` or longer is told to `onSlow` (slow log, latency monitoring). Of commands
 * that are timed together it can't be said which one was slow: of such a run none is told of, unless
 * the mean is as long as that, or it is a run of one. That is right for the usual thresholds of some
 * milliseconds, as constant-time commands don't take that long. Who wants to know of each sets
 * `timesEach` (slow-commands.ts).
 *
 * On every request's path: allocates nothing, guarded by `npm run bench`.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import type { Args } from '../../resp/args.js';
import { CommandBit } from '../api/command-table.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { RegisteredCommand } from '../command-table.js';
import type { Stats } from '../stats.js';
import type { Batch } from './batch.js';

/** Which commands are timed together: those with Fast alone of these bits. */
const TIMING_BITS = CommandBit.Fast | CommandBit.Blocking;
/** Of constant-time commands that come one at a time, so many are charged what one took. */
const SAMPLE_EVERY = 8;
/** A request longer than this is timed by itself, whatever its flags say, in bytes. */
const SAMPLE_MAX_BYTES = 4096;

/** Told of commands that have taken `slowerThanUsec` or longer. */
export type SlowListener = (
  client: ClientImpl,
  command: RegisteredCommand,
  args: Args,
  usec: number,
) => void;

export interface ChargesParts {
  readonly batch: Batch;
  readonly clock: ServerClock;
  readonly stats: Stats;
  readonly onSlow: SlowListener;
}

export class Charges {
  /** Whether `latency-tracking` is on. */
  trackLatency = true;
  /** Commands that take so long, or longer, are told to `onSlow`, in microseconds. */
  slowerThanUsec = Number.POSITIVE_INFINITY;
  /** Whether constant-time commands are timed one by one, too: somebody wants to know of each. */
  timesEach = false;
  /** Told how long a run of the batch's commands has taken, if anybody wants to know. */
  onRun: ((args: Args, usec: number) => void) | undefined = undefined;

  /** Single commands until the next is timed. */
  private untilSample = 0;
  /** Microseconds since the batch was last timed that were not its own. */
  private othersUsec = DOUBLE_FIELD;

  constructor(private readonly parts: ChargesParts) {
    this.othersUsec = 0;
  }

  isTimedAlone(command: RegisteredCommand): boolean {
    return (command.bits & TIMING_BITS) !== CommandBit.Fast || this.timesEach;
  }

  // ---- commands that are not timed

  /**
   * Whether a request that came by itself is a small constant-time command that need not be timed this
   * time: it is charged by `estimate`.
   */
  isSampled(command: RegisteredCommand, requestBytes: number): boolean {
    if (this.isTimedAlone(command) || command.sampleUsec < 0) return false;
    if (command.subcommands !== undefined) return false;
    if (requestBytes > SAMPLE_MAX_BYTES) return false;
    if (--this.untilSample > 0) return true;
    this.untilSample = SAMPLE_EVERY;
    return false;
  }

  /** As `isSampled`, for what a script runs. If not, it is to be timed: `sample`. */
  isSampledInScript(command: RegisteredCommand): boolean {
    return !this.isTimedAlone(command) && command.sampleUsec >= 0 && --this.untilSample > 0;
  }

  /** Charges a command what one like it has taken. */
  estimate(command: RegisteredCommand): void {
    command.usec += command.sampleUsec;
    if (this.trackLatency) command.recordLatency(command.sampleUsec, 1);
  }

  /** Charges a command that was timed, and those that are not, up to the next. */
  sample(client: ClientImpl, command: RegisteredCommand, args: Args, usec: number): void {
    this.untilSample = SAMPLE_EVERY;
    command.sampleUsec = usec;
    this.done(client, command, args, usec);
  }

  // ---- commands of a batch

  /** A batch is about to run. */
  begin(): void {
    this.othersUsec = 0;
  }

  /** Of the batch's time so much was not its own. */
  exclude(usec: number): void {
    this.othersUsec += usec;
  }

  /** Charges the batch's commands [from, to) their share of the time since `since`. @returns now */
  run(client: ClientImpl, from: number, to: number, since: number): number {
    const { batch, clock } = this.parts;
    const now = clock.micros();
    const own = this.ownTime(now - since);
    if (this.onRun !== undefined) this.onRun(batch.args, own);
    const each = own / (to - from);
    if (each >= this.slowerThanUsec) this.tellOfRun(client, from, to, each);
    const { commands } = batch;
    for (let i = from; i < to; ) {
      const command = commands[i++];
      let times = 1;
      for (; i < to && commands[i] === command; i++) times++;
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

  /** Charges the batch's command that has run last with the time since `since`. @returns now */
  single(client: ClientImpl, command: RegisteredCommand, since: number): number {
    const { batch, clock } = this.parts;
    const now = clock.micros();
    this.settle(client, command, batch.args, this.ownTime(now - since));
    return now;
  }

  /**
   * Tells of the batch's commands [from, to), which took so long each. Which calls of a command were
   * refused is not known by now, so that its other calls in the run are left out with them.
   */
  private tellOfRun(client: ClientImpl, from: number, to: number, usec: number): void {
    const { batch, onSlow } = this.parts;
    const { args, commands, reader } = batch;
    const { base, count } = args;
    for (let i = from; i < to; i++) {
      const command = commands[i];
      if (command === undefined || command.notRun > 0) continue;
      args.base = reader.first[i]!;
      args.count = reader.argc[i]!;
      onSlow(client, command, args, usec);
    }
    args.base = base;
    args.count = count;
  }

  /** What of the time that has passed belongs to the batch's own commands. */
  private ownTime(passedUsec: number): number {
    const usec = passedUsec - this.othersUsec;
    this.othersUsec = 0;
    this.parts.stats.commandMicros += usec;
    return usec;
  }

  // ---- any command

  /** Charges a command with the time that it took, unless it did not run, or waits. */
  settle(client: ClientImpl, command: RegisteredCommand, args: Args, usec: number): void {
    const waiting = client.blockedBy;
    if (command.notRun !== 0) command.notRun = 0;
    else if (waiting?.charge !== undefined) waiting.charge(usec);
    else this.done(client, command, args, usec);
  }

  /** Charges a command that is done with the time that it took. */
  done(client: ClientImpl, command: RegisteredCommand, args: Args, usec: number): void {
    command.usec += usec;
    if (this.trackLatency) command.recordLatency(usec, 1);
    if (usec >= this.slowerThanUsec) this.parts.onSlow(client, command, args, usec);
  }

  /** A command is refused. */
  rejected(command: RegisteredCommand): void {
    command.rejected++;
    this.skipped(command);
  }

  /** A command does not run, and so is not counted, nor charged with time. */
  skipped(command: RegisteredCommand): void {
    command.notRun++;
    this.parts.stats.commandsProcessed--;
  }
}
