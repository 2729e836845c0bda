/**
 * The bytes of one of a stream's macro nodes: a listpack in a block of the stream's arena.
 *
 * A node's length is the first word of the listpack itself, so a block needs none. Only the last
 * node grows: it has room in advance, by doubling, which it loses once it is full; all others take
 * just what they need. When a block moves, the stream's tree learns of its new address.
 *
 * Valid until another node of the stream, or anything in its arena, changes: open it anew after that.
 */
import { blockBytes, SEGMENT_MASK, SEGMENT_SHIFT } from '../../datastructs/arena.js';
import { ByteRange, type ByteStore } from '../../datastructs/byte-store.js';
import { copyBytes } from '../../datastructs/move-bytes.js';
import type { Rax } from '../../datastructs/rax.js';
import { readWord } from '../../datastructs/words.js';
import type { StreamHome } from './home.js';
import { ID_KEY_BYTES, StreamId } from './stream-id.js';

/** What a store must know of the stream whose nodes it looks at, and may change. */
export interface NodeOwner {
  readonly home: StreamHome;
  /** The nodes' addresses, by their keys. */
  readonly nodes: Rax;
  /** The last node: its block and the bytes of that, its key. */
  tail: number;
  tailCapacity: number;
  readonly tailId: StreamId;
  /** The capacity to give a node that has to grow to so many bytes. */
  roomFor(length: number): number;
}

export class NodeStore implements ByteStore {
  readonly range = new ByteRange();
  address = 0;
  /** The node's key: the ID that its entries' IDs are relative to. */
  id: StreamId;
  private readonly ownId = new StreamId();
  private stream!: NodeOwner;

  constructor() {
    this.id = this.ownId;
  }

  /** Looks at a node. @param key its key's bytes, from `at` on */
  open(stream: NodeOwner, address: number, key: Uint8Array, at: number): this {
    this.stream = stream;
    this.address = address;
    this.id = this.ownId.readKey(key, at);
    this.locate();
    this.range.len = readWord(this.range.buf, this.range.off);
    return this;
  }

  /** Looks at a stream's last node, whose ID it knows. */
  openTail(stream: NodeOwner): this {
    this.stream = stream;
    this.address = stream.tail;
    this.id = stream.tailId;
    this.locate();
    this.range.len = readWord(this.range.buf, this.range.off);
    return this;
  }

  resize(len: number): void {
    const { range, stream } = this;
    const isTail = this.address === stream.tail;
    const capacity = isTail ? stream.tailCapacity : blockBytes(range.len);
    if (len > capacity) this.relocate(capacity, isTail ? stream.roomFor(len) : blockBytes(len));
    else if (!isTail && blockBytes(len) !== capacity) this.relocate(capacity, blockBytes(len));
    range.len = len;
  }

  /** Makes the last node's block no bigger than it need be. */
  trimRoom(): void {
    const { tailCapacity } = this.stream;
    const needed = blockBytes(this.range.len);
    if (needed < tailCapacity) this.relocate(tailCapacity, needed);
  }

  private locate(): void {
    const { arena } = this.stream.home;
    const { range } = this;
    range.buf = arena.bytes[this.address >>> SEGMENT_SHIFT]!;
    range.off = (this.address & SEGMENT_MASK) << 3;
  }

  private relocate(before: number, capacity: number): void {
    const { stream, address } = this;
    const { arena } = stream.home;
    const moved = arena.alloc(capacity);
    const from = arena.bytes[address >>> SEGMENT_SHIFT]!;
    const off = (address & SEGMENT_MASK) << 3;
    this.address = moved;
    this.locate();
    copyBytes(from, off, Math.min(before, capacity), this.range.buf, this.range.off);
    arena.free(address, before);
    stream.home.nodeBytes += capacity - before;
    this.id.writeKey(scratch, 0);
    stream.nodes.set(scratch, 0, ID_KEY_BYTES, moved);
    if (address === stream.tail) {
      stream.tail = moved;
      stream.tailCapacity = capacity;
    }
    // The tree may have taken blocks, and the arena another buffer.
    this.locate();
  }
}

const scratch = new Uint8Array(ID_KEY_BYTES);
