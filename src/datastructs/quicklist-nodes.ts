/**
 * The nodes of a list: a doubly linked chain of byte strings, each with its element count.
 *
 * A node is eight words of one Int32Array, named by its number (0: none); its bytes are a block in
 * an arena, or LZ4 of them. The block may be longer than the bytes, at either end:
 *
 *     block   |<- start ->|<----- bytes ----->|         |
 *             |           | listpack          |         |
 *             |<----------------- room ---------------->|
 *
 * so that pushing to and popping from either end moves no elements: a push to the front writes the
 * header anew, some bytes before the old one. Only the first and the last node have such room to
 * spare; the others' blocks fit.
 *
 * The blocks lie in the arena of the database while there are few; beyond SHARED_NODES or
 * SHARED_BYTES they move to an arena of the list's own, so that deleting a list of any length means
 * to throw that away. They never move back.
 *
 * This knows nothing of elements and limits; see quicklist.ts.
 */
import { type Arena, blockBytes, SEGMENT_MASK, SEGMENT_SHIFT, sameClass } from './arena.js';
import { ByteRange, type ByteStore } from './byte-store.js';
import { DOUBLE_FIELD } from './double-field.js';
import { copyBytes, moveBytes } from './move-bytes.js';
import { pack, packed, unpack } from './quicklist-lz4.js';

/** Nodes in a shared arena: as many as can be freed one by one in a few microseconds. */
const SHARED_NODES = 256;
/** Bytes there: as many as can be copied to an own arena in less than a millisecond. */
const SHARED_BYTES = 2 * 1024 * 1024;
/** After freeing so many bytes of an own arena, it is looked whether a segment may go back. */
const TRIM_AFTER_BYTES = 16 * 1024 * 1024;
/** Of an own arena with so many bytes out of use. */
const TRIM_SPARE_BYTES = 64 * 1024 * 1024;

/** A node's words, as a shift. */
const NODE_SHIFT = 3;
const PREV = 0;
const NEXT = 1;
/** Address of its block; NO_BLOCK: the node is free. */
const BLOCK = 2;
const NO_BLOCK = 0;
/** Its bytes, uncompressed. */
const BYTES = 3;
const COUNT = 4;
const FLAGS = 5;
/** Where the bytes begin in the block. */
const START = 6;
/** Bytes of the block; of a compressed node: of its compressed form. */
const ROOM = 7;

const PLAIN = 1;
const COMPRESSED = 2;

const FIRST_NODES = 4;
/** Of the objects of one list: about what V8 takes for them. */
const OBJECT_BYTES = 320;

/** An end of a list, and the direction towards it. */
export const ListEnd = { Head: 0, Tail: 1 } as const;
export type ListEnd = (typeof ListEnd)[keyof typeof ListEnd];

export class QuicklistNodes {
  /** The first node, 0 when there is none. */
  head = 0;
  tail = 0;
  /** How many there are. */
  length = 0;

  /** Whether `memoryBytes` may be another than when the owner last set this to false. */
  hasResized = true;

  // Where `locate` found a node's bytes.
  buf: Uint8Array = EMPTY;
  off = 0;

  private table = new Int32Array(FIRST_NODES << NODE_SHIFT);
  /** Lowest number never used. */
  private top = 1;
  /** First of the numbers that are free again, chained by NEXT. */
  private freed = 0;
  private ownsArena = false;
  /** Bytes of all blocks. */
  private blockSum = DOUBLE_FIELD;
  private freedBytes = DOUBLE_FIELD;

  constructor(
    private arena: Arena,
    /** Up to where an end node's block is made longer than needed, in bytes. */
    private readonly roomyBytes: number,
  ) {
    this.blockSum = 0;
    this.freedBytes = 0;
  }

  // ---- the object's memory; see OwnedObject

  get memoryBytes(): number {
    return OBJECT_BYTES + this.table.byteLength + (this.ownsArena ? this.blockSum : 0);
  }

  get sharedBytes(): number {
    return this.ownsArena ? 0 : this.blockSum;
  }

  copy(arena: Arena): QuicklistNodes {
    const copy = new QuicklistNodes(this.ownsArena ? arena.sibling() : arena, this.roomyBytes);
    copy.ownsArena = this.ownsArena;
    copy.table = this.table.slice();
    copy.top = this.top;
    copy.freed = this.freed;
    copy.head = this.head;
    copy.tail = this.tail;
    copy.length = this.length;
    copy.blockSum = this.blockSum;
    for (let n = this.head; n !== 0; n = this.next(n)) copy.adoptBlock(n, this.arena);
    return copy;
  }

  /** Takes the blocks to another arena, unless they have their own. */
  moveTo(arena: Arena): void {
    if (!this.ownsArena) this.rehome(arena);
  }

  get ownArena(): Arena | undefined {
    return this.ownsArena ? this.arena : undefined;
  }

  /** Moves blocks out of segments that are being emptied, so many nodes looked at with each step. */
  *evacuate(count: number): Generator<void> {
    for (let n = 1; n < this.top; n++) {
      const at = n << NODE_SHIFT;
      const block = this.table[at + BLOCK]!;
      if (block !== NO_BLOCK && this.arena.isLeaving(block)) {
        this.adoptBlock(n, this.arena);
        this.arena.free(block, this.table[at + ROOM]!);
      }
      if (n % count === 0) yield;
    }
  }

  /** Gives everything back. @returns big arrays that were this list's alone */
  dispose(): (Uint8Array | Int32Array)[] {
    const { table, arena } = this;
    if (this.ownsArena) return [...arena.takeMemory(), table];
    for (let n = this.head; n !== 0; n = this.next(n)) {
      const at = n << NODE_SHIFT;
      arena.free(table[at + BLOCK]!, table[at + ROOM]!);
    }
    return [];
  }

  // ---- looking at a node

  next(n: number): number {
    return this.table[(n << NODE_SHIFT) + NEXT]!;
  }

  prev(n: number): number {
    return this.table[(n << NODE_SHIFT) + PREV]!;
  }

  /** Bytes, not compressed. */
  bytes(n: number): number {
    return this.table[(n << NODE_SHIFT) + BYTES]!;
  }

  count(n: number): number {
    return this.table[(n << NODE_SHIFT) + COUNT]!;
  }

  setCount(n: number, count: number): void {
    this.table[(n << NODE_SHIFT) + COUNT] = count;
  }

  /** Whether it is one element's bytes and no listpack. */
  isPlain(n: number): boolean {
    return (this.table[(n << NODE_SHIFT) + FLAGS]! & PLAIN) !== 0;
  }

  isCompressed(n: number): boolean {
    return (this.table[(n << NODE_SHIFT) + FLAGS]! & COMPRESSED) !== 0;
  }

  /** Sets `buf` and `off` to where its block's content is; valid until anything is allocated. */
  locate(n: number): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    const block = table[at + BLOCK]!;
    this.buf = this.arena.bytes[block >>> SEGMENT_SHIFT]!;
    this.off = ((block & SEGMENT_MASK) << 3) + table[at + START]!;
  }

  /** Decompresses a node to `to`, leaving it as it is. */
  unpackTo(n: number, to: Uint8Array): void {
    this.locate(n);
    unpack(this.buf, this.off, this.table[(n << NODE_SHIFT) + ROOM]!, to, 0);
  }

  // ---- making and linking; a node must be linked before anything else is allocated

  /**
   * A node of so many bytes of undefined content, counted as no elements, in no chain.
   * @param end at which more will follow
   */
  createGrowing(bytes: number, end: ListEnd): number {
    const room = blockBytes(this.roomy(bytes));
    const n = this.createOf(bytes, room, 0);
    if (end === ListEnd.Head) this.table[(n << NODE_SHIFT) + START] = room - bytes;
    return n;
  }

  /** As `createGrowing`, without room to spare. */
  create(bytes: number): number {
    return this.createOf(bytes, blockBytes(bytes), 0);
  }

  /** A node of one element that is no listpack. */
  createPlain(bytes: Uint8Array, off: number, len: number): number {
    const n = this.createOf(len, blockBytes(len), PLAIN);
    this.setCount(n, 1);
    this.locate(n);
    copyBytes(bytes, off, len, this.buf, this.off);
    return n;
  }

  /** Puts a node in the chain before another, which is 0 in an empty chain. */
  linkBefore(n: number, other: number): void {
    this.link(n, other === 0 ? 0 : this.prev(other), other);
  }

  /** Puts a node in the chain behind another, which is 0 in an empty chain. */
  linkAfter(n: number, other: number): void {
    this.link(n, other, other === 0 ? 0 : this.next(other));
  }

  /** Takes a node out of the chain and frees it. */
  remove(n: number): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    const prev = table[at + PREV]!;
    const next = table[at + NEXT]!;
    if (prev !== 0) table[(prev << NODE_SHIFT) + NEXT] = next;
    else this.head = next;
    if (next !== 0) table[(next << NODE_SHIFT) + PREV] = prev;
    else this.tail = prev;
    this.length--;
    this.freeBlock(table[at + BLOCK]!, table[at + ROOM]!);
    table[at + BLOCK] = NO_BLOCK;
    table[at + NEXT] = this.freed;
    this.freed = n;
  }

  // ---- changing a node's length

  /** Makes it longer by `by` bytes at its front, undefined ones. The header is to be written anew. */
  growFront(n: number, by: number): void {
    const at = n << NODE_SHIFT;
    if (this.table[at + START]! < by) this.makeRoom(n, by, ListEnd.Head);
    const { table } = this;
    table[at + START] = table[at + START]! - by;
    table[at + BYTES] = table[at + BYTES]! + by;
  }

  /** Takes its first `by` bytes away. The header is to be written anew. */
  shrinkFront(n: number, by: number): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    table[at + START] = table[at + START]! + by;
    table[at + BYTES] = table[at + BYTES]! - by;
  }

  /** Makes it `len` bytes long, more or fewer at its end. */
  resize(n: number, len: number): void {
    const at = n << NODE_SHIFT;
    const { table } = this;
    const by = len - table[at + BYTES]!;
    if (table[at + START]! + len > table[at + ROOM]!) this.makeRoom(n, by, ListEnd.Tail);
    table[at + BYTES] = len;
    if (by < 0 && n !== this.head && n !== this.tail) this.fit(n);
  }

  /** Makes a node's block as short as can be. */
  fit(n: number): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    if ((table[at + FLAGS]! & COMPRESSED) !== 0) return;
    const bytes = table[at + BYTES]!;
    if (!sameClass(bytes, table[at + ROOM]!)) this.relocate(n, blockBytes(bytes), 0);
  }

  // ---- compression

  /** Compresses a node, if that makes it shorter. */
  compress(n: number): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    if ((table[at + FLAGS]! & COMPRESSED) !== 0) return;
    this.locate(n);
    const size = pack(this.buf, this.off, table[at + BYTES]!);
    if (size === 0) {
      this.fit(n);
      return;
    }
    const target = this.allocBlock(size);
    // Only now: the allocation may have moved it.
    const block = table[at + BLOCK]!;
    const room = table[at + ROOM]!;
    table[at + BLOCK] = target;
    table[at + ROOM] = size;
    table[at + START] = 0;
    table[at + FLAGS] = table[at + FLAGS]! | COMPRESSED;
    this.locate(n);
    copyBytes(packed, 0, size, this.buf, this.off);
    this.freeBlock(block, room);
  }

  decompress(n: number): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    if ((table[at + FLAGS]! & COMPRESSED) === 0) return;
    const size = table[at + ROOM]!;
    const room = blockBytes(table[at + BYTES]!);
    const target = this.allocBlock(room);
    // Only now: the allocation may have moved it.
    this.locate(n);
    const { buf, off } = this;
    const source = table[at + BLOCK]!;
    table[at + BLOCK] = target;
    table[at + ROOM] = room;
    table[at + FLAGS] = table[at + FLAGS]! & ~COMPRESSED;
    this.locate(n);
    unpack(buf, off, size, this.buf, this.off);
    this.freeBlock(source, size);
  }

  private link(n: number, prev: number, next: number): void {
    const { table } = this;
    table[(n << NODE_SHIFT) + PREV] = prev;
    table[(n << NODE_SHIFT) + NEXT] = next;
    if (prev !== 0) table[(prev << NODE_SHIFT) + NEXT] = n;
    else this.head = n;
    if (next !== 0) table[(next << NODE_SHIFT) + PREV] = n;
    else this.tail = n;
    this.length++;
  }

  private createOf(bytes: number, room: number, flags: number): number {
    const block = this.allocBlock(room);
    let n = this.freed;
    if (n !== 0) this.freed = this.next(n);
    else {
      n = this.top++;
      if (this.top << NODE_SHIFT > this.table.length) this.growTable();
    }
    const { table } = this;
    const at = n << NODE_SHIFT;
    table[at + PREV] = 0;
    table[at + NEXT] = 0;
    table[at + BLOCK] = block;
    table[at + BYTES] = bytes;
    table[at + COUNT] = 0;
    table[at + FLAGS] = flags;
    table[at + START] = 0;
    table[at + ROOM] = room;
    return n;
  }

  private growTable(): void {
    const bigger = new Int32Array(this.table.length * 2);
    this.hasResized = true;
    bigger.set(this.table);
    this.arena.discard(this.table);
    this.table = bigger;
  }

  /** What to ask for when so many bytes are needed and more will follow. */
  private roomy(bytes: number): number {
    return bytes < this.roomyBytes ? Math.min(bytes * 2, this.roomyBytes) : bytes;
  }

  /**
   * Makes at least `by` bytes free at one end: by sliding, if both ends together have enough that
   * this is seldom, else in a longer block.
   */
  private makeRoom(n: number, by: number, end: ListEnd): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    const bytes = table[at + BYTES]!;
    const room = table[at + ROOM]!;
    const isEnd = n === this.head || n === this.tail;
    const wanted = blockBytes(isEnd ? this.roomy(bytes + by) : bytes + by);
    const spare = room - bytes - by;
    if (spare >= 0 && (wanted <= room || spare > bytes >>> 2)) this.slide(n, spare, by, end);
    else this.relocate(n, wanted, end === ListEnd.Head ? wanted - bytes : 0);
  }

  /** Moves the bytes within their block: `by` free bytes at one end, and a share of the rest. */
  private slide(n: number, spare: number, by: number, end: ListEnd): void {
    const { table } = this;
    const at = n << NODE_SHIFT;
    this.locate(n);
    const bytes = table[at + BYTES]!;
    const start = end === ListEnd.Head ? by + ((spare + 1) >>> 1) : spare >>> 1;
    const from = this.off;
    moveBytes(this.buf, from - table[at + START]! + start, from, from + bytes);
    table[at + START] = start;
  }

  /** Gives a node another block, its bytes beginning at `start` there. */
  private relocate(n: number, room: number, start: number): void {
    const target = this.allocBlock(room);
    const { table } = this;
    const at = n << NODE_SHIFT;
    this.locate(n);
    const { buf, off } = this;
    const block = table[at + BLOCK]!;
    const oldRoom = table[at + ROOM]!;
    table[at + BLOCK] = target;
    table[at + ROOM] = room;
    table[at + START] = start;
    this.locate(n);
    copyBytes(buf, off, table[at + BYTES]!, this.buf, this.off);
    this.freeBlock(block, oldRoom);
  }

  private allocBlock(size: number): number {
    const bytes = blockBytes(size);
    if (!this.ownsArena) {
      if (this.length >= SHARED_NODES || this.blockSum + bytes > SHARED_BYTES) {
        this.rehome(this.arena.sibling());
        this.ownsArena = true;
      }
    }
    this.blockSum += bytes;
    this.hasResized = true;
    return this.arena.alloc(size);
  }

  private freeBlock(block: number, size: number): void {
    const bytes = blockBytes(size);
    this.blockSum -= bytes;
    this.hasResized = true;
    this.arena.free(block, size);
    if (!this.ownsArena) return;
    this.freedBytes += bytes;
    if (this.freedBytes < TRIM_AFTER_BYTES) return;
    this.freedBytes = 0;
    if (this.arena.capacityBytes - this.blockSum <= TRIM_SPARE_BYTES) return;
    this.arena.trim((array) => this.arena.discard(array));
  }

  private rehome(arena: Arena): void {
    const from = this.arena;
    this.arena = arena;
    const { table } = this;
    for (let n = this.head; n !== 0; n = this.next(n)) {
      const block = table[(n << NODE_SHIFT) + BLOCK]!;
      this.adoptBlock(n, from);
      from.free(block, table[(n << NODE_SHIFT) + ROOM]!);
    }
  }

  /** Copies a node's block, with its spare room, from another arena. */
  private adoptBlock(n: number, from: Arena): void {
    const { table, arena } = this;
    const at = n << NODE_SHIFT;
    const block = table[at + BLOCK]!;
    const room = table[at + ROOM]!;
    const target = arena.alloc(room);
    const source = from.bytes[block >>> SEGMENT_SHIFT]!;
    const off = (block & SEGMENT_MASK) << 3;
    copyBytes(
      source,
      off,
      room,
      arena.bytes[target >>> SEGMENT_SHIFT]!,
      (target & SEGMENT_MASK) << 3,
    );
    table[at + BLOCK] = target;
  }
}

const EMPTY = new Uint8Array(0);

/**
 * A node's bytes as a listpack's store: in place or, for reading, decompressed into a buffer of the
 * view's own. Valid until anything else of the list or its arena changes.
 */
export class NodeView implements ByteStore {
  readonly range = new ByteRange();
  private nodes!: QuicklistNodes;
  private node = 0;
  private unpacked = EMPTY;

  /** Looks at a node, compressed or not. */
  attach(nodes: QuicklistNodes, n: number): this {
    this.nodes = nodes;
    this.node = n;
    if (nodes.isCompressed(n)) this.takeUnpacked();
    else this.take();
    return this;
  }

  /** Of a node that is not compressed only. */
  resize(len: number): void {
    this.nodes.resize(this.node, len);
    this.take();
  }

  private take(): void {
    const { node, nodes, range } = this;
    nodes.locate(node);
    range.buf = nodes.buf;
    range.off = nodes.off;
    range.len = nodes.bytes(node);
  }

  private takeUnpacked(): void {
    const { node, nodes, range } = this;
    const len = nodes.bytes(node);
    if (this.unpacked.length < len) this.unpacked = new Uint8Array(Math.max(len, UNPACKED_MIN));
    nodes.unpackTo(node, this.unpacked);
    range.buf = this.unpacked;
    range.off = 0;
    range.len = len;
  }
}

const UNPACKED_MIN = 8192;
