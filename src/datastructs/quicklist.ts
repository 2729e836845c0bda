/**
 * Quicklist: a long list, as a chain of listpacks.
 *
 *     [ a b c … ] <-> [ … ] <-> [ one element too big to share ] <-> [ … x y z ]
 *      head            inner: may be compressed                       tail
 *
 * A node holds as much as the list's fill limit allows (quicklist-limits.ts), so that an element
 * costs a few bytes and any change touches one or two small nodes. An element beyond the packed
 * threshold is a node by itself, its bytes plain. With a compress depth of d, all but the d nodes at
 * either end are LZ4.
 *
 * Where a node is full, an insertion goes to the neighbour if it is at the edge, else the node is
 * split and the parts are merged with their neighbours where both fit into one. When exactly is
 * Redis's, so lists here and there have the same nodes.
 *
 * Invariants: no node is empty; `count` is the sum of the nodes' counts; the nodes within the
 * compress depth are not compressed.
 *
 * Source: Redis's quicklist, as seen by DEBUG OBJECT and described in
 * https://matt.sh/redis-quicklist
 */
import type { Arena } from './arena.js';
import { DOUBLE_FIELD } from './double-field.js';
import {
  EMPTY_LISTPACK_BYTES,
  elementBytes,
  elementBytesBefore,
  LISTPACK_HEADER_BYTES,
  Listpack,
  writeHeader,
} from './listpack.js';
import { copyBytes } from './move-bytes.js';
import {
  clampDepth,
  clampFill,
  ELEMENT_OVERHEAD,
  exceedsNode,
  maxNodeCount,
  maxSharedBytes,
  type QuicklistSettings,
} from './quicklist-limits.js';
import { ListEnd, NodeView, QuicklistNodes } from './quicklist-nodes.js';

export { ListEnd } from './quicklist-nodes.js';

const LISTPACK_END = 0xff;
/** More than a node can hold. */
const COUNT_MAX = 0x7fffffff;

// For the time of one call: the listpack of the node at hand.
const view = new NodeView();
const lp = new Listpack(view);

export class Quicklist {
  /** Elements. */
  count = 0;
  readonly fill: number;
  /** Nodes at either end that are not compressed; 0: none is. */
  readonly depth: number;
  /** What the database has counted of `memoryBytes`; the database's to write. */
  accountedBytes = DOUBLE_FIELD;

  /** Limits of a node that takes another element. */
  private readonly maxBytes: number;
  private readonly maxCount: number;

  // Where `seek` found an element: its place in its node.
  offset = 0;

  /**
   * @param arena of the database that it belongs to
   * @param fill list-max-listpack-size @param depth list-compress-depth, as they stay for this list
   */
  constructor(
    arena: Arena,
    fill: number,
    depth: number,
    private readonly settings: QuicklistSettings,
    readonly nodes = new QuicklistNodes(arena, maxSharedBytes(clampFill(fill))),
  ) {
    this.accountedBytes = 0;
    this.fill = clampFill(fill);
    this.depth = clampDepth(depth);
    this.maxBytes = maxSharedBytes(this.fill);
    this.maxCount = Math.min(maxNodeCount(this.fill), COUNT_MAX);
  }

  // ---- its memory; see OwnedObject

  get memoryBytes(): number {
    return this.nodes.memoryBytes;
  }

  get sharedBytes(): number {
    return this.nodes.sharedBytes;
  }

  get ownArena(): Arena | undefined {
    return this.nodes.ownArena;
  }

  evacuate(count: number): Iterator<void> {
    return this.nodes.evacuate(count);
  }

  copy(arena: Arena): Quicklist {
    const nodes = this.nodes.copy(arena);
    const copy = new Quicklist(arena, this.fill, this.depth, this.settings, nodes);
    copy.count = this.count;
    return copy;
  }

  moveTo(arena: Arena): void {
    this.nodes.moveTo(arena);
  }

  dispose(): (Uint8Array | Int32Array)[] {
    return this.nodes.dispose();
  }

  // ---- the ends

  /** Puts an element at an end. Allocates nothing but nodes; guarded by `npm run bench -- lists`. */
  push(end: ListEnd, bytes: Uint8Array, off: number, len: number): void {
    if (end === ListEnd.Head) this.pushHead(bytes, off, len);
    else this.pushTail(bytes, off, len);
  }

  /** Takes the element at an end away. */
  drop(end: ListEnd): void {
    const { nodes } = this;
    const n = end === ListEnd.Head ? nodes.head : nodes.tail;
    this.count--;
    const left = nodes.count(n) - 1;
    if (left === 0) {
      nodes.remove(n);
      this.recompress(0);
      return;
    }
    nodes.locate(n);
    const { buf, off } = nodes;
    if (end === ListEnd.Head) {
      const size = elementBytes(buf, off + LISTPACK_HEADER_BYTES);
      nodes.shrinkFront(n, size);
      writeHeader(buf, off + size, nodes.bytes(n), left);
    } else {
      const last = off + nodes.bytes(n) - 1;
      const size = elementBytesBefore(buf, last);
      buf[last - size] = LISTPACK_END;
      nodes.resize(n, last - off - size + 1);
      writeHeader(buf, off, nodes.bytes(n), left);
    }
    nodes.setCount(n, left);
  }

  /** Adds a whole listpack at the tail, as a node. */
  appendListpack(bytes: Uint8Array, off: number, len: number, count: number): void {
    const { nodes } = this;
    const before = nodes.tail;
    const n = nodes.create(len);
    nodes.linkAfter(n, before);
    nodes.locate(n);
    copyBytes(bytes, off, len, nodes.buf, nodes.off);
    nodes.setCount(n, count);
    this.count += count;
    this.settleEnds(before);
  }

  /** Adds an element at the tail as a node of its own, whatever its length. */
  appendPlain(bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    this.count++;
    this.linkBeside(nodes.createPlain(bytes, off, len), nodes.tail, ListEnd.Tail);
  }

  // ---- anywhere

  /**
   * The node with the element of this index (0 … count - 1), walking from the nearer end; `offset`
   * is then its place in the node.
   */
  seek(index: number): number {
    const { nodes } = this;
    if (index <= (this.count - 1) / 2) {
      let n = nodes.head;
      let before = 0;
      for (let c = nodes.count(n); before + c <= index; c = nodes.count(n)) {
        before += c;
        n = nodes.next(n);
      }
      this.offset = index - before;
      return n;
    }
    let n = nodes.tail;
    let from = this.count - nodes.count(n);
    while (from > index) {
      n = nodes.prev(n);
      from -= nodes.count(n);
    }
    this.offset = index - from;
    return n;
  }

  /**
   * Puts an element beside the one at position `p` of node `n` (a plain node has no positions).
   * @param side Head: before it, Tail: behind it
   */
  insert(n: number, p: number, side: ListEnd, bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    nodes.decompress(n);
    const isEdge = this.isEdge(n, p, side);
    const neighbour = side === ListEnd.Head ? nodes.prev(n) : nodes.next(n);
    this.count++;
    if (this.isLarge(len)) {
      this.insertPlain(n, isEdge ? 0 : p, side, bytes, off, len);
    } else if (this.hasRoom(n, len)) {
      lp.attach(view.attach(nodes, n));
      if (side === ListEnd.Head) lp.insertBefore(p, bytes, off, len);
      else lp.insertAfter(p, bytes, off, len);
      nodes.setCount(n, nodes.count(n) + 1);
      this.recompress(n);
    } else if (isEdge && this.hasRoom(neighbour, len)) {
      this.extend(neighbour, side === ListEnd.Head ? ListEnd.Tail : ListEnd.Head, bytes, off, len);
      this.recompress(neighbour);
      this.recompress(n);
    } else if (isEdge) {
      this.linkBeside(this.createOne(bytes, off, len), n, side);
    } else {
      this.insertSplitting(n, p, side, bytes, off, len);
    }
  }

  /** Puts another element in the place of the one with this index. */
  replace(index: number, bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    const n = this.seek(index);
    if (nodes.isPlain(n)) this.replacePlain(n, bytes, off, len);
    else if (this.isLarge(len)) this.replaceByPlain(n, this.offset, bytes, off, len);
    else {
      nodes.decompress(n);
      lp.attach(view.attach(nodes, n));
      lp.replace(lp.seek(this.offset), bytes, off, len);
      this.recompress(n);
    }
  }

  /** Removes `extent` elements (there are so many) from this index on. */
  removeRange(index: number, extent: number): void {
    if (extent === 0) return;
    const { nodes } = this;
    let n = this.seek(index);
    let { offset } = this;
    let touched = 0;
    this.count -= extent;
    for (let left = extent; left > 0; offset = 0) {
      const next = nodes.next(n);
      const count = nodes.count(n);
      const removed = Math.min(left, count - offset);
      if (removed === count) nodes.remove(n);
      else {
        this.removeFrom(n, offset, removed);
        this.recompress(touched);
        touched = n;
      }
      left -= removed;
      n = next;
    }
    this.recompress(touched);
  }

  /**
   * Removes the element at position `p` of node `n`. When done with that node, call `recompress`.
   * @returns whether the node is gone with it
   */
  removeAt(n: number, p: number): boolean {
    const { nodes } = this;
    this.count--;
    const left = nodes.count(n) - 1;
    if (left === 0) {
      nodes.remove(n);
      this.recompress(0);
      return true;
    }
    nodes.decompress(n);
    lp.attach(view.attach(nodes, n));
    lp.remove(p);
    nodes.setCount(n, left);
    return false;
  }

  /**
   * Compresses a node that was changed, if it is not within the depth; decompresses those that have
   * come within it, compresses the first that are beyond.
   * @param touched the node, 0 for none
   */
  recompress(touched: number): void {
    const { depth, nodes } = this;
    if (depth === 0) return;
    let front = nodes.head;
    let back = nodes.tail;
    let isInner = touched !== 0;
    for (let i = 0; i < depth && front !== 0; i++) {
      nodes.decompress(front);
      nodes.decompress(back);
      if (front === touched || back === touched) isInner = false;
      front = nodes.next(front);
      back = nodes.prev(back);
    }
    if (nodes.length <= 2 * depth) return;
    if (isInner) nodes.compress(touched);
    nodes.compress(front);
    nodes.compress(back);
  }

  private pushHead(bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    const { head } = nodes;
    this.count++;
    if (this.isLarge(len)) {
      this.linkBeside(nodes.createPlain(bytes, off, len), head, ListEnd.Head);
    } else if (this.hasRoom(head, len)) {
      this.extend(head, ListEnd.Head, bytes, off, len);
    } else {
      this.linkBeside(this.createEnd(ListEnd.Head, bytes, off, len), head, ListEnd.Head);
    }
  }

  private pushTail(bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    const { tail } = nodes;
    this.count++;
    if (this.isLarge(len)) {
      this.linkBeside(nodes.createPlain(bytes, off, len), tail, ListEnd.Tail);
    } else if (this.hasRoom(tail, len)) {
      this.extend(tail, ListEnd.Tail, bytes, off, len);
    } else {
      this.linkBeside(this.createEnd(ListEnd.Tail, bytes, off, len), tail, ListEnd.Tail);
    }
  }

  private isLarge(len: number): boolean {
    return len >= this.settings.listPackedThreshold;
  }

  /** Whether node `n` (0: none) may take another element of this length. */
  private hasRoom(n: number, len: number): boolean {
    const { nodes } = this;
    if (n === 0 || nodes.isPlain(n)) return false;
    return (
      nodes.bytes(n) + len + ELEMENT_OVERHEAD <= this.maxBytes && nodes.count(n) < this.maxCount
    );
  }

  /** Adds an element to a node at one of its ends. */
  private extend(n: number, end: ListEnd, bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    if (this.depth !== 0) nodes.decompress(n);
    const count = nodes.count(n) + 1;
    const size = lp.bytesFor(bytes, off, len);
    const total = nodes.bytes(n) + size;
    let p = LISTPACK_HEADER_BYTES;
    if (end === ListEnd.Head) {
      nodes.growFront(n, size);
      nodes.locate(n);
    } else {
      nodes.resize(n, total);
      nodes.locate(n);
      nodes.buf[nodes.off + total - 1] = LISTPACK_END;
      p = total - 1 - size;
    }
    lp.fillGap(nodes.buf, nodes.off, total, p, bytes, off, count);
    nodes.setCount(n, count);
  }

  /** A node of one element, not linked yet. */
  private createOne(bytes: Uint8Array, off: number, len: number): number {
    const size = EMPTY_LISTPACK_BYTES + lp.bytesFor(bytes, off, len);
    const n = this.nodes.create(size);
    this.fillOne(n, bytes, off);
    return n;
  }

  /** As `createOne`, with room for more at an end of the list. */
  private createEnd(end: ListEnd, bytes: Uint8Array, off: number, len: number): number {
    const size = EMPTY_LISTPACK_BYTES + lp.bytesFor(bytes, off, len);
    const n = this.nodes.createGrowing(size, end);
    this.fillOne(n, bytes, off);
    return n;
  }

  /** Writes the measured element as a node's only one. */
  private fillOne(n: number, bytes: Uint8Array, off: number): void {
    const { nodes } = this;
    const total = nodes.bytes(n);
    nodes.locate(n);
    nodes.buf[nodes.off + total - 1] = LISTPACK_END;
    lp.fillGap(nodes.buf, nodes.off, total, LISTPACK_HEADER_BYTES, bytes, off, 1);
    nodes.setCount(n, 1);
  }

  /** Links a new node at a side of another (0: there is none). */
  private linkBeside(n: number, other: number, side: ListEnd): void {
    const { nodes } = this;
    if (side === ListEnd.Head) nodes.linkBefore(n, other);
    else nodes.linkAfter(n, other);
    this.settleEnds(other);
    if (n !== nodes.head && n !== nodes.tail) this.recompress(n);
  }

  /** After a node was linked beside `n`, which may have been an end till then. */
  private settleEnds(n: number): void {
    const { nodes } = this;
    if (n !== 0 && n !== nodes.head && n !== nodes.tail) nodes.fit(n);
    this.recompress(n);
  }

  /** Whether there is no element of node `n` on that side of position `p`. */
  private isEdge(n: number, p: number, side: ListEnd): boolean {
    if (this.nodes.isPlain(n)) return true;
    if (side === ListEnd.Head) return p === LISTPACK_HEADER_BYTES;
    lp.attach(view.attach(this.nodes, n));
    return lp.next(p) === 0;
  }

  /** @param p position beside which it is put, 0 if that is the edge of the node */
  private insertPlain(
    n: number,
    p: number,
    side: ListEnd,
    bytes: Uint8Array,
    off: number,
    len: number,
  ): void {
    let other = n;
    if (p !== 0) {
      const right = this.splitBeside(n, p, side);
      if (side === ListEnd.Head) other = right;
    }
    this.linkBeside(this.nodes.createPlain(bytes, off, len), other, side);
    this.recompressAround(n);
  }

  private insertSplitting(
    n: number,
    p: number,
    side: ListEnd,
    bytes: Uint8Array,
    off: number,
    len: number,
  ): void {
    const right = this.splitBeside(n, p, side);
    if (side === ListEnd.Tail) {
      this.extend(right, ListEnd.Head, bytes, off, len);
      this.recompressAround(this.mergeAround(n));
    } else {
      this.extend(n, ListEnd.Tail, bytes, off, len);
      this.recompressAround(this.mergeAround(right));
    }
  }

  /** Splits a node before (Head) or behind (Tail) position `p`. @returns the right part */
  private splitBeside(n: number, p: number, side: ListEnd): number {
    if (side === ListEnd.Head) return this.split(n, p);
    lp.attach(view.attach(this.nodes, n));
    return this.split(n, lp.next(p));
  }

  /** Moves the elements from `p` on to a new node behind. @returns that node */
  private split(n: number, p: number): number {
    const { nodes } = this;
    lp.attach(view.attach(nodes, n));
    let kept = 0;
    for (let q = LISTPACK_HEADER_BYTES; q !== p; q = lp.next(q)) kept++;
    const moved = nodes.count(n) - kept;
    const movedBytes = nodes.bytes(n) - p;
    const right = nodes.create(LISTPACK_HEADER_BYTES + movedBytes);
    nodes.linkAfter(right, n);
    nodes.locate(n);
    const { buf, off } = nodes;
    nodes.locate(right);
    copyBytes(buf, off + p, movedBytes, nodes.buf, nodes.off + LISTPACK_HEADER_BYTES);
    this.writeCount(right, moved);
    nodes.resize(n, p + 1);
    this.writeCount(n, kept);
    view.range.buf[view.range.off + p] = LISTPACK_END;
    return right;
  }

  /** Writes a node's header anew. */
  private writeCount(n: number, count: number): void {
    lp.attach(view.attach(this.nodes, n));
    lp.writeHeader(count);
    this.nodes.setCount(n, count);
  }

  private canMerge(a: number, b: number): boolean {
    const { nodes } = this;
    if (a === 0 || b === 0 || nodes.isPlain(a) || nodes.isPlain(b)) return false;
    const bytes = nodes.bytes(a) + nodes.bytes(b) - EMPTY_LISTPACK_BYTES;
    return !exceedsNode(this.fill, bytes, nodes.count(a) + nodes.count(b));
  }

  /** Adds what is in `b`, the node behind `a`, to `a`. */
  private merge(a: number, b: number): void {
    const { nodes } = this;
    nodes.decompress(a);
    nodes.decompress(b);
    const bytes = nodes.bytes(a);
    const added = nodes.bytes(b) - LISTPACK_HEADER_BYTES;
    nodes.resize(a, bytes + added - 1);
    nodes.locate(b);
    const { buf, off } = nodes;
    nodes.locate(a);
    copyBytes(buf, off + LISTPACK_HEADER_BYTES, added, nodes.buf, nodes.off + bytes - 1);
    this.writeCount(a, nodes.count(a) + nodes.count(b));
    nodes.remove(b);
  }

  /**
   * Merges the two nodes before a node, the two behind it, then it with both sides, as far as the
   * limit allows.
   * @returns the node that now holds what was in `n`
   */
  private mergeAround(n: number): number {
    const { nodes } = this;
    const prev = nodes.prev(n);
    const next = nodes.next(n);
    if (prev !== 0 && this.canMerge(nodes.prev(prev), prev)) this.merge(nodes.prev(prev), prev);
    if (next !== 0 && this.canMerge(next, nodes.next(next))) this.merge(next, nodes.next(next));
    let target = n;
    if (this.canMerge(nodes.prev(n), n)) {
      target = nodes.prev(n);
      this.merge(target, n);
    }
    if (this.canMerge(target, nodes.next(target))) this.merge(target, nodes.next(target));
    return target;
  }

  /** `recompress` for a node and two on either side. */
  private recompressAround(n: number): void {
    const { nodes } = this;
    if (this.depth === 0) return;
    let from = n;
    for (let i = 0; i < 2 && nodes.prev(from) !== 0; i++) from = nodes.prev(from);
    for (let i = 0; i < 5 && from !== 0; i++) {
      this.recompress(from);
      from = nodes.next(from);
    }
  }

  private removeFrom(n: number, offset: number, removed: number): void {
    const { nodes } = this;
    nodes.decompress(n);
    lp.attach(view.attach(nodes, n));
    lp.removeRange(offset, removed);
    nodes.setCount(n, nodes.count(n) - removed);
  }

  /** Replaces an element that is a plain node. */
  private replacePlain(n: number, bytes: Uint8Array, off: number, len: number): void {
    const { nodes } = this;
    if (this.isLarge(len)) {
      this.linkBeside(nodes.createPlain(bytes, off, len), n, ListEnd.Tail);
    } else {
      this.insert(n, 0, ListEnd.Tail, bytes, off, len);
      this.count--;
    }
    nodes.remove(n);
    this.recompress(0);
  }

  /** Replaces an element in a listpack by one that needs a node of its own. */
  private replaceByPlain(
    n: number,
    offset: number,
    bytes: Uint8Array,
    off: number,
    len: number,
  ): void {
    const { nodes } = this;
    nodes.decompress(n);
    lp.attach(view.attach(nodes, n));
    const p = lp.seek(offset);
    const behind = lp.next(p);
    if (behind !== 0) this.split(n, behind);
    const added = nodes.createPlain(bytes, off, len);
    nodes.linkAfter(added, n);
    this.count++;
    if (!this.removeAt(n, p)) this.mergeAround(added);
    this.recompressAround(added);
  }
}
