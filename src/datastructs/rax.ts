/**
 * Rax: a radix tree, which maps byte strings to numbers and keeps them in order.
 *
 * Keys that begin alike share the path of their common bytes. A stretch of bytes without a fork is
 * one node (a run); where keys part, a node (a branch) has one slot for each byte that follows.
 * "annibale", "annientare" and "anno":
 *
 *     (ann) -> [i o]
 *               | `-> value of "anno"
 *              [b e]
 *               | `-> (ntare) -> value of "annientare"
 *               `-> (ale) -> value of "annibale"
 *
 * A key that is the beginning of another has its value in the node where it ends; all others have
 * it in the slot that leads to their end, so a leaf takes four bytes. Nodes are blocks of an arena
 * (see rax-node.ts) and refer to each other by address: a million keys are no JavaScript object.
 *
 * Keys are any bytes, the empty string too. Values are 31 bits: 0 to 2^31-1, an arena's address for
 * one. Lookup, insert and removal take as many steps as the key has forks.
 *
 * Invariants: a run has at least one byte, a branch at least two slots; what a run leads to is a
 * leaf, a branch, or a node that is a key. So the tree depends on its keys alone, not on the order
 * in which they came, and `nodes` is what Redis's rax would have.
 *
 * The idea is Redis's (rax.c). `version` counts changes of shape, for iterators (rax-iterator.ts).
 */
import { type Arena, blockBytes, SEGMENT_MASK, SEGMENT_SHIFT, sameClass } from './arena.js';
import { DOUBLE_FIELD } from './double-field.js';
import { copyBytes, moveBytes } from './move-bytes.js';
import { COUNT_SHIFT, KEY, lowerBound, NodeView, nodeBytes, RUN, slotCount } from './rax-node.js';

/** What a lookup answers when there is no such key. */
export const NOT_FOUND = -1;
const SLOT_BYTES = 4;

export class Rax {
  /** Keys. */
  size = 0;
  /** Where the tree begins, as a slot. */
  root = 0;
  /** Grows with every change of the tree's shape. */
  version = 0;
  /** Bytes of all nodes, each rounded to its class. */
  bytes = DOUBLE_FIELD;
  /** Nodes with a block of their own. */
  private blocks = 0;
  /** Keys that are leaves. */
  private leaves = 0;

  constructor(public arena: Arena) {
    this.bytes = 0;
  }

  /** Nodes as Redis counts them: leaves are some, and an empty tree has one. */
  get nodes(): number {
    return Math.max(1, this.blocks + this.leaves);
  }

  /** The key's value, or NOT_FOUND. Allocates nothing. */
  find(key: Uint8Array, off: number, len: number): number {
    const { arena } = this;
    let slot = this.root;
    let i = 0;
    while (slot > 0) {
      const words = arena.words[slot >>> SEGMENT_SHIFT]!;
      const bytes = arena.bytes[slot >>> SEGMENT_SHIFT]!;
      const at = (slot & SEGMENT_MASK) << 1;
      const header = words[at]!;
      const n = header >>> COUNT_SHIFT;
      const slots = at + 1 + (header & KEY);
      if (i === len) return (header & KEY) !== 0 ? words[at + 1]! : NOT_FOUND;
      if ((header & RUN) !== 0) {
        const chars = (slots + 1) << 2;
        if (len - i < n) return NOT_FOUND;
        for (let j = 0; j < n; j++) if (bytes[chars + j] !== key[off + i + j]) return NOT_FOUND;
        i += n;
        slot = words[slots]!;
      } else {
        const chars = (slots + n) << 2;
        const c = key[off + i]!;
        const index = lowerBound(bytes, chars, n, c);
        if (index === n || bytes[chars + index] !== c) return NOT_FOUND;
        i++;
        slot = words[slots + index]!;
      }
    }
    return slot < 0 && i === len ? ~slot : NOT_FOUND;
  }

  /** Adds a key, or gives it another value. @returns the value that it had, or NOT_FOUND */
  set(key: Uint8Array, off: number, len: number, value: number): number {
    const slot = this.locate(key, off, len);
    const { consumed, matched, depth } = path;
    if (slot < 0 && consumed === len) {
      this.setSlot(depth, ~value);
      return ~slot;
    }
    if (slot > 0 && consumed === len && matched === 0) return this.setOwn(depth, slot, value);
    this.addAt(slot, key, off, len, value);
    return NOT_FOUND;
  }

  /** Adds a key unless it is there. @returns the value that it has already, or NOT_FOUND */
  add(key: Uint8Array, off: number, len: number, value: number): number {
    const slot = this.locate(key, off, len);
    const { consumed, matched, depth } = path;
    if (slot < 0 && consumed === len) return ~slot;
    if (slot > 0 && consumed === len && matched === 0) {
      view.open(this.arena, slot);
      return view.isKey ? view.value : this.setOwn(depth, slot, value);
    }
    this.addAt(slot, key, off, len, value);
    return NOT_FOUND;
  }

  /** Removes a key. @returns the value that it had, or NOT_FOUND */
  remove(key: Uint8Array, off: number, len: number): number {
    const slot = this.locate(key, off, len);
    const { consumed, matched, depth } = path;
    if (consumed !== len || matched !== 0 || slot === 0) return NOT_FOUND;
    if (slot < 0) {
      this.leaves--;
      this.cut(depth);
      this.size--;
      this.version++;
      return ~slot;
    }
    view.open(this.arena, slot);
    if (!view.isKey) return NOT_FOUND;
    const { value } = view;
    this.dropOwn(depth, slot);
    this.size--;
    this.version++;
    return value;
  }

  /**
   * Frees all nodes, one by one; the tree is empty after that.
   * @param drop is given every value, in no particular order
   */
  clear(drop: (value: number) => void): void {
    const { arena, root } = this;
    if (root < 0) drop(~root);
    const pending = root > 0 ? [root] : [];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const { words, slots, header } = view.open(arena, node);
      if ((header & KEY) !== 0) drop(words[slots - 1]!);
      const end = slots + slotCount(header);
      for (let at = slots; at < end; at++) {
        const slot = words[at]!;
        if (slot < 0) drop(~slot);
        else pending.push(slot);
      }
      arena.free(node, nodeBytes(header));
    }
    this.root = 0;
    this.size = 0;
    this.bytes = 0;
    this.blocks = 0;
    this.leaves = 0;
    this.version++;
  }

  /** A tree of the same keys in another arena. @param map gives the copy's value for a value */
  copy(arena: Arena, map: (value: number) => number): Rax {
    const copy = new Rax(arena);
    copy.root = this.root;
    copy.size = this.size;
    copy.bytes = this.bytes;
    copy.blocks = this.blocks;
    copy.leaves = this.leaves;
    copy.transplant(this.arena, map, keepNode);
    return copy;
  }

  /** Moves all nodes to another arena. @param map gives the new value for a value */
  rehome(arena: Arena, map: (value: number) => number): void {
    const from = this.arena;
    this.arena = arena;
    this.transplant(from, map, freeNode);
    this.version++;
  }

  /**
   * Moves the nodes on the way to a key out of segments that are being emptied. Every node is on the
   * way to some key.
   */
  moveWay(key: Uint8Array, off: number, len: number): void {
    const { arena } = this;
    const end = this.locate(key, off, len);
    const { depth } = path;
    for (let d = 0; d < depth; d++) {
      const node = path.nodes[d]!;
      if (arena.isLeaving(node)) path.nodes[d] = this.moveNode(d, node);
    }
    if (end > 0 && arena.isLeaving(end)) this.moveNode(depth, end);
  }

  /** Moves the node at this depth of the path. @returns its new address */
  private moveNode(depth: number, node: number): number {
    const { arena } = this;
    const size = nodeBytes(view.open(arena, node).header);
    const moved = copyNode(arena, node, size, arena);
    arena.free(node, size);
    this.setSlot(depth, moved);
    this.version++;
    return moved;
  }

  /** Has all nodes, which are in `from`, copied to this tree's arena. */
  private transplant(
    from: Arena,
    map: (value: number) => number,
    leave: (arena: Arena, node: number, size: number) => void,
  ): void {
    const { arena } = this;
    const move = (slot: number): number => {
      if (slot === 0) return 0;
      if (slot < 0) return ~map(~slot);
      const size = nodeBytes(view.open(from, slot).header);
      const node = copyNode(from, slot, size, arena);
      leave(from, slot, size);
      pending.push(node);
      return node;
    };
    // Nodes already copied whose slots are as they were.
    const pending: number[] = [];
    this.root = move(this.root);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const { slots, header } = view.open(arena, node);
      const words = () => arena.words[node! >>> SEGMENT_SHIFT]!; // anew after every alloc
      if ((header & KEY) !== 0) {
        const value = map(words()[slots - 1]!);
        words()[slots - 1] = value;
      }
      const end = slots + slotCount(header);
      for (let at = slots; at < end; at++) {
        const moved = move(words()[at]!);
        words()[at] = moved;
      }
    }
  }

  // ---- walking down

  /**
   * Goes as far as the key leads and notes the way in `path`.
   * @returns the slot where that ends: 0 in an empty tree; a leaf, at the end of the key or
   *   before it; a node, `path.matched` bytes into its run
   */
  private locate(key: Uint8Array, off: number, len: number): number {
    const { arena } = this;
    let slot = this.root;
    let i = 0;
    let depth = 0;
    let matched = 0;
    while (slot > 0) {
      const words = arena.words[slot >>> SEGMENT_SHIFT]!;
      const bytes = arena.bytes[slot >>> SEGMENT_SHIFT]!;
      const at = (slot & SEGMENT_MASK) << 1;
      const header = words[at]!;
      const n = header >>> COUNT_SHIFT;
      const slots = at + 1 + (header & KEY);
      if (i === len) break;
      let index = 0;
      if ((header & RUN) !== 0) {
        const chars = (slots + 1) << 2;
        const limit = Math.min(n, len - i);
        let j = 0;
        while (j < limit && bytes[chars + j] === key[off + i + j]) j++;
        i += j;
        if (j < n) {
          matched = j;
          break;
        }
      } else {
        const chars = (slots + n) << 2;
        const c = key[off + i]!;
        index = lowerBound(bytes, chars, n, c);
        if (index === n || bytes[chars + index] !== c) break;
        i++;
      }
      path.push(depth++, slot, index);
      slot = words[slots + index]!;
    }
    path.depth = depth;
    path.consumed = i;
    path.matched = matched;
    return slot;
  }

  /** Writes the slot that leads to this depth of the path. */
  private setSlot(depth: number, slot: number): void {
    if (depth === 0) {
      this.root = slot;
      return;
    }
    const { words, slots } = view.open(this.arena, path.nodes[depth - 1]!);
    words[slots + path.indexes[depth - 1]!] = slot;
  }

  // ---- adding

  /** Gives a node a value of its own. @returns the one that it had, or NOT_FOUND */
  private setOwn(depth: number, node: number, value: number): number {
    const { words, slots, header } = view.open(this.arena, node);
    if ((header & KEY) !== 0) {
      const before = words[slots - 1]!;
      words[slots - 1] = value;
      return before;
    }
    const keyed = this.resized(node, header | KEY);
    view.open(this.arena, keyed);
    view.words[view.slots - 1] = value;
    this.setSlot(depth, keyed);
    this.size++;
    this.version++;
    return NOT_FOUND;
  }

  /** Adds a key that is not there, where `locate` has stopped. */
  private addAt(slot: number, key: Uint8Array, off: number, len: number, value: number): void {
    const { consumed, matched, depth } = path;
    this.size++;
    this.version++;
    const at = off + consumed;
    const rest = len - consumed;
    if (slot === 0) {
      this.setSlot(0, this.tail(key, at, rest, value));
    } else if (slot < 0) {
      // The leaf's key is the beginning of this one: it becomes a node.
      this.leaves--;
      this.setSlot(depth, this.run(~slot, key, at, rest, this.leaf(value)));
    } else if (view.open(this.arena, slot).isRun) {
      this.split(depth, slot, matched, key, at, rest, value);
    } else {
      const node = this.fork(slot, key[at]!, this.tail(key, at + 1, rest - 1, value));
      this.setSlot(depth, node);
    }
  }

  /** A slot to a leaf at the end of these bytes. */
  private tail(bytes: Uint8Array, off: number, len: number, value: number): number {
    const leaf = this.leaf(value);
    return len === 0 ? leaf : this.run(NOT_FOUND, bytes, off, len, leaf);
  }

  private leaf(value: number): number {
    this.leaves++;
    return ~value;
  }

  /** A new run of these bytes. @param own its own value, or NOT_FOUND */
  private run(own: number, from: Uint8Array, off: number, len: number, slot: number): number {
    const key = own === NOT_FOUND ? 0 : KEY;
    const node = this.allocate((len << COUNT_SHIFT) | RUN | key);
    const { words, slots, bytes, chars } = view.open(this.arena, node);
    if (key !== 0) words[slots - 1] = own;
    words[slots] = slot;
    copyBytes(from, off, len, bytes, chars);
    return node;
  }

  /** Has a run end after `j` of its bytes, where a key ends (`rest` is 0) or goes another way. */
  private split(
    depth: number,
    node: number,
    j: number,
    key: Uint8Array,
    off: number,
    rest: number,
    value: number,
  ): void {
    // Allocating may put another buffer in the arena's place: what was read stays as it is here.
    const { words, slots, bytes, chars, n, header } = view.open(this.arena, node);
    const own = (header & KEY) !== 0 ? words[slots - 1]! : NOT_FOUND;
    const below = words[slots]!;
    const headOwn = j === 0 ? own : NOT_FOUND;
    let middle: number;
    if (rest === 0) {
      middle = this.run(value, bytes, chars + j, n - j, below);
    } else {
      const c = bytes[chars + j]!;
      const after = n - j - 1;
      const old = after > 0 ? this.run(NOT_FOUND, bytes, chars + j + 1, after, below) : below;
      const fresh = this.tail(key, off + 1, rest - 1, value);
      middle = this.branchOfTwo(headOwn, c, old, key[off]!, fresh);
    }
    const top = j > 0 ? this.run(own, bytes, chars, j, middle) : middle;
    this.setSlot(depth, top);
    this.release(node, header);
  }

  private branchOfTwo(own: number, a: number, aSlot: number, b: number, bSlot: number): number {
    const key = own === NOT_FOUND ? 0 : KEY;
    const node = this.allocate((2 << COUNT_SHIFT) | key);
    const { words, slots, bytes, chars } = view.open(this.arena, node);
    if (key !== 0) words[slots - 1] = own;
    const first = a < b ? 0 : 1;
    words[slots + first] = aSlot;
    bytes[chars + first] = a;
    words[slots + 1 - first] = bSlot;
    bytes[chars + 1 - first] = b;
    return node;
  }

  /** A branch with one slot more. @returns what took its place */
  private fork(node: number, c: number, slot: number): number {
    const { header, n, bytes, chars } = view.open(this.arena, node);
    const index = lowerBound(bytes, chars, n, c);
    const size = nodeBytes(header);
    if (sameClass(size, size + SLOT_BYTES + 1)) {
      this.widen(node, index, c, slot);
      return node;
    }
    const grown = this.allocate(header + (1 << COUNT_SHIFT));
    old.open(this.arena, node);
    view.open(this.arena, grown);
    copyOwn(old, view);
    copySlots(old, 0, view, 0, index);
    copySlots(old, index, view, index + 1, n - index);
    view.words[view.slots + index] = slot;
    view.bytes[view.chars + index] = c;
    this.release(node, header);
    return grown;
  }

  /** As `fork`, within the node's block. */
  private widen(node: number, index: number, c: number, slot: number): void {
    const { words, bytes, slots, chars, n, header } = view.open(this.arena, node);
    words[slots - 1 - (header & KEY)] = header + (1 << COUNT_SHIFT);
    // The bytes go first: the slots grow into their place.
    moveBytes(bytes, chars + SLOT_BYTES + index + 1, chars + index, chars + n);
    moveBytes(bytes, chars + SLOT_BYTES, chars, chars + index);
    bytes[chars + SLOT_BYTES + index] = c;
    words.copyWithin(slots + index + 1, slots + index, slots + n);
    words[slots + index] = slot;
  }

  // ---- removing

  /** Takes the slot that leads to this depth of the path away: a leaf's, or of a node just freed. */
  private cut(depth: number): void {
    if (depth === 0) {
      this.root = 0;
      return;
    }
    const node = path.nodes[depth - 1]!;
    const { header, n, isKey, isRun, value } = view.open(this.arena, node);
    if (!isRun) {
      this.dropSlot(depth - 1, node, path.indexes[depth - 1]!, n);
      return;
    }
    this.release(node, header);
    if (isKey) this.setSlot(depth - 1, this.leaf(value));
    else this.cut(depth - 1);
  }

  /** Takes a slot out of the branch at this depth. */
  private dropSlot(depth: number, node: number, index: number, n: number): void {
    if (n === 2) {
      const { words, slots, bytes, chars, header, isKey, value } = view.open(this.arena, node);
      const own = isKey ? value : NOT_FOUND;
      const other = 1 - index;
      const c = bytes.subarray(chars + other, chars + other + 1);
      this.joinRun(depth, own, c, words[slots + other]!);
      this.release(node, header);
      return;
    }
    const { header } = view;
    const shrunk = this.allocate(header - (1 << COUNT_SHIFT));
    old.open(this.arena, node);
    view.open(this.arena, shrunk);
    copyOwn(old, view);
    copySlots(old, 0, view, 0, index);
    copySlots(old, index + 1, view, index, n - 1 - index);
    this.release(node, header);
    this.setSlot(depth, shrunk);
  }

  /** Takes a node's own value away. */
  private dropOwn(depth: number, node: number): void {
    const { header, isRun } = view;
    if (isRun) {
      const { words, slots, bytes, chars, n } = view;
      this.joinRun(depth, NOT_FOUND, bytes.subarray(chars, chars + n), words[slots]!);
      this.release(node, header);
      return;
    }
    this.setSlot(depth, this.resized(node, header & ~KEY));
  }

  /**
   * Puts a run of these bytes at this depth, joined with the runs before and behind it where
   * nothing holds them apart. @param own the run's value, or NOT_FOUND
   */
  private joinRun(depth: number, own: number, bytes: Uint8Array, slot: number): void {
    let joined = bytes;
    let below = slot;
    if (slot > 0) {
      const next = view.open(this.arena, slot);
      if (next.isRun && !next.isKey) {
        joined = concat(joined, next.bytes.subarray(next.chars, next.chars + next.n));
        below = next.words[next.slots]!;
        this.release(slot, next.header);
      }
    }
    let top = depth;
    let ownValue = own;
    if (own === NOT_FOUND && depth > 0) {
      const parent = path.nodes[depth - 1]!;
      const before = view.open(this.arena, parent);
      if (before.isRun) {
        joined = concat(before.bytes.subarray(before.chars, before.chars + before.n), joined);
        if (before.isKey) ownValue = before.value;
        this.release(parent, before.header);
        top = depth - 1;
      }
    }
    this.setSlot(top, this.run(ownValue, joined, 0, joined.length, below));
  }

  // ---- blocks

  private allocate(header: number): number {
    const size = nodeBytes(header);
    const node = this.arena.alloc(size);
    this.arena.words[node >>> SEGMENT_SHIFT]![(node & SEGMENT_MASK) << 1] = header;
    this.blocks++;
    this.bytes += blockBytes(size);
    return node;
  }

  private release(node: number, header: number): void {
    const size = nodeBytes(header);
    this.arena.free(node, size);
    this.blocks--;
    this.bytes -= blockBytes(size);
  }

  /** A node with or without room for a value of its own. @returns what took its place */
  private resized(node: number, header: number): number {
    const before = view.open(this.arena, node).header;
    const moved = this.allocate(header);
    old.open(this.arena, node);
    view.open(this.arena, moved);
    view.words.set(old.words.subarray(old.slots, old.slots + slotCount(header)), view.slots);
    copyBytes(old.bytes, old.chars, old.n, view.bytes, view.chars);
    this.release(node, before);
    return moved;
  }
}

/** The way from the root to where a lookup ended: nodes, and which of their slots was taken. */
class Path {
  nodes = new Int32Array(64);
  indexes = new Uint8Array(64);
  depth = 0;
  /** Bytes of the key that the way took, those matched in the last node included. */
  consumed = 0;
  /** Bytes matched in the run where it ended. */
  matched = 0;

  push(depth: number, node: number, index: number): void {
    if (depth === this.nodes.length) {
      const nodes = new Int32Array(2 * depth);
      nodes.set(this.nodes);
      this.nodes = nodes;
      const indexes = new Uint8Array(2 * depth);
      indexes.set(this.indexes);
      this.indexes = indexes;
    }
    this.nodes[depth] = node;
    this.indexes[depth] = index;
  }
}

// Scratch: what is in them means nothing between calls.
const path = new Path();
const view = new NodeView();
const old = new NodeView();

function copyOwn(from: NodeView, to: NodeView): void {
  if (from.isKey) to.words[to.slots - 1] = from.value;
}

/** Copies some slots of a branch to another, with their bytes. */
function copySlots(from: NodeView, at: number, to: NodeView, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) {
    to.words[to.slots + toAt + i] = from.words[from.slots + at + i]!;
    to.bytes[to.chars + toAt + i] = from.bytes[from.chars + at + i]!;
  }
}

function copyNode(from: Arena, node: number, size: number, to: Arena): number {
  const copy = to.alloc(size);
  const source = from.bytes[node >>> SEGMENT_SHIFT]!;
  const target = to.bytes[copy >>> SEGMENT_SHIFT]!;
  copyBytes(source, (node & SEGMENT_MASK) << 3, size, target, (copy & SEGMENT_MASK) << 3);
  return copy;
}

function keepNode(): void {}

function freeNode(arena: Arena, node: number, size: number): void {
  arena.free(node, size);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
