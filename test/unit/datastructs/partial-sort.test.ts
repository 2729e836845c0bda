import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partialSort } from '../../../src/datastructs/partial-sort.js';

const ascending = (a: number, b: number) => a - b;

describe('sorting a part', () => {
  it('puts there what sorting all would, and loses nothing', () => {
    const items = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(items, fc.nat(), fc.nat(), (values, a, b) => {
        const from = Math.min(a % values.length, b % values.length);
        const to = Math.max(a % values.length, b % values.length);
        const sorted = values.toSorted(ascending);
        const part = [...values];
        partialSort(part, ascending, from, to);
        expect(part.slice(from, to + 1)).toEqual(sorted.slice(from, to + 1));
        expect(part.toSorted(ascending)).toEqual(sorted);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the order of a few equal elements', () => {
    const items = ['b1', 'a1', 'a2', 'b2', 'a3', 'b3'];
    partialSort(items, (x, y) => x.charCodeAt(0) - y.charCodeAt(0), 0, 5);
    expect(items).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
  });

  it('takes few comparisons for a small part of many', () => {
    const items = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003);
    let comparisons = 0;
    const counting = (a: number, b: number) => {
      comparisons++;
      return a - b;
    };
    partialSort(items, counting, 0, 9);
    expect(items.slice(0, 10)).toEqual(items.toSorted(ascending).slice(0, 10));
    expect(comparisons).toBeLessThan(400_000);
  });

  it('leaves nothing and one element as they are', () => {
    const none: number[] = [];
    partialSort(none, ascending, 0, -1);
    const one = [1];
    partialSort(one, ascending, 0, 0);
    expect([none, one]).toEqual([[], [1]]);
  });
});
