/**
 * Heavy hitters: which of very many names have the greatest sums, in little memory.
 *
 *     count-min sketch   4 rows of counters; a name has one in each, found by a hash
 *         | 3 | 9 | 0 | 7 | …       a counter holds the sum of all names that share it, so the least
 *         | 0 | 7 | 4 | 9 | …       of a name's four is never below its own sum, and mostly near it
 *     list of the greatest          names whose estimate was among the greatest so far
 *
 * An addition raises only those of a name's counters that are below its new estimate ("conservative
 * update"), which keeps the error small.
 *
 * Source: Cormode, Muthukrishnan: "An Improved Data Stream Summary: The Count-Min Sketch", 2005;
 * Estan, Varghese: "New Directions in Traffic Measurement and Accounting", 2002.
 */
import xxhash from 'xxhashjs';
import { DOUBLE_FIELD } from './double-field.js';

const ROWS = 4;
/** Counters of a row for each name that is kept. */
const COUNTERS_PER_NAME = 16;
/** So many times as many names are kept as are asked for, so that the last ones are right, too. */
const KEPT_PER_ASKED = 10;
const MIX = 0x9e3779b1;

export interface HeavyHitter {
  readonly name: Buffer;
  readonly sum: number;
}

export class HeavyHitters {
  /** All that was added. */
  total = DOUBLE_FIELD;
  private readonly counters: Float64Array;
  private readonly mask: number;
  private readonly keptMax: number;
  /** Names (latin1) and their estimates. */
  private readonly kept = new Map<string, number>();
  /** No kept estimate is below this. */
  private floor = DOUBLE_FIELD;
  private readonly places = new Int32Array(ROWS);

  /** @param asked how many will be asked for @param seed so that nobody can choose names that collide */
  constructor(
    private readonly asked: number,
    private readonly seed: number,
  ) {
    this.total = 0;
    this.floor = 0;
    this.keptMax = asked * KEPT_PER_ASKED;
    let width = 1;
    while (width < this.keptMax * COUNTERS_PER_NAME) width *= 2;
    this.mask = width - 1;
    this.counters = new Float64Array(ROWS * width);
  }

  /** Adds to a name's sum. @param amount above 0 */
  add(name: Uint8Array, amount: number): void {
    const bytes = Buffer.from(name.buffer, name.byteOffset, name.length);
    this.addHashed(bytes.toString('latin1'), hashOf(bytes, this.seed), amount);
  }

  /** As `add`, of a name in latin1 whose hash is known: by `hashOf`, always with the same seed. */
  addHashed(text: string, hash: number, amount: number): void {
    this.total += amount;
    const estimate = this.count(hash, amount);
    const { kept } = this;
    if (kept.has(text) || kept.size < this.keptMax) kept.set(text, estimate);
    else if (estimate > this.floor) this.replaceLeast(text, estimate);
  }

  /** The names with the greatest sums, the greatest first: as many as were asked for, if there are. */
  top(): HeavyHitter[] {
    return [...this.kept]
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, this.asked)
      .map(([name, sum]) => ({ name: Buffer.from(name, 'latin1'), sum }));
  }

  /** Adds to the sketch. @returns the name's estimate */
  private count(nameHash: number, amount: number): number {
    const { counters, mask, places } = this;
    let hash = nameHash;
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < ROWS; row++) {
      const place = row * (mask + 1) + (hash & mask);
      places[row] = place;
      if (counters[place]! < least) least = counters[place]!;
      hash = Math.imul(hash ^ (hash >>> 15), MIX);
      hash ^= hash >>> 13;
    }
    const estimate = least + amount;
    for (const place of places) if (counters[place]! < estimate) counters[place] = estimate;
    return estimate;
  }

  private replaceLeast(name: string, estimate: number): void {
    let least = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let loser = '';
    for (const [text, sum] of this.kept) {
      if (sum < least) {
        second = least;
        least = sum;
        loser = text;
      } else if (sum < second) second = sum;
    }
    if (estimate <= least) {
      this.floor = least;
      return;
    }
    this.kept.delete(loser);
    this.kept.set(name, estimate);
    this.floor = Math.min(second, estimate);
  }
}

/** A name's hash: the dearest part of counting it. */
export function hashOf(name: Buffer, seed: number): number {
  return xxhash.h32(name, seed).toNumber();
}
