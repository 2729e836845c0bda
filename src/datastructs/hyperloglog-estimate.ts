/**
 * How many elements a HyperLogLog has seen, by how many registers hold which value.
 *
 * Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv:1702.01284. The order of the operations is Redis's, so that the doubles, and with them the
 * answers, are the same to the last digit.
 */

const REGISTERS = 16384;
/** Bits of a hash that do not name a register. */
const HASH_BITS = 50;
/** 1 / (2 ln 2). */
const ALPHA = 0.7213475204444817;
/** What Redis answers where the estimate is infinite, which only damaged registers can bring. */
const OVERFLOW = -(2 ** 63);

/** @param histogram how many registers hold the value i, for 0 <= i < 64 */
export function estimate(histogram: Int32Array): number {
  let z = REGISTERS * tau((REGISTERS - histogram[HASH_BITS + 1]!) / REGISTERS);
  for (let i = HASH_BITS; i >= 1; i--) {
    z += histogram[i]!;
    z *= 0.5;
  }
  z += REGISTERS * sigma(histogram[0]! / REGISTERS);
  return round((ALPHA * REGISTERS * REGISTERS) / z);
}

/** To the nearest integer, halves up. */
function round(x: number): number {
  if (!(x < 2 ** 63)) return OVERFLOW;
  const whole = Math.floor(x);
  return x - whole >= 0.5 ? whole + 1 : whole;
}

/** Corrects for registers that are still zero. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

/** Corrects for registers that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before !== z);
  return z / 3;
}
