/**
 * Sorted sets under their keys: reading one, changing one, building one that is to be stored.
 *
 * Which encoding a set has is decided here: a listpack becomes a skip list before it would exceed
 * the configured limits, and never goes back while it lives under its key.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Listpack } from '../../datastructs/listpack.js';
import type { Database } from '../database.js';
import { InlineValue } from '../inline-value.js';
import { Kind } from '../kinds.js';
import type { Zset } from './zset.js';
import { ZsetListpack } from './zset-listpack.js';
import { ZsetSkiplist } from './zset-skiplist.js';

/**
 * Looks at the sorted sets of keys, one at a time.
 *
 * A listpack is looked at in place: what `open` returns is valid until the next `open` of the same
 * reader, and until any other key of the database changes.
 */
export class ZsetReader {
  private readonly inline = new InlineValue();
  private readonly listpack = new ZsetListpack(this.inline);

  /** The set of an entry, which must be a sorted set. */
  open(db: Database, e: number): Zset {
    if (db.kind(e) === Kind.ZsetSkiplist) return db.objectOf(e) as ZsetSkiplist;
    return this.listpack.attach(this.inline.attach(db, e));
  }
}

/** Changes the sorted set of a key, or builds a new one. */
export class ZsetWriter {
  /** What is being changed. */
  zset: Zset;

  private db!: Database;
  /** 0 while building. */
  private entry = 0;
  private readonly inline = new InlineValue();
  private readonly heap = new HeapBytes();
  private readonly listpack = new ZsetListpack(this.heap);

  constructor() {
    this.zset = this.listpack;
  }

  /** Begins to change the set of an entry. `settle` ends it. */
  open(db: Database, e: number): Zset {
    this.db = db;
    this.entry = e;
    this.zset =
      db.kind(e) === Kind.ZsetSkiplist
        ? (db.objectOf(e) as ZsetSkiplist)
        : this.listpack.attach(this.inline.attach(db, e));
    return this.zset;
  }

  /**
   * Begins a set of its own, to be stored as `kind`, `bytes` and `object` say, or to be dropped.
   * @param members how many are expected @param len length of one of them
   */
  begin(db: Database, members: number, len: number): Zset {
    this.db = db;
    this.entry = 0;
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = db.limits;
    if (members <= zsetMaxListpackEntries && len <= zsetMaxListpackValue) {
      Listpack.init(this.heap);
      this.zset = this.listpack.attach(this.heap);
    } else this.zset = ZsetSkiplist.create(db.arena, db.hasher, members);
    return this.zset;
  }

  /**
   * Takes a set that belongs to no key; as a listpack, if that may hold it.
   * @param longest length of its longest member
   */
  adopt(db: Database, zset: ZsetSkiplist, longest: number): void {
    this.db = db;
    this.entry = 0;
    this.zset = zset;
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = db.limits;
    if (zset.size > zsetMaxListpackEntries || longest > zsetMaxListpackValue) return;
    Listpack.init(this.heap);
    this.zset = this.listpack.attach(this.heap);
    for (let p = zset.first(); p !== 0; p = zset.next(p)) {
      zset.read(p);
      this.listpack.append(zset.buf, zset.off, zset.len, zset.score(p));
    }
    db.discard(zset.dispose());
  }

  /** Prepares for so many more members. */
  expect(members: number): void {
    if (this.zset === this.listpack && members > this.db.limits.zsetMaxListpackEntries) {
      this.convert(members);
    }
  }

  /** Adds a member that isn't there; the set may change its encoding. */
  add(buf: Uint8Array, off: number, len: number, score: number, hash = 0): void {
    if (this.zset === this.listpack && !this.listpack.takes(len, this.db.limits)) {
      this.convert(this.zset.size + 1);
    }
    this.zset.add(buf, off, len, score, hash);
  }

  /** Ends the changes: the database takes note of the set's size. */
  settle(): void {
    if (this.entry !== 0 && this.zset !== this.listpack) this.db.settle(this.zset as ZsetSkiplist);
  }

  /** The object of a set that was built, undefined while it is a listpack: `bytes` then. */
  get object(): ZsetSkiplist | undefined {
    return this.zset === this.listpack ? undefined : (this.zset as ZsetSkiplist);
  }

  /** The listpack that was built. */
  get bytes(): HeapBytes {
    return this.heap;
  }

  private convert(members: number): void {
    const { db, entry } = this;
    // The listpack shares its arena with the blocks about to be made: it may move meanwhile.
    const source = entry === 0 ? this.listpack : copyOf(db, entry);
    const zset = toSkiplist(source, db, members);
    this.zset = zset;
    if (entry !== 0) db.setObject(entry, Kind.ZsetSkiplist, zset, true);
  }
}

function copyOf(db: Database, e: number): ZsetListpack {
  return new ZsetListpack(new HeapBytes(db.rawValue(e)));
}

/** @param members how many to make room for */
function toSkiplist(source: ZsetListpack, db: Database, members: number): ZsetSkiplist {
  const zset = ZsetSkiplist.create(db.arena, db.hasher, Math.max(members, source.size));
  for (let p = source.first(); p !== 0; p = source.next(p)) {
    source.read(p);
    zset.add(source.buf, source.off, source.len, source.score(p));
  }
  return zset;
}
