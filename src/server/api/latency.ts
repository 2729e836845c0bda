/**
 * Latency monitoring, as commands and the server's parts see it: what took longer than
 * `latency-monitor-threshold`, by kind of event.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency-monitor/
 */

/**
 * What can take long. Names are Redis's where Redis has the event; `snapshot-slice`, `gc` and
 * `event-loop` are what respd has in place of forks.
 */
export const LATENCY_EVENTS = [
  /** A command that is not of constant time. */
  'command',
  /** A command that is (flag `fast`). */
  'fast-command',
  /** One go of removing keys that are due. */
  'expire-cycle',
  /** Making room under maxmemory. */
  'eviction-cycle',
  /** One slice of moving memory together. */
  'active-defrag-cycle',
  /** One piece of writing a snapshot. */
  'snapshot-slice',
  /** Writing to the append-only file: in all, */
  'aof-write',
  /** … while it was being synced on another thread, */
  'aof-write-pending-fsync',
  /** … while a snapshot was being written, */
  'aof-write-active-child',
  /** … and otherwise. */
  'aof-write-alone',
  /** … and syncing it, with `appendfsync always`. */
  'aof-fsync-always',
  /** Giving a rewritten append-only file its name. */
  'aof-rename',
  /** A pause of the JavaScript engine's garbage collector. */
  'gc',
  /** One turn of the event loop, from its first request to its last reply. */
  'event-loop',
] as const;

export type LatencyEvent = (typeof LATENCY_EVENTS)[number];

export interface LatencySample {
  /** Unix seconds. */
  readonly timeSec: number;
  readonly ms: number;
}

/** What is known of one kind of event. */
export interface LatencySeries {
  readonly event: LatencyEvent;
  /** The worst since the last reset. */
  readonly maxMs: number;
  /** The last seconds in which it happened, oldest first; each with its worst. Never empty. */
  samples(): readonly LatencySample[];
}

export interface LatencyApi {
  /** Takes note of an event, if monitoring is on and it took long enough. */
  add(event: LatencyEvent, ms: number): void;
  /** All that have happened, in the order in which they first did. */
  all(): Iterable<LatencySeries>;
  /** @param event in exactly this writing */
  series(event: string): LatencySeries | undefined;
  /** Forgets these kinds of events (in any case; none given: all). @returns how many there were */
  reset(events: readonly string[]): number;
}
