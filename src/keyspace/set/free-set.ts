/**
 * A set that belongs to no key (yet): the result of SUNIONSTORE and its like, or what SPOP leaves.
 *
 * Its end is either to become a key's value, or `dispose`.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Intset } from '../../datastructs/intset.js';
import { Listpack } from '../../datastructs/listpack.js';
import type { Database } from '../database.js';
import { Kind } from '../kinds.js';
import type { DictSet } from './dict-set.js';
import { maxIntset, SetValue } from './set-value.js';

export class FreeSet extends SetValue {
  /** Bytes of the intset or listpack. */
  bytes: HeapBytes;

  /** @param db that the set is for @param kind Kind.SetIntset or SetListpack: what it begins as */
  constructor(db: Database, kind: number) {
    const bytes = new HeapBytes();
    super(bytes);
    this.bytes = bytes;
    this.db = db;
    this.kind = kind;
    if (kind === Kind.SetIntset) Intset.init(bytes);
    else Listpack.init(bytes);
  }

  /** Makes it an intset if it may be one. All members must be integers. */
  preferIntset(): void {
    if (this.kind === Kind.SetIntset || this.size > maxIntset(this.db)) return;
    const bytes = new HeapBytes();
    Intset.init(bytes);
    const intset = new Intset(bytes);
    for (this.rewind(); this.next(); ) {
      intset.load(this.buf, this.off, this.len);
      intset.add();
    }
    this.dispose();
    this.kind = Kind.SetIntset;
    this.take(bytes);
  }

  /** Gives back what a set holds that is not going to be a key's value. */
  dispose(): void {
    if (this.table !== undefined) this.db.discard(this.table.dispose());
    this.table = undefined;
  }

  protected adoptListpack(bytes: HeapBytes): void {
    this.kind = Kind.SetListpack;
    this.take(bytes);
  }

  protected adoptTable(table: DictSet): void {
    this.kind = Kind.SetDict;
    this.table = table;
  }

  private take(bytes: HeapBytes): void {
    this.bytes = bytes;
    this.store = bytes;
    this.intset.attach(bytes);
    this.listpack.attach(bytes);
  }
}
