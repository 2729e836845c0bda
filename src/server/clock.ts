/**
 * The two clocks: real time, and one that tests move by hand.
 *
 * `tick` reads the time once per batch of requests; `ms` and `us` then hold it, so that the commands
 * of a batch agree on it and don't each pay for a clock.
 */
import { performance } from 'node:perf_hooks';
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import type { Clock, TimerHandle } from './api/clock.js';

/** How far the time counted from the process's start may be from the system's. */
const TOLERANCE_MS = 3;
/** Timers longer than this are set in steps (Node's limit is 2^31-1 ms). */
const LONGEST_TIMER_MS = 0x7fffffff;

export interface ServerClock extends Clock {
  /** Unix ms, as of the last `tick`. */
  ms: number;
  /** Monotonic microseconds, as of the last `tick`. */
  us: number;
  /** Whether `ms` is of an earlier turn of the event loop. */
  stale: boolean;
  /** Monotonic microseconds at the first `tick` of this turn, or of the last one while `stale`. */
  turnUs: number;
  /** Called when a turn begins: it should have an end, for `stale` to be set. */
  onTurn: () => void;
  /** How far the whole milliseconds may be behind the true time. */
  readonly lagMs: number;
  tick(): void;
  /** A clock for another server, which shows the same time now. */
  clone(): ServerClock;
}

/** How often the monotonic clock is compared with the system's, in microseconds. */
const SYNC_PERIOD_US = 50_000;

export class RealClock implements ServerClock {
  ms = 0;
  us = 0;
  turnUs = DOUBLE_FIELD;
  stale = false;
  onTurn: () => void = () => {};
  readonly lagMs = 1;
  /**
   * Unix ms minus monotonic ms. It starts with the fraction that Date.now() cuts off, since a clock
   * that is a millisecond behind would answer 10001 to a PTTL of a key that expires in 10 s.
   */
  private offsetMs = performance.timeOrigin;
  private lastSyncUs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.tick();
  }

  tick(): void {
    const us = performance.now() * 1000;
    this.us = us;
    if (us - this.lastSyncUs > SYNC_PERIOD_US) this.sync(us);
    this.ms = Math.floor(us / 1000 + this.offsetMs);
    if (!this.stale) return;
    this.stale = false;
    this.turnUs = us;
    this.onTurn();
  }

  /** Follows the system's clock when it was set, without losing the fraction when it was not. */
  private sync(us: number): void {
    this.lastSyncUs = us;
    const system = Date.now();
    const ours = us / 1000 + this.offsetMs;
    if (ours < system) this.offsetMs += system - ours;
    else if (ours >= system + 1) this.offsetMs -= ours - (system + 0.999);
  }

  clone(): ServerClock {
    return new RealClock();
  }

  now(): number {
    return Date.now();
  }

  unixMicros(): number {
    const ms = performance.timeOrigin + performance.now();
    // The system's clock may have been set since the process began.
    const trueMs = Date.now();
    return Math.floor((Math.abs(ms - trueMs) < TOLERANCE_MS ? ms : trueMs) * 1000);
  }

  micros(): number {
    return performance.now() * 1000;
  }

  setTimer(callback: () => void, ms: number): TimerHandle {
    const timer: { handle?: NodeJS.Timeout } = {};
    const arm = (left: number) => {
      const step = Math.min(left, LONGEST_TIMER_MS);
      timer.handle = setTimeout(() => (left > step ? arm(left - step) : callback()), step);
    };
    arm(Math.max(0, ms));
    return timer;
  }

  clearTimer(timer: TimerHandle | undefined): void {
    clearTimeout((timer as { handle?: NodeJS.Timeout } | undefined)?.handle);
  }
}

interface ManualTimer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Stands still but for `advance`, which runs the timers that fall due, in order of their time. */
export class ManualClock implements ServerClock {
  us = performance.now() * 1000;
  turnUs = DOUBLE_FIELD;
  stale = false;
  onTurn: () => void = () => {};
  readonly lagMs = 0;
  private timers: ManualTimer[] = [];

  /** @param ms Unix ms at the start */
  constructor(public ms: number = Date.now()) {}

  tick(): void {
    this.us = performance.now() * 1000;
    if (!this.stale) return;
    this.stale = false;
    this.turnUs = this.us;
    this.onTurn();
  }

  clone(): ServerClock {
    return new ManualClock(this.ms);
  }

  now(): number {
    return this.ms;
  }

  unixMicros(): number {
    return this.ms * 1000;
  }

  micros(): number {
    return performance.now() * 1000;
  }

  setTimer(callback: () => void, ms: number): TimerHandle {
    const timer = { atMs: this.ms + Math.max(0, ms), callback };
    this.timers.push(timer);
    return timer;
  }

  clearTimer(timer: TimerHandle | undefined): void {
    this.timers = this.timers.filter((t) => t !== timer);
  }

  /** Moves time on by `ms`. */
  advance(ms: number): void {
    const end = this.ms + ms;
    for (;;) {
      let next: ManualTimer | undefined;
      for (const timer of this.timers) {
        if (timer.atMs <= end && (next === undefined || timer.atMs < next.atMs)) next = timer;
      }
      if (next === undefined) break;
      this.clearTimer(next);
      this.ms = Math.max(this.ms, next.atMs);
      next.callback();
    }
    this.ms = end;
  }
}
