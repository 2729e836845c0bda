/**
 * The one snapshot that may be under way (Redis: the child process): for BGSAVE, as the base of a
 * rewritten append-only file, or as the data of another server in this process (`copy`).
 *
 *     start   the cut, and a worker, which opens its file
 *     slices  the walk takes as long as clients do in each turn of the event loop, 0.2 to 1 ms, while the
 *             worker keeps up
 *     end     the worker has answered: the file is on disk, or nothing is left of it
 *
 * While the walk goes on, a bit of the gate is set: before a command that may change values runs, its
 * keys are shown to the snapshot. When it is over, nothing of it is left to pay for; the worker may
 * still be busy then.
 *
 * `rdb-key-save-delay` makes the walk wait, not the server.
 */
import { join } from 'node:path';
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
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
import type { Clock, TimerHandle } from '../api/clock.js';
import type { KeyFlag } from '../api/command.js';
import { type Command, CommandBit } from '../api/command-table.js';
import type { Config } from '../api/config.js';
import { keyPositions } from '../api/keys.js';

/** The walk's part of a turn, in microseconds: as long as the rest of the turn was, within these. */
const SLICE_MIN_US = 200;
const SLICE_MAX_US = 1000;
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

export interface SnapshotsParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly launcher: WorkerLauncher;
  /** Sets or clears the gate's bit: commands have to pass `beforeCommand`. */
  onWalking(isWalking: boolean): void;
  /** Calls soon, after the event loop has served others. */
  defer(go: () => void): void;
  /** Told how long a slice has taken, in microseconds. */
  onSlice(micros: number): void;
  /** A worker has started. */
  onWorker(pid: number): void;
}

export class Snapshots {
  /** Snapshots that were begun (total_forks), and how long the last has held the server up, in µs. */
  started = 0;
  lastStartUsec = 0;
  private running: Running | undefined = undefined;
  private readonly frames = new FramePool();
  private copying: SnapshotCopy | undefined = undefined;

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
    this.pauseResizing(true);
    this.started++;
    this.lastStartUsec = Math.round(clock.micros() - begin);
    this.parts.onWorker(worker.pid);
    return true;
  }

  /**
   * Makes the cut, and has a sink given all of it, a slice in every turn. None may be under way.
   * @param onEnd runs once the sink has it all @returns ends the copy before its time
   */
  copy(format: SnapshotFormat, sink: SnapshotSink, onEnd: () => void): () => void {
    if (this.active !== undefined) throw new Error('a snapshot is under way');
    const { clock } = this.parts;
    const begin = clock.micros();
    const copy = new SnapshotCopy(format, sink, this.parts, () => {
      this.copying = undefined;
      this.pauseResizing(false);
      onEnd();
    });
    this.copying = copy;
    this.pauseResizing(true);
    this.started++;
    this.lastStartUsec = Math.round(clock.micros() - begin);
    return () => {
      if (this.copying !== copy) return;
      this.copying = undefined;
      this.pauseResizing(false);
      copy.stop();
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
  beforeCommand(client: Client, command: Command, args: Args): void {
    if ((command.bits & MAY_CHANGE) === 0 || client.db.cut === undefined) return;
    if (command.movableKeys) {
      for (const { index } of keyPositions(command.spec, args))
        this.beforeChange(client, command, args, index);
      return;
    }
    const { keyFirst, keyLast, keyStep } = command;
    if (keyFirst === 0) return;
    const last = keyLast < 0 ? args.count + keyLast : keyLast;
    for (let i = keyFirst; i <= last && i < args.count; i += keyStep) {
      this.beforeChange(client, command, args, i);
    }
  }

  private beforeChange({ db }: Client, command: Command, args: Args, i: number): void {
    const at = args.base + i;
    const e = db.find(args.buf, args.offs[at]!, args.lens[at]!, args.hashes[at]!);
    if (e === 0) return;
    // Of a big value that goes as it is, the database tells: that may be left to the snapshot.
    if (isObject(db.kind(e)) && !mayChangeInPlace(command, args, i)) return;
    db.cut?.beforeChange(e);
  }

  private ended(end: WorkerEnd): void {
    const { running } = this;
    this.running = undefined;
    this.pauseResizing(false);
    running!.ended(end);
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
  private readonly sink: FrameSink;
  /**
   * `rdb-key-save-delay` as it was at the begin, for how many entries the walk has waited, and what it
   * is to wait yet.
   */
  private readonly delayUs: number;
  private delayed = 0;
  private owedUs = 0;
  /** When the last slice has ended. */
  private sliceEndUs = DOUBLE_FIELD;
  private timer: TimerHandle | undefined = undefined;
  private isWalking = true;
  private wasKilled = false;
  private readonly slice = () => this.walk();
  private readonly goOn = () => {
    this.timer = undefined;
    this.walk();
  };

  constructor(
    readonly request: SnapshotRequest,
    readonly worker: WorkerProcess,
    frames: FramePool,
    private readonly parts: SnapshotsParts,
  ) {
    const { clock, config, keyspace } = parts;
    this.sliceEndUs = 0;
    const { compresses, directory, format, kind, name, syncs, temporary } = request;
    this.startedMs = clock.now();
    const delay = config.values['rdb-key-save-delay'];
    this.delayUs = delay < 0 ? -1 / delay : delay;
    // Not at once: the pipe may have taken all before this turn ends, and the next slice, and the next.
    this.sink = new FrameSink(worker.input, frames, () => parts.defer(this.slice));
    this.sink.job({
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
      sink: this.sink,
      compression: compresses ? 'later' : false,
      entriesPerLook: delay === 0 ? undefined : 1,
      micros: () => clock.micros(),
    });
    parts.onWalking(true);
  }

  /** Begins with the walk. */
  begin(): void {
    this.parts.defer(this.slice);
  }

  kill(): void {
    this.wasKilled = true;
    this.stopWalking();
    this.worker.kill();
  }

  ended({ answer, signal }: WorkerEnd): void {
    this.stopWalking();
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

  private walk(): void {
    if (!this.isWalking || this.timer !== undefined) return;
    const { clock, defer, onSlice } = this.parts;
    const begin = clock.micros();
    const slice = sliceMicros(begin - this.sliceEndUs);
    const end = this.snapshot.step(this.delayUs === 0 ? begin + slice : begin);
    this.sliceEndUs = clock.micros();
    onSlice(this.sliceEndUs - begin);
    if (end === 'done') this.stopWalking();
    // When it is full, the sink calls.
    else if (end === 'more' && !this.isDelayed()) defer(this.slice);
  }

  /** Whether the walk goes on later, for the entries that were encoded since the last time. */
  private isDelayed(): boolean {
    if (this.delayUs === 0) return false;
    const { processed } = this.snapshot;
    this.owedUs += (processed - this.delayed) * this.delayUs;
    this.delayed = processed;
    const ms = Math.floor(this.owedUs / 1000);
    if (ms === 0) return false;
    this.owedUs -= ms * 1000;
    this.timer = this.parts.clock.setTimer(this.goOn, ms);
    return true;
  }

  private stopWalking(): void {
    if (!this.isWalking) return;
    this.isWalking = false;
    this.parts.clock.clearTimer(this.timer);
    this.snapshot.abort();
    this.parts.onWalking(false);
  }
}

/** A snapshot under way for a sink in this process. */
class SnapshotCopy {
  private readonly snapshot: Snapshot;
  /** When the last slice has ended. */
  private sliceEndUs = DOUBLE_FIELD;
  private isWalking = true;
  private readonly slice = () => this.walk();

  constructor(
    format: SnapshotFormat,
    sink: SnapshotSink,
    private readonly parts: SnapshotsParts,
    private readonly onEnd: () => void,
  ) {
    const { clock, keyspace } = parts;
    this.sliceEndUs = 0;
    const micros = () => clock.micros();
    this.snapshot = new Snapshot({ keyspace, format, sink, compression: false, micros });
    parts.onWalking(true);
    parts.defer(this.slice);
  }

  private walk(): void {
    if (!this.isWalking) return;
    const { clock, defer, onSlice } = this.parts;
    const begin = clock.micros();
    const end = this.snapshot.step(begin + sliceMicros(begin - this.sliceEndUs));
    this.sliceEndUs = clock.micros();
    onSlice(this.sliceEndUs - begin);
    if (end !== 'done') {
      defer(this.slice);
      return;
    }
    this.stop();
    this.onEnd();
  }

  stop(): void {
    if (!this.isWalking) return;
    this.isWalking = false;
    this.snapshot.abort();
    this.parts.onWalking(false);
  }
}

/** The walk's part of a turn, whose rest took so long. */
function sliceMicros(others: number): number {
  return Math.min(Math.max(others, SLICE_MIN_US), SLICE_MAX_US);
}

/** Of keys that are read, replaced or removed as a whole. */
const WHOLE: readonly KeyFlag[] = ['RO', 'OW', 'RM'];

/** Whether a command may change the value of the key that is its `i`th word, and not only as a whole. */
function mayChangeInPlace(command: Command, args: Args, i: number): boolean {
  const key = keyPositions(command.spec, args).find(({ index }) => index === i);
  return key === undefined || !key.flags.some((flag) => WHOLE.includes(flag));
}
