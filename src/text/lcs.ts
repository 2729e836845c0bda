/**
 * The longest common subsequence of two byte strings: the command LCS.
 *
 * The textbook way is a table: L(i, j) is the length for the first i bytes of a and the first j of
 * b. A cell is its upper-left neighbour plus 1 if the two bytes are equal, else the greater of the
 * upper and the left neighbour. Redis fills it with 4 bytes per cell.
 *
 * But going down a column, from L(i - 1, j) to L(i, j), a cell grows by 0 or 1. So one bit per cell
 * says it all, and 32 cells fit a machine word:
 *
 *     column j of L   0 0 1 1 2          bit set: no growth there
 *     its bits          1 0 1 0          L(i, j) = zero bits among the first i
 *
 * and a whole word of the next column follows from three operations (H. Hyyrö, "Bit-parallel
 * LCS-length computation revisited", 2004): with M the positions in a that hold b's next byte,
 *
 *     U = V & M        V' = (V + U) | (V - U)
 *
 * the addition carrying from word to word. That takes 1/32 of the time and memory of the table.
 *
 * Which of several longest subsequences comes out depends on how ties are broken on the way back
 * from the end: as Redis does, towards the shorter b unless only a shorter a keeps the length.
 *
 * Source of behaviour: lcsCommand (t_string.c), whose memory limit is kept too.
 */

/** A run of bytes common to both strings; both ends are positions of bytes within the run. */
export interface LcsMatch {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
  /** Length of the run in bytes. */
  readonly length: number;
}

export interface Lcs {
  /** Length of the subsequence in bytes. */
  readonly length: number;
  /** The subsequence. */
  readonly bytes: Uint8Array;
  /** The runs it is made of, the last one first. */
  readonly matches: readonly LcsMatch[];
}

/** Redis refuses strings from this length on: "String too long for LCS". */
export const LCS_MAX_STRING_LENGTH = 2 ** 32 - 2;

const CELL_BYTES = 4;

/**
 * Memory that Redis's table would take for strings of these lengths, in bytes. LCS is refused
 * ("Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len") where this is above
 * proto-max-bulk-len; the memory used here is never more, and 1/16 of it for long strings.
 */
export function lcsTableBytes(aLength: number, bLength: number): number {
  return (aLength + 1) * (bLength + 1) * CELL_BYTES;
}

/**
 * The length of the longest common subsequence in bytes.
 *
 * @param limitBytes proto-max-bulk-len
 * @returns undefined if the table would exceed the limit
 */
export function lcsLength(a: Uint8Array, b: Uint8Array, limitBytes: number): number | undefined {
  if (lcsTableBytes(a.length, b.length) > limitBytes) return undefined;
  const positions = new Positions(a, b);
  const column = new Uint32Array(positions.words).fill(0xffffffff);
  for (let j = 0; j < b.length; j++) nextColumn(column, 0, column, 0, positions, b[j]!);
  return zeroBits(column, 0, a.length);
}

/**
 * The longest common subsequence and where it lies in both strings.
 *
 * @param limitBytes proto-max-bulk-len
 * @returns undefined if the table would exceed the limit
 */
export function longestCommonSubsequence(
  a: Uint8Array,
  b: Uint8Array,
  limitBytes: number,
): Lcs | undefined {
  if (lcsTableBytes(a.length, b.length) > limitBytes) return undefined;
  const positions = new Positions(a, b);
  const words = positions.words;
  const columns = new Uint32Array(words * (b.length + 1)).fill(0xffffffff, 0, words);
  for (let j = 0; j < b.length; j++) {
    nextColumn(columns, j * words, columns, (j + 1) * words, positions, b[j]!);
  }
  return walkBack(a, b, columns, words);
}

/** For each byte of b, the bit set of its positions in a. */
class Positions {
  /** Words of one bit set. */
  readonly words: number;
  readonly sets: Uint32Array;
  /** Where a byte's set begins in `sets`; bytes that b doesn't have share an offset nobody asks. */
  readonly offsets = new Uint32Array(256);

  constructor(a: Uint8Array, b: Uint8Array) {
    this.words = (a.length + 31) >>> 5;
    const wanted = [...new Set(b)];
    this.sets = new Uint32Array(this.words * wanted.length);
    const isWanted = new Uint8Array(256);
    wanted.forEach((byte, index) => {
      isWanted[byte] = 1;
      this.offsets[byte] = index * this.words;
    });
    for (let i = 0; i < a.length; i++) {
      const byte = a[i]!;
      if (isWanted[byte] === 1) this.sets[this.offsets[byte]! + (i >>> 5)]! |= 1 << (i & 31);
    }
  }
}

/** Computes the column that follows the one at `from` in `source`, for b's next byte. */
function nextColumn(
  source: Uint32Array,
  from: number,
  target: Uint32Array,
  to: number,
  positions: Positions,
  byte: number,
): void {
  const { sets, words } = positions;
  const set = positions.offsets[byte]!;
  let carry = 0;
  for (let w = 0; w < words; w++) {
    const v = source[from + w]!;
    const u = (v & sets[set + w]!) >>> 0;
    const sum = v + u + carry;
    carry = sum > 0xffffffff ? 1 : 0;
    target[to + w] = sum | (v - u);
  }
}

/** Zero bits among the first `count` bits from word `from` on: L(count, j) of that column. */
function zeroBits(bits: Uint32Array, from: number, count: number): number {
  const whole = count >>> 5;
  let ones = 0;
  for (let w = 0; w < whole; w++) ones += popCount(bits[from + w]!);
  const rest = count & 31;
  if (rest > 0) ones += popCount(bits[from + whole]! & ((1 << rest) - 1));
  return count - ones;
}

/** How many bits of a 32-bit word are set. */
function popCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Whether L(i, j) = L(i - 1, j) + 1, for the column at `from`. */
function growth(columns: Uint32Array, from: number, i: number): number {
  return (~columns[from + ((i - 1) >>> 5)]! >>> ((i - 1) & 31)) & 1;
}

/** Goes from the table's end to its start along one longest subsequence. */
function walkBack(a: Uint8Array, b: Uint8Array, columns: Uint32Array, words: number): Lcs {
  const length = zeroBits(columns, b.length * words, a.length);
  const bytes = new Uint8Array(length);
  const matches: LcsMatch[] = [];
  let i = a.length;
  let j = b.length;
  // Equals L(i, j) all the way.
  let left = length;
  while (left > 0) {
    const aEnd = i - 1;
    while (i > 0 && j > 0 && a[i - 1] === b[j - 1]) {
      i--;
      j--;
      bytes[--left] = a[i]!;
    }
    if (i <= aEnd) {
      const run = aEnd - i + 1;
      matches.push({ aStart: i, aEnd, bStart: j, bEnd: j + run - 1, length: run });
    }
    if (left > 0) [i, j] = skipMismatches(a, b, columns, words, i, j, left);
  }
  return { length, bytes, matches };
}

/** From a cell whose bytes differ to the next one on the way back whose bytes are equal. */
function skipMismatches(
  a: Uint8Array,
  b: Uint8Array,
  columns: Uint32Array,
  words: number,
  iFrom: number,
  jFrom: number,
  length: number,
): [number, number] {
  let i = iFrom;
  let j = jFrom;
  // L(i, j - 1); L(i, j) stays `length`, as every step goes to a neighbour that keeps it.
  let before = zeroBits(columns, (j - 1) * words, i);
  while (a[i - 1] !== b[j - 1]) {
    const above = length - growth(columns, j * words, i);
    if (above > before) {
      before -= growth(columns, (j - 1) * words, i);
      i--;
    } else {
      j--;
      before = zeroBits(columns, (j - 1) * words, i);
    }
  }
  return [i, j];
}
