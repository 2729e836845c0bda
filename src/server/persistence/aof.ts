/**
 * The append-only file of a running server: every change is appended to it before it is answered.
 *
 *     commands ── Propagation ──> AofWriter's buffer ── the turn's end ──> incr file ──> replies
 *
 *     off ──appendonly yes──> waiting ──the first base is there──> on ──appendonly no──> off
 *
 * Switched on while there are keys, the log needs a base first: a rewrite (aof-rewriter.ts) is begun,
 * and what is changed meanwhile goes to a temporary file. Only once the base is there do both become
 * part of the manifest, and only then is the log worth anything ('on').
 *
 * What the log is made of changes on the disk first (`storing`), which takes syncs and is not waited for;
 * until it has, the log goes on as it was. Whoever has more to change has that done at once (`settle`).
 *
 * Promise: a reply to a client that has written leaves after its commands are in the file (with
 * `appendfsync always`: on the disk). Where Redis answers while a write waits for a sync that is slow
 * (everysec), here the replies of those who have written wait with it (`heldFrom`); others get theirs.
 * Only when the file can't be written at all are clients answered regardless, and further writes refused.
 *
 * Source: aof.c of Redis 7.2.
 */
import { AofError } from '../../persistence/aof/aof-error.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import type { PartSizes } from '../../persistence/aof/load-outcome.js';
import { type BaseFormat, Manifest, tempIncrName } from '../../persistence/aof/manifest.js';
import { ManifestStore } from '../../persistence/aof/manifest-store.js';
import type { Storing } from '../../persistence/aof/storing.js';
import { type AofLatencyEvent, AofWriter } from '../../persistence/aof/writer.js';
import type { Args } from '../../resp/args.js';
import { systemErrorText } from '../../text/system-error.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import { PropagateTo } from '../api/propagation.js';
import type { ServerClock } from '../clock.js';
import type { Propagation, PropagationSink } from '../propagation/propagation.js';

/** off; on; or on as soon as there is a base. */
export type AofState = 'off' | 'waiting' | 'on';

export interface AppendOnlyParts {
  readonly clock: ServerClock;
  readonly config: Config;
  readonly files: AofFiles;
  readonly log: Log;
  readonly propagation: Propagation;
  /** Whether a snapshot is being written, for whatever purpose. */
  isSaving(): boolean;
  /** Writes all keys to a file while everything else waits. @returns whether that was possible */
  saveBase(path: string, format: BaseFormat): boolean;
  /** Whether anybody wants to know how long writes take; and they are told. */
  timesWrites(): boolean;
  onLatency(event: AofLatencyEvent | 'aof-rename', micros: number): void;
  /** Blocks the event loop (DEBUG AOF-FLUSH-SLEEP). */
  sleep(ms: number): void;
  /** What was promised can't be kept: the server ends with code 1. */
  onFatal(): void;
  /** Whether it can be written may have changed. */
  onHealth(): void;
  /** From now on it gets what is propagated, and has to be flushed; or does so no more. */
  onFed(isFed: boolean): void;
  /** Bytes have left, or are on the disk: replies, and clients that wait, may be due. */
  onProgress(): void;
  /** The log was switched on and needs its first base; or was switched off: no more of that. */
  onSwitched(isOn: boolean): boolean;
}

export class AppendOnlyFile implements PropagationSink {
  readonly target = PropagateTo.Aof;
  readonly writer: AofWriter;
  state: AofState = 'off';
  /** What the log is made of, as it is on disk. */
  manifest = Manifest.EMPTY;
  /** Bytes of all its files after the last rewrite: from there its growth is reckoned. */
  rewriteBaseSize = 0;
  /** DEBUG AOF-FLUSH-SLEEP, in microseconds. */
  flushSleepMicros = 0;

  /** Up to where what was propagated is in the file. */
  private writtenOffset = 0;
  private isDoomed = false;
  /** Whether it gets what is propagated: not while it waits for a base that nobody writes. */
  private isFed = false;
  private wasFailing = false;
  /** The next manifest, while it is on its way to the disk. */
  private storing: Storing | undefined = undefined;

  constructor(private readonly parts: AppendOnlyParts) {
    const { clock, config, files, log, propagation } = parts;
    this.writer = new AofWriter({
      files,
      clock: { seconds: () => Math.floor(clock.now() / 1000), micros: () => clock.micros() },
      log: (level, message) => log[level](message),
      fatal: (message) => this.fatal(message),
      isSaving: () => parts.isSaving(),
      replicationOffset: () => propagation.offset,
      timesWrites: () => parts.timesWrites(),
      onLatency: (event, micros) => parts.onLatency(event, micros),
      beforeWrite: () => {
        if (this.flushSleepMicros > 0) parts.sleep(this.flushSleepMicros / 1000);
      },
      onSynced: () => this.synced(),
    });
    this.followConfig(config);
  }

  private followConfig(config: Config): void {
    const apply = () => {
      const { values } = config;
      this.writer.spares = values['no-appendfsync-on-rewrite'];
      this.writer.stampsTime = values['aof-timestamp-enabled'];
      if (this.writer.policy !== values.appendfsync) this.writer.policy = values.appendfsync;
      return undefined;
    };
    apply();
    config.onChange(['no-appendfsync-on-rewrite', 'aof-timestamp-enabled', 'appendfsync'], apply);
    config.onChange(['appendonly'], ({ appendonly }) => {
      if (!appendonly && this.state !== 'off') this.switchOff();
      else if (appendonly && this.state === 'off' && !this.switchOn()) return CANT_SWITCH_ON;
      return undefined;
    });
    config.onChange(['aof-disable-auto-gc'], () => {
      this.collectHistoryNow();
      return undefined;
    });
  }

  // ---- state

  get isOn(): boolean {
    return this.state !== 'off';
  }

  /** The system's words for what keeps it from being written; undefined: nothing does. */
  get failure(): string | undefined {
    return this.isOn && this.writer.isFailing ? this.writer.failure : undefined;
  }

  /** Up to where what was propagated is on the disk: WAITAOF. While there is no base, nothing is. */
  get syncedOffset(): number {
    return this.state === 'on' ? this.writer.syncedReplicationOffset : 0;
  }

  /** The manifest's file in the folder of the configuration. */
  get store(): ManifestStore {
    const { values } = this.parts.config;
    const { files } = this.parts;
    return new ManifestStore(files, values.dir, values.appenddirname, values.appendfilename);
  }

  // ---- what is appended

  command(db: number, args: Args): void {
    this.writer.append(db, args);
  }

  multi(): void {
    this.writer.multi();
  }

  exec(): void {
    this.writer.exec();
  }

  /**
   * The turn's end: what was appended goes to the file, and to the disk as the policy has it.
   * @returns from which write on clients must not be answered yet (their `writeOffset` is greater);
   *   Infinity: all may be
   */
  flush(): number {
    if (this.isDoomed) return this.writtenOffset;
    const isWritten = this.writer.flush();
    if (this.writer.isFailing !== this.wasFailing) this.tellHealth();
    if (this.isDoomed || !(isWritten || this.writer.isFailing)) return this.writtenOffset;
    this.writtenOffset = this.parts.propagation.offset;
    return Number.POSITIVE_INFINITY;
  }

  /** Each run of the cron; once a second also what is not urgent. */
  tend(isSecond: boolean): void {
    const { writer } = this;
    if (this.state === 'off' || this.isDoomed) return;
    if (writer.isPostponed || isSecond) {
      this.flush();
      this.parts.onProgress();
    }
  }

  /** The server ends: writes and syncs what there is. */
  finish(): void {
    this.settle();
    if (!this.writer.isOpen || this.isDoomed) return;
    this.parts.log.notice('Calling fsync() on the AOF file.');
    this.parts.propagation.settle();
    this.writer.close();
    this.writtenOffset = this.parts.propagation.offset;
  }

  private synced(): void {
    if (this.writer.isFailing !== this.wasFailing) this.tellHealth();
    this.parts.onProgress();
  }

  private tellHealth(): void {
    this.wasFailing = this.writer.isFailing;
    this.parts.onHealth();
  }

  private fatal(message: string): void {
    this.isDoomed = true;
    this.parts.log.warning(message);
    this.parts.onFatal();
  }

  // ---- the start

  /**
   * Goes on with the log that was loaded, or begins one, for the keys that there are.
   * @param manifest what is on disk @param sizes bytes of its files
   * @returns what is wrong, if anything: it is in the log
   */
  begin(manifest: Manifest, sizes: PartSizes): string | undefined {
    this.manifest = manifest;
    this.writer.totalSize = sizes.total;
    this.rewriteBaseSize = sizes.base;
    try {
      this.openFirst();
    } catch (error) {
      this.logError(error);
      return (error as AofError).message;
    }
    this.state = 'on';
    this.feed(true);
    this.collectHistoryNow();
    return undefined;
  }

  private openFirst(): void {
    const { store } = this;
    const { files, log } = this.parts;
    store.makeFolder();
    let { manifest } = this;
    const hasIncr = manifest.lastIncr !== undefined;
    if (manifest.isEmpty) {
      const format = this.baseFormat;
      manifest = manifest.withNextBase(store.filename, format);
      const { name } = manifest.base!;
      if (!this.parts.saveBase(store.path(name), format)) throw new AofError(BASE_FAILED);
      log.notice(`Creating AOF base file ${name} on server start`);
      this.writer.totalSize = files.sizeOf(store.path(name));
      this.rewriteBaseSize = this.writer.totalSize;
    }
    if (!hasIncr) manifest = manifest.withNextIncr(store.filename);
    const { name } = manifest.lastIncr!;
    const fd = this.openFile(name, 'append');
    const size = files.size(fd);
    if (manifest !== this.manifest) store.store(manifest);
    this.manifest = manifest;
    this.writer.open(fd, size);
    const verb = hasIncr ? 'Opening' : 'Creating';
    log.notice(`${verb} AOF incr file ${name} on server start`);
  }

  /** Writes all there is, for its files are read again (DEBUG LOADAOF). */
  flushAll(): void {
    this.settle();
    this.parts.propagation.settle();
    if (this.isOn) this.writer.flush(true);
  }

  private feed(isFed: boolean): void {
    this.isFed = isFed;
    this.parts.onFed(isFed);
    this.parts.propagation.feed(this, isFed);
  }

  // ---- on and off

  private switchOn(): boolean {
    this.settle();
    this.state = 'waiting';
    if (!this.reread() || !this.parts.onSwitched(true)) {
      this.state = 'off';
      this.feed(false);
      this.writer.close();
      this.parts.log.warning(
        "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check " +
          'the above logs for more info about the error.',
      );
      return false;
    }
    this.writer.forgetErrors();
    this.tellHealth();
    return true;
  }

  private switchOff(): void {
    this.settle();
    this.parts.propagation.settle();
    this.writer.close();
    this.feed(false);
    this.state = 'off';
    this.writtenOffset = this.parts.propagation.offset;
    this.writer.forgetErrors();
    this.parts.onSwitched(false);
    this.tellHealth();
    this.parts.onProgress();
  }

  /** What is on disk counts again: `dir` may be another, or files were put there meanwhile. */
  private reread(): boolean {
    try {
      this.manifest = this.store.load();
      return true;
    } catch (error) {
      this.logError(error);
      return false;
    }
  }

  // ---- for rewrites

  /** How bases are written. */
  get baseFormat(): BaseFormat {
    return this.parts.config.values['aof-use-rdb-preamble'] ? 'rdb' : 'aof';
  }

  /**
   * A rewrite begins: what is appended from now on goes to another file. While there is no base yet,
   * that is a temporary one.
   * @param then told, at once or soon, whether it does; if not, the log says why
   */
  beginIncr(then: (hasBegun: boolean) => void): void {
    this.settle();
    if (this.state === 'off') then(this.reread());
    else if (this.state === 'waiting') then(this.beginTempIncr());
    else this.beginNamedIncr(then);
  }

  private beginTempIncr(): boolean {
    const name = tempIncrName(this.store.filename);
    try {
      this.moveOn(name, this.openFile(name, 'fresh'));
    } catch (error) {
      this.logError(error);
      return false;
    }
    if (!this.isFed) this.feed(true);
    return true;
  }

  /** The manifest names the file before anything is in it. */
  private beginNamedIncr(then: (hasBegun: boolean) => void): void {
    const manifest = this.manifest.withNextIncr(this.store.filename);
    const { name } = manifest.lastIncr!;
    let fd: number;
    try {
      this.writeAll();
      fd = this.openFile(name, 'fresh');
    } catch (error) {
      this.logError(error);
      then(false);
      return;
    }
    this.storeLater(manifest, (isStored) => {
      if (!isStored) {
        this.parts.files.close(fd);
        then(false);
        return;
      }
      try {
        this.moveOn(name, fd);
        this.manifest = manifest;
      } catch (error) {
        this.logError(error);
        this.restoreManifest();
        then(false);
        return;
      }
      then(true);
    });
  }

  /** What is in a new base must not be in the new file as well. @throws AofError */
  private writeAll(): void {
    this.parts.propagation.settle();
    if (this.state === 'on' && !this.writer.flush(true)) throw new AofError(UNWRITTEN);
  }

  /** From now on, this file is appended to. @throws AofError: it is not, and is closed */
  private moveOn(name: string, fd: number): void {
    const { files, log } = this.parts;
    try {
      this.writeAll();
      log.notice(`Creating AOF incr file ${name} on background rewrite`);
      if (!this.writer.open(fd, 0)) throw new AofError(TORN);
    } catch (error) {
      files.close(fd);
      throw error;
    }
  }

  /**
   * A rewrite is done: its file becomes the base, and what was appended since its beginning goes with
   * it. Whatever fails leaves the log as it was.
   * @param temp path of the new base, on the disk
   * @param then told, at once or soon, whether the log has the new base
   */
  replaceBase(temp: string, format: BaseFormat, then: (isReplaced: boolean) => void): void {
    this.settle();
    const { store, state } = this;
    const { files, log } = this.parts;
    let manifest = this.manifest.withNextBase(store.filename, format);
    const base = store.path(manifest.base!.name);
    const made: string[] = [];
    const failed = () => {
      for (const path of made) files.removeLater(path, () => {});
      then(false);
    };
    try {
      this.rename(temp, base, 'base');
      made.push(base);
      log.notice(
        `Successfully renamed the temporary AOF base file ${lastPart(temp)} into ${lastPart(base)}`,
      );
      if (state === 'waiting') {
        const tempIncr = tempIncrName(store.filename);
        manifest = manifest.withNextIncr(store.filename);
        const incr = manifest.lastIncr!.name;
        this.rename(store.path(tempIncr), store.path(incr), 'incr');
        made.push(store.path(incr));
        log.notice(`Successfully renamed the temporary AOF incr file ${tempIncr} into ${incr}`);
      }
    } catch (error) {
      this.logError(error);
      failed();
      return;
    }
    manifest = manifest.withIncrRewritten(state === 'off' ? 0 : 1);
    this.storeLater(manifest, (isStored) => {
      if (!isStored) {
        failed();
        return;
      }
      this.adopt(manifest, files.sizeOf(base));
      this.collectHistory(() => then(true));
    });
  }

  private adopt(manifest: Manifest, baseSize: number): void {
    this.manifest = manifest;
    if (this.state !== 'off') {
      this.writer.totalSize = baseSize + this.writer.incrSize;
      this.rewriteBaseSize = this.writer.totalSize;
    }
    if (this.state === 'waiting') this.state = 'on';
  }

  /** A rewrite has failed that was to give the log its first base: what was appended is worth nothing. */
  dropIncr(): void {
    if (this.state !== 'waiting') return;
    const { log, files } = this.parts;
    const { store } = this;
    this.feed(false);
    this.writer.drop();
    const name = tempIncrName(store.filename);
    log.notice(`Removing the temp incr aof file ${name} in the background`);
    files.removeLater(store.path(name), () => {});
  }

  /** Deletes what rewrites have left behind. @param then told, at once or soon, that it is done with */
  private collectHistory(then: () => void): void {
    this.settle();
    const { config, files, log } = this.parts;
    const { manifest, store } = this;
    if (config.values['aof-disable-auto-gc'] || manifest.history.length === 0) {
      then();
      return;
    }
    const rest = manifest.withoutHistory();
    this.storeLater(rest, (isStored) => {
      if (isStored) {
        this.manifest = rest;
        for (const name of manifest.deletable) {
          log.notice(`Removing the history file ${name} in the background`);
          files.removeLater(store.path(name), () => {});
        }
      }
      then();
    });
  }

  /** The same, at once. */
  private collectHistoryNow(): void {
    this.collectHistory(() => {});
    this.settle();
  }

  // ---- the manifest

  /** What is on its way to the disk gets there at once. */
  settle(): void {
    while (this.storing !== undefined) this.storing.finish();
  }

  /** @param then told, at once or soon, whether this manifest is the one on disk, or the old one is */
  private storeLater(manifest: Manifest, then: (isStored: boolean) => void): void {
    const storing = this.store.storeLater(manifest, (error, isNamed) => {
      this.storing = undefined;
      if (error === undefined) then(true);
      else {
        this.logError(error);
        then(isNamed && !this.restoreManifest());
      }
    });
    if (!storing.isOver) this.storing = storing;
  }

  /** Another is on disk than the log goes on with. @returns whether that could be mended */
  private restoreManifest(): boolean {
    let isMended = false;
    const storing = this.store.storeLater(this.manifest, (error, isNamed) => {
      if (error !== undefined) this.logError(error);
      isMended = isNamed;
    });
    storing.finish();
    return isMended;
  }

  // ---- files

  private openFile(name: string, mode: 'append' | 'fresh'): number {
    try {
      return this.parts.files.open(this.store.path(name), mode);
    } catch (error) {
      throw new AofError(`Can't open the append-only file ${name}: ${systemErrorText(error)}`);
    }
  }

  private rename(from: string, to: string, kind: 'base' | 'incr'): void {
    const { clock, files, onLatency } = this.parts;
    const began = clock.micros();
    try {
      files.rename(from, to);
    } catch (error) {
      const why = systemErrorText(error);
      const what = kind === 'base' ? lastPart(from) : from;
      throw new AofError(
        `Error trying to rename the temporary AOF ${kind} file ${what} into ${to}: ${why}`,
      );
    }
    onLatency('aof-rename', clock.micros() - began);
  }

  private logError(error: unknown): void {
    if (!(error instanceof AofError)) throw error;
    for (const message of error.messages) this.parts.log.warning(message);
  }
}

const CANT_SWITCH_ON = 'Unable to turn on AOF. Check server logs.';
const BASE_FAILED = 'The base of the append-only file could not be written.';
const UNWRITTEN =
  "The append-only file can't be rewritten while what was appended can't be written.";
const TORN =
  'The append-only file ends in the middle of a command, which could not be cut off: it must be gone ' +
  'on with, and is not rewritten.';

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
