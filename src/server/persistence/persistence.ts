/**
 * The server's side of src/persistence: DUMP payloads and dump.rdb, as the configuration wants them.
 *
 * Files are written and read here at one go, while everything else waits (SAVE, DEBUG RELOAD, and the
 * start). Saving while clients are served is not built yet.
 */
import { join } from 'node:path';
import { isLfuPolicy } from '../../keyspace/access-clock.js';
import type { Database } from '../../keyspace/database.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { UsageField } from '../../persistence/rdb/entry-encoder.js';
import type { RdbFault } from '../../persistence/rdb/fault.js';
import { LoadContext } from '../../persistence/rdb/load-context.js';
import { loadRdbFile } from '../../persistence/rdb/load-file.js';
import { isPayload, PayloadWriter, readPayload } from '../../persistence/rdb/payload.js';
import { saveRdbFile } from '../../persistence/rdb/save-file.js';
import { quoteBytes } from '../../text/quote.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type { PayloadOutcome, PersistenceApi } from '../api/persistence.js';
import { REDIS_VERSION } from '../api/version.js';

export interface PersistenceParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly log: Log;
  usedBytes(): number;
}

export class Persistence implements PersistenceApi {
  skipsChecksums = false;
  lastSaveMs: number;
  private readonly context = new LoadContext();
  private readonly payloads = new PayloadWriter();

  constructor(private readonly parts: PersistenceParts) {
    this.lastSaveMs = parts.clock.now();
  }

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

  save(): boolean {
    const { clock, config, keyspace, log } = this.parts;
    const { values } = config;
    try {
      saveRdbFile(this.path, keyspace, {
        usage: usageField(values['maxmemory-policy']),
        now: clock.now(),
        lfuDecayMinutes: values['lfu-decay-time'],
        compresses: values.rdbcompression,
        sums: values.rdbchecksum,
        notes: this.notes(),
      });
    } catch (error) {
      log.warning(`Failed saving the DB to ${this.path}: ${(error as Error).message}`);
      return false;
    }
    log.notice('DB saved on disk');
    this.lastSaveMs = clock.now();
    return true;
  }

  load(merges: boolean): 'loaded' | 'no file' | 'failed' {
    const { clock, config, keyspace, log } = this.parts;
    const { values } = config;
    const start = clock.micros();
    let empty = 0;
    try {
      const reader = loadRdbFile(this.path, {
        keyspace,
        now: clock.now(),
        replaces: merges,
        checksSum: values.rdbchecksum && !this.skipsChecksums,
        isDeep: values['sanitize-dump-payload'] === 'yes',
        countsUses: isLfuPolicy(values['maxmemory-policy']),
        onNote: (name, value) => this.logNote(name, value),
        onEmpty: (key) => {
          if (empty++ < EMPTY_KEYS_LOGGED) {
            log.notice(`rdbLoadObject skipping empty key: ${key.toString('latin1')}`);
          }
        },
      });
      if (reader.fault !== undefined) {
        this.logFault(reader.fault);
        return 'failed';
      }
      const skipped = empty > 0 ? `, empty keys skipped: ${empty}` : '';
      log.notice(
        `Done loading RDB, keys loaded: ${reader.keys}, keys expired: ${reader.expired}${skipped}.`,
      );
      const seconds = (clock.micros() - start) / 1e6;
      log.notice(`DB loaded from disk: ${seconds.toFixed(3)} seconds`);
      return 'loaded';
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      if (code === 'ENOENT') return 'no file';
      log.warning(`Fatal error loading the DB, check server logs. Exiting: ${message}`);
      return 'failed';
    }
  }

  private get path(): string {
    const { values } = this.parts.config;
    return join(values.dir, values.dbfilename);
  }

  private notes(): readonly (readonly [string, string])[] {
    const { clock, usedBytes } = this.parts;
    return [
      ['redis-ver', REDIS_VERSION],
      ['redis-bits', '64'],
      ['ctime', String(Math.floor(clock.now() / 1000))],
      ['used-mem', String(usedBytes())],
      ['aof-base', '0'],
    ];
  }

  private logNote(name: string, value: string): void {
    const { clock, log } = this.parts;
    if (name.startsWith('%')) log.notice(`RDB '${name}': ${value}`);
    else if (name === 'redis-ver') log.notice(`Loading RDB produced by version ${value}`);
    else if (name === 'ctime') {
      const age = Math.max(0, Math.floor(clock.now() / 1000) - (Number.parseInt(value, 10) || 0));
      log.notice(`RDB age ${age} seconds`);
    } else if (name === 'used-mem') {
      const mib = (Number.parseInt(value, 10) || 0) / (1024 * 1024);
      log.notice(`RDB memory usage when created ${mib.toFixed(2)} Mb`);
    }
  }

  private logFault(fault: RdbFault): void {
    const { log } = this.parts;
    const key = fault.key === undefined ? '' : ` (key ${quoteBytes(fault.key)})`;
    log.warning(`Internal error in RDB reading offset ${fault.offset}${key} -> ${fault.reason}`);
    log.warning(`${this.path} can't be loaded: mend it with redis-check-rdb, or move it away.`);
  }
}

/** So many of the keys without members are named in the log. */
const EMPTY_KEYS_LOGGED = 10;

function usageField(policy: string): number {
  if (policy.endsWith('-lru')) return UsageField.Idle;
  return isLfuPolicy(policy) ? UsageField.Freq : UsageField.None;
}
