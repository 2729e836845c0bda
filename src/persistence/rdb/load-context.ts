/**
 * What those who read values share: where values go, how strictly they are checked, and room to work
 * in. One value is read at a time, so one of each is enough.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Listpack } from '../../datastructs/listpack.js';
import type { Database } from '../../keyspace/database.js';
import { HashFields } from '../../keyspace/hash/hash-fields.js';
import { StreamNodeCheck } from './check-stream-node.js';
import { StringSlot } from './input.js';

/** Room for so many members is made at once at most, however many are announced. */
export const ROOM_MAX = 1 << 20;
/** Room of more bytes than this is not kept. */
const KEPT_BYTES = 256 * 1024;

export class LoadContext {
  /** The database that values are made for. */
  db!: Database;
  /** Also look for members that are there twice (`sanitize-dump-payload`). */
  isDeep = false;

  readonly first = new StringSlot();
  readonly second = new StringSlot();
  readonly hash = new HashFields();
  readonly streamNode = new StreamNodeCheck();
  /** A list's only node, or its elements as long as they are few. */
  private nodeBytes = new HeapBytes();
  private readonly store = new HeapBytes();
  private readonly view = new Listpack(this.store);

  /** An empty listpack to build; the one given before is no longer valid. */
  newListpack(): HeapBytes {
    if (this.nodeBytes.range.buf.length > KEPT_BYTES) this.nodeBytes = new HeapBytes();
    Listpack.init(this.nodeBytes);
    return this.nodeBytes;
  }

  /** Looks at bytes that are known to be a listpack. */
  listpack(buf: Uint8Array, off: number, len: number): Listpack {
    const { range } = this.store;
    range.buf = buf;
    range.off = off;
    range.len = len;
    return this.view;
  }
}
