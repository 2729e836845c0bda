import { describe, expect, it } from 'vitest';
import { RELEASE_MIN, release } from '../../../src/datastructs/release.js';

describe('releasing an array', () => {
  it('detaches a big one and leaves a small one to the collector', () => {
    const big = new Int32Array(RELEASE_MIN);
    const small = new Uint8Array(100);
    release(big);
    release(small);
    expect(big.length).toBe(0);
    expect(big.buffer.byteLength).toBe(0);
    expect(small.length).toBe(100);
  });

  it('gives its memory back at once', () => {
    const before = process.memoryUsage().rss;
    const arrays = Array.from({ length: 8 }, () => new Uint8Array(33 * 1024 * 1024).fill(1));
    const full = process.memoryUsage().rss;
    expect(full - before).toBeGreaterThan(200e6);
    for (const array of arrays) release(array);
    expect(full - process.memoryUsage().rss).toBeGreaterThan(200e6);
  });
});
