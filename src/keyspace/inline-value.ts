/**
 * The value bytes of a small collection, a listpack or intset, that lies in its key's block.
 *
 * Valid until any other key of the database changes; attach it anew after that.
 */
import { ByteRange, type ByteStore } from '../datastructs/byte-store.js';
import type { Database } from './database.js';

export class InlineValue implements ByteStore {
  readonly range = new ByteRange();
  private db!: Database;
  private entry = 0;
  private skip = 0;

  /** Looks at the value of this entry. @param skip bytes at its begin that belong to others */
  attach(db: Database, e: number, skip = 0): this {
    this.db = db;
    this.entry = e;
    this.skip = skip;
    db.open(e);
    this.take();
    return this;
  }

  resize(len: number): void {
    if (len === this.range.len) return;
    this.db.resizeRaw(this.entry, len + this.skip);
    this.take();
  }

  private take(): void {
    const { db, range, skip } = this;
    range.buf = db.buf;
    range.off = db.off + skip;
    range.len = db.len - skip;
  }
}
