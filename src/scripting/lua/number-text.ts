/**
 * Numbers as text and back, as C does it for Lua 5.1: "%.14g" one way, strtod the other.
 */

/** As "%.14g", which is what tostring, print and `..` make of a number. */
export function numberToString(x: number): string {
  if (Number.isInteger(x) && x < 1e14 && x > -1e14) return x === 0 && 1 / x < 0 ? '-0' : String(x);
  if (Number.isNaN(x)) return '-nan';
  if (x === Infinity) return 'inf';
  if (x === -Infinity) return '-inf';
  return tidy(digits14(x));
}

/** 14 significant digits, a tie rounded to the even digit as C does (toPrecision rounds it up). */
function digits14(x: number): string {
  const text = x.toPrecision(14);
  const longer = x.toPrecision(15);
  const end = longer.indexOf('e') < 0 ? longer.length : longer.indexOf('e');
  if (longer[end - 1] !== '5' || !isTie(x)) return text;
  const at = (text.indexOf('e') < 0 ? text.length : text.indexOf('e')) - 1;
  const last = text.charCodeAt(at) - 48;
  return last % 2 === 0 ? text : text.slice(0, at) + (last - 1) + text.slice(at + 1);
}

/** Whether x has exactly 15 significant digits. */
function isTie(x: number): boolean {
  const exact = x.toPrecision(100);
  const mantissa = exact.split('e')[0].replace(/[-.]/g, '').replace(/^0+/, '');
  return /^\d{15}0*$/.test(mantissa);
}

/** C's form of what toPrecision gives: no zeros at the end, an exponent of two digits at least. */
function tidy(text: string): string {
  let [mantissa, exponent] = text.split('e');
  if (exponent === undefined) {
    // JavaScript turns to exponents below 1e-6, C below 1e-4.
    const small = /^(-?)0\.0000(0*)([1-9]\d*)$/.exec(mantissa);
    if (small === null) return trimZeros(mantissa);
    const digits = small[3];
    exponent = `-${5 + small[2].length}`;
    mantissa = `${small[1]}${digits[0]}.${digits.slice(1)}`;
  }
  const sign = exponent[0] === '-' ? '-' : '+';
  const size = exponent.replace(/^[+-]/, '').padStart(2, '0');
  return `${trimZeros(mantissa)}e${sign}${size}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const DECIMAL = /^[ \t\n\v\f\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t\n\v\f\r]*(?:\0|$)/;
const HEX =
  /^[ \t\n\v\f\r]*([+-]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))(?:[pP]([+-]?\d+))?[ \t\n\v\f\r]*(?:\0|$)/;
const SPECIAL = /^[ \t\n\v\f\r]*([+-]?)(inf(?:inity)?|nan(?:\(\w*\))?)[ \t\n\v\f\r]*(?:\0|$)/i;

/**
 * The number that a string stands for; undefined: none. As strtod of C99 (hexadecimal, "inf"), with
 * blanks around it; a zero byte ends the string.
 */
export function stringToNumber(text: string): number | undefined {
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return Number(decimal[1]);
  const hex = HEX.exec(text);
  if (hex !== null) return hexToNumber(hex);
  const special = SPECIAL.exec(text);
  if (special === null) return undefined;
  if (special[2][0].toLowerCase() === 'n') return Number.NaN;
  return special[1] === '-' ? -Infinity : Infinity;
}

function hexToNumber([
  ,
  sign,
  whole = '',
  fraction = '',
  only = '',
  exponent = '0',
]: string[]): number {
  const digits = whole + fraction + only;
  const shift = Number(exponent) - 4 * (fraction.length + only.length);
  const value = scale(BigInt(`0x${digits}`), shift);
  return sign === '-' ? -value : value;
}

/** mantissa * 2^shift, rounded once. */
function scale(mantissa: bigint, shift: number): number {
  if (mantissa === 0n) return 0;
  if (shift >= 0) return shift > 1100 ? Infinity : Number(mantissa << BigInt(shift));
  const length = mantissa.toString(2).length;
  if (length + shift < -1080) return 0;
  // Number() rounds to 53 bits; numbers below the normal ones have fewer.
  const spare = Math.max(0, -1074 - (shift + Math.max(0, length - 53)));
  if (spare === 0)
    return Number(mantissa) * 2 ** Math.max(shift, -1074) * 2 ** Math.min(0, shift + 1074);
  return roundShift(mantissa, BigInt(-1074 - shift)) * 2 ** -1074;
}

/** mantissa / 2^n, rounded to the nearest integer, ties to even. */
function roundShift(mantissa: bigint, n: bigint): number {
  if (n <= 0n) return Number(mantissa << -n);
  const whole = mantissa >> n;
  const rest = mantissa - (whole << n);
  const half = 1n << (n - 1n);
  const up = rest > half || (rest === half && (whole & 1n) === 1n);
  return Number(up ? whole + 1n : whole);
}

/**
 * As tonumber(text, base): C's strtoul, so 64 bits without sign, where "-1" wraps around.
 * @param base 2 to 36
 */
export function stringToUnsigned(text: string, base: number): number | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-9a-zA-Z]*)[ \t\n\v\f\r]*(?:\0|$)/.exec(text);
  if (match === null) return undefined;
  let digits = match[2];
  if (base === 16 && /^0[xX][0-9a-fA-F]/.test(digits)) digits = digits.slice(2);
  if (digits === '') return undefined;
  const limit = 2n ** 64n;
  let value = 0n;
  let overflows = false;
  for (const digit of digits) {
    const n = Number.parseInt(digit, 36);
    if (!(n < base)) return undefined;
    if (!overflows) value = value * BigInt(base) + BigInt(n);
    if (value >= limit) overflows = true;
  }
  if (overflows) return Number(limit - 1n);
  return Number(match[1] === '-' && value > 0n ? limit - value : value);
}
