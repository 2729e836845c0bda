/**
 * A stream entry's ID: the millisecond when it was added, and a number to tell entries of the same
 * millisecond apart. IDs of a stream only ever rise.
 *
 *     1526919030474-55      each part is an unsigned 64-bit integer
 *
 * A JavaScript number is exact up to 2^53 only, so each part is two numbers of 32 bits. As a key in
 * a radix tree an ID is 16 bytes, the highest first, so that keys sort as IDs do. Arithmetic on
 * parts below 2^53 (all that a clock ever gives) is done with numbers, beyond that with bigints.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { writeInteger } from '../../text/int64.js';

/** Bytes of an ID as a key. */
export const ID_KEY_BYTES = 16;
/** Bytes of the longest ID's text. */
export const ID_TEXT_BYTES = 41;

const WORD = 0x100000000;
const WORD_MAX = 0xffffffff;
/** The upper halves of numbers below 2^53. */
const SAFE_HIGH = 1 << 21;
const DASH = 45;

export class StreamId {
  msHigh = DOUBLE_FIELD;
  msLow = DOUBLE_FIELD;
  seqHigh = DOUBLE_FIELD;
  seqLow = DOUBLE_FIELD;

  constructor() {
    this.setZero();
  }

  static of(ms: bigint | number, seq: bigint | number): StreamId {
    const id = new StreamId();
    id.setMs(BigInt(ms));
    id.setSeq(BigInt(seq));
    return id;
  }

  static max(): StreamId {
    return new StreamId().setMax();
  }

  setZero(): this {
    this.msHigh = 0;
    this.msLow = 0;
    this.seqHigh = 0;
    this.seqLow = 0;
    return this;
  }

  setMax(): this {
    this.msHigh = WORD_MAX;
    this.msLow = WORD_MAX;
    this.seqHigh = WORD_MAX;
    this.seqLow = WORD_MAX;
    return this;
  }

  copyFrom(id: StreamId): this {
    this.msHigh = id.msHigh;
    this.msLow = id.msLow;
    this.seqHigh = id.seqHigh;
    this.seqLow = id.seqLow;
    return this;
  }

  /** The first ID of a millisecond. @param ms a safe integer */
  setTime(ms: number): this {
    this.msHigh = Math.floor(ms / WORD);
    this.msLow = ms - this.msHigh * WORD;
    this.seqHigh = 0;
    this.seqLow = 0;
    return this;
  }

  /** @param ms taken modulo 2^64 */
  setMs(ms: bigint): void {
    this.msHigh = Number(BigInt.asUintN(32, ms >> 32n));
    this.msLow = Number(BigInt.asUintN(32, ms));
  }

  /** @param seq taken modulo 2^64 */
  setSeq(seq: bigint): void {
    this.seqHigh = Number(BigInt.asUintN(32, seq >> 32n));
    this.seqLow = Number(BigInt.asUintN(32, seq));
  }

  /** The millisecond; beyond 2^53 the nearest double. */
  get ms(): number {
    return this.msHigh * WORD + this.msLow;
  }

  /** The number within the millisecond; beyond 2^53 the nearest double. */
  get seq(): number {
    return this.seqHigh * WORD + this.seqLow;
  }

  get msExact(): bigint {
    return (BigInt(this.msHigh) << 32n) | BigInt(this.msLow);
  }

  get seqExact(): bigint {
    return (BigInt(this.seqHigh) << 32n) | BigInt(this.seqLow);
  }

  get isZero(): boolean {
    return this.msLow === 0 && this.seqLow === 0 && this.msHigh === 0 && this.seqHigh === 0;
  }

  get isMax(): boolean {
    return this.hasLastSeq && this.msLow === WORD_MAX && this.msHigh === WORD_MAX;
  }

  /** Whether no other ID of the same millisecond is above it. */
  get hasLastSeq(): boolean {
    return this.seqLow === WORD_MAX && this.seqHigh === WORD_MAX;
  }

  /** Negative, 0 or positive, as this ID is below, the same as or above another. */
  compare(id: StreamId): number {
    if (this.msHigh !== id.msHigh) return this.msHigh - id.msHigh;
    if (this.msLow !== id.msLow) return this.msLow - id.msLow;
    if (this.seqHigh !== id.seqHigh) return this.seqHigh - id.seqHigh;
    return this.seqLow - id.seqLow;
  }

  sameMs(id: StreamId): boolean {
    return this.msLow === id.msLow && this.msHigh === id.msHigh;
  }

  /** To the next ID. @returns false, and 0-0, behind the last one */
  increment(): boolean {
    if (this.seqLow !== WORD_MAX) {
      this.seqLow++;
      return true;
    }
    this.seqLow = 0;
    if (this.seqHigh !== WORD_MAX) {
      this.seqHigh++;
      return true;
    }
    this.seqHigh = 0;
    if (this.msLow !== WORD_MAX) {
      this.msLow++;
      return true;
    }
    this.msLow = 0;
    const wrapped = this.msHigh === WORD_MAX;
    this.msHigh = wrapped ? 0 : this.msHigh + 1;
    return !wrapped;
  }

  /** To the ID before. @returns false, and the last ID, before 0-0 */
  decrement(): boolean {
    if (this.seqLow !== 0) {
      this.seqLow--;
      return true;
    }
    this.seqLow = WORD_MAX;
    if (this.seqHigh !== 0) {
      this.seqHigh--;
      return true;
    }
    this.seqHigh = WORD_MAX;
    if (this.msLow !== 0) {
      this.msLow--;
      return true;
    }
    this.msLow = WORD_MAX;
    const wrapped = this.msHigh === 0;
    this.msHigh = wrapped ? WORD_MAX : this.msHigh - 1;
    return !wrapped;
  }

  // ---- differences, as entries of a macro node keep their IDs (modulo 2^64)

  /** This millisecond less another's, or NaN where a number would not be exact. */
  msSince(base: StreamId): number {
    if (this.msHigh >= SAFE_HIGH || base.msHigh >= SAFE_HIGH) return Number.NaN;
    return (this.msHigh - base.msHigh) * WORD + (this.msLow - base.msLow);
  }

  /** As `msSince`, of the sequence numbers. */
  seqSince(base: StreamId): number {
    if (this.seqHigh >= SAFE_HIGH || base.seqHigh >= SAFE_HIGH) return Number.NaN;
    return (this.seqHigh - base.seqHigh) * WORD + (this.seqLow - base.seqLow);
  }

  /** The ID so far behind a base. @returns whether that could be done with numbers */
  setSince(base: StreamId, ms: number, seq: number): boolean {
    const newMs = base.msHigh * WORD + base.msLow + ms;
    const newSeq = base.seqHigh * WORD + base.seqLow + seq;
    if (!(newMs >= 0 && newSeq >= 0 && newMs < SAFE && newSeq < SAFE)) return false;
    if (base.msHigh >= SAFE_HIGH || base.seqHigh >= SAFE_HIGH) return false;
    const msHigh = Math.floor(newMs / WORD); // a remainder (%) of doubles is slow
    this.msHigh = msHigh;
    this.msLow = newMs - msHigh * WORD;
    const seqHigh = newSeq < WORD ? 0 : Math.floor(newSeq / WORD);
    this.seqHigh = seqHigh;
    this.seqLow = newSeq - seqHigh * WORD;
    return true;
  }

  // ---- as bytes

  /** Writes the ID as a key: 16 bytes. */
  writeKey(bytes: Uint8Array, at: number): void {
    writeBigEndian(bytes, at, this.msHigh);
    writeBigEndian(bytes, at + 4, this.msLow);
    writeBigEndian(bytes, at + 8, this.seqHigh);
    writeBigEndian(bytes, at + 12, this.seqLow);
  }

  readKey(bytes: Uint8Array, at: number): this {
    this.msHigh = readBigEndian(bytes, at);
    this.msLow = readBigEndian(bytes, at + 4);
    this.seqHigh = readBigEndian(bytes, at + 8);
    this.seqLow = readBigEndian(bytes, at + 12);
    return this;
  }

  /** Writes the ID as text. @param bytes with room for ID_TEXT_BYTES @returns where it ends */
  writeText(bytes: Uint8Array, at: number): number {
    const { msHigh, msLow } = this;
    if (msLow !== msText.low || msHigh !== msText.high) msText.set(msHigh, msLow);
    const { bytes: digits, length } = msText;
    for (let i = 0; i < length; i++) bytes[at + i] = digits[i]!;
    return writePart(bytes, at + length, this.seqHigh, this.seqLow);
  }

  toString(): string {
    return `${this.msExact}-${this.seqExact}`;
  }
}

const SAFE = SAFE_HIGH * WORD;

/** The text of a millisecond with its dash: IDs that follow each other mostly have the same. */
class MsText {
  high = DOUBLE_FIELD;
  low = DOUBLE_FIELD;
  readonly bytes = new Uint8Array(ID_TEXT_BYTES);
  length = 0;

  constructor() {
    this.set(0, 0);
  }

  set(high: number, low: number): void {
    this.high = high;
    this.low = low;
    this.length = writePart(this.bytes, 0, high, low);
    this.bytes[this.length++] = DASH;
  }
}

const msText = new MsText();

function writePart(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high < SAFE_HIGH) return writeInteger(bytes, at, high * WORD + low);
  const text = ((BigInt(high) << 32n) | BigInt(low)).toString();
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function writeBigEndian(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

function readBigEndian(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}
