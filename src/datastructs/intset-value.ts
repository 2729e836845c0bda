/**
 * One signed 64-bit integer as two 32-bit words, read from decimal digits and written back.
 *
 * A JavaScript number is exact up to 2^53, and a BigInt is an object of the heap: neither serves a
 * set of ids of 19 digits that is searched a million times a second. So the digits are cut where
 * two doubles hold them exactly,
 *
 *     9223372036 | 854775807          value = head * 10^9 + tail
 *
 * and the product is done in steps of 16 bits, none of which needs more than 53.
 */
import { INT64_MAX_LENGTH, parseInteger, writeInteger } from '../text/int64.js';

const MINUS = 45;
const ZERO = 48;
const WORD = 0x100000000;
const HALF = 0x10000;
const TAIL_DIGITS = 9;
const TAIL_UNIT = 1e9;
/** Where the upper word lies while the value is within ±2^53. */
const SAFE_HIGH = 1 << 21;

/** Room that `write` needs, in bytes. */
export const INT64_TEXT_BYTES = INT64_MAX_LENGTH + 4;

export class Int64Words {
  /** The lower word; its sign means nothing. */
  low = 0;
  /** The upper word, signed. */
  high = 0;

  /** Takes over the number that a canonical text spells. @returns false if it spells none */
  parse(buf: Uint8Array, off: number, len: number): boolean {
    const n = parseInteger(buf, off, len);
    if (Number.isNaN(n)) return false;
    if (Number.isSafeInteger(n)) {
      this.low = n | 0;
      this.high = Math.floor(n / WORD);
    } else {
      this.parseLong(buf, off, off + len);
    }
    return true;
  }

  /** Writes the decimal digits. @returns the position after the last byte written */
  write(dst: Uint8Array, at: number): number {
    const { low, high } = this;
    if (high >= -SAFE_HIGH && high < SAFE_HIGH) {
      return writeInteger(dst, at, high * WORD + (low >>> 0));
    }
    return this.writeLong(dst, at);
  }

  /** The rest of `parse`: 16 to 19 digits, known to be an int64. */
  private parseLong(buf: Uint8Array, off: number, end: number): void {
    const negative = buf[off] === MINUS;
    const cut = end - TAIL_DIGITS;
    const head = digits(buf, negative ? off + 1 : off, cut);
    const headLow = head % HALF;
    // value = upper * 2^16 + lower, each part exact
    const lower = headLow * TAIL_UNIT + digits(buf, cut, end);
    const lowest = lower % HALF;
    const upper = ((head - headLow) / HALF) * TAIL_UNIT + (lower - lowest) / HALF;
    this.low = ((upper % HALF) * HALF + lowest) | 0;
    this.high = Math.floor(upper / HALF) | 0;
    if (negative) this.negate();
  }

  /** The rest of `write`: long division by 10^9, 16 bits at a time. */
  private writeLong(dst: Uint8Array, at: number): number {
    const negative = this.high < 0;
    let pos = at;
    if (negative) {
      dst[pos++] = MINUS;
      this.negate();
    }
    const { low, high } = this;
    let rest = high >>> 0; // of -2^63 the upper word is 2^31
    let head = Math.floor(rest / TAIL_UNIT);
    rest = (rest % TAIL_UNIT) * HALF + (low >>> 16);
    head = head * HALF + Math.floor(rest / TAIL_UNIT);
    rest = (rest % TAIL_UNIT) * HALF + (low & 0xffff);
    head = head * HALF + Math.floor(rest / TAIL_UNIT);
    let tail = rest % TAIL_UNIT;
    if (negative) this.negate();
    pos = writeInteger(dst, pos, head);
    for (let i = TAIL_DIGITS - 1; i >= 0; i--) {
      const quotient = Math.floor(tail / 10);
      dst[pos + i] = ZERO + (tail - quotient * 10);
      tail = quotient;
    }
    return pos + TAIL_DIGITS;
  }

  private negate(): void {
    this.low = -this.low | 0;
    this.high = this.low === 0 ? -this.high | 0 : ~this.high;
  }
}

/** The number that the digits in [from, to) spell, at most ten of them. */
function digits(buf: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (buf[at]! - ZERO);
  return value;
}
