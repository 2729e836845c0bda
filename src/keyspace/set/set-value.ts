/**
 * A set in any of its encodings, seen as one thing.
 *
 *     intset      sorted integers, in the key's block         while all members are integers
 *     listpack    strings and integers, in the key's block    while they are few and short
 *     hashtable   an object (DictSet)                         from then on
 *
 * Members are bytes, whatever they are kept as: `next`, `at` and `random` set `buf`, `off`, `len`,
 * which are valid until the set changes or the next of them is called. Nothing here allocates.
 *
 *     const set = new KeySet().attach(db, e);
 *     for (set.rewind(); set.next(); ) reply.bulk(set.buf, set.off, set.len);
 *
 * When a set changes its encoding is Redis 7.2's rule: see `add`. It never changes back.
 */
import { type ByteStore, HeapBytes } from '../../datastructs/byte-store.js';
import { INTSET_MAX_MEMBERS, Intset } from '../../datastructs/intset.js';
import { EMPTY_LISTPACK_BYTES, LISTPACK_MAX_BYTES, Listpack } from '../../datastructs/listpack.js';
import type { Database } from '../database.js';
import { Kind } from '../kinds.js';
import { DictSet } from './dict-set.js';

/** Most bytes that a listpack needs for an integer. */
const LISTPACK_INTEGER_BYTES = 10;

export abstract class SetValue {
  /** Kind.SetIntset, SetListpack or SetDict. */
  kind: number = Kind.SetIntset;
  /** The hashtable, while it is one. */
  table: DictSet | undefined = undefined;

  // The current member.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  /** Its hash, 0 if it is not known. */
  hash = 0;

  protected db!: Database;
  protected readonly intset: Intset;
  protected readonly listpack: Listpack;
  /** Index, position or entry of the current member; before the first: 0 (intset: -1). */
  private place = 0;
  /** Whether `next` is to begin at the beginning. */
  private atStart = true;

  constructor(protected store: ByteStore) {
    this.intset = new Intset(store);
    this.listpack = new Listpack(store);
  }

  /** Number of members. */
  get size(): number {
    if (this.kind === Kind.SetDict) return this.table!.size;
    return this.kind === Kind.SetIntset ? this.intset.count : this.listpack.count;
  }

  /** Whether it is a member. @param hash of it, 0 if it is not known */
  has(bytes: Uint8Array, off: number, len: number, hash = 0): boolean {
    if (this.kind === Kind.SetDict) return this.table!.has(bytes, off, len, hash);
    if (this.kind === Kind.SetIntset) {
      return this.intset.load(bytes, off, len) && this.intset.has();
    }
    return this.listpack.find(this.listpack.first(), bytes, off, len, 0) !== 0;
  }

  // ---- members one by one

  /** Begins an iteration; the set must not change while it lasts. */
  rewind(): void {
    this.atStart = true;
    this.place = this.kind === Kind.SetIntset ? -1 : 0;
  }

  /** Goes to the next member. @returns false when there is none */
  next(): boolean {
    if (this.kind === Kind.SetDict) {
      if (this.place >= this.table!.size) return false;
      this.readEntry(this.place + 1);
      return true;
    }
    if (this.kind === Kind.SetIntset) {
      if (this.place + 1 >= this.intset.count) return false;
      this.readIndex(this.place + 1);
      return true;
    }
    const { listpack } = this;
    const p = this.atStart ? listpack.first() : listpack.next(this.place);
    if (p === 0) return false;
    this.atStart = false;
    this.readPosition(p);
    return true;
  }

  /** Goes to the member of this index, 0 … size - 1, in the order of `next`. */
  at(index: number): void {
    if (this.kind === Kind.SetDict) {
      const { dict } = this.table!;
      // Whoever only reads has the table come to its new size, too.
      if (dict.rehashAt >= 0) dict.rehashStep();
      this.readEntry(index + 1);
    } else if (this.kind === Kind.SetIntset) this.readIndex(index);
    else this.readPosition(this.listpack.seek(index));
  }

  /** Goes to any member of a set that has some, each as likely as the others. */
  random(random: () => number): void {
    this.at(Math.floor(random() * this.size));
  }

  // ---- changes

  /**
   * Adds a member, and goes over to another encoding where this one can't hold it:
   * an intset with a member too many, or that is no integer where a listpack has no room for all,
   * becomes a hashtable; so does a listpack that is full or gets a member too long.
   * @returns false if it was a member already
   */
  add(bytes: Uint8Array, off: number, len: number, hash = 0): boolean {
    if (this.kind === Kind.SetDict) return this.table!.add(bytes, off, len, hash);
    if (this.kind === Kind.SetIntset) return this.addToIntset(bytes, off, len, hash);
    return this.addToListpack(bytes, off, len, hash);
  }

  /** @returns false if it was no member */
  remove(bytes: Uint8Array, off: number, len: number, hash = 0): boolean {
    if (this.kind === Kind.SetDict) return this.table!.remove(bytes, off, len, hash);
    if (this.kind === Kind.SetIntset) {
      return this.intset.load(bytes, off, len) && this.intset.remove();
    }
    const { listpack } = this;
    const p = listpack.find(listpack.first(), bytes, off, len, 0);
    if (p === 0) return false;
    listpack.remove(p);
    return true;
  }

  /** Removes the current member, whose bytes are then gone. An iteration goes on behind it. */
  removeCurrent(): void {
    if (this.kind === Kind.SetDict) this.table!.removeEntry(this.place--);
    else if (this.kind === Kind.SetIntset) this.intset.removeAt(this.place--);
    else {
      const { listpack } = this;
      const before = listpack.prev(this.place);
      listpack.remove(this.place);
      this.place = before;
      this.atStart = before === 0;
    }
  }

  /** Goes over to a hashtable if so many members, were all new, would not fit. */
  expect(count: number): void {
    const { limits } = this.db;
    if (
      (this.kind === Kind.SetListpack && count > limits.setMaxListpackEntries) ||
      (this.kind === Kind.SetIntset && count > limits.setMaxIntsetEntries)
    ) {
      this.toDict(count);
    }
  }

  /** Puts a listpack, in a buffer of its own, in the intset's place. */
  protected abstract adoptListpack(bytes: HeapBytes): void;

  /** Puts a hashtable in the place of whatever there was. */
  protected abstract adoptTable(table: DictSet): void;

  private addToIntset(bytes: Uint8Array, off: number, len: number, hash: number): boolean {
    const { intset } = this;
    if (intset.load(bytes, off, len)) {
      if (!intset.add()) return false;
      if (intset.count > maxIntset(this.db)) this.toDict(intset.count);
      return true;
    }
    const { limits } = this.db;
    const { count } = intset;
    if (
      count < limits.setMaxListpackEntries &&
      len <= limits.setMaxListpackValue &&
      this.longestInteger() <= limits.setMaxListpackValue &&
      count * LISTPACK_INTEGER_BYTES + len <= LISTPACK_MAX_BYTES
    ) {
      this.toListpack();
      this.listpack.append(bytes, off, len);
    } else {
      this.toDict(count + 1);
      this.table!.add(bytes, off, len, hash);
    }
    return true;
  }

  private addToListpack(bytes: Uint8Array, off: number, len: number, hash: number): boolean {
    const { listpack } = this;
    if (listpack.find(listpack.first(), bytes, off, len, 0) !== 0) return false;
    const { limits } = this.db;
    if (
      listpack.count < limits.setMaxListpackEntries &&
      len <= limits.setMaxListpackValue &&
      listpack.byteLength + len <= LISTPACK_MAX_BYTES
    ) {
      listpack.append(bytes, off, len);
    } else {
      this.toDict(listpack.count + 1);
      this.table!.add(bytes, off, len, hash);
    }
    return true;
  }

  /** Digits of the longest member of an intset; the longest are at its ends. */
  private longestInteger(): number {
    const { intset } = this;
    const { count } = intset;
    if (count === 0) return 0;
    intset.read(0);
    const first = intset.len;
    intset.read(count - 1);
    return Math.max(first, intset.len);
  }

  private toListpack(): void {
    const { intset } = this;
    const { count } = intset;
    const built = new HeapBytes();
    Listpack.init(built);
    const listpack = new Listpack(built);
    for (let i = 0; i < count; i++) {
      intset.read(i);
      listpack.append(intset.buf, intset.off, intset.len);
    }
    this.adoptListpack(built);
  }

  /** @param count members to be expected */
  private toDict(count: number): void {
    const { db } = this;
    const table = DictSet.create(db.arena, db.hasher, count);
    for (this.rewind(); this.next(); ) table.add(this.buf, this.off, this.len, 0);
    this.adoptTable(table);
  }

  private readEntry(e: number): void {
    const { dict } = this.table!;
    this.place = e;
    dict.locate(e);
    this.buf = dict.buf;
    this.off = dict.keyOff;
    this.len = dict.keyLen;
    this.hash = dict.hashOf(e);
  }

  private readIndex(index: number): void {
    const { intset } = this;
    this.place = index;
    intset.read(index);
    this.buf = intset.buf;
    this.off = intset.off;
    this.len = intset.len;
    this.hash = 0;
  }

  private readPosition(p: number): void {
    const { listpack } = this;
    this.place = p;
    listpack.read(p);
    this.buf = listpack.buf;
    this.off = listpack.off;
    this.len = listpack.len;
    this.hash = 0;
  }
}

/** The configured limit, or what an intset can hold. */
export function maxIntset(db: Database): number {
  return Math.min(db.limits.setMaxIntsetEntries, INTSET_MAX_MEMBERS);
}

/** Bytes of an empty listpack, for keys being made. */
export const EMPTY_LISTPACK: Uint8Array = (() => {
  const bytes = new HeapBytes();
  Listpack.init(bytes);
  return bytes.view().slice(0, EMPTY_LISTPACK_BYTES);
})();

const EMPTY = new Uint8Array(0);
