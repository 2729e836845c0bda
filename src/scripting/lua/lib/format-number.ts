/**
 * Numbers as C's printf writes them: %d %u %o %x, and %e %f %g to the last digit.
 *
 *     [blanks] sign prefix [zeros] digits [blanks]       width counts all of it
 *
 * JavaScript's toFixed and toExponential are exact as well, with one difference: where the number
 * lies just in the middle of two decimals they take the greater, C the one with the even last digit
 * (%.0f of 2.5 is 2). Being just in the middle is a rare and exact thing, a property of the binary
 * number: scaled by a power of two it is an odd integer. Such results are put right afterwards.
 */
import { toInt64 } from './arguments.js';

/** One item of a format: %-+ #0width.precision. */
export interface NumberFormat {
  readonly isLeft: boolean;
  readonly hasPlus: boolean;
  readonly hasSpace: boolean;
  readonly isAlternate: boolean;
  readonly hasZeros: boolean;
  readonly width: number;
  /** -1: none was given. */
  readonly precision: number;
}

const TWO_63 = 2 ** 63;
/** From here on toFixed gives up being exact. */
const FIXED_LIMIT = 1e21;
/** 10^22 is the greatest power of ten that is a double, and 5^22 the greatest below 2^53. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** %d and %i. */
export function formatSigned(value: number, format: NumberFormat): string {
  const integer = toInt64(value);
  const digits = Number.isSafeInteger(integer)
    ? String(Math.abs(integer))
    : BigInt(Math.abs(integer)).toString();
  const sign = signOf(integer < 0, format);
  return padInteger(sign, integer === 0 ? '' : digits, format);
}

/** %u (base 10), %o (8) and %x (16). */
export function formatUnsigned(value: number, base: number, format: NumberFormat): string {
  let digits = unsignedDigits(value, base);
  if (digits === '0') digits = '';
  if (!format.isAlternate || base === 10) return padInteger('', digits, format);
  if (base === 16) return padInteger(digits === '' ? '' : '0x', digits, format);
  return padInteger('', digits.length < format.precision ? digits : `0${digits}`, format);
}

/** Digits of C's (uint64_t) of a double, as x86-64 makes it. */
function unsignedDigits(value: number, base: number): string {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return Math.trunc(value).toString(base);
  if (value >= 2 * TWO_63) return '0';
  const integer = value >= TWO_63 ? BigInt(value) : BigInt.asUintN(64, BigInt(toInt64(value)));
  return integer.toString(base);
}

/** @param digits '' for zero */
function padInteger(prefix: string, digits: string, format: NumberFormat): string {
  const { precision } = format;
  if (precision < 0) return pad(prefix, digits === '' ? '0' : digits, format, format.hasZeros);
  return pad(prefix, digits.padStart(precision, '0'), format, false);
}

/** %e, %f and %g, lower case. */
export function formatDouble(value: number, style: 'e' | 'f' | 'g', format: NumberFormat): string {
  // A NaN's sign can't be seen here: nearly all have one, as 0/0 has on x86-64.
  if (Number.isNaN(value)) return pad('-', 'nan', format, false);
  const sign = signOf(value < 0 || Object.is(value, -0), format);
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return pad(sign, 'inf', format, false);
  const precision = format.precision < 0 ? 6 : format.precision;
  const digits =
    style === 'f'
      ? fixed(magnitude, precision, format.isAlternate)
      : style === 'e'
        ? exponential(magnitude, precision, format.isAlternate)
        : general(magnitude, precision || 1, format.isAlternate);
  return pad(sign, digits, format, format.hasZeros);
}

function signOf(isNegative: boolean, format: NumberFormat): string {
  if (isNegative) return '-';
  if (format.hasPlus) return '+';
  return format.hasSpace ? ' ' : '';
}

/** Text of any kind, brought to its width. */
export function pad(
  prefix: string,
  body: string,
  format: NumberFormat,
  withZeros: boolean,
): string {
  const missing = format.width - prefix.length - body.length;
  if (missing <= 0) return prefix + body;
  if (format.isLeft) return prefix + body + ' '.repeat(missing);
  if (withZeros) return prefix + '0'.repeat(missing) + body;
  return ' '.repeat(missing) + prefix + body;
}

function fixed(value: number, precision: number, keepsPoint: boolean): string {
  if (precision === 0) return fixedDigits(value, 0) + (keepsPoint ? '.' : '');
  return fixedDigits(value, precision);
}

function fixedDigits(value: number, precision: number): string {
  if (value >= FIXED_LIMIT) {
    const digits = BigInt(value).toString();
    return precision === 0 ? digits : `${digits}.${'0'.repeat(precision)}`;
  }
  const text = value.toFixed(precision);
  return (value * 2 ** (precision + 1)) % 2 === 1 ? toEven(text) : text;
}

/** Takes back the rounding of a number in the middle, if it went to an odd digit. */
function toEven(text: string): string {
  const last = text.charCodeAt(text.length - 1) - 48;
  return last % 2 === 1 ? text.slice(0, -1) + (last - 1) : text;
}

function exponential(value: number, precision: number, keepsPoint: boolean): string {
  const { digits, exponent } = significantDigits(value, precision + 1);
  const point = precision > 0 || keepsPoint ? '.' : '';
  return digits[0] + point + digits.slice(1) + exponentText(exponent);
}

function exponentText(exponent: number): string {
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `e${exponent < 0 ? '-' : '+'}${digits}`;
}

/** @param count digits that are written, from 1 */
function general(value: number, count: number, keepsZeros: boolean): string {
  const { digits, exponent } = significantDigits(value, count);
  const kept = keepsZeros ? digits : withoutZeros(digits);
  if (exponent < -4 || exponent >= count) {
    const point = kept.length > 1 || keepsZeros ? '.' : '';
    return kept[0] + point + kept.slice(1) + exponentText(exponent);
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${kept}`;
  const whole = kept.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = kept.slice(exponent + 1);
  return fraction === '' && !keepsZeros ? whole : `${whole}.${fraction}`;
}

function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 1 && digits.charCodeAt(end - 1) === 48) end--;
  return digits.slice(0, end);
}

/** The first digits of a number, rounded: d.ddd × 10^exponent. */
function significantDigits(value: number, count: number): { digits: string; exponent: number } {
  const text = value.toExponential(count - 1);
  const mark = text.indexOf('e');
  const exponent = Number(text.slice(mark + 1));
  const digits = text[0] + text.slice(2, mark);
  if (!isMiddle(value, count - 1 - exponent)) return { digits, exponent };
  // A single digit 1 came from 9.5: 10 is the even one.
  return { digits: digits === '1' ? digits : toEven(digits), exponent };
}

/** Whether a number is just in the middle of two decimals with so many places (negative: 10s, …). */
function isMiddle(value: number, places: number): boolean {
  if (places >= 0) return (value * 2 ** (places + 1)) % 2 === 1;
  if (-places >= POWERS_OF_TEN.length) return false;
  const unit = POWERS_OF_TEN[-places]!;
  return value % unit === unit / 2;
}
