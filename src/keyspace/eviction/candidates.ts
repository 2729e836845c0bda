/**
 * The best keys to evict that have been seen so far.
 *
 *     worst | 3 | 8 | 8 | 40 | 97 | … | best        at most 16, by score
 *
 * Finding the key that was used longest ago would mean to look at all; looking at some and taking the
 * oldest of those comes near. Keeping the best of earlier draws comes nearer: a key goes in if it is
 * better than the worst one here, and the best is taken from the other end.
 *
 * A key is remembered by its entry's number and hash. When it is taken it may be gone (its number given
 * to another key, perhaps), or have been used since: then it is passed over. (Redis looks only whether
 * the name is still there, so it evicts keys that were used a moment ago.)
 *
 * Source: https://redis.io/docs/latest/develop/reference/eviction/#approximated-lru-algorithm
 */
import type { Database } from '../database.js';

const PLACES = 16;

export class EvictionCandidates {
  private count = 0;
  /** The places of those that are here, the worst first; behind them those that are free. */
  private readonly order = Uint8Array.from({ length: PLACES }, (_, i) => i);
  // By place.
  private readonly scores = new Float64Array(PLACES);
  private readonly entries = new Int32Array(PLACES);
  private readonly hashes = new Int32Array(PLACES);
  private readonly clocks = new Int32Array(PLACES);
  private readonly databases: (Database | undefined)[] = new Array(PLACES).fill(undefined);

  /** The database of the key that `take` found. */
  database: Database | undefined = undefined;

  /**
   * Remembers a key if it is better than one that is here. Allocates nothing.
   * @param score greater: goes first
   */
  offer(db: Database, e: number, score: number): void {
    const { count, order, scores } = this;
    if (count === PLACES && score <= scores[order[0]!]!) return;
    let at = count;
    while (at > 0 && scores[order[at - 1]!]! > score) at--;
    if (this.isKnown(db, e, score, at)) return;
    let place: number;
    if (count < PLACES) {
      place = order[count]!;
      for (let i = count; i > at; i--) order[i] = order[i - 1]!;
      this.count++;
    } else {
      place = order[0]!;
      at--;
      for (let i = 0; i < at; i++) order[i] = order[i + 1]!;
    }
    order[at] = place;
    scores[place] = score;
    this.entries[place] = e;
    this.hashes[place] = db.dict.hashOf(e);
    this.clocks[place] = db.clockOf(e);
    this.databases[place] = db;
  }

  /** Takes the best key that is still there as it was. @returns its entry in `database`; 0: none */
  take(): number {
    while (this.count > 0) {
      const place = this.order[--this.count]!;
      const db = this.databases[place]!;
      const e = this.entries[place]!;
      this.databases[place] = undefined;
      if (!db.dict.isUsed(e) || db.dict.hashOf(e) !== this.hashes[place]) continue;
      if (db.clockOf(e) !== this.clocks[place]) continue;
      this.database = db;
      return e;
    }
    this.database = undefined;
    return 0;
  }

  clear(): void {
    this.databases.fill(undefined);
    this.count = 0;
    this.database = undefined;
  }

  /** Whether the key is among those of the same score, which end before `at`. */
  private isKnown(db: Database, e: number, score: number, at: number): boolean {
    const { order } = this;
    for (let i = at - 1; i >= 0 && this.scores[order[i]!] === score; i--) {
      if (this.entries[order[i]!] === e && this.databases[order[i]!] === db) return true;
    }
    return false;
  }
}
