/**
 * Doubles as Redis reads and writes them: scores, increments, coordinates.
 *
 * Reading is C's strtod over the whole text (see number-syntax), minus what Redis refuses: blanks
 * in front, `nan`, numbers too big for a double, and non-zero numbers so small that they round to
 * zero. Infinity may be spelled out. (Redis: string2d, util.c.)
 *
 * Writing has two styles. Since 7.2 replies and stored scores use few digits that still read back
 * as the same double (formatDouble; the digits are Grisu2's, see grisu2), while older versions and
 * some texts use C's `%.17g` (formatDouble17g): 0.1 is `0.1` in the one style and
 * `0.10000000000000001` in the other.
 *
 * Hot: parseDouble allocates nothing for ordinary decimals (up to 15 digits, no exponent).
 */
import { type BinaryFormat, roundToFormat } from './binary-rounding.js';
import { formatG } from './format-g.js';
import { grisu2 } from './grisu2.js';
import { spellNumber } from './number-syntax.js';

/** Longest text that is looked at, in bytes. C has no limit; no client comes near this one. */
export const MAX_DOUBLE_TEXT_LENGTH = 1024 * 1024;

const DOUBLE: BinaryFormat = { bits: 53, minExponent: -1074, maxExponent: 971 };

const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const ZERO = 48;

/** Integers of this many digits are exact, and so are the powers of ten up to there. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/**
 * Reads a double as Redis does.
 *
 * @param off where the text begins in `buf`
 * @param len its length in bytes
 * @returns the double, possibly infinite; NaN if the text is not a valid float for Redis
 */
export function parseDouble(buf: Uint8Array, off: number, len: number): number {
  const end = off + len;
  let at = off;
  const negative = len > 0 && buf[at] === MINUS;
  if (negative || (len > 0 && buf[at] === PLUS)) at++;
  if (end - at > EXACT_DIGITS + 1) return parseAnyDouble(buf, off, len);
  let value = 0;
  let digits = 0;
  let pointAt = -1;
  for (; at < end; at++) {
    const digit = buf[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits++;
    } else if (digit === POINT - ZERO && pointAt < 0) pointAt = digits;
    else return parseAnyDouble(buf, off, len);
  }
  if (digits === 0) return Number.NaN;
  if (digits > EXACT_DIGITS) return parseAnyDouble(buf, off, len);
  // Two exact doubles: the division rounds once, to the double nearest to the decimal.
  if (pointAt >= 0) value /= POWERS_OF_TEN[digits - pointAt]!;
  return negative ? -value : value;
}

/** The rest of parseDouble: exponents, many digits, hexadecimal, infinity, and what's no number. */
function parseAnyDouble(buf: Uint8Array, off: number, len: number): number {
  if (len > MAX_DOUBLE_TEXT_LENGTH) return Number.NaN;
  const text = Buffer.from(buf.buffer, buf.byteOffset + off, len).toString('latin1');
  const spelled = spellNumber(text);
  if (spelled === undefined) return Number.NaN;
  const { negative, kind, digits, exponent } = spelled;
  if (kind === 'infinite') return negative ? -Infinity : Infinity;
  if (digits === '') return negative ? -0 : 0;
  const value = kind === 'decimal' ? Math.abs(Number(text)) : hexToDouble(digits, exponent);
  if (value === 0 || value === Infinity) return Number.NaN;
  return negative ? -value : value;
}

/** The double nearest to digits × 2^exponent; 0 or Infinity beyond the limits. */
export function hexToDouble(digits: string, exponent: number): number {
  const rounded = roundToFormat(BigInt(`0x${digits}`), exponent, DOUBLE);
  if (rounded === undefined) return Infinity;
  // In two steps, as 2^exponent alone may be too small or too big for a double.
  const half = Math.trunc(rounded.exponent / 2);
  return Number(rounded.significand) * 2 ** half * 2 ** (rounded.exponent - half);
}

/** Integers up to here are printed whole (Redis: double2ll, LLONG_MAX / 2). */
const MAX_PLAIN_INTEGER = 2 ** 62;

/**
 * For every n / 10^4 up to this n, Grisu2's digits are the shortest ones. (All were compared with
 * Redis's; the first that differs is 65536.0553, which comes out as 65536.05530000001.)
 */
const VERIFIED_TEN_THOUSANDTHS = 655_360_000;

/**
 * The double as Redis 7.2 puts it into replies and stored scores: `3`, `-0`, `0.1`, `1e+20`,
 * `inf`, `nan`. Reading the text back gives the same double.
 */
export function formatDouble(n: number): string {
  if (Number.isInteger(n)) {
    if (Number.isSafeInteger(n)) return Object.is(n, -0) ? '-0' : String(n);
    if (n >= -MAX_PLAIN_INTEGER && n <= MAX_PLAIN_INTEGER) return String(BigInt(n));
  } else {
    // Four places behind the point or fewer, and not too big: JavaScript's spelling is Redis's.
    const scaled = Math.round(n * 1e4);
    if (Math.abs(scaled) <= VERIFIED_TEN_THOUSANDTHS && scaled / 1e4 === n) return String(n);
    if (Number.isNaN(n)) return 'nan';
    if (n === Infinity) return 'inf';
    if (n === -Infinity) return '-inf';
  }
  const { digits, exponent } = grisu2(Math.abs(n));
  return layOut(n < 0, digits, exponent);
}

/** As formatDouble, but for integers as well with as few digits as name them: `1e+8`. */
export function formatShortestDouble(n: number): string {
  if (n === 0 || !Number.isFinite(n)) return formatDouble(n);
  const { digits, exponent } = grisu2(Math.abs(n));
  return layOut(n < 0, digits, exponent);
}

/** Redis keeps this many bytes for sign and digits once it writes an exponent. */
const MAX_SCIENTIFIC_LENGTH = 18;

/**
 * Lays out digits × 10^exponent as Redis's fpconv does:
 *  - an integer is whole if at most 7 zeros go behind its digits;
 *  - a fraction has no exponent if it has at most 6 decimals, or lies within 0.001 and 10^4
 *    (so 12345.678901234567 is `1.2345678901234567e+4`);
 *  - all else is `d.ddde±x`, the exponent not padded.
 */
function layOut(negative: boolean, digits: string, exponent: number): string {
  const sign = negative ? '-' : '';
  const magnitude = exponent + digits.length - 1;
  if (exponent >= 0 && magnitude < digits.length + 7) {
    return sign + digits + '0'.repeat(exponent);
  }
  if (exponent < 0 && (exponent > -7 || Math.abs(magnitude) < 4)) {
    const whole = digits.length + exponent;
    if (whole <= 0) return `${sign}0.${'0'.repeat(-whole)}${digits}`;
    return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
  }
  const fraction = digits.slice(1, MAX_SCIENTIFIC_LENGTH - sign.length);
  const power = `${magnitude < 0 ? '-' : '+'}${Math.abs(magnitude)}`;
  return `${sign}${digits[0]}${fraction === '' ? '' : '.'}${fraction}e${power}`;
}

/** Significant digits that tell every double from its neighbours. */
const DIGITS_17 = 17;

/**
 * C's `%.17g`, the style of Redis up to 7.0: `0.10000000000000001`, `1e+20`,
 * `1.0000000000000001e-05`.
 */
export function formatDouble17g(n: number): string {
  return formatG(n, DIGITS_17);
}
