/**
 * What is loaded: at the start the append-only log if `appendonly` is on, else the RDB file; and either of
 * them anew, for tests (DEBUG RELOAD, DEBUG LOADAOF).
 */
import { join } from 'node:path';
import { AofError } from '../../persistence/aof/aof-error.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import { ManifestStore } from '../../persistence/aof/manifest-store.js';
import type { LoadingApi } from '../api/loading.js';
import type { Loading, LoadOutcome, LoadSource } from './loading.js';
import { type AofLoadingParts, AofLogLoad, type AofOnDisk } from './loading-aof.js';
import { openRdbFile } from './loading-rdb.js';

/** The writing of the append-only log, as far as loading is concerned. */
export interface LogToLoad {
  readonly files: AofFiles;
  /** Writes all that is due, before the files are read again. */
  flush(): void;
  /**
   * The log has been loaded, or is empty: from now on it is written.
   * @param totalBytes of all files @param baseBytes of the base file
   * @returns what is wrong, if anything; it is in the log
   */
  begin(onDisk: AofOnDisk, totalBytes: number, baseBytes: number): string | undefined;
}

export interface DataLoaderParts extends AofLoadingParts {
  readonly loading: Loading;
  readonly log: LogToLoad;
  /** The log has made so many changes, which are in no RDB file. */
  countChanges(changes: number): void;
  /** All keys are those of the log: nothing has changed since. */
  forgetChanges(): void;
}

interface Failure {
  readonly reason: string;
}

const NOTHING: LoadOutcome = { kind: 'nothing' };

/** The data can't be loaded, and so there is nothing to serve. */
export class LoadError extends Error {
  constructor(
    reason: string,
    /** What the log is to end with; the rest is in it. */
    readonly lastWords: string | undefined,
  ) {
    super(reason);
  }
}

export class DataLoader implements LoadingApi {
  constructor(private readonly parts: DataLoaderParts) {}

  get isActive(): boolean {
    return this.parts.loading.isActive;
  }

  /**
   * Loads what there is, while clients are answered, and has the log written from then on.
   * @returns whether it has come to its end: it may have been stopped
   * @throws LoadError
   */
  async load(): Promise<boolean> {
    const { config } = this.parts.rdb;
    // A manifest that is damaged is told of though the log may not be wanted now.
    const onDisk = this.find(config.values.appendonly);
    if (!('manifest' in onDisk)) throw new LoadError(onDisk.reason, undefined);
    const outcome = await (config.values.appendonly ? this.loadLog(onDisk) : this.loadRdb());
    if (outcome?.kind === 'failed') throw new LoadError(outcome.reason, outcome.lastWords);
    return outcome !== undefined;
  }

  reloadRdb(replaces: boolean, mayWait: boolean): boolean | Promise<boolean> {
    const source = openRdbFile(this.parts.rdb, this.rdbPath, replaces);
    return 'kind' in source ? false : this.reload(source, mayWait, ['loaded']);
  }

  flushLog(): void {
    this.parts.log.flush();
  }

  reloadLog(mayWait: boolean): boolean | Promise<boolean> {
    const onDisk = this.find(true);
    if (!('manifest' in onDisk) || onDisk.manifest.isEmpty) return false;
    this.parts.forgetChanges();
    return this.reload(new AofLogLoad(this.parts, onDisk), mayWait, ['loaded', 'nothing']);
  }

  /** @returns whether it has ended in one of these ways */
  private reload(
    source: LoadSource,
    mayWait: boolean,
    good: readonly LoadOutcome['kind'][],
  ): boolean | Promise<boolean> {
    const { loading } = this.parts;
    const isGood = (outcome: LoadOutcome | undefined) =>
      outcome !== undefined && good.includes(outcome.kind);
    if (!mayWait) return isGood(loading.runNow(source));
    const outcome = loading.run(source);
    return 'then' in outcome ? outcome.then(isGood) : isGood(outcome);
  }

  private async loadRdb(): Promise<LoadOutcome | undefined> {
    const source = openRdbFile(this.parts.rdb, this.rdbPath, false);
    return 'kind' in source ? source : this.parts.loading.run(source);
  }

  private async loadLog(onDisk: AofOnDisk): Promise<LoadOutcome | undefined> {
    const { loading, log, rdb } = this.parts;
    const began = rdb.clock.micros();
    let outcome: LoadOutcome | undefined = NOTHING;
    let totalBytes = 0;
    let baseBytes = 0;
    if (!onDisk.manifest.isEmpty) {
      const source = new AofLogLoad(this.parts, onDisk);
      ({ totalBytes, baseBytes } = source);
      outcome = await loading.run(source);
      if (outcome === undefined || outcome.kind === 'failed') return outcome;
      this.parts.countChanges(source.changes);
      const seconds = (rdb.clock.micros() - began) / 1e6;
      rdb.log.notice(`DB loaded from append only file: ${seconds.toFixed(3)} seconds`);
    }
    const reason = log.begin(onDisk, totalBytes, baseBytes);
    return reason === undefined ? outcome : { kind: 'failed', reason };
  }

  /**
   * Looks for the log's files.
   * @param upgrades whether one of a Redis before 7.0 is to be moved to where it belongs
   */
  private find(upgrades: boolean): AofOnDisk | Failure {
    const { log: server, config } = this.parts.rdb;
    const { files } = this.parts.log;
    const { appenddirname, appendfilename, dir } = config.values;
    const store = new ManifestStore(files, dir, appenddirname, appendfilename);
    try {
      const manifest = store.load();
      if (!upgrades || !store.needsUpgrade(manifest)) {
        if (upgrades) store.refuseOrphans(manifest);
        return { files, store, manifest };
      }
      const upgraded = store.upgrade();
      server.notice(
        `Successfully migrated an old-style AOF file (${appendfilename}) into the AOF ` +
          `directory (${appenddirname}).`,
      );
      return { files, store, manifest: upgraded };
    } catch (error) {
      if (!(error instanceof AofError)) throw error;
      for (const message of error.messages) server.warning(message);
      return { reason: error.message };
    }
  }

  private get rdbPath(): string {
    const { values } = this.parts.rdb.config;
    return join(values.dir, values.dbfilename);
  }
}
