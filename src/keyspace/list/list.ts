/**
 * A key's list, in either of its encodings: one listpack inside of the key's block, or a Quicklist.
 *
 * A list begins as a listpack and becomes a quicklist before it outgrows `list-max-listpack-size`;
 * it goes back to a listpack when it has shrunk to a single node of at most half of that, so that a
 * list near the limit doesn't change to and fro.
 *
 * A List is a window: `open` points it at an entry, and it is valid until another key of that
 * database changes. Elements that are read are `buf`, `off`, `len`, valid until the next call.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { EMPTY_LISTPACK_BYTES, Listpack } from '../../datastructs/listpack.js';
import { ListEnd, Quicklist } from '../../datastructs/quicklist.js';
import { exceedsNode, maxNodeBytes, maxNodeCount } from '../../datastructs/quicklist-limits.js';
import { NodeView } from '../../datastructs/quicklist-nodes.js';
import type { Database } from '../database.js';
import { InlineValue } from '../inline-value.js';
import { Kind } from '../kinds.js';

export { ListEnd } from '../../datastructs/quicklist.js';

export class List {
  /** Set while the list is a quicklist. */
  quicklist: Quicklist | undefined = undefined;
  db!: Database;
  entry = 0;

  // The element that `peek` found.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;

  private readonly inline = new InlineValue();
  /** The list while it is a listpack. */
  private readonly listpack = new Listpack(this.inline);
  private readonly view = new NodeView();
  private readonly node = new Listpack(this.view);

  /** Looks at the list of an entry. */
  open(db: Database, e: number): this {
    this.db = db;
    this.entry = e;
    if (db.kind(e) === Kind.ListQuicklist) this.quicklist = db.objectOf(e) as Quicklist;
    else {
      this.quicklist = undefined;
      this.inline.attach(db, e);
    }
    return this;
  }

  /** Elements. */
  get length(): number {
    return this.quicklist !== undefined ? this.quicklist.count : this.listpack.count;
  }

  /**
   * To be called before elements are added: makes it a quicklist if a listpack won't do.
   * @param bytes of the elements in all
   */
  reserve(bytes: number, elements: number): void {
    if (this.quicklist !== undefined) return;
    const { inline, listpack } = this;
    const fill = this.db.limits.listMaxListpackSize;
    if (exceedsNode(fill, inline.range.len + bytes, listpack.count + elements)) this.toQuicklist();
  }

  /** To be called after elements were removed: makes it a listpack again if it has become small. */
  shrink(): void {
    const { quicklist } = this;
    if (quicklist === undefined || quicklist.nodes.length !== 1) return;
    const { nodes } = quicklist;
    if (nodes.isPlain(nodes.head)) return;
    const fill = this.db.limits.listMaxListpackSize;
    if (nodes.bytes(nodes.head) > Math.floor(maxNodeBytes(fill) / 2)) return;
    if (quicklist.count > Math.floor(maxNodeCount(fill) / 2)) return;
    this.toListpack(quicklist);
  }

  /** Puts an element at an end. */
  push(end: ListEnd, bytes: Uint8Array, off: number, len: number): void {
    const { quicklist } = this;
    if (quicklist !== undefined) {
      quicklist.push(end, bytes, off, len);
      this.settle(quicklist);
    } else if (end === ListEnd.Head) {
      this.listpack.prepend(bytes, off, len);
    } else {
      this.listpack.append(bytes, off, len);
    }
  }

  /** Reads the element at an end of a list that is not empty. */
  peek(end: ListEnd): void {
    const { quicklist } = this;
    let listpack: Listpack;
    if (quicklist === undefined) listpack = this.listpack;
    else {
      const { nodes } = quicklist;
      const n = end === ListEnd.Head ? nodes.head : nodes.tail;
      this.view.attach(nodes, n);
      if (nodes.isPlain(n)) {
        const { buf, off, len } = this.view.range;
        this.found(buf, off, len);
        return;
      }
      listpack = this.node;
    }
    listpack.read(end === ListEnd.Head ? listpack.first() : listpack.last());
    this.found(listpack.buf, listpack.off, listpack.len);
  }

  /** Takes the element at an end of a list that is not empty away. */
  drop(end: ListEnd): void {
    const { quicklist, listpack } = this;
    if (quicklist !== undefined) {
      quicklist.drop(end);
      this.settle(quicklist);
    } else {
      listpack.remove(end === ListEnd.Head ? listpack.first() : listpack.last());
    }
  }

  /** Puts another element in the place of the one with this index (0 … length - 1). */
  replace(index: number, bytes: Uint8Array, off: number, len: number): void {
    const { quicklist, listpack } = this;
    if (quicklist !== undefined) {
      quicklist.replace(index, bytes, off, len);
      this.settle(quicklist);
    } else {
      listpack.replace(listpack.seek(index), bytes, off, len);
    }
  }

  /** Removes `n` elements (there are so many) from this index on. */
  removeRange(index: number, n: number): void {
    const { quicklist } = this;
    if (quicklist !== undefined) {
      quicklist.removeRange(index, n);
      this.settle(quicklist);
    } else {
      this.listpack.removeRange(index, n);
    }
  }

  private settle(quicklist: Quicklist): void {
    if (!quicklist.nodes.hasResized) return;
    quicklist.nodes.hasResized = false;
    this.db.settle(quicklist);
  }

  private found(buf: Uint8Array, off: number, len: number): void {
    this.buf = buf;
    this.off = off;
    this.len = len;
  }

  private toQuicklist(): void {
    const { db, inline, listpack } = this;
    const quicklist = newQuicklist(db);
    const { count } = listpack;
    const { buf, off, len } = inline.range;
    if (count > 0) quicklist.appendListpack(buf, off, len, count);
    db.setObject(this.entry, Kind.ListQuicklist, quicklist, true);
    this.quicklist = quicklist;
  }

  private toListpack(quicklist: Quicklist): void {
    const { db, entry } = this;
    const { nodes } = quicklist;
    // A copy: storing it frees the node first.
    this.view.attach(nodes, nodes.head);
    const { buf, off, len } = this.view.range;
    const bytes = buf.slice(off, off + len);
    db.setRaw(entry, Kind.ListListpack, bytes, 0, len, true);
    this.open(db, entry);
  }
}

/** An empty quicklist as the database's limits want it. */
export function newQuicklist(db: Database): Quicklist {
  const { limits } = db;
  return new Quicklist(db.arena, limits.listMaxListpackSize, limits.listCompressDepth, limits);
}

const EMPTY = new Uint8Array(0);

/** What a new list's key holds before the first element is pushed. */
export const EMPTY_LIST: Uint8Array = (() => {
  const bytes = new HeapBytes();
  Listpack.init(bytes);
  return bytes.view().slice(0, EMPTY_LISTPACK_BYTES);
})();
