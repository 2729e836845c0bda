/**
 * When keys expire: one dense table per database.
 *
 *     slot   0: { low, high, entry }   1: { low, high, entry }   …      (12 bytes each)
 *     bounds [ earliest of slots 0..1023 | earliest of slots 1024..2047 | … ]
 *
 * A volatile key's value begins with its slot number; the slot names the key's dict entry. A slot
 * that is given up is filled with the last one, so the table has no holes.
 *
 * For each block of 1024 slots there is a lower bound of its times. It is lowered by every change
 * and made exact again when the block is walked, so the active expire cycle finds the keys that are
 * due without drawing samples: it reads one bound per 1024 keys and walks only the blocks that
 * may have one (10 million keys that are not due cost about 10 microseconds).
 *
 * Times are Unix milliseconds as signed 64-bit integers: PEXPIREAT accepts all of them, and
 * PEXPIRETIME must give them back to the last digit.
 */
import type { MemoryMeter } from '../datastructs/memory-meter.js';
import { type BigArray, release } from '../datastructs/release.js';
import { beginsSlab, segmentAfter } from '../datastructs/slab.js';

const SLOT_SHIFT = 16;
const SLOT_MASK = (1 << SLOT_SHIFT) - 1;
const WORDS = 3;
const SEGMENT_WORDS = (SLOT_MASK + 1) * WORDS;
const FIRST_SLOTS = 64;
/** Slots of a block, as a shift. */
const BLOCK_SHIFT = 10;
export const BLOCK_SLOTS = 1 << BLOCK_SHIFT;
const BLOCK_MASK = BLOCK_SLOTS - 1;
const FIRST_BLOCKS = 64;
const BOUND_BYTES = 8;

export class ExpiryTable {
  /** Slots in use. */
  size = 0;
  /** Bytes that the table takes. */
  bytes = FIRST_BLOCKS * BOUND_BYTES;
  private readonly segments: Int32Array[] = [];
  private bounds = new Float64Array(FIRST_BLOCKS);
  /** Counts `bytes` along with others'. */
  private meter: MemoryMeter | undefined = undefined;

  /** @param discard takes memory that is not needed any more */
  constructor(private readonly discard: (array: BigArray) => void = release) {}

  /** Has `bytes` counted; undefined: no more. */
  setMeter(meter: MemoryMeter | undefined): void {
    this.meter?.add(-this.bytes);
    this.meter = meter;
    meter?.add(this.bytes);
  }

  /** @returns the new slot's number */
  add(entry: number, atMs: number | bigint): number {
    const slot = this.size++;
    const segment = slot >>> SLOT_SHIFT;
    const words = this.segments[segment];
    if (words === undefined) {
      const added =
        segment === 0
          ? new Int32Array(FIRST_SLOTS * WORDS)
          : segmentAfter(this.segments[segment - 1]!, SEGMENT_WORDS);
      this.segments.push(added);
      this.account(added.byteLength);
    } else if ((slot & SLOT_MASK) * WORDS >= words.length) {
      const bigger = new Int32Array(words.length * 2);
      bigger.set(words);
      this.segments[segment] = bigger;
      this.account(words.byteLength);
    }
    this.segments[segment]![(slot & SLOT_MASK) * WORDS + 2] = entry;
    if ((slot & BLOCK_MASK) === 0) this.beginBlock(slot >>> BLOCK_SHIFT);
    this.set(slot, atMs);
    return slot;
  }

  set(slot: number, atMs: number | bigint): void {
    const words = this.segments[slot >>> SLOT_SHIFT]!;
    const at = (slot & SLOT_MASK) * WORDS;
    if (typeof atMs === 'bigint') {
      words[at] = Number(BigInt.asIntN(32, atMs));
      words[at + 1] = Number(BigInt.asIntN(32, atMs >> 32n));
      this.lower(slot, Number(atMs));
    } else {
      words[at] = atMs | 0;
      words[at + 1] = Math.floor(atMs / 0x100000000);
      this.lower(slot, atMs);
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

  /** Says that the entry of a slot has another number now. */
  setEntry(slot: number, entry: number): void {
    this.segments[slot >>> SLOT_SHIFT]![(slot & SLOT_MASK) * WORDS + 2] = entry;
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
      this.lower(slot, this.get(slot));
    }
    const spare = (last >>> SLOT_SHIFT) + 2;
    if (this.segments.length > spare) {
      const unused = this.segments.pop()!;
      this.account(-unused.byteLength);
      if (beginsSlab(unused)) this.discard(unused);
    }
    return slot === last ? 0 : moved;
  }

  /** Blocks in use. */
  get blocks(): number {
    return (this.size + BLOCK_MASK) >>> BLOCK_SHIFT;
  }

  /** The last block below `below` that may hold a time before `atMs`; -1 for none. */
  dueBlockBelow(below: number, atMs: number): number {
    const { bounds } = this;
    let block = Math.min(below, this.blocks) - 1;
    while (block >= 0 && bounds[block]! >= atMs) block--;
    return block;
  }

  /** A time that none is before; infinite when the table is empty. */
  earliest(): number {
    const { bounds, blocks } = this;
    let earliest = Number.POSITIVE_INFINITY;
    for (let block = 0; block < blocks; block++) {
      if (bounds[block]! < earliest) earliest = bounds[block]!;
    }
    return earliest;
  }

  /** Says that no time in this block is before `atMs`. */
  setBound(block: number, atMs: number): void {
    this.bounds[block] = atMs;
  }

  /** Empties the table. @returns the memory it had, for the caller to free */
  clear(): Int32Array[] {
    this.size = 0;
    this.bounds = new Float64Array(FIRST_BLOCKS);
    this.account(FIRST_BLOCKS * BOUND_BYTES - this.bytes);
    return this.segments.splice(0).filter(beginsSlab);
  }

  private lower(slot: number, atMs: number): void {
    const block = slot >>> BLOCK_SHIFT;
    if (atMs < this.bounds[block]!) this.bounds[block] = atMs;
  }

  private account(bytes: number): void {
    this.bytes += bytes;
    if (this.meter !== undefined) this.meter.add(bytes);
  }

  private beginBlock(block: number): void {
    if (block === this.bounds.length) {
      const bigger = new Float64Array(block * 2);
      bigger.set(this.bounds);
      this.account(this.bounds.byteLength);
      this.bounds = bigger;
    }
    this.bounds[block] = Number.POSITIVE_INFINITY;
  }
}
