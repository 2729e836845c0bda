/**
 * Memory for small things outside of the JavaScript heap.
 *
 * Keys, short values, listpacks and intsets live in blocks of a few sizes (classes), cut from pages
 * of 64 KiB, which are cut from segments: large ArrayBuffers that the garbage collector never looks
 * into. A page holds blocks of one class only, so a freed block fits the next request of its class
 * exactly, and a page that empties can serve any class again.
 *
 *     segment  [ page 0: 40-byte blocks | page 1: 16-byte blocks | … ]
 *     address  = segment * 2^22 + offset / 8         (0 is "no block")
 *
 * Blocks are multiples of 8 bytes, so an address is a positive 32-bit integer up to 16 GiB. Free
 * blocks of a page are chained through their own first four bytes; blocks never yet used are taken
 * from the page's end, so memory is touched (and becomes resident) only when it is needed.
 *
 * Invariants: every block has one owner, who knows its size and frees it with that size;
 * `usedBytes` is the exact sum of the classes' sizes of all blocks in use; a page in the free pool
 * has no live block.
 *
 * The idea is that of slab allocators (Bonwick, 1994). With `debug`, every free is checked: right
 * class, not freed twice; and `leaks()` lists what is still in use.
 */
import { DOUBLE_FIELD } from './double-field.js';
import type { MemoryMeter } from './memory-meter.js';
import { type BigArray, RELEASE_MIN, release } from './release.js';

/**
 * Units of 8 bytes in a segment, as a shift: 2^22 units are 32 MiB. C libraries keep what is
 * smaller (glibc's greatest mmap threshold), zero it with a loop when it is asked for again, and
 * rarely give it back; a segment of this size is mapped and unmapped as a whole.
 */
export const SEGMENT_SHIFT = 22;
export const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;
export const SEGMENT_BYTES = 1 << (SEGMENT_SHIFT + 3);
const PAGE_SHIFT = 13;
const PAGE_UNITS = 1 << PAGE_SHIFT;
const PAGE_BYTES = PAGE_UNITS * 8;
const PAGES_PER_SEGMENT = SEGMENT_BYTES / PAGE_BYTES;
const SEGMENT_PAGES_SHIFT = SEGMENT_SHIFT - PAGE_SHIFT;
/** The first segment grows in steps, so that an idle server stays small … */
const FIRST_SEGMENT_BYTES = 256 * 1024;
/** … up to here: growing copies it. The segments after it are of full size. */
const FIRST_SEGMENT_MAX = 4 * 1024 * 1024;
/** The largest block that shares its page, in bytes. What is bigger takes whole pages. */
const MAX_SMALL = 32768;
/** A segment with so many bytes in use is not worth emptying. */
const MOST_TO_MOVE = SEGMENT_BYTES * 0.75;
/** Blocks longer than so many words are copied by a native call, whose fixed cost is as much. */
const NATIVE_COPY_WORDS = 128;
/** Segments that an address can name. */
const MAX_SEGMENTS = 1 << (31 - SEGMENT_SHIFT);

/** Sizes of the classes in bytes: every 8 up to 128, then eight steps per doubling. */
const CLASS_BYTES: readonly number[] = (() => {
  const sizes: number[] = [0];
  for (let size = 8; size <= 128; size += 8) sizes.push(size);
  for (let base = 128; base < MAX_SMALL; base *= 2) {
    for (let i = 1; i <= 8; i++) sizes.push(base + (base / 8) * i);
  }
  return sizes;
})();

const CLASS_SIZE = Int32Array.from(CLASS_BYTES);
/** Class by (size + 7) >> 3. */
const CLASS_OF = (() => {
  const table = new Uint8Array(MAX_SMALL / 8 + 1);
  let cls = 1;
  for (let units = 1; units < table.length; units++) {
    while (CLASS_BYTES[cls]! < units * 8) cls++;
    table[units] = cls;
  }
  return table;
})();

/** Marks the pages of a large block. */
const LARGE = 255;

/** The bytes that a block for `size` bytes takes (its class's size, or whole pages). */
export function blockBytes(size: number): number {
  if (size > MAX_SMALL) return pagesFor(size) * PAGE_BYTES;
  return CLASS_SIZE[CLASS_OF[(size + 7) >>> 3]!]!;
}

/** Whether blocks for these sizes are of one class, so that one can take the other's place. */
export function sameClass(a: number, b: number): boolean {
  if (a > MAX_SMALL || b > MAX_SMALL) {
    return a > MAX_SMALL && b > MAX_SMALL && pagesFor(a) === pagesFor(b);
  }
  return CLASS_OF[(a + 7) >>> 3] === CLASS_OF[(b + 7) >>> 3];
}

function pagesFor(size: number): number {
  return Math.ceil(size / PAGE_BYTES);
}

export class ArenaFullError extends Error {
  constructor() {
    super('the arena has no address left: 16 GiB of small values are in use');
    this.name = 'ArenaFullError';
  }
}

export interface ArenaOptions {
  /** Check every free; slow. For tests. */
  debug?: boolean;
  /** Where big arrays go that whoever uses the arena needs no more; by default they are freed at once. */
  discarded?: BigArray[];
}

export class Arena {
  /** Segments as bytes, by address >>> SEGMENT_SHIFT. Read them anew after every `alloc`. */
  readonly bytes: Uint8Array[] = [];
  /** The same memory as 32-bit words. */
  readonly words: Int32Array[] = [];
  /** Bytes of all blocks in use. */
  usedBytes = DOUBLE_FIELD;
  /** Bytes of all segments. */
  capacityBytes = DOUBLE_FIELD;
  /** Bytes of the pages that were ever in use: what of the segments is resident. */
  touchedBytes = DOUBLE_FIELD;
  /** Blocks in use. */
  blocks = 0;
  private readonly discarded: BigArray[] | undefined;
  /** Counts `usedBytes` along with others'. */
  private meter: MemoryMeter | undefined = undefined;

  // By page: class (0: free), blocks in use, first free block's address, units cut so far.
  private pageClass = new Uint8Array(0);
  private pageUsed = new Int32Array(0);
  private pageFree = new Int32Array(0);
  private pageCut = new Int32Array(0);
  private pageTouched = new Uint8Array(0);
  // Pages of a class with room, and free pages (class 0), as doubly linked lists (-1: none).
  private pageNext = new Int32Array(0);
  private pagePrev = new Int32Array(0);
  private readonly listHead = new Int32Array(CLASS_BYTES.length).fill(-1);
  /** The page that the class's blocks are taken from. -1: none. */
  private readonly current = new Int32Array(CLASS_BYTES.length).fill(-1);
  /** Numbers of segments that were given back. */
  private readonly emptySegments: number[] = [];
  /** 1 by segment that is being emptied: its pages are in no list. */
  private readonly leaving = new Uint8Array(MAX_SEGMENTS);
  /** The segment that `trim` has looked at last. */
  private trimAt = 0;
  private readonly live: Map<number, number> | undefined;

  constructor(options: ArenaOptions = {}) {
    this.usedBytes = 0;
    this.capacityBytes = 0;
    this.touchedBytes = 0;
    this.live = options.debug ? new Map() : undefined;
    this.discarded = options.discarded;
  }

  /** Has `usedBytes` counted; undefined: no more. */
  setMeter(meter: MemoryMeter | undefined): void {
    this.meter?.add(-this.usedBytes);
    this.meter = meter;
    meter?.add(this.usedBytes);
  }

  /**
   * A block of at least `size` bytes (1 to 2^31), its content undefined.
   * @returns its address, never 0
   * @throws ArenaFullError
   */
  alloc(size: number): number {
    if (size > MAX_SMALL) return this.allocLarge(size);
    const cls = CLASS_OF[(size + 7) >>> 3]!;
    const page = this.current[cls]!;
    let address: number;
    if (page >= 0) {
      address = this.pageFree[page]!;
      if (address !== 0) {
        this.pageFree[page] =
          this.words[address >>> SEGMENT_SHIFT]![(address & SEGMENT_MASK) << 1]!;
        this.pageUsed[page]!++;
        this.account(cls, 1);
        if (this.live !== undefined) this.noteAlloc(address, cls);
        return address;
      }
      const units = CLASS_SIZE[cls]! >>> 3;
      const cut = this.pageCut[page]!;
      if (cut + units <= PAGE_UNITS) {
        this.pageCut[page] = cut + units;
        this.pageUsed[page]!++;
        this.account(cls, 1);
        address = (page << PAGE_SHIFT) + cut;
        if (this.live !== undefined) this.noteAlloc(address, cls);
        return address;
      }
    }
    this.nextPage(cls);
    return this.alloc(size);
  }

  /** Gives a block back. @param size what it was asked for with (or any size of its class) */
  free(address: number, size: number): void {
    if (size > MAX_SMALL) {
      this.freeLarge(address, size);
      return;
    }
    const cls = CLASS_OF[(size + 7) >>> 3]!;
    const page = address >>> PAGE_SHIFT;
    if (this.live !== undefined) this.checkFree(address, cls, page);
    const head = this.pageFree[page]!;
    this.words[address >>> SEGMENT_SHIFT]![(address & SEGMENT_MASK) << 1] = head;
    this.pageFree[page] = address;
    const used = this.pageUsed[page]! - 1;
    this.pageUsed[page] = used;
    this.account(cls, -1);
    if (this.current[cls] === page) return;
    const wasFull = head === 0 && this.pageCut[page]! + (CLASS_SIZE[cls]! >>> 3) > PAGE_UNITS;
    if (used === 0) {
      if (!wasFull) this.unlink(page, cls); // a full page is in no list
      this.releasePage(page);
    } else if (wasFull) this.link(page, cls);
  }

  /**
   * Copies a block of `size` bytes of the arena `from` into one of this arena. Small ones word by word:
   * defragmentation copies millions, and must leave the collector nothing to do.
   */
  copyBlock(from: Arena, source: number, target: number, size: number): void {
    const fromAt = (source & SEGMENT_MASK) << 1;
    const toAt = (target & SEGMENT_MASK) << 1;
    const fromWords = from.words[source >>> SEGMENT_SHIFT]!;
    const toWords = this.words[target >>> SEGMENT_SHIFT]!;
    const words = ((size + 7) >>> 3) << 1;
    if (words > NATIVE_COPY_WORDS) {
      toWords.set(fromWords.subarray(fromAt, fromAt + words), toAt);
      return;
    }
    for (let i = 0; i < words; i++) toWords[toAt + i] = fromWords[fromAt + i]!;
  }

  /** An arena apart, for the blocks of one owner. */
  sibling(): Arena {
    return new Arena({ discarded: this.discarded });
  }

  /**
   * Takes a big array, such as a table that has become too small, which nobody may use any more. Freeing
   * it may take milliseconds: that is left to who keeps `discarded`.
   */
  discard(array: BigArray): void {
    if (this.discarded === undefined) release(array);
    else if (array.byteLength >= RELEASE_MIN) this.discarded.push(array);
  }

  /** Addresses and sizes of all blocks in use (debug only). */
  leaks(): { address: number; cls: number }[] {
    return [...(this.live ?? [])].map(([address, cls]) => ({ address, cls }));
  }

  /**
   * Gives a segment back that no block needs any more, if there is one (1 or 2 ms). To be called
   * from time to time: `free` itself keeps all segments.
   * @param give takes it instead
   * @returns whether there was one
   */
  trim(give: (array: BigArray) => void = release): boolean {
    for (let cls = 1; cls < CLASS_BYTES.length; cls++) {
      const page = this.current[cls]!;
      if (page < 0 || this.pageUsed[page] !== 0) continue;
      this.current[cls] = -1;
      this.releasePage(page);
    }
    const others = this.bytes.length - 1;
    for (let i = 0; i < others; i++) {
      // Where the last call stopped: it may be called many times in a row.
      this.trimAt = this.trimAt < others ? this.trimAt + 1 : 1;
      if (this.bytes[this.trimAt]!.length === 0 || !this.isEmptySegment(this.trimAt)) continue;
      this.dropSegment(this.trimAt, give);
      return true;
    }
    return false;
  }

  // ---- emptying sparse segments: see keyspace/defragmenter.ts

  /** Segments, those included that were given back: their numbers are below. */
  get segments(): number {
    return this.bytes.length;
  }

  /** Bytes in use of a segment that may be worth emptying; -1: it is not. */
  sparseBytes(segment: number): number {
    if (this.leaving[segment] === 1 || this.bytes[segment]!.length !== SEGMENT_BYTES) return -1;
    const used = this.usedOf(segment);
    return used < MOST_TO_MOVE ? used : -1;
  }

  /** Begins to empty a segment: nothing is allocated there until `endEmptying`. */
  beginEmptying(segment: number): void {
    if (this.sparseBytes(segment) < 0) return; // it was filled or given back meanwhile
    const first = segment * PAGES_PER_SEGMENT;
    for (let page = first; page < first + PAGES_PER_SEGMENT; page++) {
      const cls = this.pageClass[page]!;
      if (cls === LARGE) continue;
      if (cls !== 0 && this.current[cls] === page) this.current[cls] = -1;
      else if (this.isListed(page, cls)) this.unlink(page, cls);
    }
    this.leaving[segment] = 1;
  }

  /** Whether a block is in a segment that is being emptied. */
  isLeaving(address: number): boolean {
    return this.leaving[address >>> SEGMENT_SHIFT] === 1;
  }

  /** Lets what is left in a segment stay, and have company again. One that is empty waits for `trim`. */
  endEmptying(segment: number): void {
    if (this.leaving[segment] === 0 || this.isEmptySegment(segment)) return;
    this.leaving[segment] = 0;
    const first = segment * PAGES_PER_SEGMENT;
    for (let page = first; page < first + PAGES_PER_SEGMENT; page++) {
      const cls = this.pageClass[page]!;
      if (cls !== LARGE && this.isListed(page, cls)) this.link(page, cls);
    }
  }

  /** Whether a page that is not a class's current one is in a list: it is free, or has room. */
  private isListed(page: number, cls: number): boolean {
    if (cls === 0 || this.pageFree[page] !== 0) return true;
    return this.pageCut[page]! + (CLASS_SIZE[cls]! >>> 3) <= PAGE_UNITS;
  }

  /** Bytes of a segment's blocks in use. */
  private usedOf(segment: number): number {
    let used = 0;
    const first = segment * PAGES_PER_SEGMENT;
    for (let page = first; page < first + PAGES_PER_SEGMENT; page++) {
      const cls = this.pageClass[page]!;
      if (cls === LARGE) used += PAGE_BYTES;
      else if (cls !== 0) used += this.pageUsed[page]! * CLASS_SIZE[cls]!;
    }
    return used;
  }

  /** All memory, for whoever throws the arena away as a whole; it can't be used after that. */
  takeMemory(): Uint8Array[] {
    return this.bytes.splice(0);
  }

  /** Whole pages in a row, or a segment of its own for a block longer than one. */
  private allocLarge(size: number): number {
    if (this.bytes.length === 0) this.addPages();
    const pages = pagesFor(size);
    let page = pages < PAGES_PER_SEGMENT ? this.findRun(pages) : -1;
    if (page < 0) {
      const segment = this.addSegment(Math.max(pages * PAGE_BYTES, SEGMENT_BYTES));
      page = segment * PAGES_PER_SEGMENT;
    }
    const marked = Math.min(pages, PAGES_PER_SEGMENT);
    for (let p = page; p < page + marked; p++) {
      this.unlink(p, 0);
      this.pageClass[p] = LARGE;
      this.touch(p);
    }
    this.accountBytes(1, pages * PAGE_BYTES);
    const address = page << PAGE_SHIFT;
    this.live?.set(address, LARGE);
    return address;
  }

  private freeLarge(address: number, size: number): void {
    const page = address >>> PAGE_SHIFT;
    const pages = pagesFor(size);
    if (this.live !== undefined && !this.live.delete(address)) {
      throw new Error(`arena: block ${address} is freed but not in use`);
    }
    this.accountBytes(-1, -pages * PAGE_BYTES);
    const marked = Math.min(pages, PAGES_PER_SEGMENT);
    for (let p = page; p < page + marked; p++) {
      this.pageClass[p] = 0;
      this.link(p, 0);
    }
    const segment = Math.floor(page / PAGES_PER_SEGMENT);
    // One longer than others is of no use but for this block.
    if (this.bytes[segment]!.length <= SEGMENT_BYTES) return;
    this.dropSegment(segment, (array) => this.discard(array));
  }

  /** First page of a run of free pages within one segment, or -1. */
  private findRun(pages: number): number {
    for (let segment = 0; segment < this.bytes.length; segment++) {
      const first = segment * PAGES_PER_SEGMENT;
      const end = first + Math.min(this.bytes[segment]!.length / PAGE_BYTES, PAGES_PER_SEGMENT);
      let run = 0;
      for (let p = Math.max(first, 1); p < end; p++) {
        run = this.pageClass[p] === 0 && this.leaving[segment] === 0 ? run + 1 : 0;
        if (run === pages) return p - pages + 1;
      }
    }
    return -1;
  }

  private account(cls: number, blocks: number): void {
    this.accountBytes(blocks, blocks * CLASS_SIZE[cls]!);
  }

  private accountBytes(blocks: number, bytes: number): void {
    this.blocks += blocks;
    this.usedBytes += bytes;
    if (this.meter !== undefined) this.meter.add(bytes);
  }

  private noteAlloc(address: number, cls: number): void {
    this.live!.set(address, cls);
    // A reader of what nobody wrote shall see nonsense, too.
    const at = (address & SEGMENT_MASK) << 3;
    this.bytes[address >>> SEGMENT_SHIFT]!.fill(0xcd, at, at + CLASS_SIZE[cls]!);
  }

  private checkFree(address: number, cls: number, page: number): void {
    const known = this.live!.get(address);
    if (known === undefined) throw new Error(`arena: block ${address} is freed but not in use`);
    if (known !== cls || this.pageClass[page] !== cls) {
      throw new Error(
        `arena: block ${address} of ${CLASS_SIZE[known]} bytes is freed as ${CLASS_SIZE[cls]}`,
      );
    }
    this.live!.delete(address);
    // A reader of freed memory shall see nonsense.
    const at = (address & SEGMENT_MASK) << 3;
    this.bytes[address >>> SEGMENT_SHIFT]!.fill(0xdb, at, at + CLASS_SIZE[cls]!);
  }

  /** Makes a page with room the class's current one. The full page before it is in no list. */
  private nextPage(cls: number): void {
    let page = this.listHead[cls]!;
    if (page >= 0) {
      this.unlink(page, cls);
    } else {
      page = this.listHead[0]!;
      if (page < 0) {
        this.addPages();
        page = this.listHead[0]!;
      }
      this.unlink(page, 0);
      this.touch(page);
      this.pageClass[page] = cls;
      this.pageUsed[page] = 0;
      this.pageFree[page] = 0;
      // Address 0 must stay unused.
      this.pageCut[page] = page === 0 ? CLASS_SIZE[cls]! >>> 3 : 0;
    }
    this.current[cls] = page;
  }

  private touch(page: number): void {
    if (this.pageTouched[page] === 1) return;
    this.pageTouched[page] = 1;
    this.touchedBytes += PAGE_BYTES;
  }

  /** An emptied page goes back to the pool. */
  private releasePage(page: number): void {
    this.pageClass[page] = 0;
    this.link(page, 0);
  }

  private isEmptySegment(segment: number): boolean {
    const first = segment * PAGES_PER_SEGMENT;
    for (let p = first; p < first + PAGES_PER_SEGMENT; p++) {
      if (this.pageClass[p] !== 0) return false;
    }
    return true;
  }

  private dropSegment(segment: number, give: (array: BigArray) => void): void {
    const first = segment * PAGES_PER_SEGMENT;
    for (let p = first; p < first + PAGES_PER_SEGMENT; p++) {
      this.unlink(p, 0);
      this.touchedBytes -= this.pageTouched[p]! * PAGE_BYTES;
      this.pageTouched[p] = 0;
    }
    this.leaving[segment] = 0;
    this.capacityBytes -= this.bytes[segment]!.length;
    give(this.bytes[segment]!);
    this.bytes[segment] = NO_BYTES;
    this.words[segment] = NO_WORDS;
    this.emptySegments.push(segment);
  }

  private link(page: number, list: number): void {
    if (this.leaving[page >>> SEGMENT_PAGES_SHIFT] === 1) return;
    const head = this.listHead[list]!;
    this.pageNext[page] = head;
    this.pagePrev[page] = -1;
    if (head >= 0) this.pagePrev[head] = page;
    this.listHead[list] = page;
  }

  private unlink(page: number, list: number): void {
    if (this.leaving[page >>> SEGMENT_PAGES_SHIFT] === 1) return;
    const next = this.pageNext[page]!;
    const prev = this.pagePrev[page]!;
    if (prev >= 0) this.pageNext[prev] = next;
    else this.listHead[list] = next;
    if (next >= 0) this.pagePrev[next] = prev;
    this.pageNext[page] = -1;
    this.pagePrev[page] = -1;
  }

  private addPages(): void {
    const first = this.bytes[0];
    if (first !== undefined && first.length < FIRST_SEGMENT_MAX) {
      const bytes = new Uint8Array(Math.min(first.length * 4, FIRST_SEGMENT_MAX));
      bytes.set(first);
      this.setSegment(0, bytes, first.length / PAGE_BYTES);
      this.capacityBytes += bytes.length - first.length;
      return;
    }
    this.addSegment(first === undefined ? FIRST_SEGMENT_BYTES : SEGMENT_BYTES);
  }

  /** @param size in bytes; more than SEGMENT_BYTES for one block that long @returns its number */
  private addSegment(size: number): number {
    const segment = this.emptySegments.at(-1) ?? this.bytes.length;
    if (segment >= MAX_SEGMENTS) throw new ArenaFullError();
    const bytes = new Uint8Array(size);
    this.emptySegments.pop();
    this.setSegment(segment, bytes, 0);
    this.capacityBytes += size;
    return segment;
  }

  /** Puts a segment in place and its pages from the `from`th on into the pool. */
  private setSegment(segment: number, bytes: Uint8Array, from: number): void {
    this.bytes[segment] = bytes;
    this.words[segment] = new Int32Array(bytes.buffer);
    const firstPage = segment * PAGES_PER_SEGMENT;
    if (firstPage + PAGES_PER_SEGMENT > this.pageClass.length) {
      const pages = Math.max(firstPage + PAGES_PER_SEGMENT, this.pageClass.length * 2);
      this.pageClass = enlarge(this.pageClass, new Uint8Array(pages));
      this.pageUsed = enlarge(this.pageUsed, new Int32Array(pages));
      this.pageFree = enlarge(this.pageFree, new Int32Array(pages));
      this.pageCut = enlarge(this.pageCut, new Int32Array(pages));
      this.pageTouched = enlarge(this.pageTouched, new Uint8Array(pages));
      this.pageNext = enlarge(this.pageNext, new Int32Array(pages).fill(-1));
      this.pagePrev = enlarge(this.pagePrev, new Int32Array(pages).fill(-1));
    }
    // Linked from the last to the first, so that pages are used in rising order.
    const pages = Math.min(bytes.length / PAGE_BYTES, PAGES_PER_SEGMENT);
    for (let page = pages - 1; page >= from; page--) {
      this.link(firstPage + page, 0);
    }
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);

function enlarge<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
