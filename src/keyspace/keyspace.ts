/**
 * All databases of a server, and what they have in common: the hash key, the counters, the access
 * clock, and the one place where a key that is due is removed.
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { MemoryMeter } from '../datastructs/memory-meter.js';
import { SipHasher } from '../datastructs/siphash.js';
import { Database } from './database.js';
import { EncodingLimits } from './encoding-limits.js';
import { EventClass, type KeyspaceObserver, type RemovalListener } from './events.js';
import { freeEffort, LAZY_FREE_FROM } from './free-effort.js';

export interface KeyspaceOptions {
  databases: number;
  /** A random number in [0, 1): seeds the hash, draws random keys. */
  random: () => number;
  /** Check the arenas' every free; slow. For tests. */
  debugArena?: boolean;
}

export class Keyspace {
  readonly databases: Database[];
  readonly hasher: SipHasher;
  readonly random: () => number;
  /** Up to which size collections stay compact, in all databases. */
  readonly limits = new EncodingLimits();
  /** Counts what all databases use; who limits memory has a limit set. */
  readonly meter = new MemoryMeter();
  /** Whether anyone wants to be told of changes; set together with `observer`. */
  observed = false;
  observer: KeyspaceObserver | undefined;
  /** Who propagates what is removed without a command. */
  removals: RemovalListener | undefined = undefined;
  /** Whether keys that are due stay where they are, unseen (CLIENT PAUSE: nothing may change). */
  expiryHeld = false;

  // Counters, for INFO stats.
  hits = DOUBLE_FIELD;
  misses = DOUBLE_FIELD;
  expired = DOUBLE_FIELD;
  /** Of those, found by the cycle and not by an access. */
  expiredByCycle = DOUBLE_FIELD;
  /** Fields of hashes. */
  expiredFields = DOUBLE_FIELD;
  /** Keys that went because memory was full. */
  evicted = DOUBLE_FIELD;
  /** Values that were big and allowed to be freed lazily, and keys flushed so. */
  lazyFreed = DOUBLE_FIELD;
  /** Whether what expires and is evicted is allowed to (lazyfree-lazy-expire, lazyfree-lazy-eviction). */
  expiresLazily = false;
  evictsLazily = false;
  private replacesLazily = false;
  private readonly countReplaced = (db: Database, e: number) => this.noteLazy(db, e);

  constructor(options: KeyspaceOptions) {
    this.hits = 0;
    this.misses = 0;
    this.expired = 0;
    this.expiredByCycle = 0;
    this.expiredFields = 0;
    this.evicted = 0;
    this.lazyFreed = 0;
    const { random } = options;
    this.random = random;
    this.hasher = new SipHasher(random() * 0x100000000, random() * 0x100000000);
    this.databases = [];
    for (let i = 0; i < options.databases; i++) {
      this.databases.push(
        new Database(i, this.hasher, this.limits, options.debugArena, this.meter),
      );
    }
  }

  /** Bytes of all keys and values, their tables included: what `meter` counts, summed up anew. */
  get usedBytes(): number {
    let total = 0;
    for (const db of this.databases) total += db.usedBytes;
    return total;
  }

  /** As `usedBytes`, with what the arenas hold and nobody uses. */
  get capacityBytes(): number {
    let total = 0;
    for (const { arena, usedBytes } of this.databases) {
      total += usedBytes + arena.capacityBytes - arena.usedBytes;
    }
    return total;
  }

  resetCounters(): void {
    this.hits = 0;
    this.misses = 0;
    this.expired = 0;
    this.expiredByCycle = 0;
    this.expiredFields = 0;
    this.evicted = 0;
    this.lazyFreed = 0;
  }

  /** Gives all databases the access clock that new entries get. */
  setClock(clock: number): void {
    for (const db of this.databases) db.clock = clock;
  }

  /** Removes a key that is due, and tells; while `expiryHeld`, the key is only to be hidden. */
  expire(db: Database, e: number): void {
    if (this.expiryHeld) return;
    this.expired++;
    this.noteExpired(db, e);
    this.removeUnasked(db, e, false);
  }

  /** Says whether values that commands replace by the way may be freed lazily (lazyfree-lazy-server-del). */
  setReplacesLazily(isLazy: boolean): void {
    this.replacesLazily = isLazy;
    for (const db of this.databases) db.onReplaced = isLazy ? this.countReplaced : undefined;
  }

  /** Counts a key that a command is about to remove by the way, to put another in its place for one. */
  noteReplaced(db: Database, e: number): void {
    if (this.replacesLazily) this.noteLazy(db, e);
  }

  /** Removes a key that a command replaces by the way. */
  removeReplaced(db: Database, e: number): void {
    this.noteReplaced(db, e);
    db.remove(e);
  }

  /** Counts a key that is about to be removed because its time is set to what is past. */
  noteExpired(db: Database, e: number): void {
    if (this.expiresLazily) this.noteLazy(db, e);
  }

  /** Counts a key's value, which is about to be freed and may be lazily, if it is big. */
  noteLazy(db: Database, e: number): void {
    if (freeEffort(db, e) > LAZY_FREE_FROM) this.lazyFreed++;
  }

  /** Pieces of memory that nothing needs any more and that were not yet given back. */
  get pendingPieces(): number {
    let pieces = 0;
    for (const db of this.databases) pieces += db.discardedPieces;
    return pieces;
  }

  /** Removes a key because memory is full, and tells. */
  evict(db: Database, e: number): void {
    this.evicted++;
    if (this.evictsLazily) this.noteLazy(db, e);
    this.removeUnasked(db, e, true);
  }

  /** Removes a key though no command says so. */
  private removeUnasked(db: Database, e: number, isEvicted: boolean): void {
    if (!this.observed && this.removals === undefined) {
      db.remove(e);
      return;
    }
    const key = db.keyName(e);
    db.remove(e);
    this.removals?.keyRemoved(db, key, isEvicted);
    if (!this.observed) return;
    const observer = this.observer!;
    if (isEvicted) observer.keyEvicted(db, key);
    else observer.keyExpired(db, key);
    observer.keyChanged(db, key);
    if (isEvicted) observer.keyEvent(db, EventClass.Evicted, 'evicted', key);
    else observer.keyEvent(db, EventClass.Expired, 'expired', key);
  }

  /** Whether nothing may be moved about now: a snapshot is being taken, or nothing may change at all. */
  get isHeld(): boolean {
    return this.expiryHeld || this.databases.some((db) => db.cut !== undefined);
  }

  /** Exchanges two databases' content; clients that use one of them see the other's keys. */
  swap(a: number, b: number): void {
    const { databases } = this;
    const first = databases[b]!;
    const second = databases[a]!;
    databases[a] = first;
    databases[b] = second;
    first.index = a;
    second.index = b;
    // Who waits, waits in the number.
    [first.waiters, second.waiters] = [second.waiters, first.waiters];
    first.waiters?.replaced(first);
    second.waiters?.replaced(second);
  }
}
