/**
 * A value that belongs to no key yet: what was read from an RDB file or a DUMP payload, on its way into
 * a database.
 *
 * A small one is bytes that lie in somebody's buffer, to be stored before that is used again; a big
 * one is an object made for the database that it goes to. It ends with `addTo` or `drop`.
 */
import type { Database } from './database.js';
import { isString, Kind } from './kinds.js';
import type { OwnedObject } from './object-table.js';

export class LooseValue {
  /** Kind.None: there is nothing in it (a collection without members). */
  kind: number = Kind.None;
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  object: OwnedObject | undefined = undefined;
  /** When the first field of a hash is due, Unix ms; infinite: never. */
  fieldsDue = Number.POSITIVE_INFINITY;

  setBytes(kind: number, buf: Uint8Array, off: number, len: number): void {
    this.kind = kind;
    this.buf = buf;
    this.off = off;
    this.len = len;
    this.object = undefined;
    this.fieldsDue = Number.POSITIVE_INFINITY;
  }

  setObject(kind: number, object: OwnedObject): void {
    this.setBytes(kind, EMPTY, 0, 0);
    this.object = object;
  }

  setNothing(): void {
    this.setBytes(Kind.None, EMPTY, 0, 0);
  }

  /** Stores it under a key that has no entry. @param hash of the key, or 0 @returns the entry */
  addTo(db: Database, key: Uint8Array, keyOff: number, keyLen: number, hash: number): number {
    const { kind, buf, off, len, object } = this;
    if (object !== undefined) {
      const e = db.addObjectKey(key, keyOff, keyLen, hash, kind, object);
      if (this.fieldsDue !== Number.POSITIVE_INFINITY) db.setFieldExpiry(e, this.fieldsDue);
      return e;
    }
    if (isString(kind)) return db.addString(key, keyOff, keyLen, hash, buf, off, len);
    const e = db.addRaw(key, keyOff, keyLen, hash, kind, buf, off, len);
    if (this.fieldsDue !== Number.POSITIVE_INFINITY) db.setFieldExpiry(e, this.fieldsDue);
    return e;
  }

  /** Gives back what it holds. @param db that it was made for */
  drop(db: Database): void {
    if (this.object !== undefined) db.discard(this.object.dispose());
    this.setNothing();
  }
}

const EMPTY = new Uint8Array(0);
