import { describe, expect, it } from 'vitest';
import { beginsSlab, segmentAfter } from '../../../src/datastructs/slab.js';

const MIB = 1024 * 1024;
const SEGMENT_WORDS = MIB;

describe('a slab', () => {
  it('holds as many segments as fit into 32 MiB, from the second segment of a table on', () => {
    const segments = [new Int32Array(SEGMENT_WORDS)];
    for (let i = 1; i <= 17; i++) segments.push(segmentAfter(segments[i - 1]!, SEGMENT_WORDS));
    expect(new Set(segments.map((segment) => segment.buffer)).size).toBe(4);
    const sizes = segments.map((segment) => segment.buffer.byteLength / MIB);
    expect(sizes).toEqual([4, ...Array(17).fill(32)]);
    expect(segments.map((segment) => segment.length)).toEqual(Array(18).fill(SEGMENT_WORDS));
    const first = segments.flatMap((segment, i) => (beginsSlab(segment) ? [i] : []));
    expect(first).toEqual([0, 1, 9, 17]);
  });

  it('leaves its segments apart', () => {
    const first = segmentAfter(new Int32Array(8), 8);
    const second = segmentAfter(first, 8);
    first.fill(1);
    second.fill(2);
    expect([...first]).toEqual(Array(8).fill(1));
    expect([...second]).toEqual(Array(8).fill(2));
  });

  it('gives the place of a segment that is not needed any more to the next one', () => {
    const first = segmentAfter(new Int32Array(8), 8);
    const second = segmentAfter(first, 8);
    expect(segmentAfter(first, 8).byteOffset).toBe(second.byteOffset);
  });

  it('is as long as one segment if that is longer', () => {
    const long = segmentAfter(new Int32Array(8), 10 * MIB);
    expect(long.buffer.byteLength).toBe(40 * MIB);
  });
});
