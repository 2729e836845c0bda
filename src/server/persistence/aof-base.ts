/**
 * Writes the base of an append-only file: a snapshot of all keys, as RDB data or as commands. For a
 * rewrite in the background, and at once where there are hardly any keys: at the start.
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { CommandFormat } from '../../persistence/aof/command-format.js';
import type { BaseFormat } from '../../persistence/aof/manifest.js';
import { SaveError, saveRdbFile } from '../../persistence/rdb/save-file.js';
import type { SnapshotFormat } from '../../persistence/snapshot/format.js';
import { systemErrorText } from '../../text/system-error.js';
import type { Log } from '../api/log.js';
import type { BaseJob, BaseOutcome, BaseWriter } from './aof-rewriter.js';
import { type RdbSettingsParts, rdbFormat, rdbSettings } from './rdb-settings.js';
import type { SnapshotEnd, Snapshots } from './snapshots.js';

export interface AofBaseParts extends RdbSettingsParts {
  readonly keyspace: Keyspace;
  readonly log: Log;
  readonly snapshots: Snapshots;
}

export class AofBase implements BaseWriter {
  constructor(private readonly parts: AofBaseParts) {}

  get isBusy(): boolean {
    return this.parts.snapshots.active !== undefined;
  }

  start(format: BaseFormat, onEnd: (outcome: BaseOutcome) => void): BaseJob | undefined {
    const { config, log, snapshots } = this.parts;
    const { values } = config;
    let isStopped = false;
    const failed = (why: string) => {
      log.warning(`Can't rewrite append only file in background: fork: ${why}`);
    };
    const hasBegun = snapshots.start(
      {
        kind: 'aof',
        format: this.format(format),
        compresses: format === 'rdb' && values.rdbcompression,
        directory: values.dir,
        temporary: ['temp-rewriteaof-bg-', '.aof'],
        syncs: values['aof-rewrite-incremental-fsync'],
        onEnd: (end) => {
          if (!isStopped) onEnd(this.outcome(end));
        },
      },
      failed,
    );
    if (!hasBegun) return undefined;
    return {
      pid: snapshots.pid,
      stop() {
        isStopped = true;
        snapshots.kill();
      },
    };
  }

  private outcome(end: SnapshotEnd): BaseOutcome {
    const { log } = this.parts;
    switch (end.kind) {
      case 'saved':
        log.notice(`Successfully created the temporary AOF base file ${basename(end.path)}`);
        return { kind: 'written', path: end.path };
      case 'failed':
        log.warning(`Write error writing append only file on disk: ${end.why}`);
        return { kind: 'failed' };
      case 'killed':
        return { kind: 'killed', signal: end.signal };
    }
  }

  private format(format: BaseFormat): SnapshotFormat {
    const { clock, config } = this.parts;
    if (format === 'rdb') return rdbFormat(this.parts, true);
    const stamps = config.values['aof-timestamp-enabled'];
    const timestamp = stamps ? Math.floor(clock.now() / 1000) : undefined;
    return new CommandFormat({ functions: this.parts.functions(), timestamp });
  }

  /** Writes a base while everything else waits. @returns whether that was possible */
  save(path: string, format: BaseFormat): boolean {
    const { keyspace } = this.parts;
    const isEmpty = keyspace.databases.every((db) => db.size === 0);
    const why = format === 'rdb' || !isEmpty ? this.saveRdb(path) : touch(path);
    if (why === undefined) return true;
    this.parts.log.warning(`Write error writing append only file on disk: ${why}`);
    return false;
  }

  /** What is in a file is told by its first bytes, never by its name. @returns why it could not be */
  private saveRdb(path: string): string | undefined {
    try {
      saveRdbFile(path, this.parts.keyspace, rdbSettings(this.parts, true));
      return undefined;
    } catch (error) {
      if (!(error instanceof SaveError)) throw error;
      return error.why;
    }
  }
}

function touch(path: string): string | undefined {
  try {
    writeFileSync(path, '');
    return undefined;
  } catch (error) {
    return systemErrorText(error);
  }
}
