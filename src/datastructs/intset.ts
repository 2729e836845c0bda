/**
 * Intset: a set of 64-bit integers as a sorted array, all of the same width. Small sets whose
 * members are all integers are one intset.
 *
 *     [ width: 4 | members: 4 | member | member | … ]        in rising order, lowest byte first
 *
 * The width is 2, 4 or 8 bytes: what the member furthest from 0 once needed. A member that needs
 * more makes all wider, and then must be the new first or last, for it lies outside of what the
 * others could be; removing it makes nothing narrower. A lookup is a binary search. The format is
 * Redis's to the byte, for RDB files carry it as it is.
 *
 * Members come in as decimal text and leave as such. `load` takes a text over; `has`, `add` and
 * `remove` are about the number loaded last. None of them allocates.
 */
import type { ByteRange, ByteStore } from './byte-store.js';
import { INT64_TEXT_BYTES, Int64Words } from './intset-value.js';
import { moveBytes } from './move-bytes.js';
import { readWord, writeWord } from './words.js';

const HEADER_BYTES = 8;
const COUNT = 4;
const WIDTH16 = 2;
const WIDTH32 = 4;
const WIDTH64 = 8;

/** No intset has more members than this (Redis's limit). */
export const INTSET_MAX_MEMBERS = 1 << 30;

/** An intset without members. */
export const EMPTY_INTSET = Uint8Array.of(WIDTH16, 0, 0, 0, 0, 0, 0, 0);

export class Intset {
  /** Its bytes: those of `store`. */
  range: ByteRange;

  // What `read` found: a member's digits.
  readonly buf = new Uint8Array(INT64_TEXT_BYTES);
  readonly off = 0;
  len = 0;

  private readonly value = new Int64Words();
  private readonly found = new Int64Words();
  /** Where the loaded number is or would be, set by `search`. */
  private index = 0;

  constructor(private store: ByteStore) {
    this.range = store.range;
  }

  /** Looks at another intset. */
  attach(store: ByteStore): this {
    this.store = store;
    this.range = store.range;
    return this;
  }

  /** Makes the store an empty intset. */
  static init(store: ByteStore): void {
    store.resize(HEADER_BYTES);
    store.range.buf.set(EMPTY_INTSET, store.range.off);
  }

  /** Number of members. */
  get count(): number {
    const { buf, off } = this.range;
    return readWord(buf, off + COUNT);
  }

  /** Bytes of a member. */
  get width(): number {
    return this.range.buf[this.range.off]!;
  }

  /** Sets `buf`, `off`, `len` to the digits of the member at this index, which must be there. */
  read(index: number): void {
    const { buf, off } = this.range;
    const width = buf[off]!;
    const at = off + HEADER_BYTES + index * width;
    const { found } = this;
    if (width === WIDTH16) found.low = ((buf[at]! | (buf[at + 1]! << 8)) << 16) >> 16;
    else found.low = readWord(buf, at);
    found.high = width === WIDTH64 ? readWord(buf, at + 4) : found.low >> 31;
    this.len = found.write(this.buf, 0);
  }

  /**
   * Takes a number over for `has`, `add` and `remove`.
   * @returns false if the text is not the canonical one of a 64-bit integer
   */
  load(bytes: Uint8Array, off: number, len: number): boolean {
    return this.value.parse(bytes, off, len);
  }

  /** Whether the loaded number is a member. */
  has(): boolean {
    return this.neededWidth() <= this.width && this.search();
  }

  /** Adds the loaded number. @returns false if it was a member already */
  add(): boolean {
    const needed = this.neededWidth();
    const width = this.width;
    if (needed > width) {
      this.widen(needed);
      return true;
    }
    if (this.search()) return false;
    const { index, range, store } = this;
    const end = range.len;
    store.resize(end + width);
    const at = HEADER_BYTES + index * width;
    moveBytes(range.buf, range.off + at + width, range.off + at, range.off + end);
    this.write(index, width, this.value.low, this.value.high);
    writeWord(range.buf, range.off + COUNT, this.count + 1);
    return true;
  }

  /** Removes the loaded number. @returns false if it was no member */
  remove(): boolean {
    if (!this.has()) return false;
    this.removeAt(this.index);
    return true;
  }

  /** Removes the member at this index, which must be there. */
  removeAt(index: number): void {
    const { range, store } = this;
    const { buf, off } = range;
    const width = buf[off]!;
    const at = off + HEADER_BYTES + index * width;
    moveBytes(buf, at, at + width, off + range.len);
    writeWord(buf, off + COUNT, this.count - 1);
    store.resize(range.len - width);
  }

  private neededWidth(): number {
    const { low, high } = this.value;
    if (high !== low >> 31) return WIDTH64;
    return low === (low << 16) >> 16 ? WIDTH16 : WIDTH32;
  }

  /** Looks for the loaded number and sets `index` to where it is, or where it would be. */
  private search(): boolean {
    let from = 0;
    let to = this.count;
    // Members often come in rising order.
    if (to > 0 && this.compare(to - 1) < 0) {
      this.index = to;
      return false;
    }
    while (from < to) {
      const middle = (from + to) >>> 1;
      const order = this.compare(middle);
      if (order === 0) {
        this.index = middle;
        return true;
      }
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    this.index = from;
    return false;
  }

  /** Order of the member at this index against the loaded number: negative, 0 or positive. */
  private compare(index: number): number {
    const { buf, off } = this.range;
    const { value } = this;
    const width = buf[off]!;
    const at = off + HEADER_BYTES + index * width;
    // The loaded number fits the width, so up to 4 bytes the lower words can be compared.
    if (width === WIDTH16) return (((buf[at]! | (buf[at + 1]! << 8)) << 16) >> 16) - value.low;
    if (width === WIDTH32) return readWord(buf, at) - value.low;
    const high = readWord(buf, at + 4) - value.high;
    return high !== 0 ? high : (readWord(buf, at) >>> 0) - (value.low >>> 0);
  }

  /** Makes all members wider and adds the loaded number, which needs it, at its end. */
  private widen(width: number): void {
    const { count, range, store, value } = this;
    const before = this.width;
    const shift = value.high < 0 ? 1 : 0;
    store.resize(HEADER_BYTES + (count + 1) * width);
    const { buf, off } = range;
    // From the last to the first, so that none is overwritten before it is read.
    for (let i = count - 1; i >= 0; i--) {
      const at = off + HEADER_BYTES + i * before;
      const low =
        before === WIDTH16 ? ((buf[at]! | (buf[at + 1]! << 8)) << 16) >> 16 : readWord(buf, at);
      this.write(i + shift, width, low, low >> 31);
    }
    this.write(shift === 1 ? 0 : count, width, value.low, value.high);
    writeWord(buf, off, width);
    writeWord(buf, off + COUNT, count + 1);
  }

  private write(index: number, width: number, low: number, high: number): void {
    const { buf, off } = this.range;
    const at = off + HEADER_BYTES + index * width;
    buf[at] = low;
    buf[at + 1] = low >>> 8;
    if (width === WIDTH16) return;
    buf[at + 2] = low >>> 16;
    buf[at + 3] = low >>> 24;
    if (width === WIDTH64) writeWord(buf, at + 4, high);
  }
}
