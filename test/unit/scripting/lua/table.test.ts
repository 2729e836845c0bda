import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Table } from '../../../../src/scripting/lua/table.js';

type Value = string | number | boolean | object | undefined;

const OBJECT = { object: true };
const key = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.integer({ min: 1, max: 12 }),
  fc.constantFrom<Value>('a', 'b', 'c', 'name', true, false, 0.5, 1e10, OBJECT),
  fc.nat({ max: 100 }).map((n) => `k${n}`),
);
const steps = fc.array(fc.tuple(key, fc.option(fc.nat(), { nil: undefined })), { maxLength: 120 });

function pairsOf(table: Table<Value>): [Value, Value][] {
  const pairs: [Value, Value][] = [];
  for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
    pairs.push([table.keyAt(at), table.valueAt(at)]);
  }
  return pairs;
}

describe('A table of Lua', () => {
  it('holds what a Map holds, whatever is set and removed', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 20 }), fc.nat({ max: 20 }), (list, array, hash) => {
        const table = new Table<Value>();
        table.presize(array, hash);
        const model = new Map<Value, Value>();
        for (const [k, v] of list) {
          table.set(k, v);
          if (v === undefined) model.delete(k);
          else model.set(k, v);
          expect(table.get(k)).toBe(v);
        }
        for (const [k, v] of model) expect(table.get(k)).toBe(v);
        expect(new Map(pairsOf(table))).toEqual(model);
        expect(pairsOf(table)).toHaveLength(model.size);
      }),
    );
  });

  it('measures itself by a border', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = new Table<Value>();
        for (const [k, v] of list) table.set(k, v);
        const n = table.length;
        if (n > 0) expect(table.getIndex(n)).not.toBe(undefined);
        expect(table.getIndex(n + 1)).toBe(undefined);
      }),
    );
  });

  it('knows the position of each key', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = new Table<Value>();
        for (const [k, v] of list) table.set(k, v);
        for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
          expect(table.positionOf(table.keyAt(at))).toBe(at);
        }
        expect(table.positionOf('never')).toBe(-1);
      }),
    );
  });

  it('keeps the order of keys that got their places with others in between', () => {
    const table = new Table<Value>();
    for (const k of ['x', 'y', 'z']) table.set(k, 1);
    table.set('y', undefined);
    table.set('w', 2);
    table.set('v', 3);
    expect(pairsOf(table).map(([k]) => k)).toEqual(expect.arrayContaining(['x', 'z', 'w', 'v']));
    expect(table.get('y')).toBe(undefined);
  });
});

describe('A table that grows large', () => {
  /** Does the same to two tables, one of which has all its keys in their places after each step. */
  function both(act: (table: Table<unknown>, i: number) => void, steps: number): void {
    const late = new Table<unknown>();
    const settled = new Table<unknown>();
    for (let i = 0; i < steps; i++) {
      act(late, i);
      act(settled, i);
      settled.seek(0);
    }
    expect(keysOf(late)).toEqual(keysOf(settled));
  }

  function keysOf(table: Table<unknown>): unknown[] {
    const keys: unknown[] = [];
    for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) keys.push(table.keyAt(at));
    return keys;
  }

  it('has the order that it would have without moving its keys by and by', () => {
    both((table, i) => table.set(`key ${i}`, i), 70_000);
    both((table, i) => table.set(i * 1.5, i), 70_000);
    both((table, i) => table.set(i % 3 === 0 ? 1e9 + i : `${i}`, i), 36_000);
  });

  it('has it too if keys vanish meanwhile, or come without a value', () => {
    const act = (table: Table<unknown>, i: number) => {
      table.set(`k${i}`, i);
      if (i > 16_400 && i % 7 === 0) table.set(`k${i - 9}`, undefined);
      if (i > 16_400 && i % 11 === 0) table.set(`n${i}`, undefined);
    };
    for (const steps of [16_500, 16_900, 34_000]) both(act, steps);
  });

  it('finds every key at any time', () => {
    const table = new Table<unknown>();
    for (let i = 0; i < 40_000; i++) {
      table.set(`k${i}`, i);
      table.set(0.5 + i, i);
      const earlier = (i * 7919) % (i + 1);
      expect(table.get(`k${earlier}`)).toBe(earlier);
      expect(table.get(0.5 + earlier)).toBe(earlier);
      expect(table.get(`k${i + 1}`)).toBe(undefined);
    }
    expect(table.positionOf('k5')).toBeGreaterThanOrEqual(0);
  });
});
