/**
 * dump.rdb: saved when asked (SAVE, BGSAVE), when enough has changed (`save`), and how that went.
 *
 * Changes are counted by commands and only grow; those of before the last save that went well are
 * `savedDirty`. A save in the background covers what had changed at its cut.
 *
 * Source: what Redis 7.2 does in rdbSaveBackground, backgroundSaveDoneHandler and serverCron.
 */
import { basename, join } from 'node:path';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { SaveError, saveRdbFile } from '../../persistence/rdb/save-file.js';
import type { Log } from '../api/log.js';
import type { BackgroundSave } from '../api/persistence.js';
import { type RdbSettingsParts, rdbFormat, rdbSettings } from './rdb-settings.js';
import { saveErrorText } from './save-errors.js';
import { SIGUSR1, type SnapshotEnd, type Snapshots } from './snapshots.js';

/** After a save that has failed, the next by a save point is not before so many seconds. */
const RETRY_DELAY_SECONDS = 5;
const TEMPORARY = ['temp-', '.rdb'] as const;

export interface RdbSavesParts extends RdbSettingsParts {
  readonly keyspace: Keyspace;
  readonly log: Log;
  readonly snapshots: Snapshots;
  /** Changes made so far by all commands. */
  dirty(): number;
  /** Told when the state may have changed that decides whether writes are refused. */
  onStatus(): void;
}

export class RdbSaves {
  /** When keys were last saved, or the server started; Unix ms. */
  lastSaveMs: number;
  /** Whether the last save in the background went well, and how long it took (-1: there was none). */
  isLastOk = true;
  lastSeconds = -1;
  /** Saves that were begun (rdb_saves). */
  saves = 0;
  /** Bytes that the last had to encode ahead (rdb_last_cow_size). */
  lastCopiedBytes = 0;
  /** Whether one is to begin as soon as nothing else is under way. */
  isScheduled = false;
  /** Changes up to the last save. */
  private savedDirty = 0;
  /** Unix seconds of the last attempt. */
  private lastTry = 0;

  constructor(private readonly parts: RdbSavesParts) {
    this.lastSaveMs = parts.clock.now();
  }

  get changesSinceSave(): number {
    return this.parts.dirty() - this.savedDirty;
  }

  get isActive(): boolean {
    return this.parts.snapshots.active === 'rdb';
  }

  /** For how long one is under way, in seconds; -1: there is none. */
  get currentSeconds(): number {
    return this.isActive ? this.secondsSince(this.parts.snapshots.startedMs) : -1;
  }

  /** Whether writes are to be refused, for what they change may not be kept. */
  get refusesWrites(): boolean {
    const { values } = this.parts.config;
    return !this.isLastOk && values['stop-writes-on-bgsave-error'] && values.save.length > 0;
  }

  /** What is in memory now is what is on disk: it was loaded from there, say. */
  forgetChanges(): void {
    this.savedDirty = this.parts.dirty();
  }

  /** Saves while everything else waits. @returns whether that was possible */
  save(): boolean {
    const { clock, config, keyspace, log } = this.parts;
    const { values } = config;
    this.saves++;
    const path = join(values.dir, values.dbfilename);
    try {
      saveRdbFile(path, keyspace, rdbSettings(this.parts, false));
    } catch (error) {
      if (!(error instanceof SaveError)) throw error;
      const { step, temporary, why } = error;
      log.warning(saveErrorText(step, why, temporary, values.dbfilename, values.dir));
      return false;
    }
    log.notice('DB saved on disk');
    this.savedDirty = this.parts.dirty();
    this.lastSaveMs = clock.now();
    this.setStatus(true);
    return true;
  }

  /** @param waits whether it may begin later, if it can't now @param inExec whether it must */
  saveInBackground(waits: boolean, inExec: boolean): BackgroundSave {
    const { active } = this.parts.snapshots;
    if (active === 'rdb') return 'saving already';
    if (active !== undefined || inExec) {
      if (!waits && !inExec) return 'rewriting';
      this.isScheduled = true;
      return 'scheduled';
    }
    return this.begin() ? 'started' : 'failed';
  }

  /** Ends the one under way, if there is one. */
  kill(): void {
    if (this.isActive) this.parts.snapshots.kill();
  }

  /** All keys are gone (FLUSHALL): what is under way saves what nobody wants. */
  flushed(): void {
    this.kill();
    if (this.parts.config.values.save.length > 0) this.save();
  }

  /** The cron's part: save points, and what was scheduled. */
  tend(): void {
    const { config, log, snapshots } = this.parts;
    if (snapshots.active !== undefined || !this.mayRetry()) return;
    if (this.isScheduled) {
      if (this.begin()) this.isScheduled = false;
      return;
    }
    const changed = this.changesSinceSave;
    for (const { changes, seconds } of config.values.save) {
      if (changed < changes || this.secondsSince(this.lastSaveMs) <= seconds) continue;
      log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      this.begin();
      return;
    }
  }

  private begin(): boolean {
    const { config, log, snapshots } = this.parts;
    const { values } = config;
    const dirty = this.parts.dirty();
    this.saves++;
    this.lastTry = this.seconds();
    const hasBegun = snapshots.start(
      {
        kind: 'rdb',
        format: rdbFormat(this.parts, false),
        compresses: values.rdbcompression,
        directory: values.dir,
        temporary: TEMPORARY,
        name: values.dbfilename,
        syncs: values['rdb-save-incremental-fsync'],
        onEnd: (end) => this.ended(end, dirty),
      },
      (why) => log.warning(`Can't save in background: fork: ${why}`),
    );
    if (hasBegun) log.notice(`Background saving started by pid ${snapshots.pid}`);
    else this.setStatus(false);
    return hasBegun;
  }

  /** @param dirty changes at the cut */
  private ended(end: SnapshotEnd, dirty: number): void {
    const { clock, config, log } = this.parts;
    this.lastSeconds = this.secondsSince(end.startedMs);
    this.lastCopiedBytes = end.copiedBytes;
    switch (end.kind) {
      case 'saved':
        log.notice('DB saved on disk');
        log.notice('Background saving terminated with success');
        this.savedDirty = Math.max(this.savedDirty, dirty);
        this.lastSaveMs = clock.now();
        this.setStatus(true);
        break;
      case 'failed':
        log.warning(
          saveErrorText(
            end.step,
            end.why,
            basename(end.path),
            config.values.dbfilename,
            config.values.dir,
          ),
        );
        log.warning('Background saving error');
        this.setStatus(false);
        break;
      case 'killed':
        log.warning(`Background saving terminated by signal ${end.signal}`);
        if (end.signal !== SIGUSR1) this.setStatus(false);
    }
  }

  private mayRetry(): boolean {
    return this.isLastOk || this.seconds() - this.lastTry > RETRY_DELAY_SECONDS;
  }

  private setStatus(isOk: boolean): void {
    this.isLastOk = isOk;
    this.parts.onStatus();
  }

  private seconds(): number {
    return Math.floor(this.parts.clock.now() / 1000);
  }

  private secondsSince(ms: number): number {
    return this.seconds() - Math.floor(ms / 1000);
  }
}
