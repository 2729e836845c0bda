/**
 * The value bytes of a small collection, a listpack or intset, that lies in its key's block.
 *
 * Valid until any other key of the database changes; attach it anew after that.
 */
import type { ByteStore } from '../datastructs/byte-store.js';
import type { Database } from './database.js';

export class InlineValue implements ByteStore {
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
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
    if (len === this.len) return;
    this.db.resizeRaw(this.entry, len + this.skip);
    this.take();
  }

  private take(): void {
    const { db } = this;
    this.buf = db.buf;
    this.off = db.off + this.skip;
    this.len = db.len - this.skip;
  }
}

const EMPTY = new Uint8Array(0);
