/**
 * JavaScript objects that keys own: big collections and big strings. A block in the arena holds an
 * object's number. Numbers of freed objects are used again, so the table stays dense.
 */
import type { Arena } from '../datastructs/arena.js';
import type { BigArray } from '../datastructs/release.js';

export type { BigArray };

export class ObjectTable {
  private readonly objects: unknown[] = [];
  private readonly freed: number[] = [];

  /** Above all numbers in use. */
  get top(): number {
    return this.objects.length;
  }

  /** Objects in the table. */
  get size(): number {
    return this.objects.length - this.freed.length;
  }

  add(object: object): number {
    const id = this.freed.pop();
    if (id === undefined) return this.objects.push(object) - 1;
    this.objects[id] = object;
    return id;
  }

  get(id: number): unknown {
    return this.objects[id];
  }

  remove(id: number): void {
    this.objects[id] = undefined;
    this.freed.push(id);
  }

  /** Takes the last number's object out of a table that is thrown away; undefined: it had none. */
  pop(): unknown {
    return this.objects.pop();
  }
}

/**
 * What an object in the table must tell.
 *
 * Its blocks lie in the arena of its database (`shared`) while it is small, so that many of medium
 * size waste nothing, and in an arena of its own once it is big, so that it is thrown away as a
 * whole. See collection.ts.
 */
export interface OwnedObject {
  /** Bytes of its tables and of its own arena: all that the database's arena doesn't count. */
  readonly memoryBytes: number;
  /** Bytes of its blocks in the database's arena. */
  readonly sharedBytes: number;
  /** What the database has counted of `memoryBytes`; the database's to write. */
  accountedBytes: number;
  /**
   * Whom it tells of a size that changes without a change of its content, as a lookup may end a dict's
   * rehash; undefined: it has no such. The database's to write.
   */
  ledger?: Ledger;
  /** Another object of the same content. @param arena of the database that it will belong to */
  copy(arena: Arena): OwnedObject;
  /** It goes to another database: its blocks leave the arena of the old one. */
  moveTo(arena: Arena): void;
  /** The arena that is its own, if it has one. */
  readonly ownArena: Arena | undefined;
  /**
   * Moves its blocks out of segments that are being emptied (see Arena.beginEmptying), so many places
   * looked at with each step. Between two of them the object may change, but not go.
   */
  evacuate(count: number): Iterator<void>;
  /** Frees its blocks in the database's arena. @returns the big arrays that were its own */
  dispose(): readonly BigArray[];
}

/** Who counts objects' memory: their database. */
export interface Ledger {
  /** Takes note of an object's size. */
  settle(object: OwnedObject): void;
}

/** The ledger of an object that is in no database yet. */
export const NO_LEDGER: Ledger = { settle() {} };

/** An object of which the database keeps when the first of its fields is due. */
export interface FieldOwner extends OwnedObject {
  /** Its slot in the database's `fieldExpires`; -1: none. The database's to write. */
  expirySlot: number;
}

/** A string with a buffer of its own, which may be longer than the string (room to append). */
export class LargeString implements OwnedObject {
  readonly sharedBytes = 0;
  readonly ownArena = undefined;
  accountedBytes = 0;

  constructor(
    public buf: Buffer,
    public length: number,
  ) {}

  get memoryBytes(): number {
    return this.buf.length;
  }

  copy(): LargeString {
    const buf = Buffer.allocUnsafeSlow(this.length);
    buf.set(this.buf.subarray(0, this.length));
    return new LargeString(buf, this.length);
  }

  moveTo(): void {}

  /** Its buffer is no arena's. */
  *evacuate(): Generator<void> {}

  dispose(): readonly BigArray[] {
    return [this.buf];
  }
}
