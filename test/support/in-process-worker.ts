/**
 * A worker that writes snapshots in the test's own process: the same frames, the same file, but no
 * process to wait for, and to be killed or to fail when a test wants it.
 */
import { Writable } from 'node:stream';
import {
  FRAME_HEAD_BYTES,
  FrameKind,
  type SaveAnswer,
  type SaveJob,
} from '../../src/persistence/snapshot/frames.js';
import { SaveWorker } from '../../src/persistence/snapshot/save-worker.js';
import type {
  WorkerEvents,
  WorkerLauncher,
  WorkerProcess,
} from '../../src/persistence/snapshot/worker-process.js';

const SIGKILL = 9;

export class InProcessLauncher implements WorkerLauncher {
  readonly workers: InProcessWorker[] = [];
  /** Why the next ones can't be started. */
  failure: string | undefined = undefined;
  /** Whether the next ones read nothing, until they are told to. */
  startsStuck = false;

  launch(events: WorkerEvents): WorkerProcess | undefined {
    const { failure } = this;
    if (failure !== undefined) {
      setImmediate(() => events.onFailed(failure));
      return undefined;
    }
    const worker = new InProcessWorker(10_000 + this.workers.length, events, this.startsStuck);
    this.workers.push(worker);
    return worker;
  }

  prepare(): void {}

  stop(): void {}

  get last(): InProcessWorker {
    return this.workers.at(-1)!;
  }
}

export class InProcessWorker implements WorkerProcess {
  readonly input: Writable;
  job: SaveJob | undefined;
  private worker: SaveWorker | undefined;
  private pending = Buffer.alloc(0);
  private held: (() => void)[] = [];
  private isOver = false;

  constructor(
    readonly pid: number,
    private readonly events: WorkerEvents,
    private isStuck: boolean,
  ) {
    this.input = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        const take = () => {
          this.take(Buffer.from(chunk));
          done();
        };
        if (this.isStuck) this.held.push(take);
        else setImmediate(take);
      },
    });
  }

  /** A worker that was stuck goes on. */
  release(): void {
    this.isStuck = false;
    for (const take of this.held.splice(0)) take();
  }

  kill(signal = SIGKILL): void {
    if (this.isOver) return;
    // A process that is killed leaves its file behind.
    this.end(undefined, signal);
  }

  private take(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    while (!this.isOver) {
      const { pending } = this;
      if (pending.length < FRAME_HEAD_BYTES) return;
      const placeCount = pending.readInt32LE(4);
      const len = pending.readInt32LE(8);
      const payloadAt = FRAME_HEAD_BYTES + 4 * placeCount;
      if (pending.length < payloadAt + len) return;
      const places = Int32Array.from({ length: placeCount }, (_, i) =>
        pending.readInt32LE(FRAME_HEAD_BYTES + 4 * i),
      );
      this.pending = pending.subarray(payloadAt + len);
      this.frame(pending.readInt32LE(0), pending.subarray(payloadAt, payloadAt + len), places);
    }
  }

  private frame(kind: number, payload: Buffer, places: Int32Array): void {
    if (kind === FrameKind.Job) {
      this.job = JSON.parse(payload.toString()) as SaveJob;
      this.worker = new SaveWorker(this.job, this.pid);
      if (this.worker.failure === undefined) this.events.onReady();
    } else if (kind === FrameKind.Data) {
      this.worker!.data(payload, 0, payload.length, places, places.length);
    } else this.end(this.worker!.finish(payload), 0);
    const failure = this.worker?.failure;
    if (failure !== undefined) this.end(failure, 0);
  }

  private end(answer: SaveAnswer | undefined, signal: number): void {
    if (this.isOver) return;
    this.isOver = true;
    setImmediate(() => this.events.onEnd({ answer, signal }));
  }
}
