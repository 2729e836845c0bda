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

/** What becomes of BGSAVE. */
export type BackgroundSave =
  | 'started'
  /** It will begin when what is under way has ended. */
  | 'scheduled'
  | 'saving already'
  /** The append-only file is being rewritten. */
  | 'rewriting'
  /** No worker could be started. */
  | 'failed';

export interface PersistenceApi {
  /** Whether checksums of payloads and files are taken as they come (for tests that damage them). */
  skipsChecksums: boolean;

  /** When keys were last saved to disk, or the server started; Unix ms. */
  readonly lastSaveMs: number;

  /** Saves all keys to disk, while everything else waits. @returns whether that was possible */
  save(): boolean;

  /** Whether keys are being saved in the background. */
  readonly isSaving: boolean;

  /**
   * Saves all keys as they are now in the background.
   * @param waits whether it may begin later, if something else is under way
   * @param isInExec whether a transaction runs: then it begins later
   */
  saveInBackground(waits: boolean, isInExec: boolean): BackgroundSave;

  /** All keys were removed: the file follows, if there are save points. */
  flushed(): void;

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
