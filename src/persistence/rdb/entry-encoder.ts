/**
 * Encodes one key with its value for an RDB file, or the value alone for DUMP.
 *
 *     encoder.begin(db, e);                          // header, key, and the value if it is small
 *     while (!encoder.step(64 * 1024)) await turn;   // a big collection, piece by piece
 *
 * Between two steps the collection must not change: whoever is about to change it calls `finish`
 * first. Everything else of the database may.
 *
 * Which of several forms a value gets is a question of who is to read it:
 *
 *     version   9   Redis 5.0 to 6.2   no listpacks: small lists, hashes, sorted sets go member by member
 *              10   Redis 7.0          the listpacks as they are, but for sets, which go member by member
 *              11   Redis 7.2          sets too; when a stream's consumers were last active
 *              12   Redis 7.4          deadlines of a hash's fields
 *
 * The encoder keeps to its target version, 10 unless told otherwise, so that Redis 7.0 can read what it
 * writes; what can't be said in it is said in the first version that can. `neededVersion` is what a
 * reader of all that was encoded must know, and belongs into the header.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Listpack } from '../../datastructs/listpack.js';
import { idleSeconds, lfuCounter } from '../../keyspace/access-clock.js';
import type { Database } from '../../keyspace/database.js';
import { FIELD_SLOT_BYTES, HashFields } from '../../keyspace/hash/hash-fields.js';
import type { HashTable } from '../../keyspace/hash/hash-table.js';
import { Kind } from '../../keyspace/kinds.js';
import { ListCursor } from '../../keyspace/list/cursor.js';
import { List } from '../../keyspace/list/list.js';
import type { LargeString } from '../../keyspace/object-table.js';
import type { DictSet } from '../../keyspace/set/dict-set.js';
import { KeySet } from '../../keyspace/set/key-set.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ZsetReader } from '../../keyspace/zset/open.js';
import type { ZsetSkiplist } from '../../keyspace/zset/zset-skiplist.js';
import type { ChunkWriter } from './chunk-writer.js';
import { NodeContainer, RDB_VERSION_MIN, RdbOpcode, RdbType, RdbVersion } from './format.js';
import {
  type Steps,
  writeHash,
  writeLargeString,
  writeQuicklist,
  writeSet,
  writeZset,
} from './walk-collections.js';
import { hasOwnActiveTimes, writeStream } from './walk-stream.js';

/** Which of a key's use is noted beside it: what the eviction policy goes by. */
export const UsageField = { None: 0, Idle: 1, Freq: 2 } as const;

export interface EncoderSettings {
  /** The version to keep to, 9 to 12; by default the oldest that has the forms of Redis 7.0. */
  readonly version?: number;
  /** One of UsageField. */
  readonly usage?: number;
  /** Unix ms, for UsageField.Freq. */
  readonly now?: number;
  /** `lfu-decay-time` */
  readonly lfuDecayMinutes?: number;
}

const ALL = Number.POSITIVE_INFINITY;

export class EntryEncoder {
  /** What a reader of all that was encoded must know. */
  neededVersion: number = RDB_VERSION_MIN;

  private readonly version: number;
  /** Whether the version was named: then what it can't say of small things is left out. */
  private readonly isNamed: boolean;
  private readonly usage: number;
  private readonly now: number;
  private readonly lfuDecayMinutes: number;

  /** The rest of a big collection. */
  private rest: Steps | undefined = undefined;
  /** Length of `out` at which a step is to end. */
  private readonly limit = { at: 0 };

  private readonly set = new KeySet();
  private readonly zset = new ZsetReader();
  private readonly hash = new HashFields();
  private readonly list = new List();
  private readonly cursor = new ListCursor();

  constructor(
    private readonly out: ChunkWriter,
    settings: EncoderSettings = {},
  ) {
    this.isNamed = settings.version !== undefined;
    this.version = settings.version ?? RdbVersion.Listpacks;
    this.usage = settings.usage ?? UsageField.None;
    this.now = settings.now ?? 0;
    this.lfuDecayMinutes = settings.lfuDecayMinutes ?? 0;
  }

  /** Whether there is nothing left of the entry that was begun. */
  get isDone(): boolean {
    return this.rest === undefined;
  }

  /** Begins with an entry; the one before must be done. */
  begin(db: Database, e: number): void {
    const { out } = this;
    if (db.isVolatile(e)) {
      const at = db.expiry(e);
      out.byte(RdbOpcode.ExpireTimeMs);
      out.int64(Number.isSafeInteger(at) ? at : db.expiryExact(e));
    }
    if (this.usage !== UsageField.None) this.writeUsage(db, e);
    const type = this.typeOf(db, e);
    out.byte(type);
    const { dict } = db;
    dict.locate(e);
    out.string(dict.buf, dict.keyOff, dict.keyLen);
    this.writeValue(type, db, e);
  }

  /** Type and value of an entry, all of it, as DUMP has them. */
  encodeValue(db: Database, e: number): void {
    const type = this.typeOf(db, e);
    this.out.byte(type);
    this.writeValue(type, db, e);
    this.finish();
  }

  /** Goes on for about so many bytes. @returns whether the entry is done */
  step(bytes: number): boolean {
    const { rest } = this;
    if (rest === undefined) return true;
    this.limit.at = this.out.length + bytes;
    if (rest.next().done) this.rest = undefined;
    return this.rest === undefined;
  }

  /** Does all that is left of the entry. */
  finish(): void {
    this.step(ALL);
  }

  private writeUsage(db: Database, e: number): void {
    const { out } = this;
    const clock = db.clockOf(e);
    if (this.usage === UsageField.Idle) {
      out.byte(RdbOpcode.Idle);
      out.count(idleSeconds(clock, db.clock));
    } else {
      out.byte(RdbOpcode.Freq);
      out.byte(lfuCounter(clock, this.now, this.lfuDecayMinutes));
    }
  }

  // ---- which form

  private typeOf(db: Database, e: number): number {
    const type = this.formOf(db, e);
    const needed = TYPE_VERSIONS[type] ?? RDB_VERSION_MIN;
    if (needed > this.neededVersion) this.neededVersion = needed;
    return type;
  }

  private formOf(db: Database, e: number): number {
    const hasListpacks = this.version >= RdbVersion.Listpacks;
    switch (db.kind(e)) {
      case Kind.ListListpack:
      case Kind.ListQuicklist:
        return hasListpacks ? RdbType.ListQuicklist2 : RdbType.List;
      case Kind.SetIntset:
        return RdbType.SetIntset;
      case Kind.SetListpack:
        return this.version >= RdbVersion.SetListpacks ? RdbType.SetListpack : RdbType.Set;
      case Kind.SetDict:
        return RdbType.Set;
      case Kind.ZsetListpack:
        return hasListpacks ? RdbType.ZsetListpack : RdbType.Zset2;
      case Kind.ZsetSkiplist:
        return RdbType.Zset2;
      case Kind.HashListpack:
        return hasListpacks ? RdbType.HashListpack : RdbType.Hash;
      case Kind.HashListpackEx:
        if (db.fieldExpiry(e) !== Number.POSITIVE_INFINITY) return RdbType.HashListpackEx;
        return hasListpacks ? RdbType.HashListpack : RdbType.Hash;
      case Kind.HashDictEx:
        return (db.objectOf(e) as HashTable).hasDeadlines ? RdbType.HashMetadata : RdbType.Hash;
      case Kind.HashDict:
      case Kind.HashWide:
        return RdbType.Hash;
      case Kind.Stream:
        return this.streamForm(db.objectOf(e) as Stream);
      default:
        return RdbType.String;
    }
  }

  private streamForm(stream: Stream): number {
    if (this.version >= RdbVersion.SetListpacks) return RdbType.StreamListpacks3;
    if (!this.isNamed && hasOwnActiveTimes(stream)) return RdbType.StreamListpacks3;
    const isOld = this.version < RdbVersion.Listpacks;
    return isOld ? RdbType.StreamListpacks : RdbType.StreamListpacks2;
  }

  // ---- the value

  private writeValue(type: number, db: Database, e: number): void {
    const { limit, out } = this;
    switch (db.kind(e)) {
      case Kind.ListQuicklist:
        if (type === RdbType.List) this.writeListElements(db, e);
        else this.rest = writeQuicklist(out, limit, this.list.open(db, e).quicklist!);
        return;
      case Kind.ListListpack:
        if (type === RdbType.List) this.writeListElements(db, e);
        else {
          out.count(1);
          out.count(NodeContainer.Packed);
          this.writeInline(db, e, 0);
        }
        return;
      case Kind.SetDict:
        this.rest = writeSet(out, limit, (db.objectOf(e) as DictSet).dict);
        return;
      case Kind.SetListpack:
        if (type === RdbType.Set) this.writeSetMembers(db, e);
        else this.writeInline(db, e, 0);
        return;
      case Kind.ZsetSkiplist:
        this.rest = writeZset(out, limit, db.objectOf(e) as ZsetSkiplist);
        return;
      case Kind.ZsetListpack:
        if (type === RdbType.Zset2) this.writeZsetMembers(db, e);
        else this.writeInline(db, e, 0);
        return;
      case Kind.HashDict:
      case Kind.HashDictEx:
        this.rest = writeHash(out, limit, db.objectOf(e) as HashTable, type);
        return;
      case Kind.HashListpack:
      case Kind.HashWide:
      case Kind.HashListpackEx:
        this.writeSmallHash(type, db, e);
        return;
      case Kind.Stream:
        this.rest = writeStream(out, limit, db.objectOf(e) as Stream, type);
        return;
      case Kind.StringLarge:
        if (out.compresses === true) this.writeInline(db, e, 0);
        else this.rest = writeLargeString(out, limit, db.objectOf(e) as LargeString);
        return;
      default:
        // Strings and intsets.
        this.writeInline(db, e, 0);
    }
  }

  /** Writes the value's bytes as one string. @param skip bytes at their begin that are ours alone */
  private writeInline(db: Database, e: number, skip: number): void {
    db.open(e);
    this.out.string(db.buf, db.off + skip, db.len - skip);
  }

  private writeListElements(db: Database, e: number): void {
    const { cursor, list, out } = this;
    out.count(list.open(db, e).length);
    for (let found = cursor.seek(list, 0); found; found = cursor.next()) {
      cursor.read();
      out.string(cursor.buf, cursor.off, cursor.len);
    }
  }

  private writeSetMembers(db: Database, e: number): void {
    const { out, set } = this;
    out.count(set.attach(db, e).size);
    for (set.rewind(); set.next(); ) out.string(set.buf, set.off, set.len);
  }

  private writeZsetMembers(db: Database, e: number): void {
    const { out } = this;
    const zset = this.zset.open(db, e);
    out.count(zset.size);
    for (let p = zset.last(); p !== 0; p = zset.prev(p)) {
      zset.read(p);
      out.string(zset.buf, zset.off, zset.len);
      out.double(zset.score(p));
    }
  }

  private writeSmallHash(type: number, db: Database, e: number): void {
    const { hash, out } = this;
    const isTimed = db.kind(e) === Kind.HashListpackEx;
    if (type === RdbType.HashListpackEx) {
      out.int64(db.fieldExpiry(e));
      this.writeInline(db, e, FIELD_SLOT_BYTES);
    } else if (type === RdbType.HashListpack && !isTimed) {
      this.writeInline(db, e, 0);
    } else if (type === RdbType.HashListpack) {
      const pairs = pairsOf(hash.open(db, e)).view();
      out.string(pairs, 0, pairs.length);
    } else {
      out.count(hash.open(db, e).count);
      for (hash.rewind(); hash.next(); ) {
        out.string(hash.field, hash.fieldOff, hash.fieldLen);
        out.string(hash.value, hash.valueOff, hash.valueLen);
      }
    }
  }
}

/** The versions that brought the types, where that is above RDB_VERSION_MIN. */
const TYPE_VERSIONS: Readonly<Record<number, number>> = {
  [RdbType.HashListpack]: RdbVersion.Listpacks,
  [RdbType.ZsetListpack]: RdbVersion.Listpacks,
  [RdbType.ListQuicklist2]: RdbVersion.Listpacks,
  [RdbType.StreamListpacks2]: RdbVersion.Listpacks,
  [RdbType.SetListpack]: RdbVersion.SetListpacks,
  [RdbType.StreamListpacks3]: RdbVersion.SetListpacks,
  [RdbType.HashMetadata]: RdbVersion.FieldExpiry,
  [RdbType.HashListpackEx]: RdbVersion.FieldExpiry,
};

/** A hash's listpack without the times, of which it has none. */
function pairsOf(hash: HashFields): HeapBytes {
  const bytes = new HeapBytes();
  Listpack.init(bytes);
  const pairs = new Listpack(bytes);
  for (hash.rewind(); hash.next(); ) {
    pairs.append(hash.field, hash.fieldOff, hash.fieldLen);
    pairs.append(hash.value, hash.valueOff, hash.valueLen);
  }
  return bytes;
}
