/**
 * Bytes being written in the RDB format, in a buffer that grows until they are taken.
 *
 * Strings go in as the format likes them best: small integers as integers, from 21 bytes on
 * compressed if that saves at least 4. Whoever reads the chunks later can't see where one ended.
 *
 * Compressing takes ten times as long as all the rest. So it may be left to another process: then
 * strings go in as they are, and `places` says where those begin that are worth a try.
 */
import { copyBytes } from '../../datastructs/move-bytes.js';
import { parseInteger } from '../../text/int64.js';
import { lzfCompress } from '../lzf.js';
import { ENCODED, LENGTH_14BIT, LENGTH_32BIT, LENGTH_64BIT, RdbString } from './format.js';

const FIRST_BYTES = 64 * 1024;
/** A taken chunk of more than this leaves a buffer of FIRST_BYTES behind. */
const KEPT_BYTES = 1024 * 1024;
const LENGTH_MAX_BYTES = 9;
/** Strings longer than this are not left to be compressed later: all of one has to be held for it. */
const LATER_MAX_BYTES = 32 * 1024 * 1024;
const FIRST_PLACES = 1024;
/** Longest text that may be an int32. */
const INT32_DIGITS = 11;
/** Below this LZF can't win. */
const COMPRESS_FROM = 21;
const COMPRESS_SAVES = 4;
const WORD = 0x100000000;

/** Whether strings are compressed: never, at once, or by whoever gets the chunks. */
export type Compression = boolean | 'later';

export class ChunkWriter {
  buf = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Bytes written and not yet taken. */
  length = 0;
  /** Where strings begin, with their lengths, that are to be compressed later: the first `placeCount`. */
  places = NO_PLACES;
  placeCount = 0;

  constructor(
    /** `rdbcompression`. */
    public compresses: Compression = true,
  ) {}

  /** What was written since the last time, in a buffer of its own. */
  take(): Buffer {
    const chunk = Buffer.from(this.buf.subarray(0, this.length));
    this.clear();
    return chunk;
  }

  /** Drops what was written. */
  clear(): void {
    this.length = 0;
    this.placeCount = 0;
    if (this.buf.length > KEPT_BYTES) this.buf = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buf[this.length++] = value;
  }

  bytes(from: Uint8Array, off: number, len: number): void {
    this.reserve(len);
    copyBytes(from, off, len, this.buf, this.length);
    this.length += len;
  }

  /** A length: an integer from 0 to 2^53. */
  count(n: number): void {
    this.reserve(LENGTH_MAX_BYTES);
    const { buf } = this;
    if (n < 0x40) buf[this.length++] = n;
    else if (n < 0x4000) {
      buf[this.length++] = LENGTH_14BIT | (n >>> 8);
      buf[this.length++] = n & 0xff;
    } else if (n < WORD) {
      buf[this.length++] = LENGTH_32BIT;
      this.wordBigEndian(n);
    } else {
      buf[this.length++] = LENGTH_64BIT;
      this.wordBigEndian(Math.floor(n / WORD));
      this.wordBigEndian(n % WORD);
    }
  }

  /** A length of 64 bits in two words, unsigned. */
  countWords(high: number, low: number): void {
    if (high === 0) {
      this.count(low);
      return;
    }
    this.reserve(LENGTH_MAX_BYTES);
    this.buf[this.length++] = LENGTH_64BIT;
    this.wordBigEndian(high);
    this.wordBigEndian(low);
  }

  /** A signed 64-bit integer, as a length: negative ones are what C makes of them. */
  countSigned(n: number | bigint): void {
    if (typeof n === 'number' && n >= 0) {
      this.count(n);
      return;
    }
    const bits = BigInt.asUintN(64, BigInt(n));
    this.countWords(Number(bits >> 32n), Number(bits & 0xffffffffn));
  }

  /** 8 bytes, the lowest first: an integer that may be negative. */
  int64(n: number | bigint): void {
    this.reserve(8);
    if (typeof n === 'number') {
      this.buf.writeInt32LE(n | 0, this.length);
      this.buf.writeInt32LE(Math.floor(n / WORD) | 0, this.length + 4);
    } else this.buf.writeBigInt64LE(BigInt.asIntN(64, n), this.length);
    this.length += 8;
  }

  double(n: number): void {
    this.reserve(8);
    this.buf.writeDoubleLE(n, this.length);
    this.length += 8;
  }

  text(text: string): void {
    const bytes = Buffer.from(text);
    this.string(bytes, 0, bytes.length);
  }

  string(from: Uint8Array, off: number, len: number): void {
    if (len <= INT32_DIGITS && this.integer(from, off, len)) return;
    if (len >= COMPRESS_FROM) {
      if (this.compresses === 'later') this.notePlace(len);
      else if (this.compresses && this.compressed(from, off, len)) return;
    }
    this.count(len);
    this.bytes(from, off, len);
  }

  /** The begin of a long string, whose bytes follow piece by piece; not compressed at once. */
  beginString(len: number): void {
    if (this.compresses === 'later') this.notePlace(len);
    this.count(len);
  }

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.buf.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.buf.length * 2));
    bigger.set(this.buf.subarray(0, this.length));
    this.buf = bigger;
  }

  private notePlace(len: number): void {
    if (len > LATER_MAX_BYTES) return;
    if (this.placeCount === this.places.length) {
      const more = new Int32Array(Math.max(FIRST_PLACES, 2 * this.placeCount));
      more.set(this.places);
      this.places = more;
    }
    this.places[this.placeCount++] = this.length;
  }

  private wordBigEndian(n: number): void {
    const { buf, length } = this;
    buf[length] = n >>> 24;
    buf[length + 1] = n >>> 16;
    buf[length + 2] = n >>> 8;
    buf[length + 3] = n;
    this.length = length + 4;
  }

  /** @returns false if it is no integer of at most 32 bits */
  private integer(from: Uint8Array, off: number, len: number): boolean {
    const n = parseInteger(from, off, len);
    if (!(n >= -0x80000000 && n <= 0x7fffffff)) return false;
    this.reserve(5);
    const { buf, length } = this;
    buf[length + 1] = n;
    if (n >= -0x80 && n <= 0x7f) {
      buf[length] = ENCODED | RdbString.Int8;
      this.length = length + 2;
      return true;
    }
    buf[length + 2] = n >> 8;
    if (n >= -0x8000 && n <= 0x7fff) {
      buf[length] = ENCODED | RdbString.Int16;
      this.length = length + 3;
      return true;
    }
    buf[length] = ENCODED | RdbString.Int32;
    buf[length + 3] = n >> 16;
    buf[length + 4] = n >> 24;
    this.length = length + 5;
    return true;
  }

  /** @returns false if it can't be made shorter */
  private compressed(from: Uint8Array, off: number, len: number): boolean {
    // Behind the longest header that there may be; then moved to where it belongs.
    const room = 1 + 2 * LENGTH_MAX_BYTES;
    this.reserve(room + len);
    const start = this.length;
    const size = lzfCompress(from, off, len, this.buf, start + room, len - COMPRESS_SAVES);
    if (size === 0) return false;
    this.buf[this.length++] = ENCODED | RdbString.Lzf;
    this.count(size);
    this.count(len);
    this.buf.copyWithin(this.length, start + room, start + room + size);
    this.length += size;
    return true;
  }
}

const NO_PLACES = new Int32Array(0);
