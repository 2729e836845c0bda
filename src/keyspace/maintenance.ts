/**
 * Housekeeping of the databases, a little at every call of the cron:
 *
 *  - bucket tables that are mostly empty begin to shrink;
 *  - a table that is growing or shrinking is moved on, so that an idle database does not keep two
 *    (Redis: activerehashing, 1 ms of every 100);
 *  - memory that flushing or mass deletion has left goes back to the operating system.
 *
 * No call takes much longer than the two limits together. Databases have their turns one after the
 * other.
 */
import type { Keyspace } from './keyspace.js';

const REHASH_MICROS = 1000;
const TRIM_MICROS = 1000;
/** Databases looked at per call for shrinking and trimming (Redis: CRON_DBS_PER_CALL). */
const DATABASES_PER_CALL = 16;

export interface MaintenanceOptions {
  /** Microseconds of a clock that never goes back. */
  micros: () => number;
  /** `activerehashing`. */
  rehashes: () => boolean;
}

export class Maintenance {
  private at = 0;
  private rehashAt = 0;

  constructor(
    private readonly keyspace: Keyspace,
    private readonly options: MaintenanceOptions,
  ) {}

  /** To be called by the cron. */
  run(): void {
    const { databases } = this.keyspace;
    const count = Math.min(DATABASES_PER_CALL, databases.length);
    const end = this.options.micros() + TRIM_MICROS;
    for (let i = 0; i < count; i++) {
      const db = databases[this.at++ % databases.length]!;
      db.dict.shrinkIfSparse();
      while (this.options.micros() < end && db.trim());
    }
    if (this.options.rehashes()) this.rehash();
  }

  /** Moves one database's table on: the first that needs it. */
  private rehash(): void {
    const { databases } = this.keyspace;
    for (let i = 0; i < databases.length; i++) {
      const { dict } = databases[this.rehashAt % databases.length]!;
      if (dict.rehashAt >= 0) {
        dict.rehashFor(REHASH_MICROS, this.options.micros);
        return;
      }
      this.rehashAt++;
    }
  }
}
