/**
 * Writes the append-only file: when bytes go to the file, and when the file goes to the disk.
 *
 *     commands -> CommandBuffer -- flush, at the end of the turn --> file -- fsync --> disk
 *
 *     appendfsync   fsync                                    a reply means
 *     always        with each flush, before the replies      it is on the disk
 *     everysec      once a second, on another thread         it is in the file (the process may die)
 *     no            the system's affair                      it is in the file
 *
 * everysec: a write to a file that is being synced may have to wait for the sync, so for up to 2 s the
 * bytes stay here rather than stopping the event loop (`flush` says so); then they are written in any
 * case, which counts as a delay.
 *
 * A write that fails or goes in half is cut back, so that the file always ends with a whole command,
 * and the bytes stay here for another try; meanwhile `isFailing` has the server refuse writes. With
 * `always` there is no such way out: the change was made, the reply promises it, so the server ends.
 *
 * Invariant: the file's first `incrSize` bytes are the commands appended so far, those in the buffer
 * left out.
 *
 * Source: flushAppendOnlyFile in Redis 7.2's aof.c, and bio.c.
 */
import type { Args } from '../../resp/args.js';
import { systemErrorText } from '../../text/system-error.js';
import { CommandBuffer, NO_DATABASE } from './command-buffer.js';
import type { AofFiles } from './files.js';

export type FsyncPolicy = 'always' | 'everysec' | 'no';

export type AofLatencyEvent =
  | 'aof-write'
  | 'aof-write-pending-fsync'
  | 'aof-write-active-child'
  | 'aof-write-alone'
  | 'aof-fsync-always';

export interface AofWriterParts {
  readonly files: AofFiles;
  readonly clock: {
    /** Unix time in whole seconds. */
    seconds(): number;
    /** For durations. */
    micros(): number;
  };
  log(level: 'notice' | 'warning', message: string): void;
  /** Ends the server with code 1, once the message is logged: what was promised can't be kept. */
  fatal(message: string): void;
  /** Whether a worker is writing a snapshot. */
  isSaving(): boolean;
  /** How far the replication stream has come with what was appended. */
  replicationOffset(): number;
  /** Whether anybody wants to know how long operations take; and they are told, in microseconds. */
  timesWrites?(): boolean;
  onLatency?(event: AofLatencyEvent, micros: number): void;
  /** Waits before each write: DEBUG AOF-FLUSH-SLEEP. */
  beforeWrite?(): void;
  /** A sync on another thread has ended. */
  onSynced?(): void;
}

/** Bytes stay here for so long while the file is being synced, in seconds. */
const POSTPONE_MAX_SECONDS = 2;
/** Errors are logged again after so many seconds. */
const ERROR_LOG_SECONDS = 30;
/** A turn that has gathered so many bytes is written before its end. */
const EARLY_BYTES = 32 * 1024 * 1024;
const NONE = -1;

const TOO_SLOW =
  'Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without ' +
  'waiting for fsync to complete, this may slow down Redis.';
const CANNOT_RECOVER =
  "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...";

export class AofWriter {
  /** `no-appendfsync-on-rewrite` */
  spares = false;
  /** Bytes of base and incr files together. */
  totalSize = 0;
  /** Bytes of the file that is being written. */
  incrSize = 0;
  /** aof_delayed_fsync of INFO: how often a write could not wait for a sync any longer. */
  delayedSyncs = 0;
  /** Up to which replication offset everything is on the disk: WAITAOF. */
  syncedReplicationOffset = 0;

  private readonly buffer = new CommandBuffer();
  private fsyncPolicy: FsyncPolicy = 'everysec';
  private fd = NONE;
  /** Up to where the file was handed to a sync. */
  private syncedSize = 0;
  private lastSyncAt = 0;
  /** Jobs in their order; the first is under way. */
  private readonly syncs: SyncJob[] = [];
  /** The one of the file that is being written. */
  private pendingSync: SyncJob | undefined = undefined;
  /** Since when bytes wait for a sync; 0: they don't. */
  private postponedSince = 0;
  private writeError: unknown = undefined;
  private syncError: unknown = undefined;
  private lastErrorLogAt = 0;
  /** Whether the file ends with half a write that could not be cut back. */
  private isTorn = false;

  constructor(private readonly parts: AofWriterParts) {}

  // ---------------------------------------------------------------------------------------- state

  get isOpen(): boolean {
    return this.fd !== NONE;
  }

  /** aof_buffer_length of INFO: bytes that were not written yet. */
  get pendingBytes(): number {
    return this.buffer.length;
  }

  /** Memory of the buffer in bytes. */
  get bufferBytes(): number {
    return this.buffer.bytes.length;
  }

  /** aof_pending_bio_fsync of INFO: 1 while the file is being synced on another thread. */
  get pendingSyncs(): number {
    return this.pendingSync === undefined ? 0 : 1;
  }

  /** Whether bytes wait for a sync to end: flush again soon. */
  get isPostponed(): boolean {
    return this.postponedSince !== 0;
  }

  /** Whether the last write or sync has failed: writes are refused, flush is tried every second. */
  get isFailing(): boolean {
    return this.writeError !== undefined || this.syncError !== undefined;
  }

  /** Whether it was a write that failed. */
  get isWriteFailing(): boolean {
    return this.writeError !== undefined;
  }

  /** The system's words for what has failed. */
  get failure(): string {
    return systemErrorText(this.syncError ?? this.writeError ?? new Error());
  }

  get policy(): FsyncPolicy {
    return this.fsyncPolicy;
  }

  /** `appendfsync` */
  set policy(policy: FsyncPolicy) {
    this.fsyncPolicy = policy;
    // What another thread is still syncing isn't on the disk yet: the next flush syncs once more.
    if (policy === 'always' && this.pendingSync !== undefined) this.syncedSize = NONE;
  }

  /** `aof-timestamp-enabled` */
  set stampsTime(on: boolean) {
    this.buffer.stampsTime = on;
  }

  // ------------------------------------------------------------------------------------- commands

  /** Appends a command. @param db the database it works on, or NO_DATABASE */
  append(db: number, args: Args): void {
    const { buffer } = this;
    buffer.append(db, args, buffer.stampsTime ? this.parts.clock.seconds() : 0);
    if (this.buffer.length > EARLY_BYTES) this.flush();
  }

  /** What follows, up to `exec`, is to be carried out together or not at all. */
  multi(): void {
    this.buffer.appendWords(MULTI, this.parts.clock.seconds());
  }

  exec(): void {
    this.buffer.appendWords(EXEC, this.parts.clock.seconds());
  }

  /** Has the next command name its database. */
  forgetDatabase(): void {
    this.buffer.forgetDatabase();
  }

  // ---------------------------------------------------------------------------------------- files

  /**
   * Goes on with this file, from its end; what was appended before goes to the file before, which is
   * synced and closed on another thread. What can't be written there goes to this file.
   * @param fd opened with 'append' or 'fresh' @param size its size
   * @returns false: the file before ends in the middle of a command and must be gone on with; the one
   *   given is the caller's to close
   */
  open(fd: number, size: number): boolean {
    if (this.fd !== NONE) {
      this.flush(true);
      if (this.isTorn) return false;
      this.retire();
    }
    this.fd = fd;
    this.incrSize = size;
    this.syncedSize = size;
    this.lastSyncAt = this.parts.clock.seconds();
    this.postponedSince = 0;
    this.buffer.beginFile();
    return true;
  }

  /** Writes and syncs what there is, and closes: the append-only file is switched off, or the server ends. */
  close(): void {
    const { fd, parts } = this;
    if (fd === NONE) return;
    this.flush(true);
    try {
      parts.files.sync(fd);
      this.lastSyncAt = parts.clock.seconds();
      this.syncedReplicationOffset = parts.replicationOffset();
    } catch (error) {
      parts.log('warning', `Fail to fsync the AOF file: ${systemErrorText(error)}`);
    }
    // A sync that is under way keeps its file.
    if (this.syncs.some((job) => job.fd === fd)) this.retire();
    else parts.files.close(fd);
    this.fd = NONE;
    this.incrSize = 0;
    this.syncedSize = 0;
    this.postponedSince = 0;
    this.drop();
  }

  /** Drops what was not written: it is no part of any file (a rewrite that switches on has failed). */
  drop(): void {
    this.buffer.clear();
    this.isTorn = false;
  }

  /** Forgets errors: the append-only file begins anew. */
  forgetErrors(): void {
    const { parts } = this;
    if (this.syncError !== undefined) {
      parts.log('warning', 'AOF reopen, just ignore the AOF fsync error in bio job');
    }
    if (this.writeError !== undefined) {
      parts.log('warning', 'AOF reopen, just ignore the last error.');
    }
    this.syncError = undefined;
    this.writeError = undefined;
  }

  // ---------------------------------------------------------------------------------------- flush

  /**
   * Writes what was appended, and syncs as the policy has it. To be called at the end of each turn,
   * before the replies; from the cron while `isPostponed` (each time) or `isFailing` (every second),
   * and every second so that the last writes get synced.
   * @param force writes even if the file is being synced
   * @returns whether everything appended is in the file, and on the disk if `always`
   */
  flush(force = false): boolean {
    if (this.fd === NONE) return true;
    if (this.buffer.length > 0) {
      if (!force && this.mustWait()) return false;
      if (!this.write()) return false;
    } else if (this.isAllSynced) {
      // What was propagated to others only needs no sync of ours.
      this.syncedReplicationOffset = this.parts.replicationOffset();
    }
    return this.syncIfDue();
  }

  /** Whether a sync is under way that the write had better wait for. */
  private mustWait(): boolean {
    if (this.fsyncPolicy !== 'everysec' || this.pendingSync === undefined) return false;
    const now = this.parts.clock.seconds();
    if (this.postponedSince === 0) this.postponedSince = now;
    if (now - this.postponedSince < POSTPONE_MAX_SECONDS) return true;
    this.delayedSyncs++;
    this.parts.log('notice', TOO_SLOW);
    return false;
  }

  /** Writes the buffer. @returns whether all of it is in the file */
  private write(): boolean {
    const { parts, buffer } = this;
    const expected = buffer.length;
    parts.beforeWrite?.();
    const isTimed = parts.timesWrites?.() ?? false;
    const began = isTimed ? parts.clock.micros() : 0;
    let written = 0;
    let error: unknown;
    try {
      while (written < expected) {
        const n = parts.files.write(this.fd, buffer.bytes, written, expected - written);
        if (n <= 0) break;
        written += n;
      }
    } catch (thrown) {
      error = thrown;
    }
    if (isTimed) this.reportWrite(parts.clock.micros() - began);
    this.postponedSince = 0;
    if (written < expected) return this.failWrite(written, expected, error);
    if (this.writeError !== undefined) {
      parts.log('notice', 'AOF write error looks solved, Redis can write again.');
      this.writeError = undefined;
    }
    this.isTorn = false;
    this.account(written);
    return true;
  }

  /** These bytes are in the file for good. */
  private account(written: number): void {
    this.totalSize += written;
    this.incrSize += written;
    this.buffer.drop(written);
  }

  private reportWrite(micros: number): void {
    const { parts } = this;
    if (parts.onLatency === undefined) return;
    if (this.pendingSync !== undefined) parts.onLatency('aof-write-pending-fsync', micros);
    else if (parts.isSaving()) parts.onLatency('aof-write-active-child', micros);
    else parts.onLatency('aof-write-alone', micros);
    parts.onLatency('aof-write', micros);
  }

  /** @param written bytes that did go in @param error undefined: none was told */
  private failWrite(written: number, expected: number, error: unknown): boolean {
    const { parts } = this;
    const log = this.errorLog();
    if (written === 0 && error !== undefined) {
      log(`Error writing to the AOF file: ${systemErrorText(error)}`);
      this.writeError = error;
    } else {
      log(`Short write while writing to the AOF file: (nwritten=${written}, expected=${expected})`);
      this.writeError = NO_SPACE;
    }
    const kept = written > 0 && !this.cutBack(log) ? written : 0;
    if (this.fsyncPolicy === 'always') {
      parts.fatal(CANNOT_RECOVER);
      return false;
    }
    if (kept > 0) {
      this.isTorn = true;
      this.account(kept);
    }
    return false;
  }

  /** Takes half a write out of the file again. */
  private cutBack(log: (message: string) => void): boolean {
    try {
      this.parts.files.truncate(this.fd, this.incrSize);
      return true;
    } catch (error) {
      log(
        'Could not remove short write from the append-only file.  Redis may refuse to load the ' +
          `AOF the next time it starts.  ftruncate: ${systemErrorText(error)}`,
      );
      return false;
    }
  }

  /** Where messages about writes go: they would come with every turn. */
  private errorLog(): (message: string) => void {
    const now = this.parts.clock.seconds();
    if (now - this.lastErrorLogAt <= ERROR_LOG_SECONDS) return () => {};
    this.lastErrorLogAt = now;
    return (message) => this.parts.log('warning', message);
  }

  // ----------------------------------------------------------------------------------------- sync

  private get isAllSynced(): boolean {
    return this.syncedSize === this.incrSize && this.syncs.length === 0 && !this.isFailing;
  }

  /** @returns false if what was promised can't be kept */
  private syncIfDue(): boolean {
    if (this.syncedSize === this.incrSize || this.fsyncPolicy === 'no') return true;
    if (this.spares && this.parts.isSaving()) return true;
    if (this.fsyncPolicy === 'always') return this.syncNow();
    const now = this.parts.clock.seconds();
    if (now > this.lastSyncAt) {
      if (this.pendingSync === undefined) this.syncLater();
      this.lastSyncAt = now;
    }
    return true;
  }

  private syncNow(): boolean {
    const { parts } = this;
    const began = parts.clock.micros();
    try {
      parts.files.sync(this.fd);
    } catch (error) {
      const why = systemErrorText(error);
      parts.fatal(
        `Can't persist AOF for fsync error when the AOF fsync policy is 'always': ${why}. Exiting...`,
      );
      return false;
    }
    parts.onLatency?.('aof-fsync-always', parts.clock.micros() - began);
    this.syncedSize = this.incrSize;
    this.lastSyncAt = parts.clock.seconds();
    this.syncedReplicationOffset = parts.replicationOffset();
    return true;
  }

  /** Has another thread sync the file that is being written. */
  private syncLater(): void {
    this.pendingSync = this.enqueue(false);
    this.syncedSize = this.incrSize;
  }

  /** Has another thread sync the file's last bytes and close it. */
  private retire(): void {
    this.pendingSync = undefined;
    this.enqueue(true);
  }

  private enqueue(closes: boolean): SyncJob {
    const job = { fd: this.fd, offset: this.parts.replicationOffset(), closes };
    this.syncs.push(job);
    if (this.syncs.length === 1) this.runSync();
    return job;
  }

  /** Runs the first job in the queue: one at a time, so that what is synced last is last appended. */
  private runSync(): void {
    const job = this.syncs[0]!;
    this.parts.files.syncLater(job.fd, (error) => this.finishSync(job, error));
  }

  private finishSync(job: SyncJob, error: unknown): void {
    this.syncs.shift();
    if (this.pendingSync === job) this.pendingSync = undefined;
    if (job.closes) this.parts.files.close(job.fd);
    this.noteSync(error, job.offset);
    if (this.syncs.length > 0) this.runSync();
    if (this.isPostponed) this.flush();
    this.parts.onSynced?.();
  }

  private noteSync(error: unknown, replicationOffset: number): void {
    if (error === null || error === undefined) {
      this.syncError = undefined;
      this.syncedReplicationOffset = Math.max(this.syncedReplicationOffset, replicationOffset);
      return;
    }
    if (this.syncError === undefined) {
      this.parts.log('warning', `Fail to fsync the AOF file: ${systemErrorText(error)}`);
    }
    this.syncError = error;
    // It is not on the disk: another try is due, even if nothing more is written.
    this.syncedSize = NONE;
  }
}

/** A sync on another thread, under way or waiting for its turn. */
interface SyncJob {
  readonly fd: number;
  /** The replication offset that is on the disk when it is done. */
  readonly offset: number;
  /** Whether the file is closed then. */
  readonly closes: boolean;
}

const MULTI = ['MULTI'];
const EXEC = ['EXEC'];
const NO_SPACE = Object.assign(new Error('no space'), { code: 'ENOSPC' });

export { NO_DATABASE };
