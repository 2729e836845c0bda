/**
 * Reads lists: element by element, or node by node. A single node within the limit of
 * `list-max-listpack-size` becomes a listpack, as Redis has it.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Listpack } from '../../datastructs/listpack.js';
import type { Quicklist } from '../../datastructs/quicklist.js';
import { ListEnd } from '../../datastructs/quicklist.js';
import { exceedsNode, maxNodeBytes, maxNodeCount } from '../../datastructs/quicklist-limits.js';
import { Kind } from '../../keyspace/kinds.js';
import { newQuicklist } from '../../keyspace/list/list.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { checkListpack } from './check-listpack.js';
import { NodeContainer, RdbType } from './format.js';
import type { RdbInput } from './input.js';
import type { LoadContext } from './load-context.js';
import { ZiplistReader } from './old-blobs.js';
import type { ValueLoader } from './value-loader.js';

export class ListLoader implements ValueLoader {
  /** Elements or nodes to come; -1 before their number was read. */
  private left = -1;
  private quicklist: Quicklist | undefined = undefined;
  /** What came so far, while it is one listpack. */
  private readonly bytes: HeapBytes;
  private count = 0;

  constructor(
    private readonly type: number,
    private readonly context: LoadContext,
  ) {
    this.bytes = context.newListpack();
  }

  read(input: RdbInput): void {
    if (this.left < 0) this.left = input.elements(1);
    for (; this.left > 0; this.left--) {
      input.mark();
      this.readOne(input);
    }
  }

  finish(value: LooseValue): void {
    const { bytes, context } = this;
    const fill = context.db.limits.listMaxListpackSize;
    const { buf, off, len } = bytes.range;
    if (this.quicklist !== undefined) {
      value.setObject(Kind.ListQuicklist, this.quicklist);
    } else if (this.count === 0) {
      value.setNothing();
    } else if (len <= maxNodeBytes(fill) && this.count <= maxNodeCount(fill)) {
      value.setBytes(Kind.ListListpack, buf, off, len);
    } else {
      value.setObject(Kind.ListQuicklist, this.grown());
    }
  }

  drop(): void {
    if (this.quicklist !== undefined) this.context.db.discard(this.quicklist.dispose());
  }

  private readOne(input: RdbInput): void {
    const { first } = this.context;
    if (this.type === RdbType.List) {
      input.string(first);
      this.addElement(first.buf, first.off, first.len);
      return;
    }
    const isNew = this.type === RdbType.ListQuicklist2;
    const container = isNew ? input.count() : NodeContainer.Packed;
    if (container !== NodeContainer.Packed && container !== NodeContainer.Plain) {
      throw input.fault('Quicklist integrity check failed.');
    }
    input.string(first);
    const { buf, off, len } = first;
    if (len === 0) throw input.fault('a list node is empty');
    if (container === NodeContainer.Plain) this.grown().appendPlain(buf, off, len);
    else if (isNew) {
      const count = checkListpack(buf, off, len);
      if (count < 0) throw input.fault('Listpack integrity check failed.');
      if (count > 0) this.addNode(buf, off, len, count);
    } else this.addZiplist(input, buf, off, len);
  }

  private addNode(buf: Uint8Array, off: number, len: number, count: number): void {
    const { bytes } = this;
    if (this.quicklist !== undefined || this.count > 0) {
      this.grown().appendListpack(buf, off, len, count);
      return;
    }
    bytes.resize(len);
    bytes.range.buf.set(buf.subarray(off, off + len), bytes.range.off);
    this.count = count;
  }

  private addZiplist(input: RdbInput, buf: Uint8Array, off: number, len: number): void {
    const { second } = this.context;
    const node = new HeapBytes();
    Listpack.init(node);
    const listpack = new Listpack(node);
    const reader = new ZiplistReader(buf, off, len);
    let count = 0;
    for (; reader.next(second); count++) listpack.append(second.buf, second.off, second.len);
    if (!reader.isWhole) throw input.fault('Ziplist integrity check failed.');
    if (count > 0) this.addNode(node.range.buf, node.range.off, node.range.len, count);
  }

  /** Adds an element to the listpack, or to the last node as the limits have it. */
  addElement(buf: Uint8Array, off: number, len: number): void {
    const { bytes } = this;
    const fill = this.context.db.limits.listMaxListpackSize;
    const exceeds =
      this.quicklist !== undefined || exceedsNode(fill, bytes.range.len + len, this.count + 1);
    if (exceeds) this.grown().push(ListEnd.Tail, buf, off, len);
    else {
      LISTPACK.attach(bytes).append(buf, off, len);
      this.count++;
    }
  }

  /** The list as a quicklist, which it is from now on. */
  private grown(): Quicklist {
    if (this.quicklist === undefined) {
      this.quicklist = newQuicklist(this.context.db);
      const { buf, off, len } = this.bytes.range;
      if (this.count > 0) this.quicklist.appendListpack(buf, off, len, this.count);
    }
    return this.quicklist;
  }
}

// What it looks at means nothing between calls.
const LISTPACK = new Listpack(new HeapBytes());
