/**
 * A database as it was at one moment, while it is saved bit by bit (see persistence/snapshot): who
 * wants to know of everything that is about to make it another.
 *
 * The database itself tells of entries that are removed or get another value, and of being flushed.
 * A change within a value (APPEND, HSET …) is told by who is about to make it: the server before a
 * command that writes, for each of its keys; the expiry of fields for a hash.
 */
export interface Cut<D> {
  /** An entry is about to change or go. Whatever was located or opened has to be so again. */
  beforeChange(e: number): void;
  /**
   * An entry's object is about to go: the key is removed, or gets another value.
   * @returns where to move it, under the same key; undefined: nobody wants it, but `beforeChange` does
   */
  beforeLoss(e: number): D | undefined;
  /** All keys have gone to another database, which is the snapshot's alone. */
  detached(twin: D): void;
}
