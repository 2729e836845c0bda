/**
 * Keys that clients watch: WATCH's optimistic lock. A change of one breaks the watch of every client
 * that has it, and its EXEC then does nothing.
 *
 *     (database, key) -> watches of that key      (client) -> its watches
 *
 * A key that was due when it was watched counts as not there: that it is removed is no change. A key
 * that has become due since is one, whether it has been removed or not.
 *
 * It listens to the keyspace only while anybody watches anything.
 */
import type { Database } from '../keyspace/database.js';
import type { KeyspaceObserver } from '../keyspace/events.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { type Client, ClientFlag } from './api/client.js';
import type { Observers } from './observers.js';

/** What a watch takes: its object, key, and entries in two maps (measured: 290 to 440, and the key). */
const WATCH_BYTES = 512;

interface Watch {
  readonly client: Client;
  readonly database: number;
  readonly key: Buffer;
  /** Whether the key was due when it was watched, and is still there. */
  wasDue: boolean;
}

export class Watches implements KeyspaceObserver {
  private readonly byKey = new Map<string, Set<Watch>>();
  private readonly byClient = new Map<Client, Map<string, Watch>>();
  private readonly broken = new Set<Client>();

  constructor(
    private readonly keyspace: Keyspace,
    private readonly observers: Observers,
    private readonly now: () => number,
  ) {}

  add(client: Client, db: Database, key: Uint8Array, wasDue: boolean): void {
    const bytes = Buffer.from(key);
    const name = nameOf(db, bytes);
    let mine = this.byClient.get(client);
    if (mine === undefined) {
      mine = new Map();
      this.byClient.set(client, mine);
    }
    if (mine.has(name)) return;
    const watch: Watch = { client, database: db.index, key: bytes, wasDue };
    mine.set(name, watch);
    const others = this.byKey.get(name);
    if (others === undefined) this.byKey.set(name, new Set([watch]));
    else others.add(watch);
    this.observers.listen(this, true);
  }

  /** Memory that a client's watches take, in bytes. */
  bytesOf(client: Client): number {
    return (this.byClient.get(client)?.size ?? 0) * WATCH_BYTES;
  }

  /** Ends all watches of a client. */
  remove(client: Client): void {
    const mine = this.byClient.get(client);
    if (mine === undefined) return;
    for (const [name, watch] of mine) {
      const watches = this.byKey.get(name)!;
      watches.delete(watch);
      if (watches.size === 0) this.byKey.delete(name);
    }
    this.byClient.delete(client);
    this.broken.delete(client);
    client.flags &= ~ClientFlag.WatchBroken;
    this.observers.listen(this, this.byKey.size > 0);
  }

  /** Whether a key that the client watches has changed or has become due. */
  isBroken(client: Client): boolean {
    if (this.broken.has(client)) return true;
    for (const watch of this.byClient.get(client)?.values() ?? []) {
      if (!watch.wasDue && this.isDue(watch)) return true;
    }
    return false;
  }

  // ---- what the keyspace tells

  keyChanged(db: Database, key: Uint8Array): void {
    if (this.byKey.size === 0) return;
    const watches = this.byKey.get(nameOf(db, key));
    if (watches !== undefined) for (const watch of watches) this.touch(watch, find(db, watch.key));
  }

  flushed(db: Database | undefined): void {
    for (const watches of this.byKey.values()) {
      for (const watch of watches) {
        if (db !== undefined && watch.database !== db.index) continue;
        const from = this.keyspace.databases[watch.database]!;
        if (find(from, watch.key) === 0) continue;
        if (watch.wasDue) watch.wasDue = false;
        else this.break(watch);
      }
    }
  }

  swapped(a: Database, b: Database): void {
    for (const watches of this.byKey.values()) {
      for (const watch of watches) {
        if (watch.database !== a.index && watch.database !== b.index) continue;
        if (watch.database === a.index) this.replaced(watch, a, b);
        else this.replaced(watch, b, a);
      }
    }
  }

  keyEvent(): void {}

  keyExpired(): void {}

  keyEvicted(): void {}

  fieldExpired(): void {}

  /** @param e the key's entry now */
  private touch(watch: Watch, e: number): void {
    if (watch.wasDue && e === 0) watch.wasDue = false;
    else this.break(watch);
  }

  /**
   * The key's database is exchanged for another. That a key that is due takes the place of another
   * one, or of none, is no change.
   */
  private replaced(watch: Watch, from: Database, to: Database): void {
    const before = find(from, watch.key);
    const after = find(to, watch.key);
    if (before === 0 && after === 0) return;
    const isGone = after === 0 || this.isDueIn(to, after);
    if (watch.wasDue || before === 0) {
      watch.wasDue = after !== 0 && isGone;
      if (isGone) return;
    }
    this.break(watch);
  }

  private break({ client }: Watch): void {
    this.broken.add(client);
    client.flags |= ClientFlag.WatchBroken;
  }

  private isDue(watch: Watch): boolean {
    const db = this.keyspace.databases[watch.database]!;
    const e = find(db, watch.key);
    return e !== 0 && this.isDueIn(db, e);
  }

  private isDueIn(db: Database, e: number): boolean {
    return db.isVolatile(e) && db.expiry(e) < this.now();
  }
}

function nameOf(db: Database, key: Uint8Array): string {
  const { buffer, byteOffset, length } = key;
  return `${db.index}:${Buffer.from(buffer, byteOffset, length).toString('latin1')}`;
}

function find(db: Database, key: Buffer): number {
  return db.find(key, 0, key.length, 0);
}
