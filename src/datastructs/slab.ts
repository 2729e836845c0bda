/**
 * Where the segments of a big table come from: many to one large ArrayBuffer, a slab.
 *
 *     segments   [ 0 ]   [ 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 ]   [ 9 | 10 |        ]
 *     buffers     own     a slab                              a slab, partly in use
 *
 * With a buffer each, of some megabytes, freeing a table would hold the event loop up though a thread
 * does it (see release-thread.ts). What is smaller than 32 MiB a C library cuts from its heap. What
 * is freed there in a row it gives back to the system at once, hundreds of megabytes of a big table,
 * holding a lock meanwhile that all who allocate wait for. From 32 MiB on memory is a mapping of its
 * own, which is unmapped without that lock.
 *
 * What of a slab was never touched takes no memory, only addresses. A segment is not zeroed when it is
 * used again.
 */
import { SEGMENT_BYTES } from './arena.js';

/** The segment after this one, of so many words: next to it where there is room. */
export function segmentAfter(previous: Int32Array, words: number): Int32Array<ArrayBuffer> {
  const buffer = previous.buffer as ArrayBuffer;
  const end = previous.byteOffset + previous.byteLength;
  if (end + words * 4 <= buffer.byteLength) return new Int32Array(buffer, end, words);
  return new Int32Array(new ArrayBuffer(Math.max(SEGMENT_BYTES, words * 4)), 0, words);
}

/**
 * Whether a segment is the first of its buffer. Only then is the buffer given back with it, for those
 * behind it went before.
 */
export function beginsSlab(segment: Int32Array): boolean {
  return segment.byteOffset === 0;
}
