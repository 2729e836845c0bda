/**
 * A sorted set, whatever its encoding: members with a score each, in the order of score and, among
 * equal scores, of the members' bytes.
 *
 *     small   listpack     [ a | 1 | b | 2 | c | 2 ]            inside the key's block
 *     big     skiplist     a dict (member -> node) and a skip list (order, ranks)
 *
 * Both are walked by positions: numbers that name a member, 0 for "none". A position is valid until
 * the set changes. Ranks count from 0, from the least score on.
 *
 * A caller looks at a few things and writes a reply, so nothing here makes objects: `read` leaves a
 * member's bytes in `buf`, `off`, `len`, and the `select` methods leave what they found in `from`
 * and `count`.
 */
import { compareBytes } from '../../datastructs/move-bytes.js';

export interface Zset {
  readonly size: number;

  // What `read` found: valid until the next call of `read` and the next change.
  readonly buf: Uint8Array;
  readonly off: number;
  readonly len: number;

  /** What `select…` found: the position to begin at (0: nothing is in the range), … */
  readonly from: number;
  /** … and how many members there are from there on. */
  readonly count: number;

  first(): number;
  last(): number;
  next(p: number): number;
  prev(p: number): number;
  /** Position of this rank, 0 if there are not so many members. */
  at(rank: number): number;
  rank(p: number): number;
  /** Position of a member, 0 if it isn't there. @param hash of it, if it is known */
  find(buf: Uint8Array, off: number, len: number, hash?: number): number;

  score(p: number): number;
  /** Sets `buf`, `off`, `len` to the member's bytes. */
  read(p: number): void;

  /** Selects the members with scores in the range; `reversed`: `from` is the last of them. */
  selectScores(range: ScoreRange, reversed: boolean): void;
  /** As `selectScores`, by the members themselves. All scores should be the same. */
  selectMembers(range: MemberRange, reversed: boolean): void;

  /**
   * Adds a member that isn't there. The bytes must not lie in this set.
   * @param hash of the member, if it is known
   */
  add(buf: Uint8Array, off: number, len: number, score: number, hash?: number): void;
  /** Gives the member at `p`, which is these bytes, another score. */
  setScore(p: number, buf: Uint8Array, off: number, len: number, score: number): void;
  remove(p: number): void;
  /** Removes `count` members from this rank on, which must be there. */
  removeRange(rank: number, count: number): void;
}

/** Scores from `min` to `max`, each of them in or out. */
export class ScoreRange {
  constructor(
    readonly min: number,
    readonly max: number,
    readonly minExclusive = false,
    readonly maxExclusive = false,
  ) {}

  /** Whether no score can lie in it. */
  get isEmpty(): boolean {
    const { min, max } = this;
    return min > max || (min === max && (this.minExclusive || this.maxExclusive));
  }

  isAboveMin(score: number): boolean {
    return this.minExclusive ? score > this.min : score >= this.min;
  }

  isBelowMax(score: number): boolean {
    return this.maxExclusive ? score < this.max : score <= this.max;
  }
}

/** One end of a range of members: bytes, or one of the two that no member reaches. */
export interface MemberBound {
  /** -1: before all members, 1: behind all, 0: these bytes. */
  readonly infinite: -1 | 0 | 1;
  readonly bytes: Uint8Array;
  readonly exclusive: boolean;
}

/** Members from `min` to `max`. */
export class MemberRange {
  constructor(
    readonly min: MemberBound,
    readonly max: MemberBound,
  ) {}

  /** Whether no member can lie in it. */
  get isEmpty(): boolean {
    const { min, max } = this;
    if (min.infinite !== 0 || max.infinite !== 0) return min.infinite >= max.infinite;
    const order = compareBytes(min.bytes, 0, min.bytes.length, max.bytes, 0, max.bytes.length);
    return order > 0 || (order === 0 && (min.exclusive || max.exclusive));
  }

  isAboveMin(buf: Uint8Array, off: number, len: number): boolean {
    const { infinite, bytes, exclusive } = this.min;
    if (infinite !== 0) return infinite < 0;
    const order = compareBytes(buf, off, len, bytes, 0, bytes.length);
    return exclusive ? order > 0 : order >= 0;
  }

  isBelowMax(buf: Uint8Array, off: number, len: number): boolean {
    const { infinite, bytes, exclusive } = this.max;
    if (infinite !== 0) return infinite > 0;
    const order = compareBytes(buf, off, len, bytes, 0, bytes.length);
    return exclusive ? order < 0 : order <= 0;
  }
}
