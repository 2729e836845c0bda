/**
 * The worker process: reads frames from its standard input, and ends with the answer on its standard
 * output. See frames.ts.
 *
 * It waits in system calls, with no event loop and no streams, since all it needs beyond Node.js itself
 * are two buffers. That its server is gone it sees by the end of its input.
 */
import { readSync, writeFileSync, writeSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import {
  FRAME_HEAD_BYTES,
  FRAME_MAX_BYTES,
  FRAME_MAX_PLACES,
  FrameKind,
  READY,
  type SaveAnswer,
  type SaveJob,
} from './frames.js';
import { SaveWorker } from './save-worker.js';

const INPUT = 0;
const OUTPUT = 1;
/** How long to wait where the system does not make a read wait, in ms. */
const RETRY_MS = 2;
const LOWER_PRIORITY = 5;
const LOWEST_PRIORITY = 19;
/** The priority of a process's session, on Linux. */
const SESSION_PRIORITY = '/proc/self/autogroup';

const head = new Int32Array(FRAME_HEAD_BYTES / 4);
const headBytes = new Uint8Array(head.buffer);
const places = new Int32Array(FRAME_MAX_PLACES);
const placeBytes = new Uint8Array(places.buffer);
const payload = Buffer.allocUnsafeSlow(FRAME_MAX_BYTES);

/** @returns false at the end of the input */
function readWhole(into: Uint8Array, len: number): boolean {
  for (let at = 0; at < len; ) {
    const n = readSome(into, at, len - at);
    if (n === 0) return false;
    at += n;
  }
  return true;
}

function readSome(into: Uint8Array, at: number, len: number): number {
  for (;;) {
    try {
      return readSync(INPUT, into, at, len, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return 0;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Works the frames off. @returns the answer; undefined: the server is gone */
function work(): SaveAnswer | undefined {
  let worker: SaveWorker | undefined;
  while (readWhole(headBytes, FRAME_HEAD_BYTES)) {
    const kind = head[0]!;
    const placeCount = head[1]!;
    const len = head[2]!;
    if (!readWhole(placeBytes, placeCount * 4) || !readWhole(payload, len)) break;
    if (kind === FrameKind.Job) {
      const job = JSON.parse(payload.toString('utf8', 0, len)) as SaveJob;
      process.title = job.title;
      worker = new SaveWorker(job, process.pid);
      if (worker.failure === undefined) writeSync(OUTPUT, `${READY}\n`);
    } else if (kind === FrameKind.Data) worker!.data(payload, 0, len, places, placeCount);
    else return worker!.finish(payload.subarray(0, len));
    // The server learns of it at once, and sends no more.
    if (worker?.failure !== undefined) return worker.failure;
  }
  worker?.abandon();
  return undefined;
}

/**
 * The server's clients come first where there are few cores.
 *
 * Linux gives each session an equal share of a core, whatever the priorities of its processes are: those
 * count among themselves. This process has a session of its own, so it is the session's priority that
 * counts; where sessions don't (in containers), it is the process's.
 */
function stepBack(): void {
  const priority = Math.min(getPriority() + LOWER_PRIORITY, LOWEST_PRIORITY);
  attempt(() => setPriority(priority));
  attempt(() => writeFileSync(SESSION_PRIORITY, String(priority)));
}

function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // It is as it was.
  }
}

stepBack();
const answer = work();
if (answer !== undefined) writeSync(OUTPUT, `${JSON.stringify(answer)}\n`);
process.exitCode = answer !== undefined && 'bytes' in answer ? 0 : 1;
