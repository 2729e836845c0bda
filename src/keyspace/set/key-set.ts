/**
 * The set that a key holds. Changing it changes the key's value, its encoding included; the caller
 * removes the key when the set has become empty.
 */
import type { HeapBytes } from '../../datastructs/byte-store.js';
import type { Database } from '../database.js';
import { InlineValue } from '../inline-value.js';
import { Kind } from '../kinds.js';
import type { DictSet } from './dict-set.js';
import type { FreeSet } from './free-set.js';
import { SetValue } from './set-value.js';

export class KeySet extends SetValue {
  private readonly inline: InlineValue;
  /** The key's entry. */
  entry = 0;

  constructor() {
    const inline = new InlineValue();
    super(inline);
    this.inline = inline;
  }

  /**
   * Looks at the set of this entry, which must hold one. A set that is no hashtable must be attached
   * anew when any other key of the database has changed.
   */
  attach(db: Database, e: number): this {
    this.db = db;
    this.entry = e;
    const kind = db.kind(e);
    this.kind = kind;
    if (kind === Kind.SetDict) {
      const table = db.objectOf(e) as DictSet;
      this.table = table;
      // While the database's table must not be resized, no other may.
      table.dict.resizePaused = db.dict.resizePaused;
    } else {
      this.table = undefined;
      this.inline.attach(db, e);
    }
    return this;
  }

  /** Has the database take note of the set's size; to be called at the end of every change. */
  settle(): void {
    if (this.kind === Kind.SetDict) this.db.settle(this.table!);
  }

  /** Puts a set that belongs to no key in this one's place; the time to live stays. */
  replaceBy(other: FreeSet): void {
    const { db, entry } = this;
    if (other.table !== undefined) {
      db.setObject(entry, other.kind, other.table, true);
    } else {
      const { buf, off, len } = other.bytes.range;
      db.setRaw(entry, other.kind, buf, off, len, true);
    }
  }

  protected adoptListpack(bytes: HeapBytes): void {
    const { buf, off, len } = bytes.range;
    this.db.setRaw(this.entry, Kind.SetListpack, buf, off, len, true);
    this.kind = Kind.SetListpack;
    this.inline.attach(this.db, this.entry);
  }

  protected adoptTable(table: DictSet): void {
    this.db.setObject(this.entry, Kind.SetDict, table, true);
    this.kind = Kind.SetDict;
    this.table = table;
  }
}
