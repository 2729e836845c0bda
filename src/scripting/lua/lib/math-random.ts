/**
 * The random numbers of math.random in Redis: the same on every machine, so that a script gives the
 * same results everywhere.
 *
 *     x' = (0x5DEECE66D × x + 0xB) mod 2^48        a number is the upper 31 bits of x'
 *
 * These are the constants of drand48. A seed is the upper 32 bits of x, the lower ones being 0x330E.
 * (Facts: upstream's rand.c.)
 */

const TWO_24 = 2 ** 24;
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const INCREMENT = 0xb;
const LOW_BITS = 0x330e;

/** Where the sequence begins as long as nobody has seeded it. */
const FIRST_SEED = 0x1234abcd;

export class LuaRandom {
  /** The halves of x, 24 bits each. */
  private high = 0;
  private low = 0;

  constructor(seed = FIRST_SEED) {
    this.seed(seed);
  }

  /** @param seed its lower 32 bits count */
  seed(seed: number): void {
    this.high = (seed >>> 8) & 0xffffff;
    this.low = (seed & 0xff) * 0x10000 + LOW_BITS;
  }

  /** An integer from 0 to 2^31 - 1. */
  next(): number {
    // Every product is below 2^48 and every sum below 2^53: exact in doubles.
    const product = MULTIPLIER_LOW * this.low + INCREMENT;
    const carry = Math.floor(product / TWO_24);
    const high = MULTIPLIER_HIGH * this.low + MULTIPLIER_LOW * this.high + carry;
    this.low = product % TWO_24;
    this.high = high % TWO_24;
    return this.high * 128 + (this.low >>> 17);
  }
}
