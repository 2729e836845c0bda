/**
 * A thread that gives the memory of big typed arrays back, so that the event loop need not.
 *
 * What takes time when memory goes back to the system is that the kernel takes it apart page by page:
 * 20 to 70 µs per MiB, several milliseconds for the bucket table of 10 million members. The kernel
 * keeps other threads of the process from running meanwhile only where these change the address
 * space themselves, not where they touch memory (but see slab.ts). So the array is handed over, which
 * takes microseconds, and this thread calls `release`'s trick for it:
 *
 *     event loop                          thread
 *     array ---- postMessage ----> buffer ---- postMessage ----> closed port: freed here
 *     (now of length 0)
 *
 * A thread of Node.js takes 30 ms to start, of which the event loop pays about 1 ms, 3 ms the first
 * time, and 7 MiB. So who owns one starts it while there is much that may have to go at once, before it
 * does (see keyspace/maintenance.ts); and the first long array that comes without one starts it, and
 * waits until it is up. Short ones are released on the spot meanwhile; where the system lets no thread
 * start, all are.
 */
import { Worker } from 'node:worker_threads';
import { type BigArray, RELEASE_MIN, release } from './release.js';

/**
 * What the thread runs: a text, for a program that is bundled has no other files. Where priorities
 * are a thread's (elsewhere they are the process's), its own is low: woken on the event loop's core
 * it would push that aside at once.
 */
const PROGRAM = `
const { getPriority, setPriority } = require('node:os');
const { MessageChannel, parentPort } = require('node:worker_threads');
if (process.platform === 'linux') setPriority(Math.min(getPriority() + 10, 19));
const { port1, port2 } = new MessageChannel();
port1.close();
port2.close();
parentPort.on('message', (buffer) => {
  if (buffer === null) parentPort.close();
  else port1.postMessage(null, [buffer]);
});
`;
/** What is released on the spot without it: about 0.3 ms, in bytes. */
const SHORT_BYTES = 8 * 1024 * 1024;
/** It has next to nothing on its heap; with less it does not start. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8 };

export class ReleaseThread {
  /** Whether arrays go to it: some time after its start. */
  isUp = false;
  private worker: Worker | undefined;
  private hasFailed = false;
  /** Arrays that came before it was up. */
  private waiting: BigArray[] = [];

  /** Whether it has been started and not been stopped. */
  get isStarted(): boolean {
    return this.worker !== undefined;
  }

  /** Whether arrays wait for it to come up: better to give it no more yet, for all come at once then. */
  get isAwaited(): boolean {
    return this.waiting.length > 0;
  }

  /** Has the thread come up; does nothing where it is up, or where one has failed. */
  start(): void {
    if (this.worker !== undefined || this.hasFailed) return;
    try {
      const worker = new Worker(PROGRAM, {
        eval: true,
        execArgv: [],
        env: {},
        resourceLimits: LIMITS,
        trackUnmanagedFds: false,
      });
      worker.unref();
      worker.once('online', () => this.setUp(worker));
      worker.once('error', () => this.giveUp(worker));
      this.worker = worker;
    } catch {
      this.hasFailed = true;
      this.forget();
    }
  }

  /** Ends the thread when it has released what it was given. */
  stop(): void {
    this.worker?.postMessage(null);
    this.forget();
  }

  /** As the function `release`: nobody may use the array any more. */
  release(array: BigArray): void {
    if (array.byteLength < RELEASE_MIN) return;
    if (this.isUp) this.handOver(array.buffer as ArrayBuffer);
    else if (array.byteLength <= SHORT_BYTES || this.hasFailed) release(array);
    else {
      this.waiting.push(array);
      // In a turn of its own: it takes a millisecond.
      setImmediate(() => {
        if (this.isAwaited) this.start();
      });
    }
  }

  private setUp(worker: Worker): void {
    if (worker !== this.worker) return;
    this.isUp = true;
    // The first time takes longer.
    this.handOver(new ArrayBuffer(RELEASE_MIN));
    for (const array of this.waiting.splice(0)) this.release(array);
  }

  private handOver(buffer: ArrayBuffer): void {
    this.worker!.postMessage(buffer, [buffer]);
  }

  private giveUp(worker: Worker): void {
    this.hasFailed = true;
    if (worker === this.worker) this.forget();
  }

  private forget(): void {
    this.worker = undefined;
    this.isUp = false;
    for (const array of this.waiting.splice(0)) release(array);
  }
}
