/**
 * Grisu2: decimal digits of a double, few and always sufficient, from 64-bit arithmetic.
 *
 * Every decimal between the midpoints to a double's neighbours reads back as that double; the one
 * with the fewest digits is what people want to see. Finding it exactly needs big numbers. Grisu2
 * (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", PLDI
 * 2010) does with 64 bits: it scales the double and both midpoints by a cached power of ten,
 *
 *     lower ------- value ------- upper        all × 10^-k, so that upper has 32 to 60 bits of
 *       ^ one unit in      one unit in ^       fraction and few digits before the point
 *
 * pulls the midpoints in by one unit, as the scaling may be off by that much, and takes digits of
 * `upper` until what is left fits between the two. The last digit then steps down towards `value`.
 *
 * In about one case of 1000 the shortest decimal lies within that lost unit, and a longer one comes
 * out: 0.000649 gives 6489999999999999 × 10^-19. JavaScript prints the truly shortest; but
 * Redis 7.2 prints with Grisu2 (deps/fpconv), and a score must look the same here. Hence this file.
 *
 * It takes one to two microseconds, most of it for bigints; formatDouble calls it only for numbers
 * whose digits are not known to be the shortest ones.
 */

/** The double is digits × 10^exponent. */
export interface DecimalDigits {
  readonly digits: string;
  readonly exponent: number;
}

/** A power of ten as significand × 2^exponent, the significand rounded to 64 bits. */
interface CachedPower {
  readonly significand: bigint;
  readonly exponent: number;
}

const FIRST_POWER = -348;
const POWER_STEP = 8;
const POWER_COUNT = 87;

/** The scaled numbers have from 32 to 60 bits behind the point. */
const MIN_SCALED_EXPONENT = -60;
const MAX_SCALED_EXPONENT = -32;

const LOG10_OF_2 = 0.30102999566398114;

/** Cached powers: 10^-348, 10^-340, ... 10^340. */
const POWERS: readonly CachedPower[] = Array.from({ length: POWER_COUNT }, (_, i) =>
  cachedPower(FIRST_POWER + i * POWER_STEP),
);

/** 10^power rounded to a significand of exactly 64 bits. */
function cachedPower(power: number): CachedPower {
  // Enough bits for 65 of the quotient at 10^-348 (1156 bits).
  const margin = 1300;
  const one = 1n << BigInt(margin);
  const exact = power >= 0 ? 10n ** BigInt(power) * one : one / 10n ** BigInt(-power);
  const drop = exact.toString(2).length - 64;
  const rounded = (exact + (1n << BigInt(drop - 1))) >> BigInt(drop);
  return { significand: rounded, exponent: drop - margin };
}

const SIGNIFICAND_MASK = (1n << 52n) - 1n;
const HIDDEN_BIT = 1n << 52n;
const HALF_UNIT = 1n << 63n;

/** The product's upper 64 bits, rounded. */
function scale(a: bigint, b: bigint): bigint {
  return (a * b + HALF_UNIT) >> 64n;
}

/** The power of ten that brings a number with this exponent into the window. */
function powerIndex(exponent: number): number {
  const guess = Math.trunc(-(exponent + POWER_COUNT) * LOG10_OF_2);
  let index = Math.trunc((guess - FIRST_POWER) / POWER_STEP);
  for (;;) {
    const scaled = exponent + POWERS[index]!.exponent + 64;
    if (scaled < MIN_SCALED_EXPONENT) index++;
    else if (scaled > MAX_SCALED_EXPONENT) index--;
    else return index;
  }
}

/**
 * The digits that Redis 7.2 prints for a double.
 *
 * @param value positive and finite
 * @returns at most 18 digits, without leading zeros; trailing zeros are possible
 */
export function grisu2(value: number): DecimalDigits {
  const bits = bitsOf(value);
  const biased = Number(bits >> 52n);
  const significand = biased === 0 ? bits : (bits & SIGNIFICAND_MASK) | HIDDEN_BIT;
  const exponent = Math.max(biased, 1) - 1075;

  // Value and midpoints over one common exponent, such that value's top bit is bit 63. Below a
  // power of two the neighbour is only half as far.
  const shift = biased === 0 ? 64 - significand.toString(2).length : 64 - 53;
  const top = BigInt(shift);
  const upper = ((significand << 1n) + 1n) << (top - 1n);
  const lower =
    significand === HIDDEN_BIT
      ? ((significand << 2n) - 1n) << (top - 2n)
      : ((significand << 1n) - 1n) << (top - 1n);

  const index = powerIndex(exponent - shift);
  const power = POWERS[index]!;
  const scaledUpper = scale(upper, power.significand) - 1n;
  return takeDigits(
    scale(significand << top, power.significand),
    scaledUpper,
    scaledUpper - (scale(lower, power.significand) + 1n),
    BigInt(-(exponent - shift + power.exponent + 64)),
    -(FIRST_POWER + index * POWER_STEP),
  );
}

const scratch = new DataView(new ArrayBuffer(8));

function bitsOf(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

/**
 * Takes digits of `upper` until the rest is no more than `width`.
 *
 * @param fractionBits how many bits of the scaled numbers are behind the point
 * @param exponent the power of ten that undoes the scaling
 */
function takeDigits(
  value: bigint,
  upper: bigint,
  width: bigint,
  fractionBits: bigint,
  exponent: number,
): DecimalDigits {
  const mask = (1n << fractionBits) - 1n;
  let rest = upper;
  let unit = 1n << fractionBits;
  let left = 0;
  while (unit * 10n <= rest) {
    unit *= 10n;
    left++;
  }
  // Digits before the point.
  let digits = 0n;
  for (; left >= 0; left--) {
    digits = digits * 10n + rest / unit;
    rest %= unit;
    if (rest <= width) {
      return finish(digits, rest, unit, width, upper - value, exponent + left);
    }
    unit /= 10n;
  }
  // Digits behind it: everything grows by 10 instead of the unit shrinking.
  let grown = 1n;
  let room = width;
  for (let place = exponent - 1; ; place--) {
    rest *= 10n;
    room *= 10n;
    grown *= 10n;
    digits = digits * 10n + (rest >> fractionBits);
    rest &= mask;
    if (rest < room) {
      return finish(digits, rest, mask + 1n, room, (upper - value) * grown, place);
    }
  }
}

/** Steps the last digit down while that stays in range and gets closer to the value. */
function finish(
  digits: bigint,
  rest: bigint,
  unit: bigint,
  room: bigint,
  target: bigint,
  exponent: number,
): DecimalDigits {
  let last = digits;
  let distance = rest;
  while (
    distance < target &&
    room - distance >= unit &&
    (distance + unit < target || target - distance > distance + unit - target)
  ) {
    last -= 1n;
    distance += unit;
  }
  return { digits: String(last), exponent };
}
