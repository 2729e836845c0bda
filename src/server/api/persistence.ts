/** How data leaves the server and comes back: what commands may ask of src/persistence. */
import type { Database } from '../../keyspace/database.js';
import type { LooseValue } from '../../keyspace/loose-value.js';

/** What becomes of a DUMP payload. */
export type PayloadOutcome =
  | 'read'
  /** Its footer is wrong: another version, or a checksum that does not match. */
  | 'wrong footer'
  /** What is within is wrong. */
  | 'wrong data';

export interface PersistenceApi {
  /** Whether checksums of payloads and files are taken as they come (for tests that damage them). */
  skipsChecksums: boolean;

  /** When keys were last saved to disk, or the server started; Unix ms. */
  readonly lastSaveMs: number;

  /** Saves all keys to disk, while everything else waits. @returns whether that was possible */
  save(): boolean;

  /**
   * Loads the file of `dir` and `dbfilename`, if there is one, while everything else waits. What is
   * wrong is in the log.
   * @param merges whether keys of the file take the place of those that are there
   */
  load(merges: boolean): 'loaded' | 'no file' | 'failed';

  /** An entry's value as DUMP gives it. */
  serialize(db: Database, e: number): Buffer;

  /**
   * Reads a DUMP payload.
   * @param value gets the value, for `db`; to be stored, or dropped, before anything else
   * @param isTrusted whether who sent it is excepted from `sanitize-dump-payload clients`
   */
  deserialize(
    db: Database,
    payload: Uint8Array,
    off: number,
    len: number,
    value: LooseValue,
    isTrusted: boolean,
  ): PayloadOutcome;
}
