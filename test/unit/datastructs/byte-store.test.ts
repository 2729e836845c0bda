import { describe, expect, it } from 'vitest';
import { HeapBytes } from '../../../src/datastructs/byte-store.js';

describe('a buffer of its own', () => {
  it('begins with a copy of what it is given', () => {
    const given = Uint8Array.from([1, 2, 3]);
    const store = new HeapBytes(given);
    given.fill(0);
    expect([...store.view()]).toEqual([1, 2, 3]);
  });

  it('keeps its first bytes when it becomes longer or shorter', () => {
    const store = new HeapBytes(Uint8Array.from([1, 2, 3]));
    store.resize(1000);
    expect([store.range.len, ...store.range.buf.subarray(0, 3)]).toEqual([1000, 1, 2, 3]);
    store.resize(2);
    expect([...store.view()]).toEqual([1, 2]);
    expect(new HeapBytes().range.len).toBe(0);
  });
});
