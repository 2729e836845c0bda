/**
 * One command being run: what a handler is given.
 *
 * A handler reads like its contract: parse arguments, look up, check the type, change, reply, tell.
 *
 *     run(call) {
 *       const { args, db, reply } = call;
 *       const e = call.readString(1);          // lookup: expires, counts, touches; throws WRONGTYPE
 *       if (e === 0) return reply.nil();
 *       db.open(e);
 *       reply.bulk(db.buf, db.off, db.len);
 *     }
 *
 * There is one Call per server, filled anew for every command: handlers must not keep it. A handler
 * that fails throws a ReplyError *before* it changes anything.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import type { LfuClock } from '../../keyspace/access-clock.js';
import type { Database } from '../../keyspace/database.js';
import { EventClass } from '../../keyspace/events.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { CLOCK_SHIFT, isString, META_REST, VOLATILE } from '../../keyspace/kinds.js';
import type { OwnedObject } from '../../keyspace/object-table.js';
import type { Args } from '../../resp/args.js';
import { WRONG_TYPE } from '../../resp/errors.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { KeyWait } from './blocking.js';
import type { Client } from './client.js';
import { ClientFlag } from './client.js';
import type { Command } from './command-table.js';
import type { ServerApi } from './server.js';

export class Call {
  args!: Args;
  client!: Client;
  command!: Command;
  /** The client's selected database. */
  db!: Database;
  /** Unix ms, the same for the whole command. */
  now = DOUBLE_FIELD;
  /**
   * Changes made so far by all commands. It only grows (what propagates compares it with before), so
   * changes since an instant are a difference: INFO's rdb_changes_since_last_save and more.
   */
  dirty = DOUBLE_FIELD;
  /** Counts keys' uses; undefined unless the policy is an LFU one: they get the time then. */
  lfu: LfuClock | undefined = undefined;
  /** Whether anyone (AOF, replicas) is to be told of changes; `propagateAs` is idle otherwise. */
  propagating = false;
  /** Whether a command may wait; it may not inside a transaction or script. */
  canBlock = true;
  /** Whether a script runs it. */
  inScript = false;
  /** Whether what is due stays: a log is replayed, and its own deletions follow. */
  keepsDue = false;
  /** What to propagate instead of the request itself; undefined: the request. */
  rewritten: (string | Uint8Array)[][] | undefined;

  constructor(
    readonly server: ServerApi,
    readonly keyspace: Keyspace,
    /** Where the command replies to: the clients' writer, or a script's. */
    public reply: ReplyWriter,
  ) {
    this.now = 0;
    this.dirty = 0;
  }

  // ---- lookups: argument number -> entry number, 0 for none

  /** For reading: counts a hit or miss, touches the access clock; a key that is due is gone. */
  read(i: number): number {
    return this.counted(i, this.lookup(i));
  }

  /** As `read`, but leaves the access clock alone (TTL, TYPE, EXISTS …). */
  look(i: number): number {
    return this.counted(i, this.peek(i));
  }

  /** For writing: as `read`, without counting. */
  write(i: number): number {
    return this.lookup(i);
  }

  /** As `look`, without counting or telling of a miss. */
  peek(i: number): number {
    const { db } = this;
    const e = this.find(db, i);
    return e !== 0 && db.isVolatile(e) && this.isDue(db, e) ? 0 : e;
  }

  /** Touches an entry's access clock, also for a client that asked not to (CLIENT NO-TOUCH). */
  touch(e: number): void {
    const { db } = this;
    db.setClock(e, this.lfu === undefined ? db.clock : this.lfu.used(db.clockOf(e), this.now));
  }

  /** As `read`; a key of none of these kinds (a KindSet) throws WRONGTYPE. */
  readKind(i: number, kinds: number): number {
    return this.ofKind(this.read(i), kinds);
  }

  /** As `look`; a key of none of these kinds throws WRONGTYPE. */
  lookKind(i: number, kinds: number): number {
    return this.ofKind(this.look(i), kinds);
  }

  /** As `write`; a key of none of these kinds throws WRONGTYPE. */
  writeKind(i: number, kinds: number): number {
    return this.ofKind(this.lookup(i), kinds);
  }

  /** As `read`; a key of another type throws WRONGTYPE. */
  readString(i: number): number {
    const e = this.read(i);
    if (e !== 0 && !isString(this.db.kind(e))) throw WRONG_TYPE;
    return e;
  }

  /** As `write`; a key of another type throws WRONGTYPE. */
  writeString(i: number): number {
    const e = this.lookup(i);
    if (e !== 0 && !isString(this.db.kind(e))) throw WRONG_TYPE;
    return e;
  }

  /** As `write`, in another database. */
  writeIn(db: Database, i: number): number {
    const own = this.db;
    this.db = db;
    const e = this.lookup(i);
    this.db = own;
    return e;
  }

  /** Stores a string under argument `i`, which has no entry. @returns the entry */
  addString(i: number, value: Uint8Array, off: number, len: number, kind?: number): number {
    const { args, db } = this;
    const at = args.base + i;
    const e = db.addString(
      args.buf,
      args.offs[at]!,
      args.lens[at]!,
      args.hashes[at]!,
      value,
      off,
      len,
      kind,
    );
    if (this.keyspace.observed) this.tellNew(i);
    return e;
  }

  /**
   * Stores value bytes of a kind that is no object under argument `i`, which has no entry.
   * @returns the entry
   */
  addRaw(i: number, kind: number, value: Uint8Array, off: number, len: number): number {
    const { args, db } = this;
    const at = args.base + i;
    const key = args.buf;
    const hash = args.hashes[at]!;
    const e = db.addRaw(key, args.offs[at]!, args.lens[at]!, hash, kind, value, off, len);
    if (this.keyspace.observed) this.tellNew(i);
    return e;
  }

  /** Stores an object under argument `i`, which has no entry. @returns the entry */
  addObject(i: number, kind: number, object: OwnedObject): number {
    const { args, db } = this;
    const at = args.base + i;
    const hash = args.hashes[at]!;
    const e = db.addObjectKey(args.buf, args.offs[at]!, args.lens[at]!, hash, kind, object);
    if (this.keyspace.observed) this.tellNew(i);
    return e;
  }

  /**
   * Stores value bytes of a kind that is no object under argument `i`, in place of whatever it
   * holds and without a time to live.
   * @returns the entry
   */
  putRaw(i: number, kind: number, value: Uint8Array, off: number, len: number): number {
    const e = this.write(i);
    if (e === 0) return this.addRaw(i, kind, value, off, len);
    this.db.setRaw(e, kind, value, off, len, false);
    return e;
  }

  /** As `putRaw`, for an object. @returns the entry */
  putObject(i: number, kind: number, object: OwnedObject): number {
    const e = this.write(i);
    if (e === 0) return this.addObject(i, kind, object);
    this.db.setObject(e, kind, object, false);
    return e;
  }

  // ---- waiting

  /**
   * Makes the client wait for keys, and runs its command again, from its beginning, each time one of
   * them may serve it. A command that then still finds nothing calls this again and keeps its place
   * in the queue and its deadline. To be called only if `canBlock`, without a reply, and last.
   */
  blockOnKeys(wait: KeyWait): void {
    this.server.blocking.block(this, wait);
  }

  /** Tells those who wait for argument `i` that there is more in it (streams). */
  signalReady(i: number): void {
    const { args, db } = this;
    if (db.waiters !== undefined) db.waiters.keyAdded(args.buf, args.off(i), args.len(i));
  }

  // ---- changes

  /**
   * Tells that the key at argument `i` has changed: counts, and notifies whoever listens.
   * @param eventClass of EventClass @param event the notification's name
   */
  changed(i: number, eventClass: number, event: string): void {
    this.dirty++;
    if (this.keyspace.observed) this.changedKey(this.db, this.args.view(i), eventClass, event);
  }

  /** As `changed`, without counting a change, for a key that is no argument. */
  changedKey(db: Database, key: Uint8Array, eventClass: number, event: string): void {
    if (!this.keyspace.observed) return;
    const observer = this.keyspace.observer!;
    observer.keyChanged(db, key);
    observer.keyEvent(db, eventClass, event, key);
  }

  /** Tells a name only: the second event of a command that has several. */
  notify(i: number, eventClass: number, event: string): void {
    if (!this.keyspace.observed) return;
    this.keyspace.observer!.keyEvent(this.db, eventClass, event, this.args.view(i));
  }

  /** Removes the collection at argument `i` that has become empty, and tells. */
  emptied(i: number, e: number): void {
    this.db.remove(e);
    this.notify(i, EventClass.Generic, 'del');
  }

  /**
   * Has this command propagated in another form, whether it has changed anything or not; several calls
   * propagate several commands.
   */
  propagateAs(...request: (string | Uint8Array)[]): void {
    if (!this.propagating) return;
    this.rewritten ??= [];
    this.rewritten.push(request);
  }

  private ofKind(e: number, kinds: number): number {
    if (e !== 0 && ((kinds >>> this.db.kind(e)) & 1) === 0) throw WRONG_TYPE;
    return e;
  }

  /** The entry of argument `i`, due or not. Its hash is worked out once, or was by the warm-up. */
  private find(db: Database, i: number): number {
    const { args } = this;
    const at = args.base + i;
    const off = args.offs[at]!;
    const len = args.lens[at]!;
    let hash = args.hashes[at]!;
    if (hash === 0) {
      hash = db.hasher.hash(args.buf, off, len);
      args.hashes[at] = hash;
    }
    return db.dict.find(args.buf, off, len, hash);
  }

  /** Counts the entry of argument `i` as a hit or, for 0, a miss, and tells of that. */
  private counted(i: number, e: number): number {
    if (e !== 0) {
      this.keyspace.hits++;
      return e;
    }
    this.keyspace.misses++;
    this.notify(i, EventClass.KeyMiss, 'keymiss');
    return 0;
  }

  private lookup(i: number): number {
    const { db } = this;
    const e = this.find(db, i);
    if (e === 0) return 0;
    const meta = db.dict.meta(e);
    if ((meta & VOLATILE) !== 0 && this.isDue(db, e)) return 0;
    if ((this.client.flags & ClientFlag.NoTouch) === 0) {
      const { lfu } = this;
      const clock = lfu === undefined ? db.clock : lfu.used(meta >>> CLOCK_SHIFT, this.now);
      db.dict.setMeta(e, (meta & META_REST) | (clock << CLOCK_SHIFT));
    }
    return e;
  }

  /** Whether a time to live that ends at `atMs` is over as soon as it is given. */
  isPast(atMs: number | bigint): boolean {
    return atMs <= this.now && !this.keepsDue;
  }

  /** Whether the key's time has come; if so it is removed. */
  private isDue(db: Database, e: number): boolean {
    if (db.expiry(e) >= this.now || this.keepsDue) return false;
    this.keyspace.expire(db, e);
    return true;
  }

  private tellNew(i: number): void {
    this.keyspace.observer!.keyEvent(this.db, EventClass.New, 'new', this.args.view(i));
  }
}
