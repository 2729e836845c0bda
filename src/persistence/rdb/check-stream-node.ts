/**
 * Whether a listpack that is one is also a stream's macro node (see keyspace/stream/macro-node.ts):
 * what its counts say is there, and entries are as long as they say.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Listpack } from '../../datastructs/listpack.js';
import { DELETED, readId, SAME_FIELDS } from '../../keyspace/stream/macro-node.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';

/** Elements of an entry besides fields and values: flags, two halves of the ID. */
const FIXED_ELEMENTS = 3;

export class StreamNodeCheck {
  /** Entries that count. */
  live = 0;
  /** The last entry's ID, deleted or not. */
  readonly lastId = new StreamId();

  private readonly store = new HeapBytes();
  private readonly lp = new Listpack(this.store);
  /** Position of the next element, 0 at the end. */
  private at = 0;

  /** @param key the node's, 16 bytes @returns whether the listpack is a node */
  check(key: Uint8Array, bytes: Uint8Array, off: number, len: number): boolean {
    const { lp, store } = this;
    store.range.buf = bytes;
    store.range.off = off;
    store.range.len = len;
    const base = new StreamId().readKey(key, 0);
    this.at = lp.first();
    this.live = this.number();
    const deleted = this.number();
    const fields = this.number();
    if (!(this.live >= 0 && deleted >= 0 && fields >= 0 && this.skip(fields))) return false;
    if (this.number() !== 0) return false;
    let live = 0;
    let entries = 0;
    for (; this.at !== 0; entries++) {
      const flags = this.entry(fields, base);
      if (flags < 0) return false;
      if ((flags & DELETED) === 0) live++;
    }
    return live === this.live && entries === live + deleted && entries > 0;
  }

  /** Passes an entry. @returns its flags, -1 if it is wrong */
  private entry(masterFields: number, base: StreamId): number {
    const flags = this.number();
    if (!(flags >= 0)) return -1;
    const idAt = this.at;
    if (Number.isNaN(this.number()) || Number.isNaN(this.number())) return -1;
    readId(this.lp, idAt, base, this.lastId);
    let elements = FIXED_ELEMENTS + masterFields;
    let toSkip = masterFields;
    if ((flags & SAME_FIELDS) === 0) {
      const fields = this.number();
      if (!(fields >= 0)) return -1;
      elements = FIXED_ELEMENTS + 1 + 2 * fields;
      toSkip = 2 * fields;
    }
    if (!this.skip(toSkip)) return -1;
    return this.number() === elements ? flags : -1;
  }

  /** The next element's value, NaN if it is no integer or not there. */
  private number(): number {
    const { at, lp } = this;
    if (at === 0 || !lp.isInteger(at)) return Number.NaN;
    this.at = lp.next(at);
    return lp.integer(at);
  }

  /** @returns whether there were so many elements */
  private skip(n: number): boolean {
    for (let i = 0; i < n; i++) {
      if (this.at === 0) return false;
      this.at = this.lp.next(this.at);
    }
    return true;
  }
}
