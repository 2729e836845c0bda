/**
 * What a field holds after a number was put or added that may not fit: OVERFLOW's three ways.
 *
 *     WRAP   counts on from the other end, as machine integers do
 *     SAT    stops at the limit
 *     FAIL   leaves the field as it is
 *
 * Sums within ±2^53 are worked out in numbers, all others in bigints.
 */

export type Overflow = 'WRAP' | 'SAT' | 'FAIL';

/** A field's type: `u8`, `i64`. */
export interface FieldType {
  readonly signed: boolean;
  readonly bits: number;
}

/**
 * A number made to fit a field of at most NUMBER_BITS.
 * @param value a safe integer
 * @returns what to store; NaN when it does not fit and is to fail
 */
export function fitNumber(value: number, type: FieldType, overflow: Overflow): number {
  const { signed, bits } = type;
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  const min = signed ? -max - 1 : 0;
  if (value >= min && value <= max) return value;
  if (overflow === 'FAIL') return Number.NaN;
  if (overflow === 'SAT') return value > max ? max : min;
  const unit = 2 ** bits;
  const wrapped = value % unit;
  if (wrapped > max) return wrapped - unit;
  return wrapped < min ? wrapped + unit : wrapped;
}

/** As `fitNumber`, for any field and number. @returns undefined where `fitNumber` returns NaN */
export function fitExact(value: bigint, type: FieldType, overflow: Overflow): bigint | undefined {
  const { signed, bits } = type;
  const max = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  const min = signed ? -max - 1n : 0n;
  if (value >= min && value <= max) return value;
  if (overflow === 'FAIL') return undefined;
  if (overflow === 'SAT') return value > max ? max : min;
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** Distance from a field's upper limit at which Redis's own check overflows. */
const CHECK_LIMIT = 2n ** 63n;

/**
 * As `fitExact`, for a number that SET was given: there Redis takes one that is too small to be
 * compared with the limit in 64 bits, or negative for an unsigned field, as too large.
 */
export function fitGivenExact(
  value: bigint,
  type: FieldType,
  overflow: Overflow,
): bigint | undefined {
  const { signed, bits } = type;
  const max = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  const isTakenAsLarge = signed ? bits < 64 && max - value >= CHECK_LIMIT : value < 0n;
  if (isTakenAsLarge && overflow === 'SAT') return max;
  return fitExact(value, type, overflow);
}
