/**
 * Sends a snapshot to a worker: cuts it into frames, and says when too much of it waits in the pipe.
 *
 * The frames' buffers are used again and again, by the next snapshot too, so that a snapshot of any size
 * leaves no garbage of its own: the collector counts buffers made, and comes the sooner for each. Only what
 * has to be taken though the sink is full (entries that are about to change) makes more.
 */
import type { Writable } from 'node:stream';
import type { ChunkWriter } from '../rdb/chunk-writer.js';
import {
  FRAME_HEAD_BYTES,
  FRAME_MAX_BYTES,
  FRAME_MAX_PLACES,
  FrameKind,
  type SaveJob,
} from './frames.js';
import type { SnapshotSink } from './sink.js';
import { STRING_HEAD_MAX_BYTES } from './string-head.js';

/** The walk waits while more than this is not read by the worker, and goes on below the other. */
const FULL_BYTES = 512 * 1024;
const LOW_BYTES = FULL_BYTES / 2;
/** So many as may wait, and three times as many for entries that are about to change meanwhile: 2.5 MB. */
const KEPT_FRAMES = 4 * (FULL_BYTES / FRAME_MAX_BYTES);
const FRAME_BYTES = FRAME_HEAD_BYTES + FRAME_MAX_PLACES * 4 + FRAME_MAX_BYTES;

/** Buffers of frames that wait to be used again. */
export class FramePool {
  private readonly free: Buffer[] = [];

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(FRAME_BYTES);
  }

  give(frame: Buffer): void {
    if (this.free.length < KEPT_FRAMES) this.free.push(frame);
  }
}

export class FrameSink implements SnapshotSink {
  /** Bytes that were sent, and of those the ones that wait. */
  sentBytes = 0;
  private waitingBytes = 0;
  private isWaitedFor = false;

  /** @param onDrain told when the sink was found full, and is no longer */
  constructor(
    private readonly pipe: Writable,
    private readonly pool: FramePool,
    private readonly onDrain: () => void,
  ) {}

  get isFull(): boolean {
    if (this.waitingBytes <= FULL_BYTES) return false;
    this.isWaitedFor = true;
    return true;
  }

  job(job: SaveJob): void {
    const text = Buffer.from(JSON.stringify(job));
    this.send(FrameKind.Job, text, 0, text.length);
  }

  write(out: ChunkWriter): void {
    const { length, placeCount, places } = out;
    let place = 0;
    for (let at = 0; at < length; ) {
      let end = Math.min(at + FRAME_MAX_BYTES, length);
      let next = place;
      while (next < placeCount && places[next]! < end) next++;
      // A string's length is not to be torn apart.
      if (end < length && next > place && places[next - 1]! + STRING_HEAD_MAX_BYTES > end) {
        end = places[--next]!;
      }
      this.send(FrameKind.Data, out.buf, at, end - at, places, place, next - place);
      place = next;
      at = end;
    }
    out.clear();
  }

  end(header: Uint8Array): void {
    this.send(FrameKind.End, header, 0, header.length);
  }

  private send(
    kind: number,
    from: Uint8Array,
    off: number,
    len: number,
    places: Int32Array = NO_PLACES,
    first = 0,
    placeCount = 0,
  ): void {
    const frame = this.pool.take();
    const words = new Int32Array(frame.buffer, 0, FRAME_HEAD_BYTES / 4 + placeCount);
    words[0] = kind;
    words[1] = placeCount;
    words[2] = len;
    for (let i = 0; i < placeCount; i++) words[3 + i] = places[first + i]! - off;
    const payloadAt = FRAME_HEAD_BYTES + placeCount * 4;
    frame.set(from.subarray(off, off + len), payloadAt);
    const bytes = payloadAt + len;
    this.sentBytes += bytes;
    this.waitingBytes += bytes;
    this.pipe.write(frame.subarray(0, bytes), () => this.sent(frame, bytes));
  }

  private sent(frame: Buffer, bytes: number): void {
    this.pool.give(frame);
    this.waitingBytes -= bytes;
    if (!this.isWaitedFor || this.waitingBytes > LOW_BYTES) return;
    this.isWaitedFor = false;
    this.onDrain();
  }
}

const NO_PLACES = new Int32Array(0);
