import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_SLOTS, ExpiryTable } from '../../../src/keyspace/expiry-table.js';

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
        const earliest = Math.min(...slots.map((s) => s.at));
        if (slots.length > 0) expect(table.dueBlockBelow(1, earliest + 1)).toBe(0);
      }),
    );
  });

  it('holds more slots than a segment, and gives segments back', () => {
    const table = new ExpiryTable();
    const idle = table.bytes;
    expect(idle).toBeLessThan(1024);
    const count = 300_000;
    for (let i = 0; i < count; i++) table.add(i + 1, i * 1000);
    for (let i = 0; i < count; i += 777) {
      expect(table.get(i)).toBe(i * 1000);
      expect(table.entryOf(i)).toBe(i + 1);
    }
    expect(table.bytes).toBeGreaterThanOrEqual(count * 12);
    while (table.size > 10) table.remove(table.size - 1);
    expect(table.bytes).toBeLessThan(2 * 65_536 * 12 + 8192);
    expect(table.get(9)).toBe(9000);
    table.clear();
    expect(table.bytes).toBe(idle);
    expect(table.add(1, 5)).toBe(0);
    expect(table.get(0)).toBe(5);
  });

  it('knows a lower bound of the times in each block of 1024 slots', () => {
    const table = new ExpiryTable();
    const n = 200 * BLOCK_SLOTS;
    for (let i = 0; i < n; i++) table.add(i + 1, 1_000_000 + i);
    expect(table.blocks).toBe(200);
    expect(table.dueBlockBelow(200, 1_000_000)).toBe(-1);
    expect(table.dueBlockBelow(200, 1_000_001)).toBe(0);
    table.set(150 * BLOCK_SLOTS + 7, 5);
    expect(table.dueBlockBelow(999, 6)).toBe(150);
    expect(table.dueBlockBelow(150, 6)).toBe(-1);
    // The last slot moves into the place of the one removed, and its time with it.
    table.set(n - 1, 3n);
    table.remove(20 * BLOCK_SLOTS);
    expect(table.dueBlockBelow(199, 4)).toBe(20);
    table.setBound(20, 1_000_000);
    expect(table.dueBlockBelow(199, 4)).toBe(-1);
  });

  it('does not free memory itself that it needs no more', () => {
    const discarded: number[] = [];
    const table = new ExpiryTable((array) => discarded.push(array.buffer.byteLength));
    const n = 300_000;
    for (let i = 0; i < n; i++) table.add(i + 1, i);
    while (table.size > 0) table.remove(table.size - 1);
    expect(discarded).toEqual([]);
    // One segment is kept in reserve, in the slab of the others.
    expect(table.clear().map((words) => words.byteOffset)).toEqual([0, 0]);
    const before = table.bytes;
    table.add(1, 99);
    expect(table.bytes).toBeGreaterThan(before);
    expect(table.get(0)).toBe(99);
  });

  it('forgets the bounds of blocks that it no longer has', () => {
    const table = new ExpiryTable();
    for (let i = 0; i <= BLOCK_SLOTS; i++) table.add(i + 1, 10);
    table.setBound(0, 10);
    table.remove(BLOCK_SLOTS);
    expect(table.blocks).toBe(1);
    table.add(1, 99);
    expect(table.dueBlockBelow(2, 10)).toBe(-1);
    expect(table.dueBlockBelow(2, 99)).toBe(0);
    expect(table.dueBlockBelow(2, 100)).toBe(1);
    table.clear();
    table.add(1, 99);
    expect(table.dueBlockBelow(1, 50)).toBe(-1);
  });
});
