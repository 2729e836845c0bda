/**
 * Rounding exact numbers to binary floating point of any precision: nearest, ties to even.
 *
 * A floating-point format is given by how many bits its significand has and by the exponent below
 * which it may not go (there its numbers lose bits one by one: the subnormals):
 *
 *     value = significand × 2^exponent      0 < significand < 2^bits      exponent >= minExponent
 *
 * For a double that is 53 bits and -1074, for the x87's 80-bit long double 64 bits and -16445. The
 * numbers are bigints, so the only loss is the one rounding at the end; what can't be written as
 * bits exactly (the digits that a division leaves over) is carried as one sticky bit.
 */

/** significand × 2^exponent. */
export interface Scaled {
  readonly significand: bigint;
  readonly exponent: number;
}

export interface BinaryFormat {
  /** Bits of the significand, the leading 1 included. */
  readonly bits: number;
  /** Exponent of the smallest subnormal. */
  readonly minExponent: number;
  /** Exponent of the least significant bit of the greatest number. */
  readonly maxExponent: number;
}

/** How many bits a positive bigint has. */
export function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0]!, 16)));
}

/**
 * Rounds significand × 2^exponent to the format.
 *
 * @param significand not negative
 * @param isInexact whether the exact number lies a little above (by less than the last bit): then
 *   the significand must have at least two bits more than the format
 * @returns significand 0 if it rounds to zero; undefined if it overflows. The result keeps its
 *   exponent if no rounding was needed and the exponent is within the format's limits.
 */
export function roundToFormat(
  significand: bigint,
  exponent: number,
  format: BinaryFormat,
  isInexact = false,
): Scaled | undefined {
  if (significand === 0n) return { significand, exponent: 0 };
  const length = bitLength(significand);
  if (length + exponent > format.bits + format.maxExponent) return undefined;
  if (length + exponent < format.minExponent) return { significand: 0n, exponent: 0 };
  const drop = Math.max(length - format.bits, format.minExponent - exponent);
  if (drop <= 0) return { significand, exponent };
  const shift = BigInt(drop);
  let kept = significand >> shift;
  const rest = significand - (kept << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (isInexact || (kept & 1n) === 1n))) kept += 1n;
  // Rounding up may carry into one bit more: still exact, as that number is a power of two.
  const top = kept === 0n ? 0 : bitLength(kept) + exponent + drop;
  if (top > format.bits + format.maxExponent) return undefined;
  return { significand: kept, exponent: exponent + drop };
}

/**
 * Rounds digits × 10^exponent to the format.
 *
 * @param digits a positive integer
 * @param exponent the caller keeps it within sane limits: the work grows with it
 */
export function roundDecimal(
  digits: bigint,
  exponent: number,
  format: BinaryFormat,
): Scaled | undefined {
  if (exponent >= 0) {
    return roundToFormat(digits * 5n ** BigInt(exponent), exponent, format);
  }
  const divisor = 5n ** BigInt(-exponent);
  // Enough bits that the quotient has the format's precision and a few more.
  const extra = Math.max(0, bitLength(divisor) - bitLength(digits) + format.bits + 3);
  const dividend = digits << BigInt(extra);
  const quotient = dividend / divisor;
  return roundToFormat(quotient, exponent - extra, format, quotient * divisor !== dividend);
}
