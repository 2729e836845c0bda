/**
 * Listpack: a list of strings and integers in one run of bytes, which can be walked from either end.
 * Small hashes, sets, sorted sets and lists are one listpack; bigger lists and streams are many.
 *
 *     [ bytes: 4 | elements: 2 | element | element | … | 0xff ]
 *
 *     element   [ encoding, with a short length or a small integer in it | data | back length ]
 *
 *     0xxxxxxx            integer 0 … 127
 *     10llllll            string of up to 63 bytes
 *     110xxxxx x          integer of 13 bits, signed
 *     1110llll l          string of up to 4095 bytes
 *     0xf0 llll           string, its length in 4 bytes
 *     0xf1 … 0xf4         integer of 16, 24, 32, 64 bits
 *
 * The back length is the length of the element's other two parts, 7 bits to a byte, to be read from
 * its last byte on: so one can step backwards. The format is Redis's to the byte, for RDB files
 * carry it as it is. All numbers but the back length have their lowest byte first, except the
 * string length of 12 bits and the 13-bit integer.
 *
 * A string that is the canonical text of a 64-bit integer is kept as one; read back, it is text
 * again. Positions are offsets from the listpack's begin; 0 means "no element".
 *
 * Source: "Listpack specification", https://github.com/antirez/listpack
 */
import { INT64_MAX_LENGTH, parseInt64, parseInteger, writeInteger } from '../text/int64.js';
import type { ByteRange, ByteStore } from './byte-store.js';
import { copyBytes, moveBytes, sameBytes } from './move-bytes.js';
import { readWord, writeWord } from './words.js';

/** Before the first element, whose position it therefore is. */
export const LISTPACK_HEADER_BYTES = 6;
const HEADER_BYTES = LISTPACK_HEADER_BYTES;
/** Of a listpack without elements. */
export const EMPTY_LISTPACK_BYTES = HEADER_BYTES + 1;
const END = 0xff;
/** What the header's 16 bits say when there are more elements than they can. */
const UNCOUNTED = 0xffff;
/** A listpack is never let grow beyond this, in bytes (Redis's limit). */
export const LISTPACK_MAX_BYTES = 1 << 30;

const STRING12 = 0xe0;
const STRING32 = 0xf0;
const INT13 = 0xc0;
const INT16 = 0xf1;
const INT24 = 0xf2;
const INT32 = 0xf3;
const INT64 = 0xf4;

export class Listpack {
  /** Its bytes: those of `store`. */
  range: ByteRange;

  // What `read` found: an element's bytes.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;

  /** Digits of the integer that was read last. */
  private readonly digits = new Uint8Array(INT64_MAX_LENGTH + 4);

  // The element about to be written, set by `measure`.
  private isNumber = false;
  private low = 0;
  private high = 0;
  /** First byte for an integer (INT13 and 0 for the shortest two), or for a string. */
  private code = 0;
  /** Bytes of encoding and data together. */
  private body = 0;

  // Between `beginAppend` and `endAppend`: where in `buf` the next element goes; how many have gone.
  private appendAt = 0;
  private appended = 0;

  constructor(private store: ByteStore) {
    this.range = store.range;
  }

  /** Looks at another listpack. */
  attach(store: ByteStore): this {
    this.store = store;
    this.range = store.range;
    return this;
  }

  /** Makes the store an empty listpack. */
  static init(store: ByteStore): void {
    store.resize(EMPTY_LISTPACK_BYTES);
    const { buf, off } = store.range;
    buf.fill(0, off, off + HEADER_BYTES);
    buf[off] = EMPTY_LISTPACK_BYTES;
    buf[off + HEADER_BYTES] = END;
  }

  /** All of it, in bytes. */
  get byteLength(): number {
    return this.range.len;
  }

  /** Number of elements. */
  get count(): number {
    const { buf, off } = this.range;
    const n = buf[off + 4]! | (buf[off + 5]! << 8);
    if (n !== UNCOUNTED) return n;
    let counted = 0;
    for (let p = this.first(); p !== 0; p = this.next(p)) counted++;
    if (counted < UNCOUNTED) this.writeCount(counted);
    return counted;
  }

  // ---- walking

  /** Position of the first element, 0 if there is none. */
  first(): number {
    const { buf, off } = this.range;
    return buf[off + HEADER_BYTES] === END ? 0 : HEADER_BYTES;
  }

  /** Position of the last element, 0 if there is none. */
  last(): number {
    return this.prev(this.range.len - 1);
  }

  /** Position of the element behind, 0 if there is none. */
  next(p: number): number {
    const { buf, off } = this.range;
    const at = p + elementBytes(buf, off + p);
    return buf[off + at] === END ? 0 : at;
  }

  /** Position of the element `n` further on, 0 at the end; there must be so many. */
  skip(p: number, n: number): number {
    const { buf, off } = this.range;
    let at = off + p;
    for (let i = 0; i < n; i++) at += elementBytes(buf, at);
    return buf[at] === END ? 0 : at - off;
  }

  /** Position of the element before (of the end mark: the last one), 0 if there is none. */
  prev(p: number): number {
    if (p === HEADER_BYTES) return 0;
    const { buf, off } = this.range;
    return p - elementBytesBefore(buf, off + p);
  }

  /** Position of the element with this index (negative: from the end), 0 if there is none. */
  seek(index: number): number {
    const { count } = this;
    const i = index < 0 ? index + count : index;
    if (i < 0 || i >= count) return 0;
    if (i <= count >>> 1) {
      const { buf, off } = this.range;
      let at = off + HEADER_BYTES;
      for (let k = 0; k < i; k++) at += elementBytes(buf, at);
      return at - off;
    }
    let p = this.last();
    for (let k = count - 1; k > i; k--) p = this.prev(p);
    return p;
  }

  // ---- reading

  /**
   * Sets `buf`, `off`, `len` to the element's bytes; an integer's are its digits. Valid until the
   * listpack changes or the next `read`.
   */
  read(p: number): void {
    const { buf, off } = this.range;
    const at = off + p;
    const b = buf[at]!;
    if (b < 0x80) {
      this.readDigits(b);
    } else if (b < 0xc0) {
      this.buf = buf;
      this.off = at + 1;
      this.len = b & 0x3f;
    } else if (b >= STRING12 && b < STRING32) {
      this.buf = buf;
      this.off = at + 2;
      this.len = ((b & 15) << 8) | buf[at + 1]!;
    } else if (b === STRING32) {
      this.buf = buf;
      this.off = at + 5;
      this.len = readWord(buf, at + 1);
    } else if (b === INT64 && !Number.isSafeInteger(integerAt(buf, at))) {
      const text = this.integer64(p).toString();
      for (let i = 0; i < text.length; i++) this.digits[i] = text.charCodeAt(i);
      this.readFromDigits(text.length);
    } else {
      this.readDigits(integerAt(buf, at));
    }
  }

  /** Whether the element is kept as an integer. */
  isInteger(p: number): boolean {
    return isIntegerCode(this.range.buf[this.range.off + p]!);
  }

  /** The value of an element that is an integer; beyond ±2^53 the nearest double. */
  integer(p: number): number {
    return integerAt(this.range.buf, this.range.off + p);
  }

  /** The exact value of an element that is an integer. */
  integer64(p: number): bigint {
    const { buf, off } = this.range;
    const at = off + p;
    if (buf[at] !== INT64) return BigInt(integerAt(buf, at));
    const low = BigInt(readWord(buf, at + 1) >>> 0);
    return (BigInt(readWord(buf, at + 5)) << 32n) | low;
  }

  /** Whether the element is these bytes. */
  is(p: number, bytes: Uint8Array, off: number, len: number): boolean {
    this.read(p);
    return this.len === len && sameBytes(this.buf, this.off, bytes, off, len);
  }

  /**
   * The first element that is these bytes, from position `p` on, of which `skip` are passed over
   * after each that is compared (1: only the keys of a list of pairs). Allocates nothing; guarded by
   * `npm run bench -- hashes`.
   * @returns its position, 0 if there is none
   */
  find(p: number, bytes: Uint8Array, off: number, len: number, skip: number): number {
    if (p === 0) return 0;
    const { range } = this;
    const { buf } = range;
    // What the bytes would be kept as; NaN: a string.
    const wanted = len <= INT64_MAX_LENGTH && len > 0 ? parseInteger(bytes, off, len) : Number.NaN;
    const wantsNumber = !Number.isNaN(wanted);
    let at = range.off + p;
    let skipping = 0;
    for (;;) {
      const b = buf[at]!;
      if (b === END) return 0;
      if (skipping > 0) {
        skipping--;
        at += elementBytes(buf, at);
        continue;
      }
      skipping = skip;
      if (b >= 0x80 && b < 0xc0) {
        const n = b & 0x3f;
        if (n === len && !wantsNumber && sameBytes(buf, at + 1, bytes, off, len)) {
          return at - range.off;
        }
        at += n + 2; // up to 64 bytes: the back length is one byte
        continue;
      }
      if (isIntegerCode(b)) {
        if (wantsNumber && integerAt(buf, at) === wanted) {
          if (Number.isSafeInteger(wanted) || this.is(at - range.off, bytes, off, len)) {
            return at - range.off;
          }
        }
      } else if (!wantsNumber) {
        const from = b === STRING32 ? 5 : 2;
        const n = b === STRING32 ? readWord(buf, at + 1) : ((b & 15) << 8) | buf[at + 1]!;
        if (n === len && sameBytes(buf, at + from, bytes, off, len)) return at - range.off;
      }
      at += elementBytes(buf, at);
    }
  }

  // ---- changing; the bytes given must not lie in this listpack's store

  append(bytes: Uint8Array, off: number, len: number): void {
    this.insertBefore(this.range.len - 1, bytes, off, len);
  }

  /** Appends two elements, for one change of the store's length. */
  appendPair(
    a: Uint8Array,
    aOff: number,
    aLen: number,
    b: Uint8Array,
    bOff: number,
    bLen: number,
  ): void {
    const { range, store } = this;
    const at = range.len - 1;
    const more = this.bytesFor(b, bOff, bLen);
    const size = this.bytesFor(a, aOff, aLen);
    store.resize(at + 1 + size + more);
    this.writeElement(at, a, aOff);
    this.measure(b, bOff, bLen);
    this.writeElement(at + size, b, bOff);
    range.buf[range.off + range.len - 1] = END;
    this.writeLength();
    this.countMore(2);
  }

  prepend(bytes: Uint8Array, off: number, len: number): void {
    this.insertBefore(HEADER_BYTES, bytes, off, len);
  }

  appendInteger(n: number): void {
    this.measureNumber(n);
    this.writeMeasured(this.range.len - 1, 0, EMPTY, 0);
  }

  /**
   * Begins to append several elements, each by `put` or `putInteger`; `endAppend` must follow before
   * anything else. The header is written once, at the end.
   * @param room bytes that they take at most, 10 for each besides its own
   */
  beginAppend(room: number): void {
    const { range, store } = this;
    this.appendAt = range.len - 1;
    this.appended = 0;
    store.resize(range.len + room);
    this.buf = range.buf;
    this.appendAt += range.off;
  }

  /** Appends an element within `beginAppend` and `endAppend`. */
  put(bytes: Uint8Array, off: number, len: number): void {
    this.measure(bytes, off, len);
    this.putMeasured(bytes, off);
  }

  /** As `put`, an integer. */
  putInteger(n: number): void {
    if (n >= 0 && n <= 127) {
      const { buf, appendAt } = this;
      buf[appendAt] = n;
      buf[appendAt + 1] = 1;
      this.appendAt = appendAt + 2;
      this.appended++;
      return;
    }
    this.measureNumber(n);
    this.putMeasured(EMPTY, 0);
  }

  /** Ends what `beginAppend` began. */
  endAppend(): void {
    const { range, store } = this;
    this.buf[this.appendAt] = END;
    store.resize(this.appendAt + 1 - range.off);
    const { buf, off } = range;
    const n = buf[off + 4]! | (buf[off + 5]! << 8);
    if (n !== UNCOUNTED) this.writeCount(n + this.appended);
    this.writeLength();
  }

  /** Replaces the element by an integer. */
  replaceByInteger(p: number, n: number): void {
    const { buf, off } = this.range;
    if (n >= 0 && n <= 127 && buf[off + p]! <= 127) {
      buf[off + p] = n; // counters and flags mostly are this small
      return;
    }
    this.measureNumber(n);
    this.writeMeasured(p, elementBytes(buf, off + p), EMPTY, 0);
  }

  /** Puts an element before the one at `p`, which may be the end mark's position; it is then at `p`. */
  insertBefore(p: number, bytes: Uint8Array, off: number, len: number): void {
    this.measure(bytes, off, len);
    this.writeMeasured(p, 0, bytes, off);
  }

  insertAfter(p: number, bytes: Uint8Array, off: number, len: number): void {
    const { buf, off: base } = this.range;
    this.insertBefore(p + elementBytes(buf, base + p), bytes, off, len);
  }

  /** Puts other bytes in an element's place; it stays at `p`. */
  replace(p: number, bytes: Uint8Array, off: number, len: number): void {
    this.measure(bytes, off, len);
    const { buf, off: base } = this.range;
    this.writeMeasured(p, elementBytes(buf, base + p), bytes, off);
  }

  /**
   * Removes elements from `p` on.
   * @param n how many, if there are so many
   * @returns the position of the element that is now there, 0 if the last was removed
   */
  remove(p: number, n = 1): number {
    const { buf, off } = this.range;
    let end = off + p;
    let removed = 0;
    for (; removed < n && buf[end] !== END; removed++) end += elementBytes(buf, end);
    const counted = this.count;
    moveBytes(buf, off + p, end, off + this.range.len);
    this.store.resize(this.range.len - (end - off - p));
    this.writeLength();
    this.writeCount(counted - removed);
    return this.range.buf[this.range.off + p] === END ? 0 : p;
  }

  /** Removes `n` elements from this index on (negative: from the end). */
  removeRange(index: number, n: number): void {
    const p = this.seek(index);
    if (p !== 0 && n > 0) this.remove(p, n);
  }

  /** Bytes that an element of these bytes takes. */
  bytesFor(bytes: Uint8Array, off: number, len: number): number {
    this.measure(bytes, off, len);
    return this.body + backLength(this.body);
  }

  /**
   * Writes the element that `bytesFor` measured last into a gap that was made for it, and the header,
   * in a listpack at buf[off .. off + len) of a list's node, which moves its begin or end instead of
   * its elements. The store is not looked at.
   * @param p position of the gap @param count elements there are then
   */
  fillGap(
    buf: Uint8Array,
    off: number,
    len: number,
    p: number,
    bytes: Uint8Array,
    from: number,
    count: number,
  ): void {
    this.writeBody(buf, off + p, bytes, from);
    writeBackLength(buf, off + p + this.body, this.body);
    writeHeader(buf, off, len, count);
  }

  /** Writes the header anew, for an owner that has moved the listpack's begin. */
  writeHeader(count: number): void {
    writeHeader(this.range.buf, this.range.off, this.range.len, count);
  }

  private readDigits(n: number): void {
    this.readFromDigits(writeInteger(this.digits, 0, n));
  }

  private readFromDigits(length: number): void {
    this.buf = this.digits;
    this.off = 0;
    this.len = length;
  }

  /** Works out how the bytes are to be kept. */
  private measure(bytes: Uint8Array, off: number, len: number): void {
    if (len > 0 && len <= INT64_MAX_LENGTH) {
      const n = parseInteger(bytes, off, len);
      if (!Number.isNaN(n)) {
        if (Number.isSafeInteger(n)) this.measureNumber(n);
        else this.measure64(parseInt64(bytes, off, len)!);
        return;
      }
    }
    this.isNumber = false;
    this.low = len;
    this.code = len < 64 ? 0x80 : len < 4096 ? STRING12 : STRING32;
    this.body = len + (len < 64 ? 1 : len < 4096 ? 2 : 5);
  }

  private measureNumber(n: number): void {
    this.isNumber = true;
    this.low = n | 0;
    this.high = Math.floor(n / 0x100000000);
    if (n >= 0 && n <= 127) this.setCode(0, 1);
    else if (n >= -4096 && n <= 4095) this.setCode(INT13, 2);
    else if (n >= -0x8000 && n <= 0x7fff) this.setCode(INT16, 3);
    else if (n >= -0x800000 && n <= 0x7fffff) this.setCode(INT24, 4);
    else if (n >= -0x80000000 && n <= 0x7fffffff) this.setCode(INT32, 5);
    else this.setCode(INT64, 9);
  }

  private measure64(n: bigint): void {
    this.isNumber = true;
    this.low = Number(BigInt.asIntN(32, n));
    this.high = Number(n >> 32n);
    this.setCode(INT64, 9);
  }

  private setCode(code: number, body: number): void {
    this.code = code;
    this.body = body;
  }

  private putMeasured(bytes: Uint8Array, from: number): void {
    const { appendAt, body, buf } = this;
    this.writeBody(buf, appendAt, bytes, from);
    writeBackLength(buf, appendAt + body, body);
    this.appendAt = appendAt + body + backLength(body);
    this.appended++;
  }

  /** Writes the measured element in the place of the `replaced` bytes at `p`. */
  private writeMeasured(p: number, replaced: number, bytes: Uint8Array, from: number): void {
    const { body, range, store } = this;
    const size = body + backLength(body);
    const before = range.len;
    const tail = p + replaced;
    // Grown first and shrunk last, so that nothing is cut off.
    if (size > replaced) store.resize(before + size - replaced);
    const { buf, off } = range;
    if (size !== replaced) moveBytes(buf, off + p + size, off + tail, off + before);
    if (size < replaced) store.resize(before + size - replaced);
    this.writeElement(p, bytes, from);
    if (size === replaced) return;
    this.writeLength();
    if (replaced === 0) this.countMore(1);
  }

  /** Writes the measured element where there is room for it. */
  private writeElement(p: number, bytes: Uint8Array, from: number): void {
    const { buf, off } = this.range;
    this.writeBody(buf, off + p, bytes, from);
    writeBackLength(buf, off + p + this.body, this.body);
  }

  private writeBody(buf: Uint8Array, at: number, bytes: Uint8Array, from: number): void {
    const { code, low } = this;
    if (this.isNumber) {
      this.writeNumber(buf, at);
      return;
    }
    if (code === STRING32) {
      buf[at] = STRING32;
      writeWord(buf, at + 1, low);
      copyBytes(bytes, from, low, buf, at + 5);
    } else if (code === STRING12) {
      buf[at] = STRING12 | (low >>> 8);
      buf[at + 1] = low & 0xff;
      copyBytes(bytes, from, low, buf, at + 2);
    } else {
      buf[at] = 0x80 | low;
      copyBytes(bytes, from, low, buf, at + 1);
    }
  }

  private writeNumber(buf: Uint8Array, at: number): void {
    const { code, low } = this;
    if (code === 0) {
      buf[at] = low;
      return;
    }
    if (code === INT13) {
      buf[at] = INT13 | ((low >>> 8) & 0x1f);
      buf[at + 1] = low & 0xff;
      return;
    }
    buf[at] = code;
    for (let i = 1; i < this.body && i < 5; i++) buf[at + i] = low >>> ((i - 1) * 8);
    if (code === INT64) writeWord(buf, at + 5, this.high);
  }

  private countMore(more: number): void {
    const { buf, off } = this.range;
    const n = buf[off + 4]! | (buf[off + 5]! << 8);
    if (n !== UNCOUNTED) this.writeCount(n + more);
  }

  private writeLength(): void {
    writeWord(this.range.buf, this.range.off, this.range.len);
  }

  private writeCount(n: number): void {
    const { buf, off } = this.range;
    const count = Math.min(n, UNCOUNTED);
    buf[off + 4] = count & 0xff;
    buf[off + 5] = count >>> 8;
  }
}

const EMPTY = new Uint8Array(0);

/** Bytes of the element at `at`, its back length included. */
export function elementBytes(buf: Uint8Array, at: number): number {
  const b = buf[at]!;
  if (b < 0x80) return 2;
  if (b < 0xc0) return (b & 0x3f) + 2;
  if (b < STRING12) return 3;
  if (b === INT16) return 4;
  if (b === INT24) return 5;
  if (b === INT32) return 6;
  if (b === INT64) return 10;
  const body = b === STRING32 ? readWord(buf, at + 1) + 5 : (((b & 15) << 8) | buf[at + 1]!) + 2;
  return body + backLength(body);
}

/** Writes the header of a listpack at buf[off .. off + len). */
export function writeHeader(buf: Uint8Array, off: number, len: number, count: number): void {
  const told = Math.min(count, UNCOUNTED);
  writeWord(buf, off, len);
  buf[off + 4] = told & 0xff;
  buf[off + 5] = told >>> 8;
}

/** Bytes of the element that ends at `end`, from its back length. */
export function elementBytesBefore(buf: Uint8Array, end: number): number {
  let at = end - 1;
  let body = buf[at]! & 127;
  if (buf[at]! >= 128) {
    let scale = 128;
    do {
      at--;
      body += (buf[at]! & 127) * scale;
      scale *= 128;
    } while (buf[at]! >= 128);
  }
  return body + backLength(body);
}

function isIntegerCode(b: number): boolean {
  return b < 0x80 || (b >= INT13 && b < STRING12) || (b >= INT16 && b <= INT64);
}

function integerAt(buf: Uint8Array, at: number): number {
  const b = buf[at]!;
  if (b < 0x80) return b;
  if (b < STRING12) return ((((b & 0x1f) << 8) | buf[at + 1]!) << 19) >> 19;
  if (b === INT16) return ((buf[at + 1]! | (buf[at + 2]! << 8)) << 16) >> 16;
  if (b === INT24) {
    return ((buf[at + 1]! | (buf[at + 2]! << 8) | (buf[at + 3]! << 16)) << 8) >> 8;
  }
  const low = readWord(buf, at + 1);
  if (b === INT32) return low;
  return readWord(buf, at + 5) * 0x100000000 + (low >>> 0);
}

/**
 * Bytes of the back length of so many bytes. Redis's limits are one less than 7 bits to a byte
 * could do.
 */
function backLength(body: number): number {
  return body < 128 ? 1 : body < 16383 ? 2 : body < 2097151 ? 3 : body < 268435455 ? 4 : 5;
}

function writeBackLength(buf: Uint8Array, at: number, body: number): void {
  const n = backLength(body);
  let rest = body;
  for (let i = n - 1; i > 0; i--) {
    buf[at + i] = (rest & 127) | 128;
    rest >>>= 7;
  }
  buf[at] = rest;
}
