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
  private readonly scores = new Float64Array(PLACES);
  private readonly entries = new Int32Array(PLACES);
  private readonly hashes = new Int32Array(PLACES);
  private readonly clocks = new Int32Array(PLACES);
  private readonly databases: (Database | undefined)[] = new Array(PLACES).fill(undefined);

  /** The database of the key that `take` found. */
  database: Database | undefined = undefined;

  /** Remembers a key if it is better than one that is here. @param score greater: goes first */
  offer(db: Database, e: number, score: number): void {
    const { count, scores } = this;
    if (count === PLACES && score <= scores[0]!) return;
    let at = count;
    while (at > 0 && scores[at - 1]! > score) at--;
    if (this.isKnown(db, e, score, at)) return;
    if (count < PLACES) {
      this.shift(at, count, at + 1);
      this.count++;
    } else {
      at--;
      this.shift(1, at + 1, 0);
    }
    scores[at] = score;
    this.entries[at] = e;
    this.hashes[at] = db.dict.hashOf(e);
    this.clocks[at] = db.clockOf(e);
    this.databases[at] = db;
  }

  /** Takes the best key that is still there as it was. @returns its entry in `database`; 0: none */
  take(): number {
    while (this.count > 0) {
      const at = --this.count;
      const db = this.databases[at]!;
      const e = this.entries[at]!;
      this.databases[at] = undefined;
      if (!db.dict.isUsed(e) || db.dict.hashOf(e) !== this.hashes[at]) continue;
      if (db.clockOf(e) !== this.clocks[at]) continue;
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
    for (let i = at - 1; i >= 0 && this.scores[i] === score; i--) {
      if (this.entries[i] === e && this.databases[i] === db) return true;
    }
    return false;
  }

  /** Moves the places [from, end) to begin at `to`. */
  private shift(from: number, end: number, to: number): void {
    this.scores.copyWithin(to, from, end);
    this.entries.copyWithin(to, from, end);
    this.hashes.copyWithin(to, from, end);
    this.clocks.copyWithin(to, from, end);
    this.databases.copyWithin(to, from, end);
  }
}
