/**
 * Housekeeping of the databases, a little at every call of the cron:
 *
 *  - bucket tables that are mostly empty begin to shrink;
 *  - a table that is growing or shrinking is moved on, so that an idle database does not keep two
 *    (Redis: activerehashing, 1 ms of every 100);
 *  - memory that flushing, deleting or expiring has left goes back to the operating system: through
 *    a thread, or directly what is too little to hold the event loop up. The thread is started while
 *    there is much data, or when it is needed.
 *
 * No call takes much longer than its limit. Databases have their turns one after the
 * other.
 */
import type { BigArray } from '../datastructs/release.js';
import { ReleaseThread } from '../datastructs/release-thread.js';
import type { Keyspace } from './keyspace.js';

const MAX_MICROS = 1000;
/** Of these, for giving back: some pieces handed to the thread, or one of 8 MiB at most. */
const TRIM_MICROS = 250;
/** From so many bytes of data on there is a thread in any case: 7 MiB more are little then … */
const THREAD_FROM_BYTES = 128 * 1024 * 1024;
/** … and it goes when there are fewer than these and it has had nothing to do for so many calls. */
const THREAD_UNTIL_BYTES = 64 * 1024 * 1024;
const THREAD_IDLE_CALLS = 100;
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
  private readonly give = (array: BigArray) => this.thread.release(array);
  /** Calls since there was much data, or something to give back. */
  private idleCalls = 0;

  constructor(
    private readonly keyspace: Keyspace,
    private readonly options: MaintenanceOptions,
    private readonly thread = new ReleaseThread(),
  ) {}

  /** To be called by the cron. */
  run(): void {
    const { databases } = this.keyspace;
    const count = Math.min(DATABASES_PER_CALL, databases.length);
    this.tendThread();
    const start = this.options.micros();
    const end = start + TRIM_MICROS;
    let isLate = false;
    for (let i = 0; i < count; i++) {
      const db = databases[this.at++ % databases.length]!;
      db.dict.shrinkIfSparse();
      while (!isLate && !this.thread.isAwaited && db.trim(this.give)) {
        this.idleCalls = 0;
        isLate = this.options.micros() >= end;
      }
    }
    if (this.options.rehashes()) this.rehash(start + MAX_MICROS);
  }

  /** Ends its thread, if it has one. `run` may start another. */
  stop(): void {
    this.thread.stop();
  }

  private tendThread(): void {
    const { thread } = this;
    const bytes = this.keyspace.capacityBytes;
    if (bytes >= THREAD_FROM_BYTES) thread.start();
    if (bytes >= THREAD_UNTIL_BYTES) this.idleCalls = 0;
    else if (++this.idleCalls > THREAD_IDLE_CALLS) thread.stop();
  }

  /** Moves one database's table on: the first that needs it. @param end when to stop, in microseconds */
  private rehash(end: number): void {
    const { micros } = this.options;
    const { databases } = this.keyspace;
    for (let i = 0; i < databases.length; i++) {
      const { dict } = databases[this.rehashAt % databases.length]!;
      if (dict.rehashAt >= 0) {
        dict.rehashFor(end - micros(), micros);
        return;
      }
      this.rehashAt++;
    }
  }
}
