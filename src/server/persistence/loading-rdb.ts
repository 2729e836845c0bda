/**
 * An RDB file as something to be loaded (loading.ts), and what the log says of RDB data, wherever they
 * come from: a file, the base of an append-only log, a master.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isLfuPolicy } from '../../keyspace/access-clock.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { RdbFault } from '../../persistence/rdb/fault.js';
import { RdbReader, type RdbReaderOptions } from '../../persistence/rdb/reader.js';
import { quoteBytes } from '../../text/quote.js';
import { systemErrorText } from '../../text/system-error.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type { LoadOutcome, LoadSource } from './loading.js';

export interface RdbLoadParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly log: Log;
  /** Whether checksums are looked at at all (DEBUG SET-SKIP-CHECKSUM-VALIDATION). */
  skipsChecksums(): boolean;
  /**
   * Takes in a library of functions.
   * @param replaces whether it may take the place of one of its name
   * @returns what is wrong with it, if anything
   */
  loadFunctions(code: Buffer, replaces: boolean): string | undefined;
}

export interface RdbLoadOptions {
  /** Bytes of the data, if known. */
  readonly totalBytes?: number;
  /** Whether keys that are due come in too. */
  readonly keepsExpired: boolean;
  /** Whether keys of the file take the place of those that are there, and libraries too. */
  readonly replaces: boolean;
}

/** So many of the keys without members are named in the log. */
const EMPTY_KEYS_LOGGED = 10;
const MIB = 1024 * 1024;

/** RDB data on their way into the keyspace, as the configuration wants it. */
export class RdbIntake {
  readonly reader: RdbReader;
  /** Memory that the data took where they were saved, in bytes; 0: not known. */
  usedMemory = 0;
  private empty = 0;

  constructor(
    private readonly parts: RdbLoadParts,
    options: RdbLoadOptions,
  ) {
    const { clock, config, keyspace } = parts;
    const { values } = config;
    const readerOptions: RdbReaderOptions = {
      keyspace,
      now: clock.now(),
      totalBytes: options.totalBytes,
      keepsExpired: options.keepsExpired,
      replaces: options.replaces,
      checksSum: values.rdbchecksum && !parts.skipsChecksums(),
      isDeep: values['sanitize-dump-payload'] === 'yes',
      countsUses: isLfuPolicy(values['maxmemory-policy']),
      onNote: (name, value) => this.note(name, value),
      onEmpty: (key) => this.skipped(key),
      onFunctions: (code) => parts.loadFunctions(code, options.replaces),
    };
    this.reader = new RdbReader(readerOptions);
  }

  /** Says in the log that all is in. */
  logDone(): void {
    const { keys, expired } = this.reader;
    const skipped = this.empty > 0 ? `, empty keys skipped: ${this.empty}` : '';
    this.parts.log.notice(
      `Done loading RDB, keys loaded: ${keys}, keys expired: ${expired}${skipped}.`,
    );
  }

  private note(name: string, value: string): void {
    const { clock, log } = this.parts;
    const number = Number.parseInt(value, 10) || 0;
    if (name.startsWith('%')) log.notice(`RDB '${name}': ${value}`);
    else if (name === 'redis-ver') log.notice(`Loading RDB produced by version ${value}`);
    else if (name === 'ctime') {
      const age = Math.max(0, Math.floor(clock.now() / 1000) - number);
      log.notice(`RDB age ${age} seconds`);
    } else if (name === 'used-mem') {
      this.usedMemory = number;
      log.notice(`RDB memory usage when created ${(number / MIB).toFixed(2)} Mb`);
    } else if (name === 'aof-preamble') {
      if (number !== 0) log.notice('RDB has an AOF tail');
    } else if (name === 'aof-base') {
      if (number !== 0) log.notice('RDB is base AOF');
    } else if (!QUIET_NOTES.has(name)) {
      log.debug(`Unrecognized RDB AUX field: '${name}'`);
    }
  }

  private skipped(key: Buffer): void {
    if (this.empty++ >= EMPTY_KEYS_LOGGED) return;
    this.parts.log.notice(`rdbLoadObject skipping empty key: ${key.toString('latin1')}`);
  }
}

const QUIET_NOTES = new Set(['repl-stream-db', 'repl-id', 'repl-offset', 'lua', 'redis-bits']);

/** Where a fault is, of which key, and why: in one sentence. */
export function describeFault({ key, offset, reason }: RdbFault): string {
  const whose = key === undefined ? '' : ` (key ${quoteBytes(key)})`;
  return `offset ${offset}${whose} -> ${reason}`;
}

export class RdbFileLoad implements LoadSource {
  readonly totalBytes: number;
  itemsRead = 0;
  private readonly intake: RdbIntake;
  private readonly fd: number;
  private readonly began: number;
  private chunk = Buffer.alloc(0);

  /** @throws what Node throws: there is no such file, or it can't be opened */
  constructor(
    private readonly parts: RdbLoadParts,
    private readonly path: string,
    replaces: boolean,
  ) {
    this.began = parts.clock.micros();
    this.fd = openSync(path, 'r');
    this.totalBytes = fstatSync(this.fd).size;
    const { totalBytes } = this;
    this.intake = new RdbIntake(parts, { totalBytes, keepsExpired: false, replaces });
  }

  get bytesRead(): number {
    return this.intake.reader.offset;
  }

  get keysLoaded(): number {
    return this.intake.reader.keys;
  }

  get keysExpired(): number {
    return this.intake.reader.expired;
  }

  get usedMemory(): number {
    return this.intake.usedMemory;
  }

  step(maxBytes: number): LoadOutcome | undefined {
    const { reader } = this.intake;
    if (this.chunk.length < maxBytes) this.chunk = Buffer.allocUnsafeSlow(maxBytes);
    let got: number;
    try {
      got = readSync(this.fd, this.chunk, 0, maxBytes, null);
    } catch (error) {
      return unreadable(this.parts.log, this.path, error);
    }
    const progress = got > 0 ? reader.read(this.chunk.subarray(0, got)) : reader.end();
    this.itemsRead = reader.keys + reader.expired;
    if (progress === 'more') return undefined;
    return progress === 'done' ? this.loaded() : this.damaged(reader.fault!);
  }

  close(): void {
    closeSync(this.fd);
  }

  private loaded(): LoadOutcome {
    const { clock, log } = this.parts;
    this.intake.logDone();
    const seconds = (clock.micros() - this.began) / 1e6;
    log.notice(`DB loaded from disk: ${seconds.toFixed(3)} seconds`);
    return { kind: 'loaded' };
  }

  private damaged(fault: RdbFault): LoadOutcome {
    const { log } = this.parts;
    const what = describeFault(fault);
    log.warning(`Internal error in RDB reading ${what}`);
    // As the check tools have it: people look for that.
    log.warning('--- RDB ERROR DETECTED ---');
    log.warning(`[offset ${fault.offset}] ${fault.reason}`);
    if (fault.key !== undefined)
      log.warning(`[additional info] Reading key ${quoteBytes(fault.key)}`);
    log.warning(`${this.path} can't be loaded: mend it with redis-check-rdb, or move it away.`);
    const lastWords = 'Terminating server after rdb file reading failure.';
    return { kind: 'failed', reason: `${this.path} is damaged: ${what}`, lastWords };
  }
}

/** What loading the RDB file at `path` begins with. @param replaces as in RdbLoadOptions */
export function openRdbFile(
  parts: RdbLoadParts,
  path: string,
  replaces: boolean,
): RdbFileLoad | LoadOutcome {
  try {
    return new RdbFileLoad(parts, path, replaces);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'nothing' };
    return unreadable(parts.log, path, error);
  }
}

function unreadable(log: Log, path: string, error: unknown): LoadOutcome {
  const why = systemErrorText(error);
  log.warning(`Fatal error: can't open the RDB file ${path} for reading: ${why}`);
  const lastWords = 'Fatal error loading the DB, check server logs. Exiting.';
  return { kind: 'failed', reason: `${path} can't be read: ${why}`, lastWords };
}
