/**
 * A hash table of byte strings outside of the JavaScript heap: the keyspace, and the big hashes,
 * sets and sorted sets.
 *
 *     buckets   [ 0 | 7 | 0 | 3 | … ]            one entry number per bucket (0: none)
 *                    |
 *     entries   … 7: { hash, next, block, meta }  16 bytes side by side, four in a cache line
 *                                  |
 *     arena     [ key length | value length | key | value ]
 *
 * A lookup costs one cache miss at each of the three. They depend on each other, but not on those
 * of another key: `warm` takes a batch of hashes and touches all buckets, then all entries, then all
 * blocks, so that the processor overlaps the misses of the whole batch. That, not the arithmetic, is
 * what makes a pipelined server fast.
 *
 * Entry numbers are stable for an entry's life: growing the table moves no entry, only relinks it.
 *
 * Growth is incremental: a second table of buckets is made, and every operation moves one bucket
 * over (`rehashStep`), so no single request pays for all. Lookups know from `rehashAt` which of the
 * two tables holds a hash.
 *
 * SCAN's cursor counts in reverse binary: it increments from the highest bit of the bucket number
 * downwards. A bucket of a table of size 2^n holds what lies in the buckets of a table of size
 * 2^(n+1) that share its low n bits; counting the high bits first visits those one after the other,
 * so a cursor stays right when the table grows or shrinks between two calls: every entry that is
 * there throughout is returned at least once. (The idea is Pieter Noordhuis's, for Redis's dict.)
 *
 * `meta` belongs to the owner (type, flags, access clock). Values are bytes inside the block, at
 * `valOff` after `locate`; what they mean is the owner's business.
 */
import { type Arena, blockBytes, SEGMENT_MASK, SEGMENT_SHIFT, sameClass } from './arena.js';
import { blockSize, lengthBytes, readLength, writeLength } from './block-lengths.js';
import { DOUBLE_FIELD } from './double-field.js';
import type { EntryMarks } from './entry-marks.js';
import type { MemoryMeter } from './memory-meter.js';
import { copyBytes } from './move-bytes.js';
import { type BigArray, release } from './release.js';
import { nextCursor } from './scan-cursor.js';
import { beginsSlab, segmentAfter } from './slab.js';
import { SpareTable } from './spare-table.js';

/** Entries of a segment, as a shift: 2^18 entries of 16 bytes are 4 MiB. */
const ENTRY_SHIFT = 18;
const ENTRY_MASK = (1 << ENTRY_SHIFT) - 1;
const SEGMENT_WORDS = 4 << ENTRY_SHIFT;
/** Few, for there may be many small collections. */
const FIRST_ENTRIES = 8;
const ENTRY_BYTES = 16;
const MIN_BUCKETS = 4;
const MAX_BUCKETS = 1 << 29;
/** Empty buckets that one rehash step may pass. */
const EMPTY_VISITS = 10;
/** By how much a table shrinks at most in one go. */
const MAX_SHRINK = 1024;
/** Load under which the table prepared for growth is given up again. */
const SPARE_LOAD = 7 / 8;
/** From this load on it grows though resizing is paused (Redis: dict_force_resize_ratio). */
const PAUSED_LOAD = 5;
/** Draws for a random entry before another way is tried. */
const RANDOM_TRIES = 100;
/** Hashes that `warm` takes at a time. */
export const WARM_MAX = 4096;

/** The words of an entry. */
const HASH = 0;
const NEXT = 1;
const BLOCK = 2;
const META = 3;

const BUCKET_BYTES = 4;
/** Entries per bucket from which on a table grows, whatever that costs (Redis: the same). */
const CROWDED_LOAD = 1.618;
/** Above all entry numbers. */
const MAX_ENTRY = 0x7fffffff;

const NO_TABLE = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/** Who counts the memory that a dict's tables take. */
export interface TableOwner {
  /** Buckets were given back, maybe by a mere lookup: `tableBytes` is another. */
  tablesChanged(): void;
}

export class Dict {
  /** Entries in use. */
  size = 0;
  /** Next bucket of `table` to be moved to `table1`; -1 when not rehashing. */
  rehashAt = -1;
  /** Whether growing, up to a point, and shrinking wait: while a snapshot is taken, as in Redis. */
  resizePaused = false;
  /** Entries that a walk by number, under way, is to leave out; undefined: there is no walk. */
  private marks: EntryMarks | undefined = undefined;

  // What `locate` found: the block's bytes, and where key and value lie in them.
  buf: Uint8Array = NO_BYTES;
  keyOff = 0;
  keyLen = 0;
  valOff = 0;
  valLen = 0;

  /**
   * Counts the tables along with others', and knows whether there is room for a bigger one: if not, it
   * waits until the dict is crowded. Only databases' have one: collections tell their size themselves.
   */
  private meter: MemoryMeter | undefined = undefined;
  /** What it was told of `tableBytes`. */
  private meteredBytes = DOUBLE_FIELD;

  /** Told when a rehash has ended; undefined: nobody. */
  owner: TableOwner | undefined = undefined;

  private table: Int32Array;
  private table1 = NO_TABLE;
  private mask: number;
  private mask1 = 0;
  private readonly spare = new SpareTable();
  /** Entries from which on an insert looks after the next table. */
  private prepareFrom: number;
  private readonly entries: Int32Array[] = [new Int32Array(FIRST_ENTRIES * 4)];
  private entryBytes = FIRST_ENTRIES * ENTRY_BYTES;
  /** First never used entry number (0 is "none"). */
  private top = 1;
  /** Chain of freed entries. */
  private freed = 0;
  /** Numbers from here on don't go there: they are about to be closed up. */
  private reusedBelow = MAX_ENTRY;

  constructor(
    /** Where the blocks are. */
    public arena: Arena,
    /** Buckets never fall below this; a power of two. */
    private readonly minBuckets = MIN_BUCKETS,
  ) {
    this.table = new Int32Array(minBuckets);
    this.mask = minBuckets - 1;
    this.prepareFrom = SpareTable.from(minBuckets);
    this.meteredBytes = 0;
  }

  /** The entry of this key, or 0. Allocates nothing; guarded by `npm run bench`. */
  find(key: Uint8Array, off: number, len: number, hash: number): number {
    let e: number;
    if (this.rehashAt >= 0) {
      this.rehashStep();
      e = this.chain(hash);
    } else {
      e = this.table[hash & this.mask]!;
    }
    while (e !== 0) {
      const words = this.entries[e >>> ENTRY_SHIFT]!;
      const at = (e & ENTRY_MASK) << 2;
      if (words[at] === hash && this.keyIs(words[at + BLOCK]!, key, off, len)) return e;
      e = words[at + NEXT]!;
    }
    return 0;
  }

  /**
   * Touches buckets, entries and blocks of these hashes (see above).
   * @param count at most WARM_MAX
   */
  warm(hashes: Int32Array, count: number): void {
    const { entries } = this;
    const { bytes } = this.arena;
    const scratch = WARM_SCRATCH;
    if (this.rehashAt >= 0) {
      for (let i = 0; i < count; i++) scratch[i] = this.chain(hashes[i]!);
    } else {
      const { table, mask } = this;
      for (let i = 0; i < count; i++) scratch[i] = table[hashes[i]! & mask]!;
    }
    // Entries: a hash that the first of its chain doesn't have goes on to the next, in a round of
    // its own, so that these misses overlap as well.
    let blocks = 0;
    let left = count;
    for (let round = 0; left > 0; round++) {
      let again = 0;
      for (let i = 0; i < left; i++) {
        const e = scratch[i]!;
        if (e === 0) continue;
        const words = entries[e >>> ENTRY_SHIFT]!;
        const at = (e & ENTRY_MASK) << 2;
        const hash = round === 0 ? hashes[i]! : scratch[AGAIN + i]!;
        if (words[at] === hash) {
          scratch[BLOCKS + blocks++] = words[at + BLOCK]!;
        } else {
          scratch[again] = words[at + NEXT]!;
          scratch[AGAIN + again++] = hash;
        }
      }
      left = again;
    }
    let sum = 0;
    for (let i = 0; i < blocks; i++) {
      const block = scratch[BLOCKS + i]!;
      const segment = bytes[block >>> SEGMENT_SHIFT]!;
      const at = (block & SEGMENT_MASK) << 3;
      // A block of a key and a short value lies in one or two cache lines.
      sum += segment[at]!;
      if (at + LINE_REACH < segment.length) sum += segment[at + LINE_REACH]!;
    }
    scratch[SUM] = sum & 0xffff; // keeps the loads alive
  }

  /**
   * As `warm`, for entries that are about to be removed.
   * @param count at most WARM_MAX
   */
  warmEntries(numbers: Int32Array, count: number): void {
    const { entries, table, mask } = this;
    const { bytes } = this.arena;
    const scratch = WARM_SCRATCH;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const e = numbers[i]!;
      scratch[i] = entries[e >>> ENTRY_SHIFT]![(e & ENTRY_MASK) << 2]!;
    }
    // While rehashing, only some of the buckets are in this table.
    for (let i = 0; i < count; i++) scratch[i] = table[scratch[i]! & mask]!;
    for (let i = 0; i < count; i++) {
      // The chain's first entry, from which the removal walks on; the block of our own.
      const head = scratch[i]!;
      const e = numbers[i]!;
      sum += entries[head >>> ENTRY_SHIFT]![(head & ENTRY_MASK) << 2]!;
      const block = entries[e >>> ENTRY_SHIFT]![((e & ENTRY_MASK) << 2) + BLOCK]!;
      sum += bytes[block >>> SEGMENT_SHIFT]![(block & SEGMENT_MASK) << 3]!;
    }
    scratch[WARM_MAX] = sum;
  }

  /** Sets `buf`, `keyOff`, `keyLen`, `valOff`, `valLen` to the entry's. */
  locate(e: number): void {
    const block = this.entries[e >>> ENTRY_SHIFT]![((e & ENTRY_MASK) << 2) + BLOCK]!;
    const bytes = this.arena.bytes[block >>> SEGMENT_SHIFT]!;
    let at = (block & SEGMENT_MASK) << 3;
    this.buf = bytes;
    let keyLen = bytes[at]!;
    let valLen = bytes[at + 1]!;
    if ((keyLen | valLen) < 128) {
      this.keyOff = at + 2;
      this.keyLen = keyLen;
      this.valOff = at + 2 + keyLen;
      this.valLen = valLen;
      return;
    }
    keyLen = readLength(bytes, at);
    at += lengthBytes(keyLen);
    valLen = readLength(bytes, at);
    at += lengthBytes(valLen);
    this.keyOff = at;
    this.keyLen = keyLen;
    this.valOff = at + keyLen;
    this.valLen = valLen;
  }

  /**
   * Adds a key that is not there, with room for `valLen` bytes of value; the caller writes them at
   * `buf[valOff..]` before it calls anything else.
   * @returns the entry's number
   */
  insert(
    key: Uint8Array,
    off: number,
    len: number,
    hash: number,
    valLen: number,
    meta: number,
  ): number {
    if (this.rehashAt >= 0) this.rehashStep();
    else if (this.size >= this.prepareFrom) this.growSoon();
    const block = this.makeBlock(len, valLen);
    const bytes = this.buf;
    const to = this.keyOff;
    copyBytes(key, off, len, bytes, to);

    const e = this.takeEntry();
    const words = this.entries[e >>> ENTRY_SHIFT]!;
    const at = (e & ENTRY_MASK) << 2;
    words[at] = hash;
    words[at + BLOCK] = block;
    words[at + META] = meta;
    if (this.rehashAt >= 0) {
      const b = hash & this.mask1;
      words[at + NEXT] = this.table1[b]!;
      this.table1[b] = e;
    } else {
      const b = hash & this.mask;
      words[at + NEXT] = this.table[b]!;
      this.table[b] = e;
    }
    this.size++;
    return e;
  }

  /**
   * Makes the entry's value `valLen` bytes long, keeping its first bytes as far as they fit, and
   * locates it.
   */
  resizeValue(e: number, valLen: number): void {
    this.locate(e);
    const oldVal = this.valLen;
    if (valLen === oldVal) return;
    const { keyLen, buf: oldBuf, keyOff: oldKey } = this;
    const oldSize = blockSize(keyLen, oldVal);
    const newSize = blockSize(keyLen, valLen);
    const words = this.entries[e >>> ENTRY_SHIFT]!;
    const at = ((e & ENTRY_MASK) << 2) + BLOCK;
    const keep = Math.min(oldVal, valLen);
    if (sameClass(oldSize, newSize)) {
      const block = words[at]!;
      if (lengthBytes(oldVal) !== lengthBytes(valLen)) {
        const shift = lengthBytes(valLen) - lengthBytes(oldVal);
        oldBuf.copyWithin(oldKey + shift, oldKey, oldKey + keyLen + keep);
      }
      this.writeHeader(block, keyLen, valLen);
      return;
    }
    const oldBlock = words[at]!;
    words[at] = this.makeBlock(keyLen, valLen);
    const { buf, keyOff } = this;
    copyBytes(oldBuf, oldKey, keyLen + keep, buf, keyOff);
    this.arena.free(oldBlock, oldSize);
  }

  /** Removes the entry. */
  remove(e: number): void {
    const words = this.entries[e >>> ENTRY_SHIFT]!;
    const at = (e & ENTRY_MASK) << 2;
    // In this order, the cache misses of block and bucket overlap.
    this.locate(e);
    this.unlink(e, words[at + HASH]!);
    this.arena.free(words[at + BLOCK]!, blockSize(this.keyLen, this.valLen));
    words[at + BLOCK] = 0;
    words[at + META] = 0;
    if (e < this.reusedBelow) {
      words[at + NEXT] = this.freed;
      this.freed = e;
    }
    this.size--;
    if (this.rehashAt >= 0) this.rehashStep();
    if (this.size === 0) this.forgetEntries();
  }

  /**
   * As `remove`, and gives the entry with the highest number the number of the one that goes. A dict
   * that removes only so has its entries at 1 … size: each is as likely drawn as the other, and mass
   * deletion gives their memory back.
   */
  removeDense(e: number): void {
    const words = this.entries[e >>> ENTRY_SHIFT]!;
    const at = (e & ENTRY_MASK) << 2;
    this.locate(e);
    this.unlink(e, words[at + HASH]!);
    this.arena.free(words[at + BLOCK]!, blockSize(this.keyLen, this.valLen));
    const last = --this.top;
    if (last !== e) this.renumber(last, e);
    this.entries[last >>> ENTRY_SHIFT]![((last & ENTRY_MASK) << 2) + BLOCK] = 0;
    this.size--;
    if (this.rehashAt >= 0) this.rehashStep();
    // A segment in reserve, so that a size which sways asks for none again and again.
    if (this.entries.length - 1 > (last + ENTRY_MASK) >>> ENTRY_SHIFT) {
      this.trim((array) => this.arena.discard(array));
    }
  }

  hashOf(e: number): number {
    return this.entries[e >>> ENTRY_SHIFT]![(e & ENTRY_MASK) << 2]!;
  }

  meta(e: number): number {
    return this.entries[e >>> ENTRY_SHIFT]![((e & ENTRY_MASK) << 2) + META]!;
  }

  setMeta(e: number, meta: number): void {
    this.entries[e >>> ENTRY_SHIFT]![((e & ENTRY_MASK) << 2) + META] = meta;
  }

  /** Address of the entry's block: changes only when the value moves. */
  blockOf(e: number): number {
    return this.entries[e >>> ENTRY_SHIFT]![((e & ENTRY_MASK) << 2) + BLOCK]!;
  }

  /** Bytes of the entry's block, its class's rounding included. Locates the entry. */
  blockBytesOf(e: number): number {
    this.locate(e);
    return blockBytes(blockSize(this.keyLen, this.valLen));
  }

  /** Bytes of the buckets and entries (the blocks are the arena's). */
  get tableBytes(): number {
    return (
      this.entryBytes + (this.table.length + this.table1.length) * BUCKET_BYTES + this.spare.bytes
    );
  }

  /** Has its tables counted; undefined: no more. */
  setMeter(meter: MemoryMeter | undefined): void {
    this.meter?.add(-this.meteredBytes);
    this.meter = meter;
    this.meteredBytes = 0;
    this.tally();
  }

  /** Buckets of the table, the one being filled left out. */
  get bucketCount(): number {
    return this.table.length;
  }

  /** Buckets of the table, and of the one that is being filled (0 when not rehashing). */
  get buckets(): [number, number] {
    return [this.table.length, this.table1.length];
  }

  /** Highest entry number ever used, plus one. */
  get entryTop(): number {
    return this.top;
  }

  /** Whether this number names an entry in use. */
  isUsed(e: number): boolean {
    return e > 0 && e < this.top && this.blockOf(e) !== 0;
  }

  /**
   * Begins a walk over the entries by their numbers, 1 up to `entryTop`, that others may change the
   * dict during: numbers that are given out again meanwhile are marked, so that the walk can tell
   * what was there at its begin. Not for dicts that use `removeDense`.
   */
  beginWalk(marks: EntryMarks): void {
    this.marks = marks;
  }

  endWalk(): void {
    this.marks = undefined;
    if (this.size === 0) this.forgetEntries();
  }

  /**
   * Any entry, each about as likely as the other; 0 when empty.
   * @param random numbers in [0, 1)
   */
  randomEntry(random: () => number): number {
    if (this.size === 0) return 0;
    // Entry numbers are dense but after mass deletion.
    if (this.size >= this.top >>> 4) {
      for (let tries = 0; tries < RANDOM_TRIES; tries++) {
        const e = 1 + Math.floor(random() * (this.top - 1));
        if (this.blockOf(e) !== 0) return e;
      }
    }
    return this.randomInBuckets(random);
  }

  /**
   * One step of an iteration: visits the entries of the cursor's bucket (or, while rehashing, of all
   * buckets that belong together) and returns the next cursor, 0 at the end. `visit` may remove the
   * entry it is given, and no other.
   */
  scan(cursor: number, visit: (e: number) => void): number {
    if (this.size === 0) return 0;
    let v = cursor >>> 0;
    // All entries first, then the visits: a visit that removes its entry moves buckets.
    const found: number[] = [];
    if (this.rehashAt < 0) {
      this.collect(this.table[v & this.mask]!, found);
      v = nextCursor(v, this.mask);
    } else {
      // The smaller table's bucket first, then its expansion in the larger one.
      const [small, large] =
        this.table.length < this.table1.length
          ? [this.table, this.table1]
          : [this.table1, this.table];
      const smallMask = small.length - 1;
      const largeMask = large.length - 1;
      this.collect(small[v & smallMask]!, found);
      do {
        this.collect(large[v & largeMask]!, found);
        v = nextCursor(v, largeMask);
      } while ((v & (smallMask ^ largeMask)) !== 0);
    }
    for (const e of found) visit(e);
    return v;
  }

  /** Moves buckets for about `micros` microseconds. @returns whether there is more to move */
  rehashFor(micros: number, nowMicros: () => number): boolean {
    const end = nowMicros() + micros;
    while (this.rehashAt >= 0) {
      for (let i = 0; i < 100 && this.rehashAt >= 0; i++) this.rehashStep();
      if (nowMicros() >= end) break;
    }
    return this.rehashAt >= 0;
  }

  /** Moves one bucket to the new table. */
  rehashStep(): void {
    const { table } = this;
    let empty = EMPTY_VISITS;
    let b = this.rehashAt;
    while (table[b] === 0) {
      b++;
      if (b === table.length) {
        this.finishRehash();
        return;
      }
      if (--empty === 0) {
        this.rehashAt = b;
        return;
      }
    }
    this.moveBucket(b);
    this.rehashAt = b + 1;
    if (b + 1 === table.length) this.finishRehash();
  }

  /** Begins to grow to (at least) room for `count` entries, without rehashing yet. */
  expand(count: number): void {
    if (this.rehashAt < 0 && count > this.table.length) this.resize(count);
  }

  /** Begins to shrink when the table is mostly empty (under one in eight). */
  shrinkIfSparse(): void {
    if (this.rehashAt >= 0 || this.resizePaused) return;
    if (this.spare.bytes > 0 && this.size < this.table.length * SPARE_LOAD) {
      this.arena.discard(this.spare.drop());
      this.tally();
    }
    if (this.table.length > this.minBuckets && this.size < this.table.length / 8) {
      // In steps: while rehashing, SCAN visits all buckets that become one in the smaller table.
      this.resize(this.size === 0 ? 0 : Math.max(this.size, this.table.length / MAX_SHRINK));
    }
  }

  /** Its tables, for whoever throws the dict away as a whole; it can't be used after that. */
  takeMemory(): Int32Array[] {
    const spare = this.spare.take(this.spare.bytes / 4);
    return [this.table, this.table1, spare, ...this.entries.splice(0).filter(beginsSlab)];
  }

  /** Has all blocks moved to another arena, and freed in the one they were in. */
  rehome(arena: Arena): void {
    const from = this.arena;
    this.arena = arena;
    for (let e = 1; e < this.top; e++) {
      if (this.blockOf(e) === 0) continue;
      const block = this.blockOf(e);
      this.adoptBlock(e, from);
      from.free(block, blockSize(this.keyLen, this.valLen));
    }
  }

  /** Another dict of the same content and entry numbers, with blocks of its own in `arena`. */
  copy(arena: Arena): Dict {
    // One table is simpler to copy than two.
    while (this.rehashAt >= 0) this.rehashStep();
    const copy = new Dict(arena, this.minBuckets);
    copy.table = this.table.slice();
    copy.mask = this.mask;
    copy.prepareFrom = this.prepareFrom;
    copy.entries[0] = this.entries[0]!.slice();
    for (let i = 1; i < this.entries.length; i++) {
      const segment = segmentAfter(copy.entries[i - 1]!, SEGMENT_WORDS);
      segment.set(this.entries[i]!);
      copy.entries.push(segment);
    }
    copy.entryBytes = this.entryBytes;
    copy.size = this.size;
    copy.top = this.top;
    copy.freed = this.freed;
    for (let e = 1; e < this.top; e++) if (copy.blockOf(e) !== 0) copy.adoptBlock(e, this.arena);
    return copy;
  }

  /** Frees all blocks, one by one. The dict can't be used after that. */
  freeBlocks(): void {
    for (let e = 1; e < this.top; e++) {
      const block = this.blockOf(e);
      if (block === 0) continue;
      this.locate(e);
      this.arena.free(block, blockSize(this.keyLen, this.valLen));
    }
  }

  /** Bytes of all blocks, each rounded to its class. */
  get blockBytes(): number {
    let total = 0;
    for (let e = 1; e < this.top; e++) if (this.blockOf(e) !== 0) total += this.blockBytesOf(e);
    return total;
  }

  /**
   * Gives a piece of memory back that emptying the dict has left, if there is one (1 or 2 ms).
   * @param give takes it instead
   * @returns whether there was one
   */
  trim(give: (array: BigArray) => void = release): boolean {
    const last = this.entries.length - 1;
    if (last < 1 || this.top > last << ENTRY_SHIFT) return false;
    const segment = this.entries.pop()!;
    if (beginsSlab(segment)) give(segment);
    this.entryBytes -= ENTRY_BYTES << ENTRY_SHIFT;
    this.tally();
    return true;
  }

  /** Moves the entry's block if it is in a segment that is being emptied. @returns whether it was */
  moveBlock(e: number): boolean {
    const { arena } = this;
    const block = this.blockOf(e);
    if (!arena.isLeaving(block)) return false;
    this.adoptBlock(e, arena);
    arena.free(block, blockSize(this.keyLen, this.valLen));
    return true;
  }

  /** Begins to give the entries with the highest numbers those that are in use no more. */
  beginClosing(): void {
    this.freed = 0;
    this.reusedBelow = 1;
  }

  /** Leaves the gaps that are left. They are closed with the next begin. */
  endClosing(): void {
    this.reusedBelow = MAX_ENTRY;
  }

  /** Bytes of entries that are in use no more. */
  get unusedEntryBytes(): number {
    return (this.top - 1 - this.size) * ENTRY_BYTES;
  }

  /**
   * Goes on with that. Not for dicts whose entry numbers others keep, but for those that `moved` is
   * told of; nor during a walk (`beginWalk`).
   * @param count of numbers to look at
   * @returns whether there are more
   */
  closeGaps(count: number, moved: (from: number, to: number) => void): boolean {
    if (this.reusedBelow === MAX_ENTRY) return false; // the dict was emptied meanwhile
    let gap = this.reusedBelow;
    for (let i = 0; i < count; i++) {
      const last = this.top - 1;
      if (last < gap) {
        this.reusedBelow = MAX_ENTRY;
        return false;
      }
      if (this.blockOf(gap) !== 0) gap++;
      else if (this.blockOf(last) === 0) this.top = last;
      else {
        this.renumber(last, gap);
        this.entries[last >>> ENTRY_SHIFT]![((last & ENTRY_MASK) << 2) + BLOCK] = 0;
        this.top = last;
        moved(last, gap);
      }
    }
    this.reusedBelow = gap;
    return true;
  }

  /** Gives an entry a copy of its block, which lies in the arena `from`, in this dict's arena. */
  private adoptBlock(e: number, from: Arena): void {
    const words = this.entries[e >>> ENTRY_SHIFT]!;
    const at = ((e & ENTRY_MASK) << 2) + BLOCK;
    const block = words[at]!;
    const bytes = from.bytes[block >>> SEGMENT_SHIFT]!;
    const start = (block & SEGMENT_MASK) << 3;
    const keyLen = readLength(bytes, start);
    const valLen = readLength(bytes, start + lengthBytes(keyLen));
    const target = this.makeBlock(keyLen, valLen);
    words[at] = target;
    this.arena.copyBlock(from, block, target, blockSize(keyLen, valLen));
  }

  /** Lengths of all chains: how many buckets hold n entries, by n. For DEBUG HTSTATS. */
  chainLengths(which: 0 | 1): number[] {
    const counts: number[] = [];
    for (const head of which === 0 ? this.table : this.table1) {
      let n = 0;
      for (let e = head; e !== 0; e = this.nextOf(e)) n++;
      counts[n] = (counts[n] ?? 0) + 1;
    }
    return counts;
  }

  /** Any entry, drawn by bucket: the buckets shrink with their content, entry numbers don't. */
  private randomInBuckets(random: () => number): number {
    const { table, table1 } = this;
    const buckets = table.length + table1.length;
    let head = 0;
    let b = 0;
    for (let tries = 0; head === 0; tries++) {
      // In a table not shrunk yet, a walk from the last draw ends it.
      b = tries < RANDOM_TRIES ? Math.floor(random() * buckets) : b + 1 < buckets ? b + 1 : 0;
      head = b < table.length ? table[b]! : table1[b - table.length]!;
    }
    let length = 0;
    for (let e = head; e !== 0; e = this.nextOf(e)) length++;
    for (let skip = Math.floor(random() * length); skip > 0; skip--) head = this.nextOf(head);
    return head;
  }

  private collect(head: number, into: number[]): void {
    for (let e = head; e !== 0; e = this.nextOf(e)) into.push(e);
  }

  private nextOf(e: number): number {
    return this.entries[e >>> ENTRY_SHIFT]![((e & ENTRY_MASK) << 2) + NEXT]!;
  }

  /** First entry of the chain that this hash belongs to. */
  private chain(hash: number): number {
    const b = hash & this.mask;
    // The step before may have been the last.
    if (this.rehashAt < 0) return this.table[b]!;
    if (b < this.rehashAt) return this.table1[hash & this.mask1]!;
    // Inserts go to the new table while rehashing: a bucket not yet moved may continue there.
    return this.joined(b, hash);
  }

  /**
   * While rehashing, new entries go into the new table, so the chain of an unmoved bucket is in
   * two parts. Moving that bucket now makes it one.
   */
  private joined(b: number, hash: number): number {
    this.moveBucket(b);
    return this.table1[hash & this.mask1]!;
  }

  private moveBucket(b: number): void {
    const { table, table1, mask1 } = this;
    let e = table[b]!;
    while (e !== 0) {
      const words = this.entries[e >>> ENTRY_SHIFT]!;
      const at = (e & ENTRY_MASK) << 2;
      const next = words[at + NEXT]!;
      const to = words[at]! & mask1;
      words[at + NEXT] = table1[to]!;
      table1[to] = e;
      e = next;
    }
    table[b] = 0;
  }

  private finishRehash(): void {
    this.arena.discard(this.table);
    this.table = this.table1;
    this.mask = this.mask1;
    this.table1 = NO_TABLE;
    this.mask1 = 0;
    this.rehashAt = -1;
    this.tally();
    if (this.owner !== undefined) this.owner.tablesChanged();
  }

  /** Tells the meter how its tables have grown or shrunk. To be called wherever `tableBytes` changes. */
  private tally(): void {
    if (this.meter === undefined) return;
    const bytes = this.tableBytes;
    const grown = bytes - this.meteredBytes;
    this.meteredBytes = bytes;
    if (grown !== 0) this.meter.add(grown);
  }

  /** Grows when the table is full, and makes the next one ready before it is. */
  private growSoon(): void {
    const { length } = this.table;
    if (this.resizePaused && this.size < length * PAUSED_LOAD) return;
    if (this.meter !== undefined && this.size <= length * CROWDED_LOAD) {
      if (!this.meter.hasRoomFor(length * 2 * BUCKET_BYTES)) return;
    }
    if (this.size > this.mask) this.resize(this.size + 1);
    else if (this.spare.advance(length * 2)) this.tally();
  }

  private resize(count: number): void {
    let buckets = this.minBuckets;
    while (buckets < count && buckets < MAX_BUCKETS) buckets *= 2;
    if (buckets === this.table.length) return;
    this.table1 = this.spare.take(buckets);
    this.mask1 = buckets - 1;
    this.prepareFrom = SpareTable.from(buckets);
    this.rehashAt = 0;
    this.tally();
    if (this.size === 0) this.finishRehash();
  }

  /** Starts entry numbers anew: none is in use. Their memory stays until `trim`. */
  private forgetEntries(): void {
    if (this.marks !== undefined) return;
    this.reusedBelow = MAX_ENTRY;
    this.top = 1;
    this.freed = 0;
  }

  private takeEntry(): number {
    const e = this.freed;
    if (e !== 0) {
      this.freed = this.nextOf(e);
      if (this.marks !== undefined) this.marks.add(e);
      return e;
    }
    const top = this.top;
    const segment = top >>> ENTRY_SHIFT;
    const words = this.entries[segment];
    if (words === undefined) {
      this.entries.push(segmentAfter(this.entries[segment - 1]!, SEGMENT_WORDS));
      this.entryBytes += ENTRY_BYTES << ENTRY_SHIFT;
      this.tally();
    } else if ((top & ENTRY_MASK) << 2 >= words.length) {
      // Only the first segment is shorter than the others.
      const bigger = new Int32Array(words.length * 2);
      bigger.set(words);
      this.entries[segment] = bigger;
      this.entryBytes += words.byteLength;
      this.tally();
    }
    this.top = top + 1;
    return top;
  }

  private unlink(e: number, hash: number): void {
    let table = this.table;
    let b = hash & this.mask;
    if (this.rehashAt >= 0) {
      this.chain(hash);
      table = this.table1;
      b = hash & this.mask1;
    }
    let at = table[b]!;
    if (at === e) {
      table[b] = this.nextOf(e);
      return;
    }
    while (at !== 0) {
      const following = this.nextOf(at);
      if (following === e) {
        this.entries[at >>> ENTRY_SHIFT]![((at & ENTRY_MASK) << 2) + NEXT] = this.nextOf(e);
        return;
      }
      at = following;
    }
    throw new Error('dict: an entry is missing from its bucket');
  }

  /** Moves an entry, which must be in its bucket, to a number that is not. */
  private renumber(e: number, to: number): void {
    const words = this.entries[e >>> ENTRY_SHIFT]!;
    const at = (e & ENTRY_MASK) << 2;
    const hash = words[at + HASH]!;
    const target = this.entries[to >>> ENTRY_SHIFT]!;
    const toAt = (to & ENTRY_MASK) << 2;
    this.unlink(e, hash);
    target[toAt + HASH] = hash;
    target[toAt + BLOCK] = words[at + BLOCK]!;
    target[toAt + META] = words[at + META]!;
    const rehashing = this.rehashAt >= 0;
    const table = rehashing ? this.table1 : this.table;
    const b = hash & (rehashing ? this.mask1 : this.mask);
    target[toAt + NEXT] = table[b]!;
    table[b] = to;
  }

  /** Whether the block's key is these bytes. */
  private keyIs(block: number, key: Uint8Array, off: number, len: number): boolean {
    const bytes = this.arena.bytes[block >>> SEGMENT_SHIFT]!;
    let at = (block & SEGMENT_MASK) << 3;
    const keyLen = bytes[at]!;
    if (keyLen < 128) {
      if (keyLen !== len) return false;
      at += bytes[at + 1]! < 128 ? 2 : 1 + lengthBytes(readLength(bytes, at + 1));
    } else {
      if (readLength(bytes, at) !== len) return false;
      at += lengthBytes(len);
      at += lengthBytes(readLength(bytes, at));
    }
    for (let i = 0; i < len; i++) if (bytes[at + i] !== key[off + i]) return false;
    return true;
  }

  /** A new block with its header written; locates key and value. */
  private makeBlock(keyLen: number, valLen: number): number {
    const block = this.arena.alloc(blockSize(keyLen, valLen));
    this.writeHeader(block, keyLen, valLen);
    return block;
  }

  private writeHeader(block: number, keyLen: number, valLen: number): void {
    const bytes = this.arena.bytes[block >>> SEGMENT_SHIFT]!;
    let at = (block & SEGMENT_MASK) << 3;
    if (keyLen < 128 && valLen < 128) {
      bytes[at] = keyLen;
      bytes[at + 1] = valLen;
      at += 2;
    } else {
      at = writeLength(bytes, at, keyLen);
      at = writeLength(bytes, at, valLen);
    }
    this.buf = bytes;
    this.keyOff = at;
    this.keyLen = keyLen;
    this.valOff = at + keyLen;
    this.valLen = valLen;
  }
}

/** What `warm` fills; its content means nothing between calls. */
const WARM_SCRATCH = new Int32Array(3 * WARM_MAX + 1);
const AGAIN = WARM_MAX;
const BLOCKS = 2 * WARM_MAX;
const SUM = 3 * WARM_MAX;
/** The second place of a block that is touched, in bytes from its begin. */
const LINE_REACH = 39;
