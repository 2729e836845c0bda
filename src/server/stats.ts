/**
 * The counters behind INFO: what the server has done since its start or CONFIG RESETSTAT.
 *
 * Hot paths add to these fields directly; everything that can be derived is derived when asked.
 */
import type { ServerStats } from './api/server.js';

export class Stats implements ServerStats {
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  netInputBytes = 0;
  netOutputBytes = 0;
  /** Read and write calls on sockets. */
  readsProcessed = 0;
  writesProcessed = 0;
  errorReplies = 0;
  /** Error replies by code, for INFO errorstats. */
  readonly errorsByCode = new Map<string, number>();
  /** Event-loop turns with work, and microseconds spent in them. */
  turns = 0;
  turnMicros = 0;
  commandMicros = 0;
  longestTurnMicros = 0;
  clientOutputLimitDisconnections = 0;
  queryBufferLimitDisconnections = 0;
  expireCycleTimeLimitReached = 0;
  expireCycleMillis = 0;
  /** Share of due keys that the last cycles left, percent. */
  expiredStalePercent = 0;
  /** Changes made in all: `Call.dirty` is its home. */
  dirtyOf: () => number = () => 0;

  dirty(): number {
    return this.dirtyOf();
  }

  countError(code: string): void {
    this.errorReplies++;
    this.errorsByCode.set(code, (this.errorsByCode.get(code) ?? 0) + 1);
  }

  reset(): void {
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.commandsProcessed = 0;
    this.netInputBytes = 0;
    this.netOutputBytes = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
    this.errorReplies = 0;
    this.errorsByCode.clear();
    this.turns = 0;
    this.turnMicros = 0;
    this.commandMicros = 0;
    this.longestTurnMicros = 0;
    this.clientOutputLimitDisconnections = 0;
    this.queryBufferLimitDisconnections = 0;
    this.expireCycleTimeLimitReached = 0;
    this.expireCycleMillis = 0;
  }
}
