/**
 * The counters behind INFO: what the server has done since its start or CONFIG RESETSTAT.
 *
 * Hot paths add to these fields directly; everything that can be derived is derived when asked.
 */
import { performance } from 'node:perf_hooks';
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import type { ServerStats } from './api/server.js';
import { RateSampler } from './rate-sampler.js';

/** Kinds of errors that are counted each for itself: a script can make up any number of them. */
const ERROR_CODES_MAX = 128;

export class Stats implements ServerStats {
  connectionsReceived = DOUBLE_FIELD;
  connectionsRejected = 0;
  /** TLS handshakes that came to nothing. */
  tlsHandshakesFailed = 0;
  commandsProcessed = DOUBLE_FIELD;
  netInputBytes = DOUBLE_FIELD;
  netOutputBytes = DOUBLE_FIELD;
  /** Read and write calls on sockets. */
  readsProcessed = DOUBLE_FIELD;
  writesProcessed = DOUBLE_FIELD;
  errorReplies = DOUBLE_FIELD;
  /** Error replies by code, for INFO errorstats. */
  readonly errorsByCode = new Map<string, number>();
  /** Turns of the event loop in which something was done: requests, or the cron. */
  turns = 0;
  commandMicros = DOUBLE_FIELD;
  /** The longest turn. */
  longestTurnMicros = DOUBLE_FIELD;
  /** A turn that takes so long, or longer, is told to `onLongTurn`, in microseconds. */
  longTurnMicros = Number.POSITIVE_INFINITY;
  onLongTurn: (micros: number) => void = () => {};
  /** Most commands in one turn. */
  mostCommandsInTurn = 0;
  /** Microseconds spent in the cron. */
  cronMicros = 0;
  /** Errors that went to a client which must not get any: the one that replays the log. */
  unexpectedErrorReplies = 0;
  /** Wrong user names and passwords. */
  authFailures = 0;
  /** Refused by ACL, by what was not allowed. */
  deniedCommands = 0;
  deniedKeys = 0;
  deniedChannels = 0;
  clientOutputLimitDisconnections = 0;
  queryBufferLimitDisconnections = 0;
  // Rates, sampled by the cron: per second, but for the last, which is per turn.
  readonly commandRate = new RateSampler();
  readonly inputRate = new RateSampler();
  readonly outputRate = new RateSampler();
  readonly turnRate = new RateSampler();
  readonly turnDuration = new RateSampler();
  /** Changes made in all: `Call.dirty` is its home. */
  dirtyOf: () => number = () => 0;
  /** Resets counters that live elsewhere. */
  resetOthers: () => void = () => {};

  dirty(): number {
    return this.dirtyOf();
  }

  countError(code: string): void {
    this.errorReplies++;
    const before = this.errorsByCode.get(code);
    if (before === undefined && this.errorsByCode.size >= ERROR_CODES_MAX) return;
    this.errorsByCode.set(code, (before ?? 0) + 1);
  }

  private commandsBefore = 0;
  private busyAtReset = 0;

  /** Microseconds in which the event loop was not waiting. Its turns are not timed one by one. */
  get turnMicros(): number {
    return busyMicros() - this.busyAtReset;
  }

  /** Counts a turn's end. @param micros from its first request to its last reply */
  countTurn(micros: number): void {
    this.turns++;
    if (micros > this.longestTurnMicros) this.longestTurnMicros = micros;
    if (micros >= this.longTurnMicros) this.onLongTurn(micros);
    const commands = this.commandsProcessed - this.commandsBefore;
    this.commandsBefore = this.commandsProcessed;
    if (commands > this.mostCommandsInTurn) this.mostCommandsInTurn = commands;
  }

  /** Takes a sample for the rates. @param micros of a clock that never goes back */
  sample(micros: number): void {
    const seconds = micros / 1e6;
    this.commandRate.sample(this.commandsProcessed, seconds);
    this.inputRate.sample(this.netInputBytes, seconds);
    this.outputRate.sample(this.netOutputBytes, seconds);
    this.turnRate.sample(this.turns, seconds);
    this.turnDuration.sample(this.turnMicros, this.turns);
  }

  constructor() {
    this.reset();
  }

  reset(): void {
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.tlsHandshakesFailed = 0;
    this.commandsProcessed = 0;
    this.netInputBytes = 0;
    this.netOutputBytes = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
    this.errorReplies = 0;
    this.unexpectedErrorReplies = 0;
    this.errorsByCode.clear();
    this.turns = 0;
    this.commandsBefore = 0;
    this.busyAtReset = busyMicros();
    this.commandMicros = 0;
    this.longestTurnMicros = 0;
    this.clientOutputLimitDisconnections = 0;
    this.queryBufferLimitDisconnections = 0;
    this.mostCommandsInTurn = 0;
    this.cronMicros = 0;
    for (const rate of [this.commandRate, this.inputRate, this.outputRate, this.turnRate]) {
      rate.reset();
    }
    this.turnDuration.reset();
    this.resetOthers();
  }
}

/** Microseconds since the process's start in which its event loop was not waiting. */
function busyMicros(): number {
  return performance.eventLoopUtilization().active * 1000;
}
