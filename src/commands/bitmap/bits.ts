/**
 * Counting and finding bits in bytes. Long stretches are taken a 32-bit word at a time, where
 * words are aligned; the bytes before and behind them one by one.
 */

/** From this length on, in bytes, a view of words is worth making. */
const WORDS_FROM = 64;
/** Number of set bits of each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => popcount(byte));

/** Number of set bits from bit `from` to bit `to` (both included) of the bytes at `off`. */
export function countOnes(buf: Uint8Array, off: number, from: number, to: number): number {
  const first = off + Math.floor(from / 8);
  const last = off + Math.floor(to / 8);
  const before = buf[first]! & ~(0xff >>> (from % 8));
  const behind = buf[last]! & (0x7f >>> (to % 8));
  return countBytes(buf, first, last + 1) - ONES[before & 0xff]! - ONES[behind]!;
}

/** The first bit of this value from bit `from` to bit `to` (both included); -1: there is none. */
export function findBit(
  buf: Uint8Array,
  off: number,
  from: number,
  to: number,
  bit: number,
): number {
  const flip = bit === 1 ? 0 : 0xff;
  const last = off + Math.floor(to / 8);
  let at = off + Math.floor(from / 8);
  let wanted = (buf[at]! ^ flip) & (0xff >>> (from % 8));
  if (wanted === 0) {
    at = skipBytes(buf, at + 1, last + 1, flip);
    if (at > last) return -1;
    wanted = buf[at]! ^ flip;
  }
  const found = (at - off) * 8 + Math.clz32(wanted) - 24;
  return found <= to ? found : -1;
}

function countBytes(buf: Uint8Array, start: number, end: number): number {
  let count = 0;
  let at = start;
  if (end - start >= WORDS_FROM) {
    while (((buf.byteOffset + at) & 3) !== 0) count += ONES[buf[at++]!]!;
    const words = new Int32Array(buf.buffer, buf.byteOffset + at, (end - at) >>> 2);
    for (let i = 0; i < words.length; i++) count += popcount(words[i]!);
    at += words.length * 4;
  }
  while (at < end) count += ONES[buf[at++]!]!;
  return count;
}

/** Where the first byte other than `skipped` (0 or 255) is; `end` if there is none. */
function skipBytes(buf: Uint8Array, start: number, end: number, skipped: number): number {
  let at = start;
  if (end - start >= WORDS_FROM) {
    for (; ((buf.byteOffset + at) & 3) !== 0; at++) if (buf[at] !== skipped) return at;
    const words = new Int32Array(buf.buffer, buf.byteOffset + at, (end - at) >>> 2);
    const skippedWord = skipped === 0 ? 0 : -1;
    let i = 0;
    while (i < words.length && words[i] === skippedWord) i++;
    at += i * 4;
  }
  while (at < end && buf[at] === skipped) at++;
  return at;
}

/** Set bits of a 32-bit word: sums of 2, 4, then 8 bits side by side, added by a product. */
function popcount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
