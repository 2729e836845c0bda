/**
 * Hands what the keyspace tells on to those of the server's parts that listen: watches, client-side
 * caching, notifications. Each says by itself when it has reason to listen; while none has, the
 * keyspace tells nobody (`Keyspace.observed`), and a change costs nothing more.
 */
import type { Database } from '../keyspace/database.js';
import type { KeyspaceObserver } from '../keyspace/events.js';
import type { Keyspace } from '../keyspace/keyspace.js';

export class Observers implements KeyspaceObserver {
  /** Those who listen, in the order in which they are told. */
  private active: KeyspaceObserver[] = [];

  constructor(private readonly keyspace: Keyspace) {
    keyspace.observer = this;
  }

  /** From now on this observer listens, or does so no more. */
  listen(observer: KeyspaceObserver, listens: boolean): void {
    if (this.active.includes(observer) === listens) return;
    this.active = listens
      ? [...this.active, observer]
      : this.active.filter((other) => other !== observer);
    this.keyspace.observed = this.active.length > 0;
  }

  keyChanged(db: Database, key: Uint8Array): void {
    for (const observer of this.active) observer.keyChanged(db, key);
  }

  keyEvent(db: Database, eventClass: number, event: string, key: Uint8Array): void {
    for (const observer of this.active) observer.keyEvent(db, eventClass, event, key);
  }

  flushed(db: Database | undefined): void {
    for (const observer of this.active) observer.flushed(db);
  }

  swapped(a: Database, b: Database): void {
    for (const observer of this.active) observer.swapped(a, b);
  }

  keyExpired(db: Database, key: Uint8Array): void {
    for (const observer of this.active) observer.keyExpired(db, key);
  }

  keyEvicted(db: Database, key: Uint8Array): void {
    for (const observer of this.active) observer.keyEvicted(db, key);
  }

  fieldExpired(db: Database, key: Uint8Array, field: Uint8Array): void {
    for (const observer of this.active) observer.fieldExpired(db, key, field);
  }
}
