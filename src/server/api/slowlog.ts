/** The slow log, as commands see it. */

export interface SlowLogEntry {
  /** Counts up from 0 for the server's whole life, SLOWLOG RESET or not. */
  readonly id: number;
  /** When it was noted, Unix seconds. */
  readonly timeSec: number;
  /** What the command took. */
  readonly usec: number;
  /** The request, shortened where it is long, secrets hidden. */
  readonly args: readonly Uint8Array[];
  readonly addr: string;
  /** The client's name, '' if it has none. */
  readonly clientName: string;
}

export interface SlowLogApi {
  readonly length: number;
  /** The newest entries, newest first, `count` of them at most. */
  newest(count: number): readonly SlowLogEntry[];
  reset(): void;
}
