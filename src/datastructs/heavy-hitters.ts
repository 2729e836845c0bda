/**
 * Heavy hitters: which of very many names have the greatest sums, in little memory and time.
 *
 *     kept: the names with the greatest sums     each with its bytes, and a sum that is exact but for
 *         | a 907 | q 811 | … | h 120 |          what it came with
 *
 *     count-min sketch: all the others           2 rows of counters; a name has one in each, found by
 *         | 3 | 9 | 0 | 7 | …                    its hash: a counter holds the sum of all names that
 *         | 0 | 7 | 4 | 9 | …                    share it, so the smaller of a name's two is never
 *                                                below its own sum, and mostly near it
 *
 * A name that is kept costs one look into an index. Any other raises those of its counters that are
 * below its new estimate ("conservative update"), and takes the place of the least that is kept once
 * its estimate is greater; that one goes to the sketch.
 *
 * A sum is never too small. It is too great by what the sketch said too much when the name was taken
 * in: with a probability of 15/16 not more than 4 / WIDTH of all that the sketch then held (Markov's
 * inequality, in two rows), where WIDTH is 320 or more counters for each name that is asked for. Two
 * names with the same hash of 32 bits are one: whoever gives the hashes sees to it that strangers
 * cannot choose them.
 *
 * Source: Cormode, Muthukrishnan: "An Improved Data Stream Summary: The Count-Min Sketch", 2005;
 * Estan, Varghese: "New Directions in Traffic Measurement and Accounting", 2002 (conservative update);
 * Roy, Khan, Alonso: "Augmented Sketch: Faster and More Accurate Stream Processing", 2016.
 */
import { DOUBLE_FIELD } from './double-field.js';

/** So many times as many names are kept as are asked for, so that the last ones are right, too. */
const KEPT_PER_ASKED = 10;
/** Counters of a row for each name that is kept. */
const COUNTERS_PER_NAME = 16;
/**
 * A name takes another's place if its estimate is greater by so much of what a counter holds in the
 * mean: else, among names that all have about as much, each that comes would push out another.
 */
const NOISE = 1 / 8;
/** The first row's counter is found by the hash's low bits, the second's by those from here on. */
const SECOND_ROW_SHIFT = 16;

export interface HeavyHitter {
  readonly name: Buffer;
  readonly sum: number;
}

export class HeavyHitters {
  /** All that was added. */
  total = DOUBLE_FIELD;
  /** The sketch's rows, one behind the other. */
  private readonly counters: Float64Array;
  private readonly width: number;

  // What is kept, from 1 on.
  private kept = 0;
  private readonly sums: Float64Array;
  private readonly hashes: Int32Array;
  private readonly names: Buffer[] = [];
  /** An estimate that is not above this takes nobody's place. */
  private threshold = DOUBLE_FIELD;
  /** The index: the first name of those whose hashes end alike, and the one after each; 0: none. */
  private readonly heads: Int32Array;
  private readonly nexts: Int32Array;

  /** @param asked how many will be asked for, at most 200 */
  constructor(private readonly asked: number) {
    this.total = 0;
    this.threshold = 0;
    const keptMax = asked * KEPT_PER_ASKED;
    this.sums = new Float64Array(1 + keptMax);
    this.hashes = new Int32Array(1 + keptMax);
    this.nexts = new Int32Array(1 + keptMax);
    this.width = 2 ** Math.ceil(Math.log2(keptMax * COUNTERS_PER_NAME));
    this.heads = new Int32Array(this.width);
    this.counters = new Float64Array(2 * this.width);
  }

  /**
   * Adds to the sum of the name `buf[off..off+len)`. Allocates nothing unless the name is taken in.
   * @param hash of the name, all of its 32 bits good @param amount above 0
   */
  add(buf: Buffer, off: number, len: number, hash: number, amount: number): void {
    this.total += amount;
    const at = this.find(hash);
    if (at !== 0) {
      this.sums[at]! += amount;
      return;
    }
    if (this.kept < this.sums.length - 1) {
      this.keep(++this.kept, buf, off, len, hash, amount);
      return;
    }
    const { counters, width, threshold } = this;
    const one = (counters[hash & (width - 1)]! += amount);
    const other = (counters[width + ((hash >>> SECOND_ROW_SHIFT) & (width - 1))]! += amount);
    if (one > threshold && other > threshold) {
      this.takeIn(buf, off, len, hash, Math.min(one, other));
    }
  }

  /** The names with the greatest sums, the greatest first: as many as were asked for, if there are. */
  top(): HeavyHitter[] {
    const kept: HeavyHitter[] = [];
    for (let at = 1; at <= this.kept; at++) {
      kept.push({ name: this.names[at]!, sum: this.sums[at]! });
    }
    return kept
      .sort((a, b) => b.sum - a.sum || Buffer.compare(a.name, b.name))
      .slice(0, this.asked);
  }

  /** Keeps a name in place of the least that is kept, if its sum is clearly greater. */
  private takeIn(buf: Buffer, off: number, len: number, hash: number, sum: number): void {
    const { sums } = this;
    let loser = 1;
    for (let at = 2; at <= this.kept; at++) if (sums[at]! < sums[loser]!) loser = at;
    this.threshold = sums[loser]! + (this.total / this.width) * NOISE;
    if (sum <= this.threshold) return;
    this.giveUp(loser);
    this.keep(loser, buf, off, len, hash, sum);
  }

  private keep(
    place: number,
    buf: Buffer,
    off: number,
    len: number,
    hash: number,
    sum: number,
  ): void {
    this.sums[place] = sum;
    this.hashes[place] = hash;
    this.names[place] = Buffer.from(buf.subarray(off, off + len));
    this.link(place);
  }

  /** Has the sketch know a kept name's sum, which is kept no more. */
  private giveUp(place: number): void {
    const { counters, width, sums } = this;
    const hash = this.hashes[place]!;
    const one = hash & (width - 1);
    const other = width + ((hash >>> SECOND_ROW_SHIFT) & (width - 1));
    counters[one] = Math.max(counters[one]!, sums[place]!);
    counters[other] = Math.max(counters[other]!, sums[place]!);
    this.unlink(place);
  }

  /** Where a name is kept, or 0. */
  private find(hash: number): number {
    const { heads, nexts, hashes } = this;
    let at = heads[hash & (this.width - 1)]!;
    while (at !== 0 && hashes[at] !== hash) at = nexts[at]!;
    return at;
  }

  private link(place: number): void {
    const { heads, nexts, hashes } = this;
    const head = hashes[place]! & (this.width - 1);
    nexts[place] = heads[head]!;
    heads[head] = place;
  }

  private unlink(place: number): void {
    const { heads, nexts, hashes } = this;
    const head = hashes[place]! & (this.width - 1);
    if (heads[head] === place) {
      heads[head] = nexts[place]!;
      return;
    }
    let before = heads[head]!;
    while (nexts[before] !== place) before = nexts[before]!;
    nexts[before] = nexts[place]!;
  }
}
