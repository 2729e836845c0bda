/**
 * What ZUNION and its like combine: sorted sets and plain sets, whose members all have the score 1,
 * and keys that are not there, which are empty.
 */
import type { Database } from '../../keyspace/database.js';
import { KindSet } from '../../keyspace/kinds.js';
import { KeySet } from '../../keyspace/set/key-set.js';
import { ZsetReader } from '../../keyspace/zset/open.js';
import type { Zset } from '../../keyspace/zset/zset.js';

const SET_SCORE = 1;

export class Source {
  weight = 1;
  readonly size: number;

  // The current member: `next` sets it.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  /** Score of the current member, or of what `find` found. */
  score = 0;

  private readonly zset: Zset | undefined;
  private readonly set: KeySet | undefined;
  private place = 0;

  /** @param e the key's entry, which must hold a set of either kind; 0: there is none */
  constructor(db: Database, e: number) {
    const isSet = e !== 0 && ((KindSet.Set >>> db.kind(e)) & 1) !== 0;
    this.set = isSet ? new KeySet().attach(db, e) : undefined;
    this.zset = e !== 0 && !isSet ? new ZsetReader().open(db, e) : undefined;
    this.size = this.set?.size ?? this.zset?.size ?? 0;
  }

  rewind(): void {
    this.set?.rewind();
    this.place = this.zset?.last() ?? 0;
  }

  /** Goes to the next member; sorted sets are walked from their end. @returns false at the end */
  next(): boolean {
    const { set, zset } = this;
    if (set !== undefined) {
      if (!set.next()) return false;
      this.take(set, SET_SCORE);
      return true;
    }
    const p = this.place;
    if (zset === undefined || p === 0) return false;
    const score = zset.score(p);
    zset.read(p);
    this.take(zset, score);
    this.place = zset.prev(p);
    return true;
  }

  /** Looks for a member; `score` is its score then. */
  find(buf: Uint8Array, off: number, len: number): boolean {
    const { set, zset } = this;
    if (set !== undefined) {
      this.score = SET_SCORE;
      return set.has(buf, off, len);
    }
    const p = zset === undefined ? 0 : zset.find(buf, off, len);
    if (p === 0) return false;
    this.score = zset!.score(p);
    return true;
  }

  private take(from: { buf: Uint8Array; off: number; len: number }, score: number): void {
    this.buf = from.buf;
    this.off = from.off;
    this.len = from.len;
    this.score = score;
  }
}

const EMPTY = new Uint8Array(0);
