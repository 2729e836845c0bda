import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RELEASE_MIN } from '../../../src/datastructs/release.js';
import { ReleaseThread } from '../../../src/datastructs/release-thread.js';

const MIB = 1024 * 1024;
/** Long enough for a thread to start on a busy machine. */
const PATIENCE_MS = 10_000;

const thread = new ReleaseThread();

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error('it does not come to pass');
    await sleep(5);
  }
}

describe('the thread that releases arrays', () => {
  afterEach(() => thread.stop());

  it('takes big arrays, whose memory is given back soon after', async () => {
    thread.start();
    expect(thread.isStarted).toBe(true);
    await until(() => thread.isUp);
    const arrays = Array.from({ length: 8 }, () => new Uint8Array(33 * MIB).fill(1));
    const full = process.memoryUsage.rss();
    for (const array of arrays) thread.release(array);
    expect(arrays.map((array) => array.length)).toEqual(arrays.map(() => 0));
    await until(() => full - process.memoryUsage.rss() > 200e6);
  });

  it('leaves small arrays to the collector', async () => {
    thread.start();
    await until(() => thread.isUp);
    const small = new Uint8Array(100);
    thread.release(small);
    expect(small.length).toBe(100);
  });

  it('has short arrays released on the spot while it is not up', async () => {
    const before = new Int32Array(RELEASE_MIN);
    thread.release(before);
    expect(before.length).toBe(0);
    thread.start();
    const starting = new Int32Array(RELEASE_MIN);
    thread.release(starting);
    expect(starting.length).toBe(0);
    thread.stop();
    expect(thread.isStarted).toBe(false);
    await sleep(100);
    expect(thread.isUp).toBe(false);
  });

  it('is started by the first long array, which waits for it', async () => {
    const long = new Uint8Array(33 * MIB);
    thread.release(long);
    expect(thread.isAwaited).toBe(true);
    expect(long.length).toBe(33 * MIB);
    await until(() => thread.isUp);
    expect(thread.isAwaited).toBe(false);
    expect(long.length).toBe(0);
  });

  it('releases what waits for it when it is stopped, and is not started then', async () => {
    const long = new Uint8Array(33 * MIB);
    thread.release(long);
    thread.stop();
    expect(thread.isAwaited).toBe(false);
    expect(long.length).toBe(0);
    await sleep(50);
    expect(thread.isStarted).toBe(false);
  });

  it('can be started again', async () => {
    thread.start();
    thread.stop();
    thread.start();
    await until(() => thread.isUp);
  });
});
