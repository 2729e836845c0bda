/**
 * All that keeps a server's data on the disk and brings them back, put together.
 *
 *     Snapshots ──┬── RdbSaves   dump.rdb: save points, SAVE, BGSAVE      FinalSave   … at the end
 *                 └── AofBase ── AppendOnly   the log of changes, and its rewriting
 *     Loading ── DataLoader      at the start, and for DEBUG: dump.rdb, or the log (LogReplay)
 *     DiskErrors                 no writes while none of that works
 */
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import type { WorkerLauncher } from '../../persistence/snapshot/worker-process.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../api/call.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { CommandTableImpl } from '../command-table.js';
import type { Config } from '../config/config.js';
import type { Cron } from '../cron.js';
import type { Invocation } from '../execution/invocation.js';
import { type Gate, ServerGate } from '../gate.js';
import type { LatencyMonitor } from '../latency-monitor.js';
import type { DataKeeper } from '../lifecycle.js';
import type { ServerLog } from '../log.js';
import type { Propagation } from '../propagation/propagation.js';
import type { Turn } from '../turn.js';
import { AofBase } from './aof-base.js';
import { AppendOnly } from './append-only.js';
import { ServerDataKeeper } from './data-keeper.js';
import { DiskErrors } from './disk-errors.js';
import { FinalSave } from './final-save.js';
import { Loading } from './loading.js';
import type { ReplayedScripts } from './loading-aof.js';
import { DataLoader } from './loading-data.js';
import { Persistence } from './persistence.js';
import { RdbSaves } from './rdb-saves.js';
import { LogReplay } from './replay.js';
import { Snapshots } from './snapshots.js';

/** Scripts and functions, as far as what is saved and loaded is concerned. */
interface StoredScripts extends ReplayedScripts {
  /** Whether one was left in the middle: what it has changed so far is not to be saved. */
  readonly isSuspended: boolean;
  readonly functions: {
    codes(): readonly Uint8Array[];
    loadFrom(code: Buffer, replaces: boolean): string | undefined;
  };
}

export interface StorageParts {
  readonly call: Call;
  readonly clock: ServerClock;
  readonly commands: CommandTableImpl;
  readonly config: Config;
  readonly files: AofFiles;
  readonly gate: Gate;
  readonly invocation: Invocation;
  readonly keyspace: Keyspace;
  readonly latency: LatencyMonitor;
  readonly launcher: WorkerLauncher;
  readonly log: ServerLog;
  readonly propagation: Propagation;
  readonly reply: ReplyWriter;
  readonly turn: Turn;
  scripts(): StoredScripts;
  /** Memory in use, in bytes; and has it looked at. */
  usedBytes(): number;
  sampleMemory(): void;
  /** A client without a connection. */
  makeClient(): ClientImpl;
  /** Has a client forget the transaction that it is in. */
  dropTransaction(client: ClientImpl): void;
  /** A load begins or has ended: commands are to be refused, or no longer. */
  onLoading(isLoading: boolean): void;
  /** A command of the log has answered with an error. */
  onUnexpectedError(command: string): void;
  /** A worker has started. */
  onWorker(pid: number): void;
  /** Blocks the event loop. */
  sleep(ms: number): void;
  /** What has happened allows no going on. */
  onFatal(): void;
}

export class Storage {
  readonly snapshots: Snapshots;
  readonly rdbSaves: RdbSaves;
  readonly finalSave: FinalSave;
  readonly appendOnly: AppendOnly;
  readonly dataLoading: Loading;
  readonly loading: DataLoader;
  /** Why writes are refused: what writes to disk says when that may have changed. */
  readonly diskErrors: DiskErrors;
  readonly persistence: Persistence;
  /** What becomes of the data when the server ends. */
  readonly keeper: DataKeeper;

  constructor(private readonly parts: StorageParts) {
    const { config, gate, log } = parts;
    this.snapshots = this.makeSnapshots();
    this.rdbSaves = new RdbSaves({
      ...this.rdbSettings(),
      dirty: () => parts.call.dirty,
      onStatus: () => this.diskErrors.update(),
    });
    this.finalSave = new FinalSave(this.rdbSettings());
    this.appendOnly = this.makeAppendOnly(new AofBase(this.rdbSettings()));
    this.dataLoading = this.makeLoading();
    this.loading = this.makeLoader();
    this.diskErrors = new DiskErrors({
      gate,
      snapshotFailed: () => this.rdbSaves.refusesWrites,
      appendFailure: () => this.appendOnly.file.failure,
    });
    this.persistence = new Persistence({ config, log, rdb: this.rdbSaves });
    const { appendOnly, finalSave, snapshots } = this;
    this.keeper = new ServerDataKeeper({ appendOnly, config, finalSave, snapshots });
  }

  /** Has done what is to be done now and then. */
  schedule(cron: Cron): void {
    const { appendOnly, rdbSaves, snapshots } = this;
    cron.every(0, () => snapshots.tend());
    cron.every(0, () => {
      if (!this.parts.scripts().isSuspended) rdbSaves.tend();
    });
    cron.every(0, () => appendOnly.tend(false));
    cron.every(1000, () => appendOnly.tend(true));
  }

  /** The server stops: nothing is begun any more. What the log is due is written by `finish`. */
  stop(): void {
    this.dataLoading.stop();
    this.appendOnly.rewriter.stop();
    this.snapshots.stop();
  }

  finish(): void {
    this.appendOnly.file.finish();
  }

  private makeSnapshots(): Snapshots {
    const { clock, config, gate, keyspace, latency, launcher, onWorker } = this.parts;
    return new Snapshots({
      clock,
      config,
      keyspace,
      launcher,
      onWalking: (isWalking) => gate.set(ServerGate.Saving, isWalking),
      defer: (go) => setImmediate(go),
      onSlice: (micros) => latency.add('snapshot-slice', micros / 1000),
      onWorker,
    });
  }

  /** What all that writes keys in RDB's format needs. */
  private rdbSettings() {
    const { clock, config, keyspace, log, scripts, usedBytes } = this.parts;
    const { snapshots } = this;
    const functions = () => scripts().functions.codes();
    return { clock, config, keyspace, log, snapshots, functions, usedBytes };
  }

  private makeAppendOnly(base: AofBase): AppendOnly {
    const { clock, config, files, latency, log, onFatal, propagation, sleep, turn } = this.parts;
    return new AppendOnly({
      clock,
      config,
      files,
      log,
      propagation,
      base,
      saveBase: (path, format) => base.save(path, format),
      timesWrites: () => latency.threshold > 0,
      onLatency: (event, micros) => latency.add(event, micros / 1000),
      sleep,
      onFatal,
      onHealth: () => this.diskErrors.update(),
      onFed: (isFed) => {
        turn.writeOut = isFed ? () => this.appendOnly.flush() : undefined;
      },
      scheduleTurn: () => turn.schedule(),
    });
  }

  private makeLoading(): Loading {
    const { clock, config, onLoading, sampleMemory, turn } = this.parts;
    return new Loading({
      clock,
      config,
      onActive: (isActive) => {
        onLoading(isActive);
        if (isActive) this.snapshots.expect(this.dataLoading.totalBytes);
      },
      sendDue: () => turn.end(),
      sample: sampleMemory,
    });
  }

  private makeLoader(): DataLoader {
    const { call, clock, commands, config, files, invocation, keyspace, log } = this.parts;
    const { dropTransaction, makeClient, onUnexpectedError, reply, scripts } = this.parts;
    return new DataLoader({
      commands,
      replay: new LogReplay({ call, clock, invocation, reply }),
      loading: this.dataLoading,
      rdb: {
        clock,
        config,
        keyspace,
        log,
        skipsChecksums: () => this.persistence.skipsChecksums,
        loadFunctions: (code, replaces) => scripts().functions.loadFrom(code, replaces),
      },
      log: {
        files,
        flush: () => this.appendOnly.file.flushAll(),
        begin: ({ manifest }, total, base) => this.appendOnly.file.begin(manifest, { total, base }),
      },
      scripts,
      makeClient,
      dropTransaction,
      onUnexpectedError,
      countChanges(changes) {
        call.dirty += changes;
      },
      forgetChanges: () => this.rdbSaves.forgetChanges(),
    });
  }
}
