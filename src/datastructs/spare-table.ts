/**
 * The bucket table that a growing dict will need next, made ready beforehand.
 *
 * A big array is made in no time, but the system gives it memory page by page, as each is first
 * touched, and right after a table has grown nearly every operation touches a new one: some
 * microseconds each time, so hundreds of pipelined requests in one turn of the event loop take
 * 10 ms. So the table is made when the present one is 15/16 full, and every 32nd insert from
 * then on touches one page of it: by the time it is needed, it is all there.
 */
import { release } from './release.js';

/** Tables shorter than this need no preparation, in buckets. */
const MIN_BUCKETS = 1 << 16;
const PAGE_WORDS = 1024;
const NO_TABLE = new Int32Array(0);

export class SpareTable {
  private table = NO_TABLE;
  /** Words whose pages have been touched. */
  private ready = 0;
  private calls = 0;

  /** From how many entries on a table of so many buckets wants `advance` called at each insert. */
  static from(buckets: number): number {
    return buckets < MIN_BUCKETS ? buckets : buckets - buckets / 16;
  }

  get bytes(): number {
    return this.table.length * 4;
  }

  /** Whether all of the table has been touched. */
  get isReady(): boolean {
    return this.table.length > 0 && this.ready >= this.table.length;
  }

  /** Prepares a little more of a table of so many buckets. @returns whether `bytes` has changed */
  advance(buckets: number): boolean {
    const isNew = this.table.length !== buckets;
    if (isNew) {
      release(this.drop());
      this.table = new Int32Array(buckets);
    }
    if ((++this.calls & 31) !== 0 || this.isReady) return isNew;
    this.table[this.ready] = 0;
    this.ready += PAGE_WORDS;
    return isNew;
  }

  /** A table of so many buckets, all empty: the prepared one, if it fits. */
  take(buckets: number): Int32Array<ArrayBuffer> {
    const { table } = this;
    if (table.length !== buckets) return new Int32Array(buckets);
    this.forget();
    return table;
  }

  /** Gives up what was prepared: the dict has shrunk again. @returns it, for the caller to free */
  drop(): Int32Array {
    const { table } = this;
    this.forget();
    return table;
  }

  private forget(): void {
    this.table = NO_TABLE;
    this.ready = 0;
    this.calls = 0;
  }
}
