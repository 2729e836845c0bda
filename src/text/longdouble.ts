/**
 * Long doubles: the arithmetic of INCRBYFLOAT and HINCRBYFLOAT, exact to the last printed digit.
 *
 * Redis adds in C's `long double`, which on x86-64 is the x87's 80-bit format, and prints with
 * `%.17Lf` less its trailing zeros. With 64 bits of precision 0.1 + 0.2 gives 0.3; doubles would
 * give 0.30000000000000004. JavaScript has no such type, so it is emulated: a number is
 *
 *     ± significand × 2^exponent      significand a bigint below 2^64, exponent from -16445
 *
 * and reading, adding and printing each compute the exact result with bigints, then round it once
 * to nearest, ties to even, as the hardware does.
 *
 * The work is bounded, because the numbers are: a text may have 5119 bytes (Redis's own limit), and
 * a decimal whose magnitude is outside 10^±5000 is not computed. Nothing handles more than about
 * 33,000 bits.
 *
 * Sources: string2ld, ld2string (util.c), incrbyfloatCommand (t_string.c).
 */
import {
  type BinaryFormat,
  bitLength,
  roundDecimal,
  roundToFormat,
  type Scaled,
} from './binary-rounding.js';
import { spellNumber } from './number-syntax.js';

/** A long double; zero has significand 0. */
export interface LongDouble {
  readonly kind: 'finite' | 'infinite' | 'nan';
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
}

/** Longest text that Redis takes for a float, in bytes. */
export const MAX_LONG_DOUBLE_TEXT_LENGTH = 5 * 1024 - 1;

/** The x87 extended format: 64 bits, subnormals down to 2^-16445, below 2^16384. */
const EXTENDED: BinaryFormat = { bits: 64, minExponent: -16445, maxExponent: 16320 };

/** Decimal magnitudes beyond these round to zero or overflow in any case (limits: ±4951). */
const MAX_DECIMAL_MAGNITUDE = 5000;

/** Decimals behind the point that `%.17Lf` prints. */
const DECIMALS = 17;
const DECIMAL_SCALE = 10n ** BigInt(DECIMALS);

const NAN: LongDouble = { kind: 'nan', negative: false, significand: 0n, exponent: 0 };

function infinity(negative: boolean): LongDouble {
  return { kind: 'infinite', negative, significand: 0n, exponent: 0 };
}

/** The number, or infinity for `undefined` (an overflow). */
function finite(negative: boolean, scaled: Scaled | undefined): LongDouble {
  if (scaled === undefined) return infinity(negative);
  return { kind: 'finite', negative, ...scaled };
}

/**
 * Reads a long double as Redis does: C's strtold over the whole text.
 *
 * @param text latin1, one character per byte
 * @returns undefined if the text is not a valid float for Redis: no number, blanks, `nan`, an
 *   overflow, or a non-zero number that rounds to zero. A spelled-out infinity is valid.
 */
export function parseLongDouble(text: string): LongDouble | undefined {
  if (text.length > MAX_LONG_DOUBLE_TEXT_LENGTH) return undefined;
  const spelled = spellNumber(text);
  if (spelled === undefined) return undefined;
  const { negative, kind, digits, exponent } = spelled;
  if (kind === 'infinite') return infinity(negative);
  if (digits === '') return finite(negative, { significand: 0n, exponent: 0 });
  const rounded =
    kind === 'decimal'
      ? decimalToExtended(digits, exponent)
      : roundToFormat(BigInt(`0x${digits}`), exponent, EXTENDED);
  if (rounded === undefined || rounded.significand === 0n) return undefined;
  return finite(negative, rounded);
}

/** digits × 10^exponent rounded; undefined if it is far or just beyond the limits. */
function decimalToExtended(digits: string, exponent: number): Scaled | undefined {
  if (Math.abs(digits.length + exponent) > MAX_DECIMAL_MAGNITUDE) return undefined;
  return roundDecimal(BigInt(digits), exponent, EXTENDED);
}

/** The sum, rounded to a long double: possibly infinite, or NaN for infinities that cancel. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble {
  if (a.kind === 'nan' || b.kind === 'nan') return NAN;
  if (a.kind === 'infinite' || b.kind === 'infinite') {
    if (a.kind === b.kind && a.negative !== b.negative) return NAN;
    return infinity(a.kind === 'infinite' ? a.negative : b.negative);
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = signedAt(a, exponent) + signedAt(b, exponent);
  if (sum === 0n) {
    return finite(a.negative && b.negative, { significand: 0n, exponent: 0 });
  }
  const negative = sum < 0n;
  return finite(negative, roundToFormat(negative ? -sum : sum, exponent, EXTENDED));
}

/** The number as a multiple of 2^exponent, which must not be above its own exponent. */
function signedAt(x: LongDouble, exponent: number): bigint {
  const magnitude = x.significand << BigInt(x.exponent - exponent);
  return x.negative ? -magnitude : magnitude;
}

/** Whether this is a number: INCRBYFLOAT refuses "increment would produce NaN or Infinity". */
export function isFiniteLongDouble(x: LongDouble): boolean {
  return x.kind === 'finite';
}

/** Whether this is what infinities that cancel leave. */
export function isNaNLongDouble(x: LongDouble): boolean {
  return x.kind === 'nan';
}

/**
 * The number as INCRBYFLOAT stores and replies it: at most 17 decimals, no exponent, no trailing
 * zeros, never `-0`; `inf`, `-inf` or `nan`.
 */
export function formatLongDouble(x: LongDouble): string {
  if (x.kind === 'nan') return 'nan';
  if (x.kind === 'infinite') return x.negative ? '-inf' : 'inf';
  const scaled = roundToDecimals(x);
  if (scaled === 0n) return '0';
  const digits = String(scaled).padStart(DECIMALS + 1, '0');
  const whole = digits.slice(0, -DECIMALS);
  const fraction = trimZeros(digits.slice(-DECIMALS));
  return `${x.negative ? '-' : ''}${whole}${fraction === '' ? '' : '.'}${fraction}`;
}

/** The magnitude in units of 10^-17, to nearest, ties to even. */
function roundToDecimals(x: LongDouble): bigint {
  const units = x.significand * DECIMAL_SCALE;
  if (x.exponent >= 0) return units << BigInt(x.exponent);
  if (bitLength(units) < -x.exponent) return 0n;
  const shift = BigInt(-x.exponent);
  const kept = units >> shift;
  const rest = units - (kept << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--;
  return digits.slice(0, end);
}
