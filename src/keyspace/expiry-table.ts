/**
 * When keys expire: one dense table per database.
 *
 *     slot   0: { low, high, entry }   1: { low, high, entry }   …      (12 bytes each)
 *
 * A volatile key's value begins with its slot number; the slot names the key's dict entry. A slot
 * that is given up is filled with the last one, so the table has no holes: the active expire cycle
 * walks it from front to back at memory speed (a million slots take about a millisecond) instead
 * of drawing samples, and finds every key that is due.
 *
 * Times are Unix milliseconds as signed 64-bit integers: PEXPIREAT accepts all of them, and
 * PEXPIRETIME must give them back to the last digit.
 */
import { release } from '../datastructs/release.js';

const SLOT_SHIFT = 16;
const SLOT_MASK = (1 << SLOT_SHIFT) - 1;
const WORDS = 3;
const FIRST_SLOTS = 64;

export class ExpiryTable {
  /** Slots in use. */
  size = 0;
  private readonly segments: Int32Array[] = [];

  /** Bytes that the table takes. */
  get bytes(): number {
    let total = 0;
    for (const segment of this.segments) total += segment.byteLength;
    return total;
  }

  /** @returns the new slot's number */
  add(entry: number, atMs: number | bigint): number {
    const slot = this.size++;
    const segment = slot >>> SLOT_SHIFT;
    const words = this.segments[segment];
    if (words === undefined) {
      this.segments.push(new Int32Array((segment === 0 ? FIRST_SLOTS : SLOT_MASK + 1) * WORDS));
    } else if ((slot & SLOT_MASK) * WORDS >= words.length) {
      const bigger = new Int32Array(words.length * 2);
      bigger.set(words);
      this.segments[segment] = bigger;
    }
    this.segments[segment]![(slot & SLOT_MASK) * WORDS + 2] = entry;
    this.set(slot, atMs);
    return slot;
  }

  set(slot: number, atMs: number | bigint): void {
    const words = this.segments[slot >>> SLOT_SHIFT]!;
    const at = (slot & SLOT_MASK) * WORDS;
    if (typeof atMs === 'bigint') {
      words[at] = Number(BigInt.asIntN(32, atMs));
      words[at + 1] = Number(BigInt.asIntN(32, atMs >> 32n));
    } else {
      words[at] = atMs | 0;
      words[at + 1] = Math.floor(atMs / 0x100000000);
    }
  }

  /** The time, exact to ±2^53 ms. */
  get(slot: number): number {
    const words = this.segments[slot >>> SLOT_SHIFT]!;
    const at = (slot & SLOT_MASK) * WORDS;
    return words[at + 1]! * 0x100000000 + (words[at]! >>> 0);
  }

  getExact(slot: number): bigint {
    const words = this.segments[slot >>> SLOT_SHIFT]!;
    const at = (slot & SLOT_MASK) * WORDS;
    return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]! >>> 0);
  }

  /** The dict entry that this slot belongs to. */
  entryOf(slot: number): number {
    return this.segments[slot >>> SLOT_SHIFT]![(slot & SLOT_MASK) * WORDS + 2]!;
  }

  /**
   * Gives a slot up.
   * @returns the entry whose slot now has this number (the last one moved here), or 0
   */
  remove(slot: number): number {
    const last = --this.size;
    const from = this.segments[last >>> SLOT_SHIFT]!;
    const fromAt = (last & SLOT_MASK) * WORDS;
    const moved = from[fromAt + 2]!;
    if (slot !== last) {
      const to = this.segments[slot >>> SLOT_SHIFT]!;
      const at = (slot & SLOT_MASK) * WORDS;
      to[at] = from[fromAt]!;
      to[at + 1] = from[fromAt + 1]!;
      to[at + 2] = moved;
    }
    const spare = (last >>> SLOT_SHIFT) + 2;
    if (this.segments.length > spare) release(this.segments.pop()!);
    return slot === last ? 0 : moved;
  }

  /** Empties the table. @returns the memory it had, for the caller to free */
  clear(): Int32Array[] {
    this.size = 0;
    return this.segments.splice(0);
  }
}
