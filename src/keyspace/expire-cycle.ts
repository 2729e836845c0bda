/**
 * Removes keys, and fields of hashes, whose time has come though nobody asks for them.
 *
 * Redis draws samples: 20 volatile keys at a time, again and again while many of them are due, so
 * up to a tenth of all volatile keys may be due and still there. Here the ExpiryTable knows a lower
 * bound of the times in every 1024 slots, so the cycle goes straight to the keys that are due and,
 * given the time, leaves none.
 *
 *     cron, hz times a second:  slow()  a quarter of the cron's period, more by effort
 *                                 |     in goes of 1 ms, the event loop in between
 *     each turn, before it ends: fast()  1 ms, only while the last go left keys that are due,
 *                                        and was not a moment ago
 *
 * No go is longer than its limit: the clock is read after at most 64 removals. So a million keys
 * that come due together cost other clients no more than a small delay, and are gone in a second
 * or two.
 */
import type { Database } from './database.js';
import { BLOCK_SLOTS } from './expiry-table.js';
import { expireFieldsIn } from './hash/expire-fields.js';
import type { Keyspace } from './keyspace.js';

/** Longest time in one go, in microseconds. */
const MAX_GO_MICROS = 1000;
const FAST_MICROS = 1000;
/** The slow cycle's part of the cron's period, and what each step of effort adds, in percent. */
const SLOW_PERCENT = 25;
const SLOW_PERCENT_PER_EFFORT = 2;
/** Removals between two looks at the clock (each about a microsecond). */
const REMOVALS_PER_LOOK = 64;
/** Volatile keys looked at for the averages, per database and cycle. */
const SAMPLES = 20;
/** Weight of a new sample in the mean time to live, and in the share of keys left over. */
const TTL_WEIGHT = 0.02;
const STALE_WEIGHT = 0.05;

export interface ExpireCycleOptions {
  /** Unix ms. */
  now: () => number;
  /** Microseconds of a clock that never goes back. */
  micros: () => number;
  /** Cycles per second. */
  hz: () => number;
  /** `active-expire-effort`, 1 to 10. */
  effort: () => number;
  /** Whether keys may be removed now (not on a replica, not while paused …). */
  isActive: () => boolean;
  /** Calls soon, after the event loop has served others. */
  defer: (go: () => void) => void;
  /** Told how long a go has taken, in microseconds. */
  onGo?: (micros: number) => void;
}

export class ExpireCycle {
  /** Share of volatile keys that are due and still there, estimated over some time; 0 to 1. */
  staleShare = 0;
  /** Cycles that ended because their time was up. */
  timeLimitReached = 0;
  /** Time spent so far. */
  microsUsed = 0;
  /** Longest single go so far. */
  longestGoMicros = 0;

  /** Database where the next go begins. */
  private at = 0;
  /** What is left of the slow cycle's time. */
  private budget = 0;
  /** Whether the last go left keys that are due. */
  private unfinished = false;
  private deferred = false;
  /** When the last go ended, in microseconds. */
  private lastGo = Number.NEGATIVE_INFINITY;
  /** Entries to be removed next. */
  private readonly due = new Int32Array(REMOVALS_PER_LOOK);
  private readonly resume = (): void => {
    this.deferred = false;
    this.slowGo();
  };

  constructor(
    private readonly keyspace: Keyspace,
    private readonly options: ExpireCycleOptions,
  ) {}

  /** The cron's call: begins a cycle, which may go on in later turns. */
  slow(): void {
    const { hz, effort } = this.options;
    const percent = SLOW_PERCENT + SLOW_PERCENT_PER_EFFORT * (effort() - 1);
    this.budget = (percent / 100) * (1_000_000 / hz());
    this.slowGo();
    this.sample();
  }

  /** To be called at the end of a turn: a short go, if the slow cycle could not do it all. */
  fast(): void {
    if (!this.unfinished) return;
    const { micros, effort } = this.options;
    const limit = Math.min(FAST_MICROS + (FAST_MICROS / 4) * (effort() - 1), MAX_GO_MICROS);
    const start = micros();
    if (start < this.lastGo + limit) return;
    this.go(limit);
  }

  /** Zeroes what CONFIG RESETSTAT zeroes. */
  resetCounters(): void {
    this.timeLimitReached = 0;
    this.microsUsed = 0;
  }

  private slowGo(): void {
    if (this.budget <= 0) return;
    this.budget -= this.go(Math.min(this.budget, MAX_GO_MICROS));
    if (!this.unfinished) this.budget = 0;
    else if (this.budget <= 0) this.timeLimitReached++;
    else if (!this.deferred) {
      this.deferred = true;
      this.options.defer(this.resume);
    }
  }

  /** Removes keys that are due for at most `limit` microseconds. @returns the time it took */
  private go(limit: number): number {
    const { now, micros, isActive } = this.options;
    this.unfinished = false;
    if (!isActive()) return 0;
    const { databases } = this.keyspace;
    const start = micros();
    const ms = now();
    for (let i = 0; i < databases.length && !this.unfinished; i++) {
      const index = (this.at + i) % databases.length;
      const db = databases[index]!;
      const end = start + limit;
      if (this.expireIn(db, ms, end) && expireFieldsIn(this.keyspace, db, ms, micros, end))
        continue;
      this.unfinished = true;
      // The others have their turn first, next time.
      this.at = (index + 1) % databases.length;
    }
    this.lastGo = micros();
    const took = this.lastGo - start;
    this.microsUsed += took;
    this.options.onGo?.(took);
    if (took > this.longestGoMicros) this.longestGoMicros = took;
    return took;
  }

  /** @param end when to stop, in microseconds @returns whether no key of the database is due */
  private expireIn(db: Database, now: number, end: number): boolean {
    const { expires } = db;
    const { micros } = this.options;
    let block = expires.dueBlockBelow(expires.blocks, now);
    let removals = 0;
    while (block >= 0) {
      // Also a block with nothing to remove takes about a microsecond: its bound was out of date.
      removals += 1 + this.expireBlock(db, block, now);
      if (removals > REMOVALS_PER_LOOK) {
        removals = 0;
        if (micros() >= end) return expires.dueBlockBelow(block + 1, now) < 0;
      }
      block = expires.dueBlockBelow(block + 1, now);
    }
    return true;
  }

  /**
   * Removes the keys of a block that are due, REMOVALS_PER_LOOK of them at most. It is walked from
   * its end, as blocks are: a slot that is given up is filled with the table's last one, which has
   * been looked at before.
   * @returns how many keys were removed
   */
  private expireBlock(db: Database, block: number, now: number): number {
    const { expires } = db;
    const { keyspace, due } = this;
    const first = block * BLOCK_SLOTS;
    let count = 0;
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = Math.min(first + BLOCK_SLOTS, expires.size) - 1; slot >= first; slot--) {
      const at = expires.get(slot);
      if (at < now) {
        if (count === REMOVALS_PER_LOOK) {
          earliest = at;
          break;
        }
        due[count++] = expires.entryOf(slot);
      } else if (at < earliest) earliest = at;
    }
    expires.setBound(block, earliest);
    db.dict.warmEntries(due, count);
    for (let i = 0; i < count; i++) keyspace.expire(db, due[i]!);
    keyspace.expiredByCycle += count;
    return count;
  }

  /** Keeps the averages: time to live by database, and the share of keys that are due. */
  private sample(): void {
    const now = this.options.now();
    let sampled = 0;
    let due = 0;
    for (const db of this.keyspace.databases) {
      const { expires } = db;
      const count = Math.min(SAMPLES, expires.size);
      if (count === 0) {
        db.avgTtlMs = 0;
        continue;
      }
      let ttlSum = 0;
      let ttls = 0;
      for (let i = 0; i < count; i++) {
        if (db.expireCursor >= expires.size) db.expireCursor = 0;
        const ttl = expires.get(db.expireCursor++) - now;
        if (ttl < 0) due++;
        else {
          ttlSum += ttl;
          ttls++;
        }
      }
      sampled += count;
      if (ttls > 0) db.avgTtlMs = smoothed(db.avgTtlMs, ttlSum / ttls);
    }
    const share = sampled > 0 ? due / sampled : 0;
    this.staleShare = share * STALE_WEIGHT + this.staleShare * (1 - STALE_WEIGHT);
  }
}

function smoothed(mean: number, ttlMs: number): number {
  if (mean === 0) return ttlMs;
  return ttlMs * TTL_WEIGHT + mean * (1 - TTL_WEIGHT);
}
