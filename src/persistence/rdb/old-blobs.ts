/**
 * What Redis kept small collections in before there were listpacks, read as elements one by one.
 *
 *     ziplist  [ bytes: 4 | offset of the last: 4 | elements: 2 | element … | 0xff ]
 *     element  [ length of the one before: 1, or 0xfe and 4 | encoding | data ]
 *
 *     00llllll                     string of up to 63 bytes
 *     01llllll l                   up to 16383 (highest byte first)
 *     10______ llll                longer (highest byte first)
 *     0xc0 0xd0 0xe0 0xf0 0xfe     integer of 16, 32, 64, 24, 8 bits
 *     1111xxxx                     x - 1: an integer from 0 to 12
 *
 *     zipmap   [ pairs: 1 | { length | field | length | free: 1 | value | free bytes } … | 0xff ]
 *     length   1 byte, or 0xfe and 4
 *
 * Every length is checked before it is used. Sources: Redis's ziplist.c and zipmap.c (the layouts).
 */
import { readWord } from '../../datastructs/words.js';
import { writeInteger } from '../../text/int64.js';
import type { StringSlot } from './input.js';

const ZIPLIST_HEADER_BYTES = 10;
const END = 0xff;
const BIG_LENGTH = 0xfe;
const UNCOUNTED = 0xffff;
const ZIPMAP_UNCOUNTED = 254;
const INT64_DIGITS = 24;

/** Walks the elements of a ziplist or zipmap: `next` puts one into a slot. */
export interface ElementReader {
  /** Elements there are, pairs counting as two; undefined: that is not told. */
  readonly told: number | undefined;
  /** @returns false at the end and if something is wrong, which `isWhole` tells apart */
  next(slot: StringSlot): boolean;
  /** Whether the walk has come to the end and all was right. */
  readonly isWhole: boolean;
}

export class ZiplistReader implements ElementReader {
  readonly told: number | undefined;
  isWhole = false;
  private at: number;
  private readonly end: number;
  private count = 0;
  private before = 0;

  constructor(
    private readonly buf: Uint8Array,
    private readonly off: number,
    len: number,
  ) {
    this.at = off + ZIPLIST_HEADER_BYTES;
    this.end = off + len - 1;
    const isOne =
      len > ZIPLIST_HEADER_BYTES && readWord(buf, off) >>> 0 === len && buf[this.end] === END;
    if (!isOne) this.at = -1;
    const told = isOne ? buf[off + 8]! | (buf[off + 9]! << 8) : 0;
    this.told = told === UNCOUNTED ? undefined : told;
  }

  next(slot: StringSlot): boolean {
    const { buf, end, at } = this;
    if (at < 0) return false;
    if (at === end) {
      const last = this.count === 0 ? end : at - this.before;
      const tail = this.off + (readWord(buf, this.off + 4) >>> 0);
      // Of an empty one the offset is that of the end mark.
      this.isWhole = tail === last && (this.told === undefined || this.told === this.count);
      return false;
    }
    const isLong = buf[at] === BIG_LENGTH;
    if (buf[at] === END || (isLong && at + 5 > end)) return this.fail();
    const before = isLong ? readWord(buf, at + 1) >>> 0 : buf[at]!;
    if (before !== this.before) return this.fail();
    const from = at + (isLong ? 5 : 1);
    const to = from < end ? this.element(from, slot) : 0;
    if (to === 0 || to > end) return this.fail();
    this.before = to - at;
    this.at = to;
    this.count++;
    return true;
  }

  private fail(): false {
    this.at = -1;
    return false;
  }

  /** @returns where the element ends, 0 or beyond the end if it is wrong */
  private element(at: number, slot: StringSlot): number {
    const { buf } = this;
    const b = buf[at]!;
    if (b < 0xc0) {
      const bytes = b < 0x40 ? 1 : b < 0x80 ? 2 : 5;
      if (at + bytes > this.end) return 0;
      let len = b & 0x3f;
      if (bytes === 2) len = (len << 8) | buf[at + 1]!;
      if (bytes === 5) {
        len =
          buf[at + 1]! * 0x1000000 + ((buf[at + 2]! << 16) | (buf[at + 3]! << 8) | buf[at + 4]!);
      }
      slot.set(buf, at + bytes, len);
      return at + bytes + len;
    }
    return this.integer(at, b, slot);
  }

  private integer(at: number, b: number, slot: StringSlot): number {
    const { buf } = this;
    const bytes = INTEGER_BYTES.get(b);
    if (bytes === undefined) {
      if (b < 0xf1 || b > 0xfd) return 0;
      putNumber(slot, (b & 15) - 1);
      return at + 1;
    }
    if (at + 1 + bytes > this.end) return 0;
    if (bytes === 8) {
      const high = BigInt(readWord(buf, at + 5));
      putNumber(slot, (high << 32n) | BigInt(readWord(buf, at + 1) >>> 0));
      return at + 9;
    }
    let n = 0;
    for (let i = 0; i < bytes; i++) n |= buf[at + 1 + i]! << (8 * i);
    const shift = 32 - 8 * bytes;
    putNumber(slot, (n << shift) >> shift);
    return at + 1 + bytes;
  }
}

const INTEGER_BYTES: ReadonlyMap<number, number> = new Map([
  [0xc0, 2],
  [0xd0, 4],
  [0xe0, 8],
  [0xf0, 3],
  [0xfe, 1],
]);

function putNumber(slot: StringSlot, n: number | bigint): void {
  const digits = slot.room(INT64_DIGITS);
  if (typeof n === 'number' || Number.isSafeInteger(Number(n))) {
    slot.len = writeInteger(digits, 0, Number(n));
    return;
  }
  const text = n.toString();
  for (let i = 0; i < text.length; i++) digits[i] = text.charCodeAt(i);
  slot.len = text.length;
}

export class ZipmapReader implements ElementReader {
  readonly told: number | undefined;
  isWhole = false;
  private at: number;
  private readonly end: number;
  private count = 0;

  constructor(
    private readonly buf: Uint8Array,
    off: number,
    len: number,
  ) {
    this.end = off + len - 1;
    this.at = len >= 2 && buf[this.end] === END ? off + 1 : -1;
    const told = buf[off]!;
    this.told = told >= ZIPMAP_UNCOUNTED ? undefined : 2 * told;
  }

  next(slot: StringSlot): boolean {
    const { buf, end } = this;
    if (this.at < 0) return false;
    if (this.at === end) {
      // Unlike the others it was never written empty.
      const hasPairs = this.count > 0 && this.count % 2 === 0;
      this.isWhole = hasPairs && (this.told === undefined || this.told === this.count);
      return false;
    }
    let { at } = this;
    let len = buf[at++]!;
    if (len === END) return this.fail();
    if (len === BIG_LENGTH) {
      if (at + 4 > end) return this.fail();
      len = readWord(buf, at) >>> 0;
      at += 4;
    }
    const isValue = this.count % 2 === 1;
    let free = 0;
    if (isValue) {
      if (at >= end) return this.fail();
      free = buf[at++]!;
    }
    if (at + len + free > end) return this.fail();
    slot.set(buf, at, len);
    this.at = at + len + free;
    this.count++;
    return true;
  }

  private fail(): false {
    this.at = -1;
    return false;
  }
}
