/**
 * Encodes one key with its value as the commands that make it anew: the base of an append-only file
 * that is to hold commands alone (`aof-use-rdb-preamble no`). What rdb/entry-encoder.ts is for RDB, with
 * the same face:
 *
 *     encoder.begin(db, e);                          // all of it if it is small
 *     while (!encoder.step(64 * 1024)) await turn;   // a big collection, piece by piece
 *
 *     RPUSH key  64 elements …               members in pieces (collection-commands.ts)
 *     PEXPIREAT key ms                       last, for a key with a time to live
 *
 * Between two steps the collection must not change: whoever is about to change it calls `finish`
 * first. Everything else of the database may. Members are written from where they are; nothing is
 * copied but the key.
 *
 * What stands around the keys is command-format.ts's. The commands are those of Redis's own rewrite, so that any Redis that knows the types loads them.
 */
import { Listpack } from '../../datastructs/listpack.js';
import { copyBytes } from '../../datastructs/move-bytes.js';
import type { Quicklist } from '../../datastructs/quicklist.js';
import type { Database } from '../../keyspace/database.js';
import { HashFields } from '../../keyspace/hash/hash-fields.js';
import type { HashTable } from '../../keyspace/hash/hash-table.js';
import { InlineValue } from '../../keyspace/inline-value.js';
import { Kind } from '../../keyspace/kinds.js';
import type { DictSet } from '../../keyspace/set/dict-set.js';
import { KeySet } from '../../keyspace/set/key-set.js';
import type { Counter } from '../../keyspace/stream/counter.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ZsetReader } from '../../keyspace/zset/open.js';
import type { ZsetSkiplist } from '../../keyspace/zset/zset-skiplist.js';
import type { ChunkWriter } from '../rdb/chunk-writer.js';
import type { Steps } from '../rdb/walk-collections.js';
import type { EntryWriter } from '../snapshot/format.js';
import {
  CommandTarget,
  dictSetAdds,
  hashSets,
  hashTableSets,
  listpackPushes,
  quicklistPushes,
  setAdds,
  zsetAdds,
} from './collection-commands.js';
import { CommandWriter, commandHead } from './command-writer.js';
import { streamCommands } from './stream-commands.js';

const ALL = Number.POSITIVE_INFINITY;
/** Of a key without a time to live. */
const NEVER = -1;

const SET = commandHead(3, 'SET');
const PEXPIREAT = commandHead(3, 'PEXPIREAT');

export class EntryCommands implements EntryWriter {
  private readonly writer: CommandWriter;
  /** When the entry that was begun is due, Unix ms. */
  private expiry: Counter = NEVER;
  /** The rest of a big collection. */
  private rest: Steps | undefined = undefined;
  private readonly target: CommandTarget;

  private readonly inline = new InlineValue();
  private readonly listpack = new Listpack(this.inline);
  private readonly set = new KeySet();
  private readonly zset = new ZsetReader();
  private readonly hash = new HashFields();

  constructor(private readonly out: ChunkWriter) {
    this.writer = new CommandWriter(out);
    this.target = new CommandTarget(this.writer);
  }

  /** Whether there is nothing left of the entry that was begun. */
  get isDone(): boolean {
    return this.rest === undefined;
  }

  /** Begins with an entry; the one before must be done. */
  begin(db: Database, e: number): void {
    this.keepKey(db, e);
    this.expiry = NEVER;
    if (db.isVolatile(e)) {
      const at = db.expiry(e);
      this.expiry = Number.isSafeInteger(at) ? at : db.expiryExact(e);
    }
    this.writeValue(db, e);
    if (this.rest === undefined) this.writeExpiry();
  }

  /** Goes on for about so many bytes. @returns whether the entry is done */
  step(bytes: number): boolean {
    const { rest } = this;
    if (rest === undefined) return true;
    this.target.limit.at = this.out.length + bytes;
    if (rest.next().done) {
      this.rest = undefined;
      this.writeExpiry();
    }
    return this.rest === undefined;
  }

  /** Does all that is left of the entry. */
  finish(): void {
    this.step(ALL);
  }

  /** Copies the key, whose block may move while a collection is written. */
  private keepKey(db: Database, e: number): void {
    const { dict } = db;
    dict.locate(e);
    const { target } = this;
    if (target.keyBytes.length < dict.keyLen) {
      target.keyBytes = new Uint8Array(2 * dict.keyLen);
    }
    copyBytes(dict.buf, dict.keyOff, dict.keyLen, target.keyBytes, 0);
    target.keyLen = dict.keyLen;
  }

  private writeExpiry(): void {
    if (this.expiry === NEVER) return;
    const { target, writer } = this;
    writer.raw(PEXPIREAT);
    target.writeKey();
    writer.integer(this.expiry);
  }

  private writeValue(db: Database, e: number): void {
    const { target } = this;
    switch (db.kind(e)) {
      case Kind.ListListpack:
        this.inline.attach(db, e);
        listpackPushes(target, this.listpack);
        return;
      case Kind.ListQuicklist:
        this.rest = quicklistPushes(target, db.objectOf(e) as Quicklist);
        return;
      case Kind.SetIntset:
      case Kind.SetListpack:
        setAdds(target, this.set.attach(db, e));
        return;
      case Kind.SetDict:
        this.rest = dictSetAdds(target, db.objectOf(e) as DictSet);
        return;
      case Kind.ZsetListpack:
        target.limit.at = ALL;
        zsetAdds(target, this.zset.open(db, e)).next();
        return;
      case Kind.ZsetSkiplist:
        this.rest = zsetAdds(target, db.objectOf(e) as ZsetSkiplist);
        return;
      case Kind.HashListpack:
      case Kind.HashWide:
      case Kind.HashListpackEx:
        hashSets(target, this.hash.open(db, e));
        return;
      case Kind.HashDict:
      case Kind.HashDictEx:
        this.rest = hashTableSets(target, db.objectOf(e) as HashTable);
        return;
      case Kind.Stream:
        this.rest = streamCommands(target, db.objectOf(e) as Stream);
        return;
      default:
        this.writer.raw(SET);
        target.writeKey();
        db.open(e);
        this.writer.bulk(db.buf, db.off, db.len);
    }
  }
}
