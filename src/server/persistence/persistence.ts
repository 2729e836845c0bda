/**
 * What commands may ask of persistence: DUMP payloads, as the configuration wants them, and dump.rdb,
 * which rdb-saves.ts writes. Loading: see loading-data.ts.
 */
import type { Database } from '../../keyspace/database.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { LoadContext } from '../../persistence/rdb/load-context.js';
import { isPayload, PayloadWriter, readPayload } from '../../persistence/rdb/payload.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type { BackgroundSave, PayloadOutcome, PersistenceApi } from '../api/persistence.js';
import type { RdbSaves } from './rdb-saves.js';

export interface PersistenceParts {
  readonly config: Config;
  readonly log: Log;
  readonly rdb: RdbSaves;
}

export class Persistence implements PersistenceApi {
  skipsChecksums = false;
  private readonly context = new LoadContext();
  private readonly payloads = new PayloadWriter();

  constructor(private readonly parts: PersistenceParts) {}

  // ---- payloads

  serialize(db: Database, e: number): Buffer {
    return this.payloads.write(db, e, this.parts.config.values.rdbcompression);
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
    parts.log.verbose(
      `Internal error in RESTORE payload offset ${fault.offset} -> ${fault.reason}`,
    );
    return 'wrong data';
  }

  // ---- dump.rdb

  get lastSaveMs(): number {
    return this.parts.rdb.lastSaveMs;
  }

  get isSaving(): boolean {
    return this.parts.rdb.isActive;
  }

  save(): boolean {
    return this.parts.rdb.save();
  }

  saveInBackground(waits: boolean, isInExec: boolean): BackgroundSave {
    return this.parts.rdb.saveInBackground(waits, isInExec);
  }

  flushed(): void {
    this.parts.rdb.flushed();
  }
}
