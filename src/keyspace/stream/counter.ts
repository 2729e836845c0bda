/**
 * Counters of 64 bits that are small in practice and may be set to anything by a client: a number
 * while that is exact, a bigint beyond.
 */
export type Counter = number | bigint;

export function counter(value: bigint): Counter {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** a + b, as a signed 64-bit integer. */
export function plus(a: Counter, b: Counter): Counter {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return counter(BigInt.asIntN(64, BigInt(a) + BigInt(b)));
}

/** a - b, as a signed 64-bit integer. */
export function minus(a: Counter, b: Counter): Counter {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return counter(BigInt.asIntN(64, BigInt(a) - BigInt(b)));
}
