/**
 * Loads data while clients are connected: a slice, a turn of the event loop for the others, a slice …
 *
 *     slice ≤ 2 ms        turn                slice              turn
 *     pieces of a file -> PING, INFO, … -> pieces of a file -> -LOADING … -> …   -> the data are there
 *
 * Redis serves its clients after every 2 MB (`loading-process-events-interval-bytes`), which takes it
 * 50 ms; here the clock decides, and the directive only may ask for more. Meanwhile a bit of the gate is
 * set: commands without the flag `loading` are refused. Neither the cron runs nor does a key expire.
 *
 * `runNow` does the same at one go, while everything else waits: for a client that must not wait.
 *
 * What is loaded is the source's business (loading-rdb.ts, loading-aof.ts): it works in pieces of about
 * 0.3 ms and writes into the log what is wrong.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import type { Clock, TimerHandle } from '../api/clock.js';
import type { Config } from '../api/config.js';

/** How a load has ended. */
export type LoadOutcome =
  | { readonly kind: 'loaded' }
  /** There is nothing to load. */
  | { readonly kind: 'nothing' }
  /**
   * It can't be loaded; what is wrong is in the log, and here in one sentence. If the server ends for
   * that, the log is to end with `lastWords`.
   */
  | { readonly kind: 'failed'; readonly reason: string; readonly lastWords?: string };

/** Something that is loaded piece by piece. */
export interface LoadSource {
  /** Bytes in all; 0: not known. */
  readonly totalBytes: number;
  readonly bytesRead: number;
  /** Keys, or commands, so far. */
  readonly itemsRead: number;
  /** What its RDB data have brought so far. */
  readonly keysLoaded: number;
  readonly keysExpired: number;
  /** Memory that the data took where they were saved, in bytes; 0: not known. */
  readonly usedMemory: number;
  /**
   * Does a piece of the work.
   * @param maxBytes of the file, about
   * @returns undefined: there is more to do
   */
  step(maxBytes: number): LoadOutcome | undefined;
  /** Ends it, however far it has come. */
  close(): void;
}

export interface LoadingParts {
  readonly clock: Clock;
  readonly config: Config;
  /** A load begins or has ended: commands are to be refused, or no longer. */
  onActive(isActive: boolean): void;
  /** Called between two slices: what is due is to be sent. */
  sendDue(): void;
  /** Called now and then, for statistics of memory. */
  sample(): void;
}

/** Longest slice, in microseconds. */
const SLICE_MICROS = 2000;
/** Of a file at a time, in bytes: a third of a millisecond's work. */
const PIECE_BYTES = 32 * 1024;
/** Pauses (`key-load-delay`) are made when they add up to so much, in microseconds. */
const PAUSE_MICROS = 1000;
const SAMPLE_MICROS = 100_000;

export class Loading {
  /** Whether a load is under way. */
  isActive = false;
  /** When the last load began, Unix ms. */
  startedMs = DOUBLE_FIELD;
  /** Told how far a load has come, from 0 to 1. */
  onProgress: ((fraction: number) => void) | undefined = undefined;

  private source: LoadSource | undefined = undefined;
  private counts = { loaded: 0, expired: 0 };
  /** Pauses that are due, in microseconds. */
  private owed = DOUBLE_FIELD;
  private sampledUs = DOUBLE_FIELD;
  private isStopped = false;
  private timer: TimerHandle | undefined = undefined;
  /** Goes on at once, where the next slice waits. */
  private wake: () => void = () => {};

  constructor(private readonly parts: LoadingParts) {
    this.startedMs = 0;
    this.owed = 0;
    this.sampledUs = 0;
  }

  /**
   * Loads in slices, the first of them at once: what is small needs no other.
   * @returns the outcome, or a promise of it; undefined if it was stopped
   */
  run(source: LoadSource): LoadOutcome | Promise<LoadOutcome | undefined> {
    this.begin(source);
    let outcome: LoadOutcome | undefined;
    try {
      outcome = this.slice(source);
    } catch (error) {
      this.end(source);
      throw error;
    }
    if (outcome === undefined) return this.goOn(source);
    this.end(source);
    return outcome;
  }

  private async goOn(source: LoadSource): Promise<LoadOutcome | undefined> {
    try {
      for (;;) {
        this.tell(source);
        await this.nextTurn();
        if (this.isStopped) return undefined;
        this.parts.sendDue();
        const outcome = this.slice(source);
        if (outcome !== undefined) return outcome;
      }
    } finally {
      this.end(source);
    }
  }

  /** Loads while everything else waits. */
  runNow(source: LoadSource): LoadOutcome {
    this.begin(source);
    try {
      for (;;) {
        const outcome = this.slice(source);
        if (outcome !== undefined) return outcome;
        if (this.owed >= PAUSE_MICROS) this.sleep();
      }
    } finally {
      this.end(source);
    }
  }

  /** Has the load that is under way go no further: the server stops. */
  stop(): void {
    this.isStopped = true;
    this.wake();
  }

  // ---- facts for INFO

  get totalBytes(): number {
    return this.source?.totalBytes ?? 0;
  }

  get bytesRead(): number {
    return this.source?.bytesRead ?? 0;
  }

  get usedMemory(): number {
    return this.source?.usedMemory ?? 0;
  }

  /** Keys that the last load of RDB data has brought, and those that were due and left out. */
  get keysLoaded(): number {
    return this.source?.keysLoaded ?? this.counts.loaded;
  }

  get keysExpired(): number {
    return this.source?.keysExpired ?? this.counts.expired;
  }

  // ---- slices

  private begin(source: LoadSource): void {
    this.source = source;
    this.startedMs = this.parts.clock.now();
    this.owed = 0;
    this.isActive = true;
    this.parts.onActive(true);
  }

  private end(source: LoadSource): void {
    this.counts = { loaded: source.keysLoaded, expired: source.keysExpired };
    this.source = undefined;
    source.close();
    this.isActive = false;
    this.parts.sample();
    this.parts.onActive(false);
    this.onProgress?.(1);
  }

  private slice(source: LoadSource): LoadOutcome | undefined {
    const { clock, config } = this.parts;
    const interval = config.values['loading-process-events-interval-bytes'];
    const delay = pauseMicros(config.values['key-load-delay']);
    const until = clock.micros() + SLICE_MICROS;
    const from = source.bytesRead;
    do {
      const items = source.itemsRead;
      const outcome = source.step(Math.min(PIECE_BYTES, interval));
      if (outcome !== undefined) return outcome;
      this.owed += (source.itemsRead - items) * delay;
      if (this.owed >= PAUSE_MICROS || source.bytesRead - from >= interval) return undefined;
    } while (clock.micros() < until);
    return undefined;
  }

  private tell(source: LoadSource): void {
    const { clock, sample } = this.parts;
    const now = clock.micros();
    if (now - this.sampledUs > SAMPLE_MICROS) {
      this.sampledUs = now;
      sample();
    }
    if (source.totalBytes > 0) this.onProgress?.(source.bytesRead / source.totalBytes);
  }

  /** Lets the event loop serve others, and pauses if that is due. */
  private nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      if (this.owed < PAUSE_MICROS) {
        setImmediate(resolve);
        return;
      }
      const { clock } = this.parts;
      const began = clock.now();
      this.wake = () => {
        clock.clearTimer(this.timer);
        this.wake = () => {};
        this.owed -= (clock.now() - began) * 1000;
        resolve();
      };
      this.timer = clock.setTimer(this.wake, this.owed / 1000);
    });
  }

  private sleep(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.owed / 1000);
    this.owed = 0;
  }
}

/** Microseconds per key of `key-load-delay`: of a negative value's one in n keys, one each. */
function pauseMicros(setting: number): number {
  return setting >= 0 ? setting : -1 / setting;
}
