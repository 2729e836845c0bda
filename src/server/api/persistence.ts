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
