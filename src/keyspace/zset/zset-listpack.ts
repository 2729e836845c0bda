/**
 * A small sorted set: one listpack of members and scores in turns, in order.
 *
 *     [ header | member | score | member | score | … | end ]
 *       position  ^                ^
 *
 * A score that is an integer is kept as one, any other as its text. That is Redis's format, and RDB
 * files hold it as it is. Everything but the ends is found by walking, which for a hundred members
 * is cheaper than any index.
 */
import type { ByteStore } from '../../datastructs/byte-store.js';
import { LISTPACK_MAX_BYTES, Listpack } from '../../datastructs/listpack.js';
import { compareBytes } from '../../datastructs/move-bytes.js';
import { formatDouble, parseDouble } from '../../text/double.js';
import { writeInteger } from '../../text/int64.js';
import type { EncodingLimits } from '../encoding-limits.js';
import type { MemberRange, ScoreRange, Zset } from './zset.js';

/** More than the longest text of a double. */
const SCORE_TEXT_MAX = 32;

export class ZsetListpack implements Zset {
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  from = 0;
  count = 0;

  private readonly lp: Listpack;
  /** Text of the score about to be written. */
  private readonly text = new Uint8Array(SCORE_TEXT_MAX);

  constructor(store: ByteStore) {
    this.lp = new Listpack(store);
  }

  /** Looks at another set. */
  attach(store: ByteStore): this {
    this.lp.attach(store);
    return this;
  }

  get size(): number {
    return this.lp.count >>> 1;
  }

  /** Whether a further member of this length keeps the set within the limits of its encoding. */
  takes(len: number, limits: EncodingLimits): boolean {
    return (
      this.size < limits.zsetMaxListpackEntries &&
      len <= limits.zsetMaxListpackValue &&
      this.lp.byteLength + len <= LISTPACK_MAX_BYTES
    );
  }

  first(): number {
    return this.lp.first();
  }

  last(): number {
    const score = this.lp.last();
    return score === 0 ? 0 : this.lp.prev(score);
  }

  next(p: number): number {
    return this.lp.next(this.lp.next(p));
  }

  prev(p: number): number {
    const score = this.lp.prev(p);
    return score === 0 ? 0 : this.lp.prev(score);
  }

  at(rank: number): number {
    return rank < 0 ? 0 : this.lp.seek(2 * rank);
  }

  rank(p: number): number {
    let rank = 0;
    for (let q = this.lp.first(); q !== p; q = this.next(q)) rank++;
    return rank;
  }

  find(buf: Uint8Array, off: number, len: number): number {
    return this.lp.find(this.lp.first(), buf, off, len, 1);
  }

  score(p: number): number {
    const { lp } = this;
    const at = lp.next(p);
    if (lp.isInteger(at)) return lp.integer(at);
    lp.read(at);
    return parseDouble(lp.buf, lp.off, lp.len);
  }

  read(p: number): void {
    const { lp } = this;
    lp.read(p);
    this.buf = lp.buf;
    this.off = lp.off;
    this.len = lp.len;
  }

  selectScores(range: ScoreRange, reversed: boolean): void {
    this.count = 0;
    this.from = range.isEmpty ? 0 : reversed ? this.lastUpTo(range) : this.firstFrom(range);
    let p = this.from;
    while (p !== 0 && this.isInScores(p, range, reversed)) {
      this.count++;
      p = reversed ? this.prev(p) : this.next(p);
    }
    if (this.count === 0) this.from = 0;
  }

  selectMembers(range: MemberRange, reversed: boolean): void {
    this.count = 0;
    this.from = this.isOutside(range) ? 0 : reversed ? this.last() : this.first();
    let p = this.from;
    // Up to the range's nearer end, then on to the other.
    while (p !== 0 && !this.isInMembers(p, range, !reversed)) {
      p = reversed ? this.prev(p) : this.next(p);
    }
    this.from = p;
    while (p !== 0 && this.isInMembers(p, range, reversed)) {
      this.count++;
      p = reversed ? this.prev(p) : this.next(p);
    }
    if (this.count === 0) this.from = 0;
  }

  add(buf: Uint8Array, off: number, len: number, score: number): void {
    const { lp } = this;
    const textLength = this.writeScore(score);
    let p = lp.first();
    while (p !== 0) {
      const other = this.score(p);
      if (other > score || (other === score && this.isAbove(p, buf, off, len))) break;
      p = this.next(p);
    }
    if (p === 0) {
      lp.append(buf, off, len);
      lp.append(this.text, 0, textLength);
      return;
    }
    lp.insertBefore(p, this.text, 0, textLength);
    lp.insertBefore(p, buf, off, len);
  }

  /** Adds a member that is greater than all others. */
  append(buf: Uint8Array, off: number, len: number, score: number): void {
    const textLength = this.writeScore(score);
    this.lp.append(buf, off, len);
    this.lp.append(this.text, 0, textLength);
  }

  setScore(p: number, buf: Uint8Array, off: number, len: number, score: number): void {
    const prev = this.prev(p);
    const next = this.next(p);
    const stays =
      (prev === 0 || this.score(prev) < score) && (next === 0 || this.score(next) > score);
    if (stays) {
      const textLength = this.writeScore(score);
      this.lp.replace(this.lp.next(p), this.text, 0, textLength);
      return;
    }
    this.lp.remove(p, 2);
    this.add(buf, off, len, score);
  }

  remove(p: number): void {
    this.lp.remove(p, 2);
  }

  removeRange(rank: number, count: number): void {
    this.lp.removeRange(2 * rank, 2 * count);
  }

  private firstFrom(range: ScoreRange): number {
    let p = this.first();
    while (p !== 0 && !range.isAboveMin(this.score(p))) p = this.next(p);
    return p;
  }

  private lastUpTo(range: ScoreRange): number {
    let p = this.last();
    while (p !== 0 && !range.isBelowMax(this.score(p))) p = this.prev(p);
    return p;
  }

  /** Whether `p` is within the range's upper (`lower`: lower) end. */
  private isInScores(p: number, range: ScoreRange, lower: boolean): boolean {
    const score = this.score(p);
    return lower ? range.isAboveMin(score) : range.isBelowMax(score);
  }

  private isInMembers(p: number, range: MemberRange, lower: boolean): boolean {
    const { lp } = this;
    lp.read(p);
    return lower
      ? range.isAboveMin(lp.buf, lp.off, lp.len)
      : range.isBelowMax(lp.buf, lp.off, lp.len);
  }

  /** Whether the ends tell that nothing is in the range. */
  private isOutside(range: MemberRange): boolean {
    if (range.isEmpty || this.size === 0) return true;
    return (
      !this.isInMembers(this.last(), range, true) || !this.isInMembers(this.first(), range, false)
    );
  }

  private isAbove(p: number, buf: Uint8Array, off: number, len: number): boolean {
    const { lp } = this;
    lp.read(p);
    return compareBytes(lp.buf, lp.off, lp.len, buf, off, len) > 0;
  }

  /** Puts the score's text into `text`. @returns its length */
  private writeScore(score: number): number {
    const { text } = this;
    // As an integer, -0 is 0.
    if (Number.isSafeInteger(score)) return writeInteger(text, 0, score);
    const s = formatDouble(score);
    for (let i = 0; i < s.length; i++) text[i] = s.charCodeAt(i);
    return s.length;
  }
}

const EMPTY = new Uint8Array(0);
