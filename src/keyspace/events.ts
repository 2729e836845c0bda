/**
 * What a change of the keyspace tells others: WATCH, client-side caching, keyspace notifications,
 * blocked clients. The keyspace knows one observer (the server); while nobody listens, `Keyspace`
 * doesn't call it at all.
 */
import type { Database } from './database.js';

/** Classes of `notify-keyspace-events`, one bit each (letters in Redis's documentation). */
export const EventClass = {
  /** g: DEL, EXPIRE, RENAME and others that know no type */
  Generic: 1 << 2,
  /** $ */
  String: 1 << 3,
  /** l */
  List: 1 << 4,
  /** s */
  Set: 1 << 5,
  /** h */
  Hash: 1 << 6,
  /** z */
  Zset: 1 << 7,
  /** x: a key expired */
  Expired: 1 << 8,
  /** e: a key was evicted */
  Evicted: 1 << 9,
  /** t */
  Stream: 1 << 10,
  /** m: a key was looked for and not there */
  KeyMiss: 1 << 11,
  /** d */
  Module: 1 << 13,
  /** n: a key was created */
  New: 1 << 14,
} as const;

export interface KeyspaceObserver {
  /** A key's value or time to live has changed, or it came or went. */
  keyChanged(db: Database, key: Uint8Array): void;
  /** Something with a name has happened to a key. */
  keyEvent(db: Database, eventClass: number, event: string, key: Uint8Array): void;
  /** All keys of this database (all databases: undefined) are about to go. */
  flushed(db: Database | undefined): void;
  /** Two databases are about to exchange their numbers: who uses one sees the other's keys. */
  swapped(a: Database, b: Database): void;
  /** A key that was due has been removed. */
  keyExpired(db: Database, key: Uint8Array): void;
  /** A key has been removed because memory was full. */
  keyEvicted(db: Database, key: Uint8Array): void;
  /** A field of a hash that was due has been removed. */
  fieldExpired(db: Database, key: Uint8Array, field: Uint8Array): void;
}

/**
 * Told of what the server removes though no command says so, which others (the append-only file,
 * replicas) would not know of. Apart from the observer, for whoever propagates needs nothing else.
 */
export interface RemovalListener {
  /** A key was removed: it was due, or memory was full. */
  keyRemoved(db: Database, key: Uint8Array, isEvicted: boolean): void;
  /** A field of a hash was removed: it was due. */
  fieldRemoved(db: Database, key: Uint8Array, field: Uint8Array): void;
}
