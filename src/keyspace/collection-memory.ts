/**
 * What collections with an arena of their own (see collection.ts) hold of the system's memory beyond
 * what they use. Nobody is told when a collection gets such an arena, or shrinks; so all objects are
 * looked at, some with each call of the cron, and what a whole round has found is what is known.
 *
 * A collection that has lost much gives back what is empty by the way: as databases do (Maintenance).
 * What is sparse only, is for defragmentation (collection-defragmenter.ts).
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import type { BigArray } from '../datastructs/release.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';
import type { OwnedObject } from './object-table.js';

/** Objects looked at with each call: about 50 microseconds. */
const OBJECTS_AT_ONCE = 5000;
/** An arena keeps so many bytes for what is yet to come. */
const SPARE_BYTES = 64 * 1024 * 1024;

export class CollectionMemory {
  /** Bytes of these arenas that were in use once and are not. */
  wastedBytes = DOUBLE_FIELD;
  /** Bytes in use there. */
  usedBytes = DOUBLE_FIELD;

  private roundWasted = DOUBLE_FIELD;
  private roundUsed = DOUBLE_FIELD;
  private database = 0;
  private next = 0;

  constructor(private readonly keyspace: Keyspace) {
    this.wastedBytes = 0;
    this.usedBytes = 0;
    this.roundWasted = 0;
    this.roundUsed = 0;
  }

  /** Goes on looking. For the cron. */
  run(): void {
    const { databases } = this.keyspace;
    let left = OBJECTS_AT_ONCE;
    while (left > 0) {
      if (this.database >= databases.length) {
        this.endRound();
        return;
      }
      const db = databases[this.database]!;
      const end = Math.min(this.next + left, db.objects.top);
      left -= Math.max(end - this.next, 0);
      while (this.next < end) this.look(db, this.next++);
      if (this.next < db.objects.top) return;
      this.database++;
      this.next = 0;
    }
  }

  private look(db: Database, id: number): void {
    const arena = (db.objects.get(id) as OwnedObject | undefined)?.ownArena;
    if (arena === undefined) return;
    const give = (array: BigArray) => db.discard([array]);
    if (arena.capacityBytes - arena.usedBytes > SPARE_BYTES) arena.trim(give);
    this.roundUsed += arena.usedBytes;
    this.roundWasted += arena.touchedBytes - arena.usedBytes;
  }

  private endRound(): void {
    this.wastedBytes = this.roundWasted;
    this.usedBytes = this.roundUsed;
    this.roundWasted = 0;
    this.roundUsed = 0;
    this.database = 0;
    this.next = 0;
  }
}
