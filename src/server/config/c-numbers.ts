/**
 * Numbers of configuration values, read the way Redis reads them.
 *
 * Redis parses with three C functions that differ in what they forgive, and config files rely on
 * each of them: a plain integer must be written exactly as it would be printed, `save` and the OOM
 * scores go through strtoll (leading blanks, a plus sign and the empty string pass), and memory
 * sizes take a unit and wrap at 64 bits. Values are bigint while they are checked, because limits
 * such as LONG_MAX are not exact as numbers; `narrow` turns them into numbers where that is exact.
 */
import { clampToInt64, INT64_MAX, INT64_MIN, parseInt64 } from '../../text/int64.js';
import { formatMemory, parseMemory } from '../../text/memory-units.js';

export const INT_MIN = -2147483648;
export const INT_MAX = 2147483647;
export const UINT_MAX = 4294967295;
/** LONG_MAX, LLONG_MAX and SSIZE_MAX of a 64-bit Redis. */
export const LONG_MAX = INT64_MAX;
/** ULLONG_MAX and SIZE_MAX. */
export const ULONG_MAX = 18446744073709551615n;

const LOOSE_DECIMAL = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/;
const LOOSE_OCTAL = /^[ \t\n\v\f\r]*([+-]?)([0-7]+)$/;
const DIGITS_AND_UNIT = /^([0-9]*)(.*)$/;

/** A 64-bit integer in its one canonical spelling (Redis's string2ll), else undefined. */
export function strictInteger(text: string): bigint | undefined {
  const bytes = Buffer.from(text);
  return parseInt64(bytes, 0, bytes.length);
}

/** What C's strtoll makes of the whole text: blanks before it and a plus pass, '' is 0. */
export function looseInteger(text: string): bigint | undefined {
  if (text === '') return 0n;
  const match = LOOSE_DECIMAL.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[2] as string);
  return clampToInt64(match[1] === '-' ? -value : value);
}

/** As looseInteger, in base 8; undefined too when it does not fit 64 bits. */
export function looseOctal(text: string): bigint | undefined {
  if (text === '') return 0n;
  const match = LOOSE_OCTAL.exec(text);
  if (match === null) return undefined;
  const magnitude = BigInt(`0o${match[2]}`);
  const value = match[1] === '-' ? -magnitude : magnitude;
  return value < INT64_MIN || value > INT64_MAX ? undefined : value;
}

/** Bytes of a size such as `100mb`, to the last digit; undefined when it is none. */
export function memorySize(text: string): bigint | undefined {
  const bytes = parseMemory(text);
  if (bytes === undefined) return undefined;
  if (Number.isSafeInteger(bytes)) return BigInt(bytes);
  const [, digits = '', unit = ''] = DIGITS_AND_UNIT.exec(text) ?? [];
  const count = BigInt(digits) > ULONG_MAX ? ULONG_MAX : BigInt(digits);
  return BigInt.asUintN(64, count * BigInt(parseMemory(`1${unit}`) ?? 1));
}

/** The size in the largest unit that divides it, as CONFIG REWRITE writes it. */
export function memoryText(bytes: number | bigint): string {
  return typeof bytes === 'bigint' ? `${bytes}` : formatMemory(bytes);
}

/** The value as a number where a number holds it exactly, else as the bigint it is. */
export function narrow(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}
