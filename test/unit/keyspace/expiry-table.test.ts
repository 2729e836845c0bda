import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryTable } from '../../../src/keyspace/expiry-table.js';

const times = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, -1n, 0n, 2n ** 32n, 2n ** 31n, -(2n ** 31n)),
);

describe('the expiry table', () => {
  it('gives every 64-bit time back to the last digit', () => {
    const table = new ExpiryTable();
    const slot = table.add(7, 0);
    fc.assert(
      fc.property(times, (at) => {
        table.set(slot, at);
        expect(table.getExact(slot)).toBe(at);
        if (at >= -(2n ** 53n) && at <= 2n ** 53n) {
          expect(table.get(slot)).toBe(Number(at));
          table.set(slot, Number(at));
          expect(table.getExact(slot)).toBe(at);
        } else {
          expect(Math.abs(table.get(slot) - Number(at))).toBeLessThanOrEqual(2048);
        }
      }),
    );
  });

  it('stays without holes, and says which entry has moved into one', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.nat(2 ** 53) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const table = new ExpiryTable();
        const slots: { entry: number; at: number }[] = [];
        let entry = 0;
        for (const s of steps) {
          if ('add' in s) {
            expect(table.add(++entry, s.add)).toBe(slots.length);
            slots.push({ entry, at: s.add });
          } else if (slots.length > 0) {
            const slot = s.remove % slots.length;
            const last = slots.pop()!;
            if (slot < slots.length) slots[slot] = last;
            expect(table.remove(slot)).toBe(slot < slots.length ? last.entry : 0);
          }
        }
        expect(table.size).toBe(slots.length);
        slots.forEach(({ entry, at }, slot) => {
          expect(table.entryOf(slot)).toBe(entry);
          expect(table.get(slot)).toBe(at);
        });
      }),
    );
  });

  it('holds more slots than a segment, and gives segments back', () => {
    const table = new ExpiryTable();
    expect(table.bytes).toBe(0);
    const count = 300_000;
    for (let i = 0; i < count; i++) table.add(i + 1, i * 1000);
    for (let i = 0; i < count; i += 777) {
      expect(table.get(i)).toBe(i * 1000);
      expect(table.entryOf(i)).toBe(i + 1);
    }
    expect(table.bytes).toBeGreaterThanOrEqual(count * 12);
    while (table.size > 10) table.remove(table.size - 1);
    expect(table.bytes).toBeLessThan(2 * 65_536 * 12 + 1);
    expect(table.get(9)).toBe(9000);
    table.clear();
    expect(table.bytes).toBe(0);
    expect(table.add(1, 5)).toBe(0);
    expect(table.get(0)).toBe(5);
  });
});
