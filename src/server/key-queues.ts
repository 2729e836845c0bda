/**
 * Who waits for which key of one database, in order of arrival.
 *
 *     hash of "jobs" ──> KeyQueue "jobs": BLPOP of client 7, BLMOVE of client 9, BLPOP of client 3
 *     hash of "mail" ──> KeyQueue "mail": BLPOP of client 7
 *
 * A queue exists while somebody is in it, and the database knows of its queues while there are any.
 * A write to a key that nobody waits for costs one hash and allocates nothing. Keys come from
 * strangers, so they are found by the keyspace's keyed hash.
 *
 * The queues stay with the database's number: after SWAPDB they look at the other's keys.
 */
import { sameBytes } from '../datastructs/move-bytes.js';
import type { Database } from '../keyspace/database.js';
import type { KeyWaiters } from '../keyspace/key-waiters.js';

/** One that waits. */
export interface Waiting {
  /** Whether the going of a key matters to it, too. */
  readonly onDeletion: boolean;
}

export class KeyQueue<W extends Waiting> {
  /** In order of arrival (a Set keeps it, and lets anyone leave at once). */
  readonly waiting = new Set<W>();
  /** How many of them look at deletions. */
  onDeletion = 0;
  /** Whether it is to be served already. */
  isReady = false;
  /** Another key with the same hash. */
  next: KeyQueue<W> | undefined = undefined;

  constructor(
    readonly home: KeyQueues<W>,
    readonly key: Buffer,
    readonly hash: number,
  ) {}

  /** The kind of what the key holds now; 0 for nothing, or something that is due. */
  kind(nowMs: number): number {
    const { db } = this.home;
    const e = db.find(this.key, 0, this.key.length, this.hash);
    if (e === 0 || (db.isVolatile(e) && db.expiry(e) < nowMs)) return 0;
    return db.kind(e);
  }

  leave(one: W): void {
    if (!this.waiting.delete(one)) return;
    if (one.onDeletion) this.onDeletion--;
    if (this.waiting.size === 0) this.home.remove(this);
  }
}

export class KeyQueues<W extends Waiting> implements KeyWaiters<Database> {
  /** Keys that somebody waits for. */
  size = 0;
  private readonly byHash = new Map<number, KeyQueue<W>>();

  /** @param onReady told once of a queue that is to be served */
  constructor(
    public db: Database,
    private readonly onReady: (queue: KeyQueue<W>) => void,
  ) {}

  /** Keys whose going matters to somebody. */
  get onDeletionSize(): number {
    let count = 0;
    for (const queue of this.all()) if (queue.onDeletion > 0) count++;
    return count;
  }

  /** Puts one at the end of a key's queue, if it is not in it. @returns the queue */
  enter(one: W, key: Uint8Array, off: number, len: number): KeyQueue<W> {
    const queue =
      this.find(key, off, len) ?? this.create(Buffer.from(key.subarray(off, off + len)));
    if (queue.waiting.has(one)) return queue;
    queue.waiting.add(one);
    if (one.onDeletion) queue.onDeletion++;
    return queue;
  }

  /** Forgets a queue that is empty. */
  remove(queue: KeyQueue<W>): void {
    const { byHash, db } = this;
    const first = byHash.get(queue.hash)!;
    if (first !== queue) {
      let before = first;
      while (before.next !== queue) before = before.next!;
      before.next = queue.next;
    } else if (queue.next !== undefined) byHash.set(queue.hash, queue.next);
    else byHash.delete(queue.hash);
    if (--this.size === 0) db.waiters = undefined;
  }

  // ---- KeyWaiters

  keyAdded(key: Uint8Array, off: number, len: number): void {
    const queue = this.find(key, off, len);
    if (queue !== undefined) this.ready(queue);
  }

  keyRemoved(key: Uint8Array, off: number, len: number): void {
    const queue = this.find(key, off, len);
    if (queue !== undefined && queue.onDeletion > 0) this.ready(queue);
  }

  cleared(): void {
    for (const queue of this.all())
      if (queue.onDeletion > 0 && has(this.db, queue)) this.ready(queue);
  }

  replaced(db: Database): void {
    const before = this.db;
    this.db = db;
    for (const queue of this.all()) {
      if (has(db, queue) || (queue.onDeletion > 0 && has(before, queue))) this.ready(queue);
    }
  }

  /** Has a queue served after the present command. */
  ready(queue: KeyQueue<W>): void {
    if (queue.isReady) return;
    queue.isReady = true;
    this.onReady(queue);
  }

  private find(key: Uint8Array, off: number, len: number): KeyQueue<W> | undefined {
    let queue = this.byHash.get(this.db.hasher.hash(key, off, len));
    while (queue !== undefined && !isKey(queue.key, key, off, len)) queue = queue.next;
    return queue;
  }

  private create(key: Buffer): KeyQueue<W> {
    const { byHash, db } = this;
    const hash = db.hasher.hash(key, 0, key.length);
    const queue = new KeyQueue<W>(this, key, hash);
    queue.next = byHash.get(hash);
    byHash.set(hash, queue);
    if (this.size++ === 0) db.waiters = this;
    return queue;
  }

  private *all(): Generator<KeyQueue<W>> {
    for (const first of this.byHash.values()) {
      for (let queue: KeyQueue<W> | undefined = first; queue !== undefined; queue = queue.next) {
        yield queue;
      }
    }
  }
}

function has<W extends Waiting>(db: Database, { key, hash }: KeyQueue<W>): boolean {
  return db.find(key, 0, key.length, hash) !== 0;
}

function isKey(own: Buffer, key: Uint8Array, off: number, len: number): boolean {
  return own.length === len && sameBytes(own, 0, key, off, len);
}
