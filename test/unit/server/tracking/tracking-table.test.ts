import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryMeter } from '../../../../src/datastructs/memory-meter.js';
import { TrackingTable } from '../../../../src/server/tracking/tracking-table.js';

const KEYS = ['', 'a', 'ab', 'abc', 'b', 'user:1', 'user:12', '\0', '\xff'];

type Step =
  | { do: 'add'; key: string; id: number }
  | { do: 'take'; key: string }
  | { do: 'evict' }
  | { do: 'clear' };

const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('add'), key, id: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take'), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear') }) },
) as fc.Arbitrary<Step>;

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function take(table: TrackingTable, name: string): number[] {
  const owners = table.take(bytes(name), 0, name.length);
  if (owners === undefined) return [];
  return typeof owners === 'number' ? [owners] : [...owners].sort();
}

describe('the tracking table', () => {
  it('knows the clients of each key, as a map of sets would', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const meter = new MemoryMeter();
        const table = new TrackingTable(meter);
        const model = new Map<string, Set<number>>();
        for (const one of steps) {
          if (one.do === 'add') {
            table.add(bytes(one.key), 0, one.key.length, one.id);
            model.set(one.key, (model.get(one.key) ?? new Set()).add(one.id));
          } else if (one.do === 'clear') {
            table.clear();
            model.clear();
          } else {
            const name = one.do === 'take' ? one.key : table.next()?.toString('latin1');
            if (name === undefined) {
              expect(model.size).toBe(0);
              continue;
            }
            if (one.do === 'evict') expect(model.has(name)).toBe(true);
            expect(take(table, name)).toEqual([...(model.get(name) ?? [])].sort());
            model.delete(name);
          }
          expect(table.size).toBe(model.size);
          expect(meter.usedBytes).toBe(table.bytes);
          expect(table.items).toBe([...model.values()].reduce((sum, ids) => sum + ids.size, 0));
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('gives out every key in turn, round and round, to be removed', () => {
    const table = new TrackingTable(new MemoryMeter());
    for (const name of ['c', 'a', 'b']) table.add(bytes(name), 0, 1, 1);
    const turns = Array.from({ length: 4 }, () => table.next()!.toString());
    expect(turns).toEqual(['a', 'b', 'c', 'a']);
  });

  it('takes no memory for keys that it has forgotten', () => {
    const table = new TrackingTable(new MemoryMeter());
    for (let i = 0; i < 1000; i++) {
      const name = bytes(`key:${i}`);
      table.add(name, 0, name.length, 1);
      table.add(name, 0, name.length, 2);
    }
    expect(table.bytes).toBeGreaterThan(50_000);
    table.clear();
    expect(table.bytes).toBe(0);
  });
});
