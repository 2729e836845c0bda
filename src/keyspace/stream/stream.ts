/**
 * A stream: a log of entries, each a list of fields and values under an ID that only rises.
 *
 *     nodes (a radix tree by ID)       macro nodes (listpacks in an arena's blocks)
 *       1526919030474-0  ───────────>  | master | entry | entry | … 100 of them |
 *       1526919030512-7  ───────────>  | master | entry | entry | … |             <- tail
 *
 * Entries are appended to the last node until it is full (4096 bytes or 100 entries, as
 * configured); see macro-node.ts for what a node holds. Deleted entries are only marked; a node
 * goes once none of its entries counts any more.
 *
 * Invariants: a node's key is not above its first entry's ID; `length` is the sum of the nodes' live
 * counts; `tail` is the last node's block, or 0; all IDs in the stream are at most `lastId`.
 *
 * The structure is Redis's (stream.h), where also the counters come from.
 */
import { type Arena, blockBytes, SEGMENT_MASK, SEGMENT_SHIFT } from '../../datastructs/arena.js';
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { EMPTY_LISTPACK_BYTES, Listpack } from '../../datastructs/listpack.js';
import { copyBytes } from '../../datastructs/move-bytes.js';
import { NOT_FOUND, Rax } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import { readWord } from '../../datastructs/words.js';
import type { EncodingLimits } from '../encoding-limits.js';
import type { BigArray, OwnedObject } from '../object-table.js';
import { CONSUMER_BYTES, ConsumerGroup, GROUP_BYTES } from './consumer-group.js';
import { type Counter, plus } from './counter.js';
import { evacuateTree } from './evacuate-tree.js';
import { StreamHome } from './home.js';
import {
  changeCounts,
  countIn,
  DELETED,
  type EntrySource,
  elementOverhead,
  FIXED_OVERHEAD,
  FULL,
  liveCount,
  putEntry,
  putMaster,
  SAME_FIELDS,
} from './macro-node.js';
import { NameIndex } from './name-index.js';
import { type NodeOwner, NodeStore } from './node-store.js';
import { PENDING_BYTES } from './pending.js';
import { ID_KEY_BYTES, StreamId } from './stream-id.js';

/** A node is never let grow beyond this, whatever is configured; nor is an entry, in bytes. */
export const ENTRY_MAX_BYTES = 1 << 30;
/** Up to this size a growing node's block doubles. */
const DOUBLING_MAX = 4096;
/** Bytes of a stream on the JavaScript heap, about, for used_memory. */
const STREAM_BYTES = 820;

export class Stream implements OwnedObject, NodeOwner {
  accountedBytes = 0;
  /** Entries. */
  length = 0;
  /** The greatest ID that was ever added. */
  readonly lastId = new StreamId();
  /** Whether `lastId` is known to be the last entry's; if not, it may still be. */
  lastIdIsThere = false;
  /** The first entry's ID; 0-0 if there is none. */
  readonly firstId = new StreamId();
  /** The greatest ID that was ever deleted by XDEL. */
  readonly maxDeletedId = new StreamId();
  /** Entries that were ever added. */
  entriesAdded: Counter = DOUBLE_FIELD;
  groups: NameIndex<ConsumerGroup> | undefined = undefined;

  /** The last node: its block and the bytes of that, its key. */
  tail = 0;
  tailCapacity = 0;
  readonly tailId = new StreamId();

  readonly home: StreamHome;

  constructor(
    arena: Arena,
    /** Macro nodes: from an ID to a block's address. */
    readonly nodes = new Rax(arena),
    home = new StreamHome(arena),
  ) {
    this.entriesAdded = 0;
    this.home = home;
  }

  // ---- entries

  /**
   * Appends an entry.
   * @param id greater than `lastId` @param entry not in this stream's arena, at most
   *   ENTRY_MAX_BYTES
   */
  append(id: StreamId, entry: EntrySource, limits: EncodingLimits): void {
    const size = entryBytes(entry);
    const flags = this.tail !== 0 ? this.countInTail(size, entry, limits) : FULL;
    if (flags !== FULL) {
      lp.beginAppend(size + entryOverhead(entry));
      putEntry(lp, id, node.id, entry, flags);
    } else {
      if (this.tail !== 0) node.openTail(this).trimRoom();
      const room = fieldBytes(entry) + size + 2 * entryOverhead(entry);
      this.addNode(id, room);
      lp.attach(node);
      Listpack.init(node);
      lp.beginAppend(room);
      putMaster(lp, entry);
      putEntry(lp, id, id, entry, SAME_FIELDS);
    }
    lp.endAppend();
    this.length++;
    this.entriesAdded = plus(this.entriesAdded, 1);
    this.lastId.copyFrom(id);
    this.lastIdIsThere = true;
    if (this.length === 1) this.firstId.copyFrom(id);
    if (this.home.isCramped) this.moveOut();
  }

  /**
   * Marks an entry as deleted and takes it from the counts, or its node away if it was the last.
   * The caller sees to `firstId` and `maxDeletedId`.
   * @param key of the node @param flagsAt position of the entry's flags
   */
  markDeleted(address: number, key: Uint8Array, flagsAt: number): void {
    lp.attach(node.open(this, address, key, 0));
    this.length--;
    if (liveCount(lp) === 1) {
      this.removeNode(address, key);
      return;
    }
    lp.replaceByInteger(flagsAt, lp.integer(flagsAt) | DELETED);
    changeCounts(lp, -1, 1);
  }

  /** Removes a node with all its entries; `length` is the caller's to change. */
  removeNode(address: number, key: Uint8Array): void {
    const isTail = address === this.tail;
    const capacity = isTail ? this.tailCapacity : blockBytes(this.nodeLength(address));
    this.nodes.remove(key, 0, ID_KEY_BYTES);
    this.home.arena.free(address, capacity);
    this.home.nodeBytes -= capacity;
    if (isTail) this.findTail();
  }

  /** The capacity to give a node that has to grow to so many bytes. */
  roomFor(length: number): number {
    const room =
      2 * length <= DOUBLING_MAX ? 2 * length : Math.max(DOUBLING_MAX, length + (length >>> 3));
    return blockBytes(room);
  }

  // ---- a stream that is read from a file: its nodes in any order, then `nodesLoaded`

  /**
   * Adds a macro node.
   * @param key its key, 16 bytes @param live entries in it that count
   * @returns false if there is one with that key
   */
  loadNode(key: Uint8Array, bytes: Uint8Array, off: number, len: number, live: number): boolean {
    if (this.nodes.find(key, 0, ID_KEY_BYTES) !== NOT_FOUND) return false;
    const { home } = this;
    const capacity = blockBytes(len);
    const address = home.arena.alloc(capacity);
    const to = home.arena.bytes[address >>> SEGMENT_SHIFT]!;
    copyBytes(bytes, off, len, to, (address & SEGMENT_MASK) << 3);
    home.nodeBytes += capacity;
    this.nodes.set(key, 0, ID_KEY_BYTES, address);
    this.length += live;
    this.settleHome();
    return true;
  }

  nodesLoaded(): void {
    this.findTail();
  }

  // ---- groups

  group(name: Uint8Array, off: number, len: number): ConsumerGroup | undefined {
    return this.groups?.find(name, off, len);
  }

  /** Adds a group whose name is not there. @param name not to be changed any more */
  addGroup(name: Uint8Array, lastId: StreamId, entriesRead: Counter): ConsumerGroup {
    this.groups ??= new NameIndex(this.home.arena);
    const group = new ConsumerGroup(name, this.home);
    group.lastId.copyFrom(lastId);
    group.entriesRead = entriesRead;
    this.groups.add(group);
    return group;
  }

  removeGroup(group: ConsumerGroup): void {
    group.clear();
    this.groups!.remove(group);
  }

  /** Has the stream move to an arena of its own if it has become too big; after adding to groups. */
  settleHome(): void {
    if (this.home.isCramped) this.moveOut();
  }

  // ---- as an object of a database

  get memoryBytes(): number {
    let bytes = STREAM_BYTES + this.home.consumers * CONSUMER_BYTES;
    if (this.groups !== undefined) bytes += this.groups.size * GROUP_BYTES;
    return this.home.owned ? bytes + this.home.arena.usedBytes : bytes;
  }

  get sharedBytes(): number {
    if (this.home.owned) return 0;
    let bytes = this.home.nodeBytes + this.nodes.bytes + this.home.pending * PENDING_BYTES;
    if (this.groups !== undefined) {
      bytes += this.groups.rax.bytes;
      for (const group of this.groups) bytes += group.blockBytes;
    }
    return bytes;
  }

  copy(shared: Arena): Stream {
    const home = new StreamHome(this.home.owned ? shared.sibling() : shared);
    home.owned = this.home.owned;
    const nodes = this.nodes.copy(home.arena, (address) => this.copyNode(address, home));
    const copy = new Stream(home.arena, nodes, home);
    copy.length = this.length;
    copy.lastId.copyFrom(this.lastId);
    copy.lastIdIsThere = this.lastIdIsThere;
    copy.firstId.copyFrom(this.firstId);
    copy.maxDeletedId.copyFrom(this.maxDeletedId);
    copy.entriesAdded = this.entriesAdded;
    copy.groups = this.groups?.copy(home.arena, (group) => group.copy(home));
    copy.findTail();
    return copy;
  }

  moveTo(shared: Arena): void {
    if (!this.home.owned) this.rehome(shared);
  }

  get ownArena(): Arena | undefined {
    return this.home.owned ? this.home.arena : undefined;
  }

  *evacuate(count: number): Generator<void> {
    yield* evacuateTree(this.nodes, count, (key, address) => this.moveNode(key, address));
    const { groups } = this;
    if (groups === undefined) return;
    for (const group of groups.inAnyOrder()) yield* group.evacuate(count);
    yield* evacuateTree(groups.rax, count, () => {});
  }

  dispose(): readonly BigArray[] {
    if (this.home.owned) return this.home.arena.takeMemory();
    const { arena } = this.home;
    this.nodes.clear((address) => {
      const capacity =
        address === this.tail ? this.tailCapacity : blockBytes(this.nodeLength(address));
      arena.free(address, capacity);
    });
    if (this.groups !== undefined) {
      for (const group of this.groups) group.clear();
      this.groups.rax.clear(() => {});
    }
    return [];
  }

  // ---- nodes

  /**
   * Opens the last node and counts an entry of so many bytes that is to be appended to it.
   * @returns the entry's flags, or FULL
   */
  private countInTail(size: number, entry: EntrySource, limits: EncodingLimits): number {
    node.openTail(this);
    const { streamNodeMaxBytes: bytes, streamNodeMaxEntries: entries } = limits;
    const maxBytes = bytes === 0 || bytes > ENTRY_MAX_BYTES ? ENTRY_MAX_BYTES : bytes;
    if (node.range.len + size >= maxBytes) return FULL;
    return countIn(lp.attach(node), entry, entries);
  }

  /** Adds an empty last node and opens it. @param bytes that it will need about */
  private addNode(id: StreamId, bytes: number): void {
    const { home } = this;
    const capacity = blockBytes(EMPTY_LISTPACK_BYTES + bytes);
    const address = home.arena.alloc(capacity);
    home.nodeBytes += capacity;
    this.tail = address;
    this.tailCapacity = capacity;
    this.tailId.copyFrom(id);
    id.writeKey(scratchKey, 0);
    this.nodes.set(scratchKey, 0, ID_KEY_BYTES, address);
    node.openTail(this);
    node.range.len = 0;
  }

  /** Learns anew which node is the last, of which all have just the blocks they need. */
  private findTail(): void {
    const it = new RaxIterator().attach(this.nodes);
    if (!it.last()) {
      this.tail = 0;
      this.tailCapacity = 0;
      return;
    }
    this.tail = it.value;
    this.tailId.readKey(it.key, 0);
    this.tailCapacity = blockBytes(this.nodeLength(it.value));
  }

  private nodeLength(address: number): number {
    const bytes = this.home.arena.bytes[address >>> SEGMENT_SHIFT]!;
    return readWord(bytes, (address & SEGMENT_MASK) << 3);
  }

  /** Moves a node, if its segment is being emptied. */
  private moveNode(key: Uint8Array, address: number): void {
    const { arena } = this.home;
    if (!arena.isLeaving(address)) return;
    const isTail = address === this.tail;
    const capacity = isTail ? this.tailCapacity : blockBytes(this.nodeLength(address));
    const moved = arena.alloc(capacity);
    const from = arena.bytes[address >>> SEGMENT_SHIFT]!;
    const to = arena.bytes[moved >>> SEGMENT_SHIFT]!;
    const off = (address & SEGMENT_MASK) << 3;
    copyBytes(from, off, capacity, to, (moved & SEGMENT_MASK) << 3);
    arena.free(address, capacity);
    this.nodes.set(key, 0, ID_KEY_BYTES, moved);
    if (isTail) this.tail = moved;
  }

  /** A copy of a node, without room, in another arena. @returns its address */
  private copyNode(address: number, home: StreamHome): number {
    const length = this.nodeLength(address);
    const capacity = blockBytes(length);
    const copy = home.arena.alloc(capacity);
    const from = this.home.arena.bytes[address >>> SEGMENT_SHIFT]!;
    const to = home.arena.bytes[copy >>> SEGMENT_SHIFT]!;
    const off = (address & SEGMENT_MASK) << 3;
    copyBytes(from, off, length, to, (copy & SEGMENT_MASK) << 3);
    home.nodeBytes += capacity;
    return copy;
  }

  /** To an arena of its own. */
  private moveOut(): void {
    this.rehome(this.home.arena.sibling());
    this.home.owned = true;
  }

  private rehome(arena: Arena): void {
    const { home } = this;
    const from = home.arena;
    const target = new StreamHome(arena);
    const move = (address: number): number => {
      const copy = this.copyNode(address, target);
      const capacity =
        address === this.tail ? this.tailCapacity : blockBytes(this.nodeLength(address));
      from.free(address, capacity);
      return copy;
    };
    this.nodes.rehome(arena, move);
    if (this.groups !== undefined) {
      for (const group of this.groups) group.rehome(arena);
      this.groups.rax.rehome(arena, (value) => value);
    }
    home.arena = arena;
    home.nodeBytes = target.nodeBytes;
    this.findTail();
  }
}

// Scratch: what they look at means nothing between calls.
const node = new NodeStore();
const lp = new Listpack(node);
const scratchKey = new Uint8Array(ID_KEY_BYTES);

/** Bytes of an entry's fields and values. */
function entryBytes(entry: EntrySource): number {
  let bytes = 0;
  const end = entry.at + 2 * entry.fields;
  for (let i = entry.at; i < end; i++) bytes += entry.lens[i]!;
  return bytes;
}

/** Bytes of an entry's fields alone. */
function fieldBytes(entry: EntrySource): number {
  let bytes = 0;
  for (let i = 0; i < entry.fields; i++) bytes += entry.lens[entry.at + 2 * i]!;
  return bytes;
}

/** Bytes that an entry's elements take at most besides fields and values, the fixed ones included. */
function entryOverhead(entry: EntrySource): number {
  let bytes = FIXED_OVERHEAD;
  const end = entry.at + 2 * entry.fields;
  for (let i = entry.at; i < end; i++) bytes += elementOverhead(entry.lens[i]!);
  return bytes;
}
