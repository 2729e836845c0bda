/**
 * A place in a list: walks its elements in either direction, compares, removes, inserts.
 *
 *     if (cursor.seek(list, 0)) do { … } while (cursor.next());
 *     cursor.finish();
 *
 * A compressed node is decompressed to read it, not in the list; only one that is changed is, and
 * `finish` or leaving it compresses it again. While a cursor is in use the list must be changed
 * through it alone.
 */
import { Listpack } from '../../datastructs/listpack.js';
import { sameBytes } from '../../datastructs/move-bytes.js';
import { ListEnd, type Quicklist } from '../../datastructs/quicklist.js';
import { NodeView } from '../../datastructs/quicklist-nodes.js';
import { INT64_MAX_LENGTH, parseInteger } from '../../text/int64.js';
import type { Database } from '../database.js';
import { InlineValue } from '../inline-value.js';
import type { List } from './list.js';

/** What elements are compared with: bytes, and the integer that they are kept as if they spell one. */
export class Needle {
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  isInteger = false;
  /** Its value; beyond ±2^53 the nearest double. */
  integer = DOUBLE;

  set(buf: Uint8Array, off: number, len: number): this {
    this.buf = buf;
    this.off = off;
    this.len = len;
    const n = len <= INT64_MAX_LENGTH ? parseInteger(buf, off, len) : Number.NaN;
    this.isInteger = !Number.isNaN(n);
    this.integer = n;
    return this;
  }
}

export class ListCursor {
  // The element that `read` found.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;

  /** The node's listpack and the position in it; unless `isPlain`. */
  readonly listpack: Listpack;
  position = 0;
  /** Whether the node is one element's bytes. */
  isPlain = false;
  /** Elements from the one at hand to the node's end, right after `seek` or `nextNode`. */
  run = 0;

  private db!: Database;
  private quicklist: Quicklist | undefined = undefined;
  private node = 0;
  /** The node that was changed, until it is left. */
  private touched = 0;
  private readonly inline = new InlineValue();
  private readonly view = new NodeView();

  constructor() {
    this.listpack = new Listpack(this.inline);
  }

  /** Goes to the element with this index. @returns whether there is one */
  seek(list: List, index: number): boolean {
    if (index < 0 || index >= list.length) return false;
    const { db, quicklist } = list;
    this.db = db;
    this.quicklist = quicklist;
    this.touched = 0;
    if (quicklist === undefined) {
      this.isPlain = false;
      this.listpack.attach(this.inline.attach(db, list.entry));
      this.position = this.listpack.seek(index);
      this.run = list.length - index;
      return true;
    }
    this.listpack.attach(this.view);
    this.look(quicklist.seek(index));
    this.run = quicklist.nodes.count(this.node) - quicklist.offset;
    if (!this.isPlain) this.position = this.listpack.seek(quicklist.offset);
    return true;
  }

  /** Goes to the element behind. @returns false if there is none */
  next(): boolean {
    if (!this.isPlain) {
      this.position = this.listpack.next(this.position);
      if (this.position !== 0) return true;
    }
    return this.nextNode();
  }

  /** Goes to the element before. @returns false if there is none */
  prev(): boolean {
    if (!this.isPlain) {
      this.position = this.listpack.prev(this.position);
      if (this.position !== 0) return true;
    }
    return this.prevNode();
  }

  /** Goes to the first element of the node behind. @returns false if there is none */
  nextNode(): boolean {
    const { quicklist } = this;
    if (quicklist === undefined) return false;
    const n = quicklist.nodes.next(this.node);
    this.leave();
    if (n === 0) return false;
    this.look(n);
    this.run = quicklist.nodes.count(n);
    if (!this.isPlain) this.position = this.listpack.first();
    return true;
  }

  /** Sets `buf`, `off`, `len` to the element's bytes; valid until the cursor moves. */
  read(): void {
    const { listpack, view } = this;
    if (this.isPlain) {
      this.buf = view.range.buf;
      this.off = view.range.off;
      this.len = view.range.len;
      return;
    }
    listpack.read(this.position);
    this.buf = listpack.buf;
    this.off = listpack.off;
    this.len = listpack.len;
  }

  /** Whether the element is these bytes. */
  is(needle: Needle): boolean {
    const { listpack, position } = this;
    const { buf, off, len } = needle;
    if (this.isPlain) {
      const { range } = this.view;
      return range.len === len && sameBytes(range.buf, range.off, buf, off, len);
    }
    if (!listpack.isInteger(position))
      return !needle.isInteger && listpack.is(position, buf, off, len);
    if (!needle.isInteger || listpack.integer(position) !== needle.integer) return false;
    return Number.isSafeInteger(needle.integer) || listpack.is(position, buf, off, len);
  }

  /** Removes the element and goes to the one behind. @returns false if there is none */
  removeForwards(): boolean {
    const { quicklist } = this;
    if (quicklist === undefined) {
      this.position = this.listpack.remove(this.position);
      return this.position !== 0;
    }
    const { nodes } = quicklist;
    const { node, position } = this;
    const behind = nodes.next(node);
    if (quicklist.removeAt(node, position)) {
      this.touched = 0;
      if (behind === 0) return false;
      this.look(behind);
      this.position = this.isPlain ? 0 : this.listpack.first();
      return true;
    }
    this.touched = node;
    this.view.attach(nodes, node);
    if (position < this.view.range.len - 1) return true;
    return this.nextNode();
  }

  /** Removes the element and goes to the one before. @returns false if there is none */
  removeBackwards(): boolean {
    const { quicklist, listpack, position } = this;
    const before = this.isPlain ? 0 : listpack.prev(position);
    if (quicklist === undefined) {
      listpack.remove(position);
      this.position = before;
      return before !== 0;
    }
    const { nodes } = quicklist;
    const { node } = this;
    const prev = nodes.prev(node);
    if (quicklist.removeAt(node, position)) {
      this.touched = 0;
      if (prev === 0) return false;
      this.look(prev);
      this.position = this.isPlain ? 0 : listpack.last();
      return true;
    }
    this.touched = node;
    this.view.attach(nodes, node);
    this.position = before;
    return before !== 0 || this.prevNode();
  }

  /** Puts an element before (Head) or behind (Tail) the one at hand, and is done with the list. */
  insert(side: ListEnd, bytes: Uint8Array, off: number, len: number): void {
    const { quicklist, listpack, position } = this;
    if (quicklist !== undefined) {
      quicklist.insert(this.node, position, side, bytes, off, len);
      this.db.settle(quicklist);
    } else if (side === ListEnd.Head) {
      listpack.insertBefore(position, bytes, off, len);
    } else {
      listpack.insertAfter(position, bytes, off, len);
    }
  }

  /** To be called at the end, if elements were removed. */
  finish(): void {
    this.leave();
    if (this.quicklist !== undefined) this.db.settle(this.quicklist);
  }

  private prevNode(): boolean {
    const { quicklist } = this;
    if (quicklist === undefined) return false;
    const n = quicklist.nodes.prev(this.node);
    this.leave();
    if (n === 0) return false;
    this.look(n);
    if (!this.isPlain) this.position = this.listpack.last();
    return true;
  }

  /** Opens a node. */
  private look(n: number): void {
    const { nodes } = this.quicklist!;
    this.node = n;
    this.position = 0;
    this.isPlain = nodes.isPlain(n);
    this.view.attach(nodes, n);
  }

  private leave(): void {
    if (this.touched === 0) return;
    this.quicklist!.recompress(this.touched);
    this.touched = 0;
  }
}

const EMPTY = new Uint8Array(0);
const DOUBLE = 0.5;
