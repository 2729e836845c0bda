/**
 * Gives the memory of big typed arrays back to the operating system, now.
 *
 * An array that nobody refers to any more is freed by the garbage collector: some time later, all
 * such arrays together, and the next small collection waits for it. After a FLUSHALL of 10 million
 * keys that is a pause of 30 ms. Freed one after the other, each as soon as it is not needed, a
 * segment of 32 MiB takes 1 or 2 ms; on a thread of its own (see release-thread.ts), none.
 *
 * JavaScript has no way to say "free this", but it has one to give an ArrayBuffer away: the
 * transfer list of `postMessage`. The receiver here is a port that is closed, so the message, and
 * the memory that now belongs to it, ends within the call. The array is detached: its length is 0.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Smaller arrays are not worth a call and are left to the collector, in bytes. */
export const RELEASE_MIN = 256 * 1024;

/** What is worth being given back: its whole buffer belongs to it, or to other views that go, too. */
export type BigArray = Uint8Array | Int32Array | Float64Array;

const closed = closedPort();

/** Frees an array's memory; nobody may use it, or another view of it, any more. */
export function release(array: BigArray): void {
  if (array.byteLength >= RELEASE_MIN) closed.postMessage(null, [array.buffer as ArrayBuffer]);
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  return port1;
}
