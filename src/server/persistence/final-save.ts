/**
 * The last save before the server ends, in slices: clients wait meanwhile, but signals are heard (a second
 * SIGINT ends the process at once), and a person at a terminal sees how far it has come.
 *
 * It is a snapshot like any other, but written in this process: its temporary file bears this process's
 * number, and there is nothing that a worker's start would be worth.
 */
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { ChunkWriter } from '../../persistence/rdb/chunk-writer.js';
import type { SaveAnswer } from '../../persistence/snapshot/frames.js';
import { SaveWorker } from '../../persistence/snapshot/save-worker.js';
import type { SnapshotSink } from '../../persistence/snapshot/sink.js';
import { Snapshot } from '../../persistence/snapshot/snapshot.js';
import type { Log } from '../api/log.js';
import { type RdbSettingsParts, rdbFormat } from './rdb-settings.js';
import { saveErrorText } from './save-errors.js';

export interface FinalSaveParts extends RdbSettingsParts {
  readonly keyspace: Keyspace;
  readonly log: Log;
}

/** Between two slices only signals and timers are served. */
const SLICE_MICROS = 10_000;
/** Pauses (`rdb-key-save-delay`) are made when they add up to so much, in microseconds. */
const PAUSE_MICROS = 1000;

export class FinalSave {
  /** Told how far it has come, from 0 to 1. */
  onProgress: ((fraction: number) => void) | undefined = undefined;
  private worker: SaveWorker | undefined = undefined;

  constructor(private readonly parts: FinalSaveParts) {}

  /** @returns whether it was possible; if not, the log says why */
  async run(): Promise<boolean> {
    const { config, log } = this.parts;
    const { dbfilename, dir } = config.values;
    const worker = this.open();
    this.worker = worker;
    const answer = await this.write(worker);
    this.worker = undefined;
    this.onProgress?.(1);
    if ('bytes' in answer) {
      log.notice('DB saved on disk');
      return true;
    }
    log.warning(saveErrorText(answer.step, answer.why, worker.temporaryName, dbfilename, dir));
    return false;
  }

  /** Removes what was written: it will not be gone on with. */
  abandon(): void {
    this.worker?.abandon();
    this.worker = undefined;
  }

  private open(): SaveWorker {
    const { values } = this.parts.config;
    const { hasChecksum, headerBytes } = rdbFormat(this.parts, false);
    return new SaveWorker(
      {
        directory: values.dir,
        temporary: ['temp-', '.rdb'],
        name: values.dbfilename,
        compresses: values.rdbcompression,
        sums: values.rdbchecksum,
        syncs: values['rdb-save-incremental-fsync'],
        headerBytes,
        hasChecksum,
        title: '',
      },
      process.pid,
    );
  }

  private async write(worker: SaveWorker): Promise<SaveAnswer> {
    const { clock, config, keyspace } = this.parts;
    const { rdbcompression, 'rdb-key-save-delay': delay } = config.values;
    const pauseMicros = delay < 0 ? -1 / delay : delay;
    const sink = new WorkerSink(worker);
    const snapshot = new Snapshot({
      keyspace,
      format: rdbFormat(this.parts, false),
      sink,
      compression: rdbcompression ? 'later' : false,
      entriesPerLook: pauseMicros === 0 ? undefined : 1,
      micros: () => clock.micros(),
    });
    let owed = 0;
    for (;;) {
      const before = snapshot.processed;
      const now = clock.micros();
      const end = snapshot.step(pauseMicros === 0 ? now + SLICE_MICROS : now);
      if (sink.answer !== undefined) return sink.answer;
      if (worker.failure !== undefined || end === 'done') {
        snapshot.abort();
        return worker.failure!;
      }
      this.onProgress?.(snapshot.processed / snapshot.total);
      owed += (snapshot.processed - before) * pauseMicros;
      owed -= await this.pause(owed);
    }
  }

  /** Lets the event loop turn, and waits if so much is owed. @returns for how long it has waited */
  private pause(micros: number): Promise<number> {
    const { clock } = this.parts;
    const began = clock.now();
    return new Promise((resolve) => {
      if (micros < PAUSE_MICROS) setImmediate(() => resolve(0));
      else clock.setTimer(() => resolve((clock.now() - began) * 1000), micros / 1000);
    });
  }
}

class WorkerSink implements SnapshotSink {
  readonly isFull = false;
  /** Set in the end. */
  answer: SaveAnswer | undefined = undefined;

  constructor(private readonly worker: SaveWorker) {}

  write(out: ChunkWriter): void {
    this.worker.data(out.buf, 0, out.length, out.places, out.placeCount);
    out.clear();
  }

  end(header: Uint8Array): void {
    this.answer = this.worker.finish(header);
  }
}
