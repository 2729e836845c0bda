/** The server's side of src/persistence: DUMP payloads, as the configuration wants them. */
import type { Database } from '../keyspace/database.js';
import type { LooseValue } from '../keyspace/loose-value.js';
import { LoadContext } from '../persistence/rdb/load-context.js';
import { isPayload, readPayload, writePayload } from '../persistence/rdb/payload.js';
import type { Config } from './api/config.js';
import type { PayloadOutcome, PersistenceApi } from './api/persistence.js';

export interface PersistenceParts {
  readonly config: Config;
  /** Told of a payload that was refused, at log level verbose. */
  onRefused(reason: string): void;
}

export class Persistence implements PersistenceApi {
  skipsChecksums = false;
  private readonly context = new LoadContext();

  constructor(private readonly parts: PersistenceParts) {}

  serialize(db: Database, e: number): Buffer {
    return writePayload(db, e, { compresses: this.parts.config.values.rdbcompression });
  }

  deserialize(
    db: Database,
    payload: Uint8Array,
    off: number,
    len: number,
    value: LooseValue,
    isTrusted: boolean,
  ): PayloadOutcome {
    if (!isPayload(payload, off, len, !this.skipsChecksums)) return 'wrong footer';
    const { context, parts } = this;
    const sanitizes = parts.config.values['sanitize-dump-payload'];
    context.db = db;
    context.isDeep = sanitizes === 'yes' || (sanitizes === 'clients' && !isTrusted);
    const fault = readPayload(payload, off, len, context, value);
    if (fault === undefined) return 'read';
    parts.onRefused(`Error in the payload of RESTORE at byte ${fault.offset}: ${fault.reason}`);
    return 'wrong data';
  }
}
