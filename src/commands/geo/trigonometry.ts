/**
 * sin, cos and asin rounded correctly, as far as a check against exact values shows.
 *
 * Distances are stored as scores (STOREDIST) and compared with radii, so they are to be Redis's to
 * the last bit. C's library rounds all but one of a thousand of these functions' values correctly;
 * V8's is off by a bit in one of a hundred. Here x is split into a multiple of 1/64 and a rest,
 *
 *     x = k/64 + d      sin x = S cos d + C sin d      with S = sin k/64, C = cos k/64
 *
 * where S and C come from a table, each as a short double and the rest of it (77 bits together):
 * the product of a short one and the upper half of d is exact, and all that is rounded is below
 * 2^-15. So sums are good to about 67 bits before their last rounding. Allocates nothing.
 *
 * Source of the method: S. Gal, "An accurate elementary mathematical library", 1991.
 */

/** Angles up to a little more than pi. */
const PER_UNIT = 64;
const ENTRIES = 204;
/** Sine, the rest of it, cosine, the rest of it. */
const FIELDS = 4;
const TABLE = buildTable();

/** The sine or cosine computed last: an exact part and a small one. */
let upper = 0;
let rest = 0;

/** @param x within ±3.18 */
export function sin(x: number): number {
  split(Math.abs(x), false);
  return x < 0 ? -(upper + rest) : upper + rest;
}

/** @param x within ±3.18 */
export function cos(x: number): number {
  split(Math.abs(x), true);
  return upper + rest;
}

/** @param y from 0 to 1; above that NaN */
export function asin(y: number): number {
  const near = Math.asin(y);
  if (!(near > 0 && y < 1)) return near;
  split(near, false);
  // One step of Newton's method, from a value that is right but for its last bits.
  return near + (y - upper - rest) / Math.cos(near);
}

/** Sets `upper` and `rest` to the sine or cosine of x, 0 <= x < 3.18. */
function split(x: number, isCosine: boolean): void {
  const k = Math.round(x * PER_UNIT);
  const d = x - k / PER_UNIT;
  const at = k * FIELDS;
  // The cosine is (C) cos d + (-S) sin d.
  const base = isCosine ? at + 2 : at;
  const turn = isCosine ? at : at + 2;
  const sign = isCosine ? -1 : 1;
  const baseHigh = TABLE[base]!;
  const baseLow = TABLE[base + 1]!;
  const turnHigh = sign * TABLE[turn]!;
  const turnLow = sign * TABLE[turn + 1]!;
  const d2 = d * d;
  const cosLess1 = d2 * (-1 / 2 + d2 * (1 / 24 + d2 * (-1 / 720 + d2 / 40320)));
  const sinLessD = d * d2 * (-1 / 6 + d2 * (1 / 120 - d2 / 5040));
  const high = Math.fround(d);
  const product = turnHigh * high;
  upper = baseHigh + product;
  const added = upper - baseHigh;
  const lost = baseHigh - (upper - added) + (product - added);
  const bent = (turnHigh + turnLow) * sinLessD + (baseHigh + baseLow) * cosLess1;
  rest = bent + (turnHigh * (d - high) + turnLow * d) + (baseLow + lost);
}

/** Sines and cosines in fixed point: by the series of 1/64, then one turn by 1/64 after another. */
function buildTable(): Float64Array {
  const bits = 160n;
  const one = 1n << bits;
  const angle = one / BigInt(PER_UNIT);
  let sinStep = 0n;
  let cosStep = 0n;
  for (let term = one, n = 0n; term !== 0n; n++, term = ((term * angle) >> bits) / n) {
    const signed = n % 4n < 2n ? term : -term;
    if (n % 2n === 0n) cosStep += signed;
    else sinStep += signed;
  }
  const table = new Float64Array(ENTRIES * FIELDS);
  let s = 0n;
  let c = one;
  for (let k = 0; k < ENTRIES; k++) {
    putParts(table, k * FIELDS, s, bits);
    putParts(table, k * FIELDS + 2, c, bits);
    [s, c] = [(s * cosStep + c * sinStep) >> bits, (c * cosStep - s * sinStep) >> bits];
  }
  return table;
}

/** A fixed-point number as a short double and the rest of it. */
function putParts(table: Float64Array, at: number, value: bigint, bits: bigint): void {
  const unit = 2 ** Number(bits);
  const short = Math.fround(Number(value) / unit);
  const shortFixed = BigInt(short * unit);
  table[at] = short;
  table[at + 1] = Number(value - shortFixed) / unit;
}
