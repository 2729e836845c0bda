/** Taking doubles apart and putting them together, as C's frexp, ldexp and modf do; and its pow. */

/** Scratch: its contents mean nothing between calls. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
/** Which of the two words holds sign and exponent. */
const UPPER = words[0] === 0 ? 1 : 0;

const EXPONENT_MASK = 0x7ff00000;
const TWO_54 = 2 ** 54;

/** x = fraction × 2^exponent, where 0.5 <= |fraction| < 1 (or x is 0, infinite or NaN). */
export function frexp(x: number): [fraction: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  const isSubnormal = Math.abs(x) < 2 ** -1022;
  double[0] = isSubnormal ? x * TWO_54 : x;
  const upper = words[UPPER]!;
  const exponent = ((upper & EXPONENT_MASK) >>> 20) - 1022;
  words[UPPER] = (upper & ~EXPONENT_MASK) | (1022 << 20);
  return [double[0], isSubnormal ? exponent - 54 : exponent];
}

/** x × 2^exponent, rounded once. */
export function ldexp(x: number, exponent: number): number {
  let rest = Math.max(-2200, Math.min(2200, exponent));
  let value = x;
  while (rest > 1023) {
    value *= 2 ** 1023;
    rest -= 1023;
  }
  // Steps that leave 53 bits of room above the subnormals, so that only the last one rounds.
  while (rest < -1022) {
    value *= 2 ** -969;
    rest += 969;
  }
  return value * 2 ** rest;
}

/** Integer part and fraction, both with the sign of x. */
export function modf(x: number): [integer: number, fraction: number] {
  const integer = Math.trunc(x);
  if (integer === x) return [integer, x < 0 || Object.is(x, -0) ? -0 : 0];
  return [integer, x - integer];
}

/** Powers of ten from here on are not exact, and JavaScript's are not always the nearest doubles. */
const EXACT_POWERS = 22;
/** Beyond these powers of ten there is nothing but 0 and infinity. */
const LAST_POWER = 400;

/** x^y as C has it: 1 to any power is 1, even NaN, and powers of ten are what 1e23 is. */
export function pow(x: number, y: number): number {
  if (x === 10 && (y < 0 || y > EXACT_POWERS) && Math.abs(y) < LAST_POWER && Number.isInteger(y)) {
    return Number(`1e${y}`);
  }
  if (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY)) return 1;
  return x ** y;
}
