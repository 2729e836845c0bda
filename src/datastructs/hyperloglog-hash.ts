/**
 * Where an element falls in a HyperLogLog: MurmurHash64A (Austin Appleby, public domain) with the
 * seed that Redis uses, of which the low 14 bits name a register and the rest gives its value: the
 * place of the lowest bit that is set, counted from 1.
 *
 * 64-bit arithmetic in halves of 32 bits, held as signed integers; nothing is allocated.
 */

const SEED = 0xadc83b19 | 0;
/** Murmur's multiplier, 0xc6a4a7935bd1e995, and the lower half again in halves. */
const M_HIGH = 0xc6a4a793 | 0;
const M_LOW = 0x5bd1e995;
const M_LOW_LOW = 0xe995;
const M_LOW_HIGH = 0x5bd1;

const INDEX_BITS = 14;
const INDEX_MASK = (1 << INDEX_BITS) - 1;

/** The register of the element hashed last, and what that element would have it hold. */
export let hashedIndex = 0;
export let hashedRank = 0;

/** Product of the multiplication done last. */
let high = 0;
let low = 0;

/** Hashes an element; the answer is in `hashedIndex` and `hashedRank` (1 to 51). */
export function hashElement(src: Uint8Array, off: number, len: number): void {
  const blocksEnd = off + (len & ~7);
  multiply(0, len | 0);
  let h = high;
  let l = low ^ SEED;
  let at = off;
  for (; at < blocksEnd; at += 8) {
    multiply(word(src, at + 4), word(src, at));
    multiply(high, low ^ (high >>> 15));
    multiply(h ^ high, l ^ low);
    h = high;
    l = low;
  }
  const rest = len & 7;
  if (rest > 0) {
    for (let i = 0; i < rest; i++) {
      const byte = src[at + i]!;
      if (i < 4) l ^= byte << (8 * i);
      else h ^= byte << (8 * (i - 4));
    }
    multiply(h, l);
    h = high;
    l = low;
  }
  multiply(h, l ^ (h >>> 15));
  place(high, low ^ (high >>> 15));
}

/** Splits a hash into register and value. A bit set above all others bounds the value. */
function place(h: number, l: number): void {
  hashedIndex = l & INDEX_MASK;
  const restLow = (l >>> INDEX_BITS) | (h << (32 - INDEX_BITS));
  const restHigh = (h >>> INDEX_BITS) | (1 << (32 - INDEX_BITS));
  hashedRank = restLow !== 0 ? lowestBit(restLow) + 1 : lowestBit(restHigh) + 33;
}

/** Sets `high` and `low` to (h, l) times the multiplier, modulo 2^64. */
function multiply(h: number, l: number): void {
  const l0 = l & 0xffff;
  const l1 = l >>> 16;
  const middle = l0 * M_LOW_HIGH + l1 * M_LOW_LOW + ((l0 * M_LOW_LOW) >>> 16);
  const carry = l1 * M_LOW_HIGH + Math.floor(middle / 0x10000);
  high = (carry + Math.imul(h, M_LOW) + Math.imul(l, M_HIGH)) | 0;
  low = Math.imul(l, M_LOW);
}

function word(src: Uint8Array, at: number): number {
  return src[at]! | (src[at + 1]! << 8) | (src[at + 2]! << 16) | (src[at + 3]! << 24);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
