/**
 * Who waits for keys to appear, change or go (BLPOP, XREAD BLOCK and their like), as the keyspace
 * sees it. A database that nobody waits in knows none, so the common path pays one check.
 *
 * Whoever implements this only takes note: clients are served once the command is done.
 */
import type { Database } from './database.js';

export interface KeyWaiters {
  /** A key has come, or holds another value than before, of whatever type. */
  keyAdded(db: Database, key: Uint8Array, off: number, len: number): void;
  /** A key is about to go. */
  keyRemoved(db: Database, key: Uint8Array, off: number, len: number): void;
  /** All keys are about to go. */
  cleared(): void;
  /** From now on, another database has the number that they wait in. */
  replaced(db: Database): void;
}
