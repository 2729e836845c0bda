/**
 * RDB bytes as they come in, read item by item.
 *
 *     base ....... mark ....... at ....... end
 *     read before  | the item   |          what has come so far
 *
 * An item is what is read at one go: an opcode with its numbers, a key with a small value, one member
 * of a big collection. `mark` says that one begins. Where its bytes have not all come, reading throws
 * SHORT; whoever drives the reading rewinds to the mark, feeds more and begins the item again. So no
 * code that reads needs to know that a file comes in pieces, and of a long string it is known how
 * many bytes to wait for before the next try.
 *
 * No length is believed that goes beyond the source's end, where that is known; else memory grows with
 * what has really come.
 */
import { readWord } from '../../datastructs/words.js';
import { writeInteger } from '../../text/int64.js';
import { CRC64_BYTES, Crc64 } from '../crc64.js';
import { LZF_MAX_RATIO, lzfDecompress } from '../lzf.js';
import { RdbFault, SHORT } from './fault.js';
import { ENCODED, LENGTH_32BIT, LENGTH_64BIT, RdbString } from './format.js';

/** No string is longer, in bytes. */
const STRING_MAX = 0x7fffffff;
const WORD = 0x100000000;
const DIGITS = 20;
/** A slot's buffer of more than this is not kept. */
const KEPT_BYTES = 256 * 1024;

/** A string that was read: valid until the slot is read into again, or more is fed. */
export class StringSlot {
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  private own = EMPTY;

  set(buf: Uint8Array, off: number, len: number): void {
    this.buf = buf;
    this.off = off;
    this.len = len;
  }

  /** Makes it a buffer of its own with room for so many bytes. */
  room(len: number): Uint8Array {
    if (this.own.length < len || this.own.length > KEPT_BYTES) {
      this.own = Buffer.allocUnsafeSlow(Math.max(len, DIGITS));
    }
    this.set(this.own, 0, len);
    return this.own;
  }

  /** The bytes, in place. */
  view(): Uint8Array {
    return this.buf.subarray(this.off, this.off + this.len);
  }
}

/** A checksum as the file has it and as its bytes have it, in hexadecimal digits. */
export interface Checksum {
  readonly matches: boolean;
  readonly found: string;
  readonly expected: string;
}

export class RdbInput {
  buf: Uint8Array = EMPTY;
  /** Next byte to read. */
  at = 0;
  /** Upper and lower word of the length that `words` read last. */
  high = 0;
  low = 0;
  /** Whether a number of elements that can't be there is a fault at once, and not where they end. */
  doubtsCounts = true;
  /** Bytes, from the mark on, without which it is of no use to try again. */
  wanted = 0;

  private end = 0;
  private start = 0;
  /** Place of buf[0] in the source. */
  private base = 0;
  /** What is left of earlier chunks. */
  private kept = EMPTY;
  private readonly crc = new Crc64();
  /** Up to where the checksum goes. */
  private summed = 0;

  /** @param total bytes of the source; undefined: not known */
  constructor(
    readonly total: number | undefined,
    private readonly sums: boolean,
  ) {}

  /** A source of which all is there. */
  static of(bytes: Uint8Array, off: number, len: number): RdbInput {
    const input = new RdbInput(len, false);
    input.buf = bytes;
    input.base = -off;
    input.at = off;
    input.start = off;
    input.end = off + len;
    return input;
  }

  /** Where the next byte is in the source. */
  get offset(): number {
    return this.base + this.at;
  }

  /** Bytes that have come and were not read. */
  get available(): number {
    return this.end - this.at;
  }

  /** Bytes that there are still to come at most, read ones left out. */
  get remaining(): number {
    return this.total === undefined ? Number.POSITIVE_INFINITY : this.total - this.offset;
  }

  /** Takes more bytes, which must stay as they are until `keep`. */
  feed(chunk: Uint8Array): void {
    const left = this.end - this.start;
    if (left === 0) {
      this.base += this.end;
      this.buf = chunk;
      this.start = 0;
      this.end = chunk.length;
    } else {
      // `keep` has put what is left to the buffer's front.
      const needed = left + chunk.length;
      if (needed > this.kept.length) {
        const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.kept.length * 2));
        bigger.set(this.kept.subarray(0, left));
        this.kept = bigger;
      }
      this.kept.set(chunk, left);
      this.buf = this.kept;
      this.end = needed;
    }
    this.at = this.start;
    this.summed = this.start;
  }

  /** Copies what was not read out of the chunk, which may be used again then. */
  keep(): void {
    this.rewind();
    this.sumUp();
    const left = this.end - this.start;
    if (left > 0 && (this.buf !== this.kept || this.start > 0)) {
      if (left > this.kept.length) this.kept = Buffer.allocUnsafeSlow(left);
      if (this.buf === this.kept) this.kept.copyWithin(0, this.start, this.end);
      else this.kept.set(this.buf.subarray(this.start, this.end));
      this.buf = this.kept;
      this.base += this.start;
      this.start = 0;
      this.at = 0;
      this.summed = 0;
      this.end = left;
    }
    if (left === 0) {
      this.base += this.end;
      this.buf = EMPTY;
      if (this.kept.length > KEPT_BYTES) this.kept = EMPTY;
      this.start = 0;
      this.at = 0;
      this.end = 0;
      this.summed = 0;
    }
  }

  /** An item begins here. */
  mark(): void {
    this.start = this.at;
  }

  rewind(): void {
    this.at = this.start;
  }

  /** The bytes that have come and were not read. */
  rest(): Uint8Array {
    return this.buf.subarray(this.at, this.end);
  }

  /** Throws unless there are `n` bytes more. */
  need(n: number): void {
    if (this.at + n <= this.end) return;
    if (this.total !== undefined && this.offset + n > this.total) {
      throw this.cutShort('the data ends in the middle of it');
    }
    this.wanted = this.at + n - this.start;
    throw SHORT;
  }

  fault(reason: string): RdbFault {
    return new RdbFault(reason, this.offset);
  }

  /** What is wrong is that there are not enough bytes. */
  cutShort(reason: string): RdbFault {
    const fault = this.fault(reason);
    fault.isCutShort = true;
    return fault;
  }

  byte(): number {
    if (this.at >= this.end) this.need(1);
    return this.buf[this.at++]!;
  }

  /** 4 bytes, the lowest first, signed. */
  int32(): number {
    this.need(4);
    const value = readWord(this.buf, this.at);
    this.at += 4;
    return value;
  }

  /** 8 bytes, the lowest first, signed; beyond 2^53 the nearest double. */
  int64(): number {
    this.need(8);
    const low = readWord(this.buf, this.at) >>> 0;
    const high = readWord(this.buf, this.at + 4);
    this.at += 8;
    return high * WORD + low;
  }

  /** As `int64`, exact. */
  int64Exact(): bigint {
    this.need(8);
    const low = readWord(this.buf, this.at) >>> 0;
    const high = readWord(this.buf, this.at + 4);
    this.at += 8;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  double(): number {
    this.need(8);
    for (let i = 0; i < 8; i++) DOUBLE_BYTES[i] = this.buf[this.at + i]!;
    this.at += 8;
    return DOUBLE[0]!;
  }

  /** A length; beyond 2^53 the nearest double. */
  count(): number {
    const first = this.byte();
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte();
    this.bigWords(first);
    return this.high * WORD + this.low;
  }

  /** A length of up to 64 bits: sets `high` and `low`, unsigned. */
  words(): void {
    const first = this.byte();
    this.high = 0;
    if (first < 0x40) this.low = first;
    else if (first < 0x80) this.low = ((first & 0x3f) << 8) | this.byte();
    else this.bigWords(first);
  }

  /** A length of up to 64 bits, as a signed number. */
  signedExact(): bigint {
    this.words();
    return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(this.low));
  }

  /**
   * A number of elements to follow.
   * @param bytes that each of them takes at least
   */
  elements(bytes: number): number {
    const from = this.offset;
    const n = this.count();
    if (n * bytes > this.remaining && this.doubtsCounts) {
      throw new RdbFault(`${n} elements are announced, more than there can be`, from);
    }
    return n;
  }

  /** A string of any form, into a slot. */
  string(slot: StringSlot): void {
    const first = this.byte();
    let len: number;
    if (first < 0x40) len = first;
    else if (first < 0x80) len = ((first & 0x3f) << 8) | this.byte();
    else if (first >= ENCODED) {
      this.encodedString(first & 0x3f, slot);
      return;
    } else {
      this.bigWords(first);
      len = this.high * WORD + this.low;
      if (len > STRING_MAX) throw this.tooLong(len);
    }
    if (this.at + len > this.end) this.need(len);
    slot.set(this.buf, this.at, len);
    this.at += len;
  }

  /** Passes `n` bytes over, which are in the buffer. @returns where they begin in `buf` */
  take(n: number): number {
    this.need(n);
    const at = this.at;
    this.at += n;
    return at;
  }

  /** Reads the checksum that follows the item marked last, and compares it with that of all before. */
  checksum(): Checksum {
    this.need(CRC64_BYTES);
    this.sumUp();
    const matches = this.crc.equals(this.buf, this.at);
    const found = BigInt.asUintN(64, this.int64Exact()).toString(16);
    return { matches, found, expected: this.crc.toString() };
  }

  private tooLong(len: number): RdbFault {
    if (len > this.remaining) return this.cutShort('the data ends in the middle of it');
    return this.fault(`a string of ${len} bytes is too long`);
  }

  private sumUp(): void {
    if (this.sums) this.crc.update(this.buf, this.summed, this.start - this.summed);
    this.summed = this.start;
  }

  private bigWords(first: number): void {
    const isLong = first === LENGTH_64BIT;
    if (!isLong && first !== LENGTH_32BIT) {
      throw this.fault(`Unknown length encoding ${first >>> 6} in rdbLoadLen()`);
    }
    if (isLong) this.need(8);
    this.high = isLong ? this.wordBigEndian() : 0;
    this.low = this.wordBigEndian();
  }

  private wordBigEndian(): number {
    this.need(4);
    const { buf, at } = this;
    this.at = at + 4;
    return ((buf[at]! << 24) | (buf[at + 1]! << 16) | (buf[at + 2]! << 8) | buf[at + 3]!) >>> 0;
  }

  private encodedString(encoding: number, slot: StringSlot): void {
    let n: number;
    if (encoding === RdbString.Int8) n = (this.byte() << 24) >> 24;
    else if (encoding === RdbString.Int16) {
      this.need(2);
      n = ((this.buf[this.at]! | (this.buf[this.at + 1]! << 8)) << 16) >> 16;
      this.at += 2;
    } else if (encoding === RdbString.Int32) n = this.int32();
    else if (encoding === RdbString.Lzf) {
      this.lzfString(slot);
      return;
    } else throw this.fault(`Unknown RDB string encoding type ${encoding}`);
    const digits = slot.room(DIGITS);
    slot.len = writeInteger(digits, 0, n);
  }

  private lzfString(slot: StringSlot): void {
    const compressed = this.count();
    const len = this.count();
    if (compressed > STRING_MAX) throw this.tooLong(compressed);
    const at = this.take(compressed);
    const mayBe = len <= STRING_MAX && len <= compressed * LZF_MAX_RATIO;
    if (!mayBe || !lzfDecompress(this.buf, at, compressed, slot.room(len), 0, len)) {
      throw this.fault('Invalid LZF compressed string');
    }
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
const DOUBLE = new Float64Array(1);
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer);
