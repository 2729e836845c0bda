/**
 * 64-bit integers as decimal bytes: read in place, written in place.
 *
 * Redis keeps every number a client sends as text and treats it as an integer only when the text
 * is *canonical*: the one spelling that printing the integer would give back. No plus sign, no
 * leading zero, no `-0`, no blank, within -2^63 .. 2^63-1. (Redis: string2ll, util.c.) So a value
 * can be stored as a machine integer without losing a byte of what was sent.
 *
 * A JavaScript number holds integers exactly up to 2^53-1 (16 digits), an int64 has up to 19. The
 * digits are therefore read in two parts,
 *
 *     9223372036 | 854775807
 *        head         tail        value = head * 10^9 + tail
 *
 * each exact, and joined with a single rounding. The limits are compared on the parts, where
 * nothing has been rounded yet.
 *
 * Hot, and free of allocation: parseInteger, isInt64, writeInteger and integerLength (1 to 20 ns
 * for ordinary numbers). Only parseInt64 makes a bigint.
 */

/** The least signed 64-bit integer, -2^63. */
export const INT64_MIN = -(2n ** 63n);
/** The greatest signed 64-bit integer, 2^63 - 1. */
export const INT64_MAX = 2n ** 63n - 1n;

/** Length of the longest canonical int64, `-9223372036854775808`, in bytes. */
export const INT64_MAX_LENGTH = 20;

const MINUS = 45;
const ZERO = 48;

/** Digits that always fit an int32 and a double respectively. */
const INT32_SAFE_DIGITS = 9;
const DOUBLE_SAFE_DIGITS = 15;
const INT64_DIGITS = 19;
const TAIL_DIGITS = 9;
const TAIL_UNIT = 1e9;

/** 2^63 - 1 cut where the digits are cut; the tail of -2^63 is one more. */
const LIMIT_HEAD = 9223372036;
const LIMIT_TAIL = 854775807;

/**
 * Reads a canonical signed 64-bit integer.
 *
 * @param off where the text begins in `buf`
 * @param len its length in bytes
 * @returns the exact value up to ±(2^53-1), beyond that the double nearest to it; NaN if the text
 *   is not a canonical int64
 */
export function parseInteger(buf: Uint8Array, off: number, len: number): number {
  if (len <= 0 || len > INT64_MAX_LENGTH) return Number.NaN;
  let at = off;
  const end = off + len;
  const negative = buf[at] === MINUS;
  if (negative) at++;
  const digits = end - at;
  const first = buf[at]! - ZERO;
  // Of a lone minus sign, `first` is a byte that isn't ours, and digits is 0.
  if (!(first >= 1 && first <= 9) || digits === 0) {
    return len === 1 && first === 0 && digits === 1 ? 0 : Number.NaN;
  }
  if (digits <= INT32_SAFE_DIGITS) {
    let small = first;
    while (++at < end) {
      const digit = buf[at]! - ZERO;
      if (digit < 0 || digit > 9) return Number.NaN;
      small = (small * 10 + digit) | 0;
    }
    return negative ? -small : small;
  }
  return parseLong(buf, at, end, negative);
}

/** The rest of parseInteger: 10 to 20 digits, the first one known to be 1 to 9. */
function parseLong(buf: Uint8Array, start: number, end: number, negative: boolean): number {
  const digits = end - start;
  if (digits > INT64_DIGITS) return Number.NaN;
  const cut = end - TAIL_DIGITS;
  const head = readDigits(buf, start, cut);
  const tail = readDigits(buf, cut, end);
  if (head < 0 || tail < 0) return Number.NaN;
  if (digits <= DOUBLE_SAFE_DIGITS) {
    const value = head * TAIL_UNIT + tail;
    return negative ? -value : value;
  }
  if (head >= LIMIT_HEAD) {
    if (head > LIMIT_HEAD || tail > LIMIT_TAIL + (negative ? 1 : 0)) return Number.NaN;
  }
  // head * 10^9 may need 64 bits. Cut head in 16-bit halves, so that every product is exact, the
  // scaling by 2^16 is too, and only the last addition rounds.
  const low = head % 65536;
  const high = (head - low) / 65536;
  const value = high * TAIL_UNIT * 65536 + (low * TAIL_UNIT + tail);
  return negative ? -value : value;
}

/** The number that the digits in [from, to) spell (at most 15 of them); -1 if one isn't a digit. */
function readDigits(buf: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = buf[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Reads a canonical signed 64-bit integer exactly.
 *
 * @returns undefined if the text is not a canonical int64
 */
export function parseInt64(buf: Uint8Array, off: number, len: number): bigint | undefined {
  const value = parseInteger(buf, off, len);
  if (Number.isNaN(value)) return undefined;
  if (Number.isSafeInteger(value)) return BigInt(value);
  const end = off + len;
  const start = buf[off] === MINUS ? off + 1 : off;
  const cut = end - TAIL_DIGITS;
  const magnitude =
    BigInt(readDigits(buf, start, cut)) * 1_000_000_000n + BigInt(readDigits(buf, cut, end));
  return start > off ? -magnitude : magnitude;
}

/** Whether the text is a canonical int64: what Redis would keep as encoding `int`. */
export function isInt64(buf: Uint8Array, off: number, len: number): boolean {
  if (len <= 0 || len > INT64_MAX_LENGTH) return false;
  const first = buf[off]!;
  if (first > ZERO + 9 || (first < ZERO && first !== MINUS)) return false;
  return !Number.isNaN(parseInteger(buf, off, len));
}

/** The int64 nearest to `value`: itself, or the limit it lies beyond. */
export function clampToInt64(value: bigint): bigint {
  if (value > INT64_MAX) return INT64_MAX;
  return value < INT64_MIN ? INT64_MIN : value;
}

/**
 * Length of a safe integer's decimal text in bytes, its minus sign included.
 *
 * @param n an integer within ±(2^53-1)
 */
export function integerLength(n: number): number {
  if (n < 0) return 1 + digitCount(-n);
  return digitCount(n);
}

/** Decimal digits of 0 <= n <= 2^53-1. */
function digitCount(n: number): number {
  if (n < 1e4) return n < 100 ? (n < 10 ? 1 : 2) : n < 1000 ? 3 : 4;
  if (n < 1e8) return n < 1e6 ? (n < 1e5 ? 5 : 6) : n < 1e7 ? 7 : 8;
  if (n < 1e12) return n < 1e10 ? (n < 1e9 ? 9 : 10) : n < 1e11 ? 11 : 12;
  if (n < 1e14) return n < 1e13 ? 13 : 14;
  return n < 1e15 ? 15 : 16;
}

/**
 * Writes a safe integer as decimal ASCII.
 *
 * @param dst must have room for integerLength(n) bytes (at most 17) at `at`
 * @param n an integer within ±(2^53-1); -0 writes `0`
 * @returns the position after the last byte written
 */
export function writeInteger(dst: Uint8Array, at: number, n: number): number {
  let pos = at;
  let rest = n;
  if (rest < 0) {
    dst[pos++] = MINUS;
    rest = -rest;
  }
  if (rest < 10) {
    dst[pos] = ZERO + rest;
    return pos + 1;
  }
  const end = pos + digitCount(rest);
  if (rest <= 0x7fffffff) {
    writeDigits(dst, pos, end, rest | 0);
    return end;
  }
  // At most 16 digits: the last 8 and what is before them each fit an int32.
  const head = Math.floor(rest / 1e8);
  writeDigits(dst, end - 8, end, (rest - head * 1e8) | 0);
  writeDigits(dst, pos, end - 8, head | 0);
  return end;
}

/** Fills [from, to) with the int32 `n`, padded with zeros on the left; two digits at a time. */
function writeDigits(dst: Uint8Array, from: number, to: number, n: number): void {
  let rest = n;
  let at = to - 2;
  for (; at >= from; at -= 2) {
    const quotient = (rest / 100) | 0;
    const pair = (rest - quotient * 100) << 1;
    dst[at] = DIGIT_PAIRS[pair]!;
    dst[at + 1] = DIGIT_PAIRS[pair + 1]!;
    rest = quotient;
  }
  if (at + 1 === from) dst[from] = ZERO + (rest % 10);
}

/** `00` to `99`. */
const DIGIT_PAIRS = Uint8Array.from({ length: 200 }, (_, i) =>
  i % 2 === 0 ? ZERO + Math.floor(i / 20) : ZERO + ((i >> 1) % 10),
);
