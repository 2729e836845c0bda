/**
 * The one snapshot that may be under way (Redis: the child process): for BGSAVE, as the base of a
 * rewritten append-only file, or as the data of another server in this process (`copy`).
 *
 *     start   the cut, and a worker, which opens its file
 *     slices  the walk, a piece in each turn of the event loop (snapshot-walk.ts), while the worker
 *             keeps up
 *     end     the worker has answered: the file is on disk, or nothing is left of it
 *
 * While the walk goes on, a bit of the gate is set: before a command that may change values runs, its
 * keys are shown to the snapshot. When it is over, nothing of it is left to pay for; the worker may
 * still be busy then.
 */
import { join } from 'node:path';
import type { Database } from '../../keyspace/database.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { isObject } from '../../keyspace/kinds.js';
import type { SnapshotFormat } from '../../persistence/snapshot/format.js';
import { FramePool, FrameSink } from '../../persistence/snapshot/frame-sink.js';
import type { SaveStep } from '../../persistence/snapshot/frames.js';
import { removeFile } from '../../persistence/snapshot/save-worker.js';
import type { SnapshotSink } from '../../persistence/snapshot/sink.js';
import { Snapshot } from '../../persistence/snapshot/snapshot.js';
import type {
  WorkerEnd,
  WorkerLauncher,
  WorkerProcess,
} from '../../persistence/snapshot/worker-process.js';
import type { Args } from '../../resp/args.js';
import type { Client } from '../api/client.js';
import type { KeyFlag } from '../api/command.js';
import { type Command, CommandBit } from '../api/command-table.js';
import type { Config } from '../api/config.js';
import { keyPositions } from '../api/keys.js';
import { SnapshotWalk, type SnapshotWalkParts } from './snapshot-walk.js';

/** With so many bytes of data, to start a process takes 2 ms, and longer with more. */
const LARGE_BYTES = 32 * 1024 * 1024;
const MAY_CHANGE = CommandBit.Write | CommandBit.MayReplicate;
/** What Redis ends its child with when it wants to: no error. */
export const SIGUSR1 = 10;

export type SnapshotKind = 'rdb' | 'aof';

export interface SnapshotRequest {
  readonly kind: SnapshotKind;
  readonly format: SnapshotFormat;
  /** Whether strings are to be compressed; `format` must write RDB for that. */
  readonly compresses: boolean;
  /** Where the file is written. */
  readonly directory: string;
  /** Begin and end of its temporary name; the worker's process number is between them. */
  readonly temporary: readonly [string, string];
  /** The name that it gets in the end; if none, it keeps the temporary one. */
  readonly name?: string;
  /** Whether the file is written to disk as it grows. */
  readonly syncs: boolean;
  /** Runs once it is over, whatever has become of it. */
  onEnd(end: SnapshotEnd): void;
}

/** What has become of a snapshot. */
export type SnapshotEnd = SnapshotFacts & (Saved | Failed | Killed);

interface SnapshotFacts {
  /** When it began, Unix ms. */
  readonly startedMs: number;
  /** Bytes that were encoded ahead, because their keys were about to change. */
  readonly copiedBytes: number;
}

interface Saved {
  readonly kind: 'saved';
  /** The file, and how long it is. */
  readonly path: string;
  readonly bytes: number;
}

/** The worker could not write the file. */
interface Failed {
  readonly kind: 'failed';
  readonly step: SaveStep;
  /** In the system's words. */
  readonly why: string;
  /** The temporary file, which is gone. */
  readonly path: string;
}

/** The worker was killed; by SIGUSR1 if that was the server's own wish. */
interface Killed {
  readonly kind: 'killed';
  readonly signal: number;
}

export interface SnapshotsParts extends SnapshotWalkParts {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly launcher: WorkerLauncher;
  /** A worker has started. */
  onWorker(pid: number): void;
}

export class Snapshots {
  /** Snapshots that were begun (total_forks), and how long the last has held the server up, in µs. */
  started = 0;
  lastStartUsec = 0;
  private running: Running | undefined = undefined;
  private readonly frames = new FramePool();
  private copying: SnapshotWalk | undefined = undefined;

  constructor(private readonly parts: SnapshotsParts) {}

  /** What is under way: undefined, nothing; another can't begin before it has ended. */
  get active(): SnapshotKind | 'copy' | undefined {
    return this.copying === undefined ? this.running?.request.kind : 'copy';
  }

  /** Of the snapshot under way: the worker's process number, keys in all, and those encoded so far. */
  get pid(): number {
    return this.running?.worker.pid ?? 0;
  }

  get total(): number {
    return this.running?.snapshot.total ?? 0;
  }

  get processed(): number {
    return this.running?.snapshot.processed ?? 0;
  }

  /** … when it began, Unix ms (0: none is under way) … */
  get startedMs(): number {
    return this.running?.startedMs ?? 0;
  }

  /** … and how many bytes were encoded ahead, because their keys were about to change. */
  get copiedBytes(): number {
    return this.running?.snapshot.copiedBytes ?? 0;
  }

  /**
   * Makes the cut, and has a file written in the background. None may be under way.
   * @param onFailed told, soon, why no worker could be started, in the system's words
   * @returns whether it has begun
   */
  start(request: SnapshotRequest, onFailed: (why: string) => void): boolean {
    if (this.active !== undefined) throw new Error('a snapshot is under way');
    const { clock, launcher } = this.parts;
    const begin = clock.micros();
    const worker = launcher.launch({
      onFailed,
      onReady: () => this.running!.begin(),
      onEnd: (end) => this.ended(end),
    });
    if (worker === undefined) return false;
    this.running = new Running(request, worker, this.frames, this.parts);
    this.begun(begin);
    this.parts.onWorker(worker.pid);
    return true;
  }

  /**
   * Makes the cut, and has a sink given all of it, a slice in every turn. None may be under way.
   * @param onEnd runs once the sink has it all @returns ends the copy before its time
   */
  copy(format: SnapshotFormat, sink: SnapshotSink, onEnd: () => void): () => void {
    if (this.active !== undefined) throw new Error('a snapshot is under way');
    const { clock, keyspace } = this.parts;
    const begin = clock.micros();
    const micros = () => clock.micros();
    const snapshot = new Snapshot({ keyspace, format, sink, compression: false, micros });
    const walk = new SnapshotWalk(snapshot, 0, this.parts, () => {
      this.copied();
      onEnd();
    });
    this.copying = walk;
    this.begun(begin);
    walk.goOn();
    return () => {
      if (this.copying !== walk) return;
      walk.stop();
      this.copied();
    };
  }

  /** The cron's part: a server that grows large takes care that workers start quickly. */
  tend(): void {
    const { keyspace, launcher } = this.parts;
    if (keyspace.usedBytes > LARGE_BYTES) launcher.prepare();
  }

  /** So many bytes are about to be loaded. */
  expect(bytes: number): void {
    if (bytes > LARGE_BYTES / 2) this.parts.launcher.prepare();
  }

  /** The server ends. */
  stop(): void {
    this.kill();
    this.copying?.stop();
    this.parts.launcher.stop();
  }

  /** Ends the snapshot under way, as Redis does with SIGUSR1; its `onEnd` runs soon. */
  kill(): void {
    this.running?.kill();
  }

  /** Before a command runs, while the walk goes on: what it may change is encoded first. */
  beforeCommand({ db }: Client, command: Command, args: Args): void {
    if ((command.bits & MAY_CHANGE) === 0 || db.cut === undefined) return;
    const { keyFirst, keyLast, keyStep, movableKeys } = command;
    if (movableKeys) this.beforeKeys(db, command, args);
    if (movableKeys || keyFirst === 0) return;
    const last = keyLast < 0 ? args.count + keyLast : keyLast;
    for (let i = keyFirst; i <= last && i < args.count; i += keyStep) {
      const e = find(db, args, i);
      if (e !== 0 && isObject(db.kind(e))) {
        this.beforeKeys(db, command, args);
        return;
      }
      if (e !== 0) db.cut.beforeChange(e);
    }
  }

  /**
   * … as the key specs tell. A big value that goes, or stays, as it is may be left to the snapshot: its
   * end is told of by the database.
   */
  private beforeKeys(db: Database, command: Command, args: Args): void {
    for (const { flags, index } of keyPositions(command.spec, args)) {
      const e = find(db, args, index);
      if (e === 0 || (isObject(db.kind(e)) && flags.some((flag) => WHOLE.includes(flag)))) continue;
      db.cut?.beforeChange(e);
    }
  }

  private ended(end: WorkerEnd): void {
    const { running } = this;
    this.running = undefined;
    this.pauseResizing(false);
    running!.ended(end);
  }

  /** Has been begun, at this time. */
  private begun(atUs: number): void {
    this.pauseResizing(true);
    this.started++;
    this.lastStartUsec = Math.round(this.parts.clock.micros() - atUs);
  }

  private copied(): void {
    this.copying = undefined;
    this.pauseResizing(false);
  }

  /** Tables keep their sizes meanwhile, unless they become much too small: memory is short enough. */
  private pauseResizing(isPaused: boolean): void {
    for (const { dict } of this.parts.keyspace.databases) dict.resizePaused = isPaused;
  }
}

/** A snapshot under way. */
class Running {
  readonly snapshot: Snapshot;
  readonly startedMs: number;
  private readonly walk: SnapshotWalk;
  private wasKilled = false;

  constructor(
    readonly request: SnapshotRequest,
    readonly worker: WorkerProcess,
    frames: FramePool,
    parts: SnapshotsParts,
  ) {
    const { clock, config, keyspace } = parts;
    const { compresses, directory, format, kind, name, syncs, temporary } = request;
    this.startedMs = clock.now();
    const delay = config.values['rdb-key-save-delay'];
    const sink = new FrameSink(worker.input, frames, () => this.walk.goOn());
    sink.job({
      directory,
      temporary,
      name,
      compresses,
      sums: config.values.rdbchecksum,
      syncs,
      headerBytes: format.headerBytes,
      hasChecksum: format.hasChecksum,
      title: kind === 'rdb' ? 'redis-rdb-bgsave' : 'redis-aof-rewrite',
    });
    this.snapshot = new Snapshot({
      keyspace,
      format,
      sink,
      compression: compresses ? 'later' : false,
      entriesPerLook: delay === 0 ? undefined : 1,
      micros: () => clock.micros(),
    });
    this.walk = new SnapshotWalk(this.snapshot, delay < 0 ? -1 / delay : delay, parts, () => {});
  }

  /** Begins with the walk. */
  begin(): void {
    this.walk.goOn();
  }

  kill(): void {
    this.wasKilled = true;
    this.walk.stop();
    this.worker.kill();
  }

  ended({ answer, signal }: WorkerEnd): void {
    this.walk.stop();
    const { request, worker } = this;
    const { directory, name, temporary } = request;
    const { startedMs } = this;
    const facts = { startedMs, copiedBytes: this.snapshot.copiedBytes };
    const path = join(directory, temporary.join(String(worker.pid)));
    if (answer !== undefined && 'bytes' in answer) {
      const saved = name === undefined ? path : join(directory, name);
      request.onEnd({ ...facts, kind: 'saved', path: saved, bytes: answer.bytes });
      return;
    }
    removeFile(path);
    if (answer !== undefined) request.onEnd({ ...facts, kind: 'failed', path, ...answer });
    else request.onEnd({ ...facts, kind: 'killed', signal: this.wasKilled ? SIGUSR1 : signal });
  }
}

/** Of keys that are read, replaced or removed as a whole. */
const WHOLE: readonly KeyFlag[] = ['RO', 'OW', 'RM'];

/** The entry of the key that is a request's `i`th word; 0: there is none. */
function find(db: Database, args: Args, i: number): number {
  const at = args.base + i;
  return db.find(args.buf, args.offs[at]!, args.lens[at]!, args.hashes[at]!);
}
