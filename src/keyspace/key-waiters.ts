/**
 * Who waits for keys to appear, change or go (BLPOP, XREAD BLOCK and their like), as the keyspace
 * sees it. A database that nobody waits in knows none, so the common path pays one check.
 *
 * Whoever implements this only takes note: clients are served once the command is done.
 */

/** Of one numbered database of type `D`. */
export interface KeyWaiters<D> {
  /** A key has come, or holds another value than before, of whatever type. */
  keyAdded(key: Uint8Array, off: number, len: number): void;
  /** A key is about to go. */
  keyRemoved(key: Uint8Array, off: number, len: number): void;
  /** All keys are about to go. */
  cleared(): void;
  /** From now on, another database has the number that they wait in (SWAPDB). */
  replaced(db: D): void;
}
