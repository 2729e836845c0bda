import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/datastructs/arena.js';
import { NOT_FOUND, Rax } from '../../../src/datastructs/rax.js';
import { RaxIterator } from '../../../src/datastructs/rax-iterator.js';

/** Short keys over few letters share beginnings; ids share eight bytes and more. */
const key = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 }),
  fc
    .integer({ min: 0, max: 400 })
    .map((n) => `\0\0\0\x01\x8c${String.fromCharCode(n >> 8, n & 255)}`),
  fc.string({ unit: 'binary', maxLength: 3 }).map((s) => s.replace(/[^\0-\xff]/g, '\xff')),
);

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function sorted(model: Map<string, number>): string[] {
  return [...model.keys()].sort((a, b) => (a < b ? -1 : 1));
}

function keyOf(it: RaxIterator): string {
  return Buffer.from(it.key.subarray(0, it.len)).toString('latin1');
}

function contents(rax: Rax): [string, number][] {
  const found: [string, number][] = [];
  const it = new RaxIterator().attach(rax);
  for (let ok = it.first(); ok; ok = it.next()) found.push([keyOf(it), it.value]);
  return found;
}

/** Nodes that a tree of these keys has in Redis's shape: the heads of runs, branches, leaves. */
function nodesOf(keys: readonly string[]): number {
  const count = (group: readonly string[], depth: number): number => {
    const rest = group.filter((k) => k.length > depth);
    if (rest.length === 0) return 1;
    const heads = new Map<string, string[]>();
    for (const k of rest) heads.set(k[depth]!, [...(heads.get(k[depth]!) ?? []), k]);
    if (heads.size > 1) {
      let sum = 1;
      for (const below of heads.values()) sum += count(below, depth + 1);
      return sum;
    }
    let end = depth + 1;
    const alike = (d: number) =>
      rest.every((k) => k.length > d) && new Set(rest.map((k) => k[d])).size === 1;
    while (alike(end)) end++;
    return 1 + count(rest, end);
  };
  return count(keys, 0);
}

describe('a radix tree', () => {
  it('holds what a map holds, in the order of its keys, and frees every block', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.constant('set' as const), key, fc.nat(2 ** 31 - 1)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('add' as const), key, fc.nat(100)) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('remove' as const), key, fc.constant(0)) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const arena = new Arena({ debug: true });
        const rax = new Rax(arena);
        const model = new Map<string, number>();
        for (const [what, name, value] of steps) {
          const k = bytes(name);
          const before = model.get(name) ?? NOT_FOUND;
          if (what === 'remove') {
            expect(rax.remove(k, 0, k.length)).toBe(before);
            model.delete(name);
          } else if (what === 'set') {
            expect(rax.set(k, 0, k.length, value)).toBe(before);
            model.set(name, value);
          } else {
            expect(rax.add(k, 0, k.length, value)).toBe(before);
            if (before === NOT_FOUND) model.set(name, value);
          }
          expect(rax.find(k, 0, k.length)).toBe(model.get(name) ?? NOT_FOUND);
        }
        const keys = sorted(model);
        expect(contents(rax)).toEqual(keys.map((k) => [k, model.get(k)]));
        expect(rax.size).toBe(model.size);
        expect(rax.bytes).toBe(arena.usedBytes);
        expect(rax.nodes).toBe(nodesOf(keys));
        for (const k of keys) rax.remove(bytes(k), 0, k.length);
        expect(arena.leaks()).toEqual([]);
        expect([rax.bytes, rax.nodes, rax.size]).toEqual([0, 1, 0]);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('is sought for a key and its neighbours, and walked from there to both ends', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), key, (names, wanted) => {
        const rax = new Rax(new Arena({ debug: true }));
        const model = new Map(names.map((name, i) => [name, i]));
        for (const [name, value] of model) rax.set(bytes(name), 0, name.length, value);
        const keys = sorted(model);
        const it = new RaxIterator().attach(rax);
        const at = (ok: boolean) => (ok ? keyOf(it) : undefined);
        const w = bytes(wanted);
        const above = keys.filter((k) => k >= wanted);
        const below = keys.filter((k) => k <= wanted);
        expect(at(it.seek(w, 0, w.length))).toBe(model.has(wanted) ? wanted : undefined);
        expect(at(it.seekGt(w, 0, w.length))).toBe(above.find((k) => k !== wanted));
        expect(at(it.seekLt(w, 0, w.length))).toBe(below.findLast((k) => k !== wanted));
        const seen: string[] = [];
        for (let ok = it.seekGe(w, 0, w.length); ok; ok = it.next()) seen.push(keyOf(it));
        expect(seen).toEqual(above);
        seen.length = 0;
        for (let ok = it.seekLe(w, 0, w.length); ok; ok = it.prev()) seen.unshift(keyOf(it));
        expect(seen).toEqual(below);
        expect(at(it.last())).toBe(keys.at(-1));
        if (it.valid) expect(at(it.prev())).toBe(keys.at(-2));
        if (it.valid) expect(at(it.next())).toBe(keys.at(-1));
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('may change while it is walked over', () => {
    const rax = new Rax(new Arena());
    for (const name of ['a', 'ab', 'abc', 'b', 'ca']) rax.set(bytes(name), 0, name.length, 1);
    const it = new RaxIterator().attach(rax);
    it.first();
    it.next();
    expect(keyOf(it)).toBe('ab');
    rax.remove(bytes('ab'), 0, 2);
    rax.remove(bytes('abc'), 0, 3);
    rax.set(bytes('aa'), 0, 2, 1);
    rax.set(bytes('abd'), 0, 3, 5);
    expect([it.next(), keyOf(it), it.value]).toEqual([true, 'abd', 5]);
    rax.remove(bytes('abd'), 0, 3);
    expect([it.prev(), keyOf(it)]).toEqual([true, 'aa']);
    rax.clear(() => {});
    expect([it.next(), it.valid]).toEqual([false, false]);
  });

  it('moves and is copied to another arena with all its nodes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 60 }), (names) => {
        const [shared, own] = [new Arena({ debug: true }), new Arena({ debug: true })];
        const rax = new Rax(shared);
        names.forEach((name, i) => {
          rax.set(bytes(name), 0, name.length, i);
        });
        const before = contents(rax);
        const copy = rax.copy(shared, (value) => value + 1);
        expect(contents(copy)).toEqual(before.map(([k, v]) => [k, v + 1]));
        rax.rehome(own, (value) => value);
        expect(contents(rax)).toEqual(before);
        expect(own.usedBytes).toBe(rax.bytes);
        const dropped: number[] = [];
        copy.clear((value) => dropped.push(value));
        expect(dropped.sort((a, b) => a - b)).toEqual(names.map((_, i) => i + 1));
        expect(shared.leaks()).toEqual([]);
        rax.clear(() => {});
        expect(own.leaks()).toEqual([]);
      }),
      { numRuns: 60, seed: 13 },
    );
  });

  it('holds keys of thousands of bytes, and a hundred thousand of them', () => {
    const rax = new Rax(new Arena());
    const long = Buffer.alloc(100_000, 'x');
    rax.set(long, 0, long.length, 1);
    rax.set(long, 0, 50_000, 2);
    expect([rax.find(long, 0, 100_000), rax.find(long, 0, 50_000)]).toEqual([1, 2]);
    rax.clear(() => {});
    for (let i = 0; i < 100_000; i++) {
      const k = bytes(String(i * 7919));
      rax.set(k, 0, k.length, i);
    }
    expect(rax.size).toBe(100_000);
    for (let i = 0; i < 100_000; i += 997) {
      const k = bytes(String(i * 7919));
      expect(rax.find(k, 0, k.length)).toBe(i);
    }
  });
});
