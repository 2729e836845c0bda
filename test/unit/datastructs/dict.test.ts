/** The dict against a Map, with checked memory and hashes that collide on purpose. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, SEGMENT_BYTES } from '../../../src/datastructs/arena.js';
import { blockSize } from '../../../src/datastructs/block-lengths.js';
import { Dict, WARM_MAX } from '../../../src/datastructs/dict.js';
import type { BigArray } from '../../../src/datastructs/release.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';

const hasher = new SipHasher(1, 2);

/** Values of a Dict as strings, beside a Map that says what they should be. */
class Model {
  readonly arena = new Arena({ debug: true });
  readonly dict = new Dict(this.arena);
  readonly expected = new Map<string, { value: string; meta: number }>();

  constructor(private readonly hash = (key: Buffer) => hasher.hash(key, 0, key.length)) {}

  find(key: string): number {
    // The key lies somewhere in a bigger buffer, as it does in a request.
    const bytes = Buffer.from(`xx${key}yy`, 'latin1');
    return this.dict.find(bytes, 2, key.length, this.hashOf(key));
  }

  hashOf(key: string): number {
    return this.hash(Buffer.from(key, 'latin1'));
  }

  set(key: string, value: string, meta: number): void {
    const { dict } = this;
    let e = this.find(key);
    if (e === 0) {
      const bytes = Buffer.from(key, 'latin1');
      e = dict.insert(bytes, 0, bytes.length, this.hashOf(key), value.length, meta);
    } else {
      dict.resizeValue(e, value.length);
      dict.setMeta(e, meta);
    }
    dict.buf.set(Buffer.from(value, 'latin1'), dict.valOff);
    this.expected.set(key, { value, meta });
  }

  /** Changes a value's length as APPEND and SETRANGE do: what was there stays. */
  resize(key: string, length: number): void {
    const was = this.expected.get(key);
    const e = this.find(key);
    if (was === undefined || e === 0) return;
    const { dict } = this;
    dict.resizeValue(e, length);
    const keep = Math.min(length, was.value.length);
    dict.buf.fill(46, dict.valOff + keep, dict.valOff + length);
    was.value = was.value.slice(0, keep) + '.'.repeat(length - keep);
  }

  remove(key: string): void {
    const e = this.find(key);
    if ((e !== 0) !== this.expected.delete(key)) expect.fail(`'${key}' is there or is not`);
    if (e !== 0) this.dict.remove(e);
  }

  keyOf(e: number): string {
    const { dict } = this;
    dict.locate(e);
    const { buf, keyOff, keyLen } = dict;
    return Buffer.from(buf.buffer, buf.byteOffset + keyOff, keyLen).toString('latin1');
  }

  check(): void {
    const { dict, expected, arena } = this;
    expect(dict.size).toBe(expected.size);
    expect(arena.blocks).toBe(expected.size);
    let bytes = 0;
    for (const [key, { value, meta }] of expected) {
      const e = this.find(key);
      dict.locate(e);
      const { buf, keyOff, keyLen, valOff, valLen } = dict;
      const text = Buffer.from(buf.buffer, buf.byteOffset + keyOff, keyLen + valLen);
      const right =
        dict.isUsed(e) &&
        keyLen === key.length &&
        valOff === keyOff + keyLen &&
        text.toString('latin1') === key + value &&
        dict.meta(e) === meta &&
        dict.hashOf(e) === this.hashOf(key);
      // `expect` is slow: here it would take most of the test's time.
      if (!right) expect.fail(`the entry of '${key.slice(0, 40)}' (${key.length}) is not right`);
      bytes += dict.blockBytesOf(e);
    }
    expect(arena.usedBytes).toBe(bytes);
  }

  /** A whole SCAN. @param between runs after every step @returns keys in order of appearance */
  scanAll(between: () => void = () => {}): string[] {
    const seen: string[] = [];
    let cursor = 0;
    let steps = 0;
    do {
      cursor = this.dict.scan(cursor, (e) => seen.push(this.keyOf(e)));
      if (++steps > 1_000_000) expect.fail('SCAN does not end');
      between();
    } while (cursor !== 0);
    return seen;
  }
}

const lengths = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 63, 64, 65, 126, 127, 128, 129, 255, 256) },
  { weight: 2, arbitrary: fc.constantFrom(16_380, 16_383, 16_384, 16_390, 32_760, 32_770, 70_000) },
);
/** Few different keys, so that they meet again; some beyond 32 KiB. */
const keys = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }).map((n) => `k${n}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 3 }), lengths)
      .map(([n, length]) => String(n).repeat(length)),
  },
);

type Step = (model: Model) => void;
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ key: keys, length: lengths, meta: fc.integer() }).map(
      ({ key, length, meta }): Step =>
        (m) =>
          m.set(key, 'v'.repeat(length), meta),
    ),
  },
  {
    weight: 6,
    arbitrary: keys.map(
      (key): Step =>
        (m) =>
          m.remove(key),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ key: keys, length: lengths }).map(
      ({ key, length }): Step =>
        (m) =>
          m.resize(key, length),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ from: fc.nat(500), count: fc.nat(200) }).map(
      ({ from, count }): Step =>
        (m) => {
          for (let i = 0; i < count; i++) m.set(`b${from + i}`, `${i}`, i);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ from: fc.nat(500), count: fc.nat(400) }).map(
      ({ from, count }): Step =>
        (m) => {
          for (let i = 0; i < count; i++) m.remove(`b${from + i}`);
        },
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((m) => m.dict.shrinkIfSparse()) },
  {
    weight: 1,
    arbitrary: fc.nat(2000).map(
      (n): Step =>
        (m) =>
          m.dict.expand(n),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(50).map(
      (n): Step =>
        (m) => {
          for (let i = 0; i < n && m.dict.rehashAt >= 0; i++) m.dict.rehashStep();
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((m) => {
      const hashes = Int32Array.from([...m.expected.keys(), 'none'], (key) => m.hashOf(key));
      m.dict.warm(hashes, Math.min(hashes.length, WARM_MAX));
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((m) => {
      const seen = new Set(m.scanAll());
      expect([...m.expected.keys()].filter((key) => !seen.has(key))).toEqual([]);
      expect(seen.size).toBe(m.expected.size);
    }),
  },
);

describe.each([
  ['well spread', undefined],
  ['of 16 values', (key: Buffer) => (hasher.hash(key, 0, key.length) & 15) + 1],
  ['that differ in their high bits only', (key: Buffer) => (key.length << 24) | 7],
  ['that are all negative', (key: Buffer) => hasher.hash(key, 0, key.length) | 0x80000000],
])('a dict with hashes %s', (_, hash) => {
  it('holds what a Map would hold after any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 80, size: 'max' }), (sequence) => {
        const model = new Model(hash);
        for (const step of sequence) step(model);
        model.check();
        for (const key of [...model.expected.keys()]) model.remove(key);
        model.check();
        expect(model.arena.leaks()).toEqual([]);
      }),
      { numRuns: hash === undefined ? 60 : 30 },
    );
  });

  it('returns by SCAN every key that is there throughout, whatever else happens', () => {
    const property = fc.property(
      fc.nat(400),
      fc.array(steps, { minLength: 1, maxLength: 40, size: 'max' }),
      fc.nat(3),
      (stable, sequence, perStep) => {
        const model = new Model(hash);
        for (let i = 0; i < stable; i++) model.set(`stable${i}`, '', 0);
        let at = 0;
        const seen = new Set(
          model.scanAll(() => {
            for (let i = 0; i < perStep && at < sequence.length; i++) {
              const step = sequence[at++]!;
              step(model);
            }
          }),
        );
        for (let i = 0; i < stable; i++) {
          if (!seen.has(`stable${i}`)) expect.fail(`stable${i} was not returned`);
        }
      },
    );
    fc.assert(property, { numRuns: hash === undefined ? 150 : 40 });
  });
});

describe('a dict', () => {
  it('keeps SCAN whole when the table shrinks and grows again under it', () => {
    const change = fc.record({
      /** Keys beside the stable ones, from now on. */
      fillers: fc.constantFrom(0, 0, 50, 500, 4000),
      /** SCAN steps before that. */
      after: fc.nat(200),
      /** Whether the rehash is through before SCAN goes on. */
      settled: fc.boolean(),
    });
    const property = fc.property(
      fc.array(change, { minLength: 2, maxLength: 8, size: 'max' }),
      (changes) => {
        const model = new Model();
        for (let i = 0; i < 60; i++) model.set(`stable${i}`, '', 0);
        let filled = 0;
        let steps = 0;
        let at = 0;
        const apply = ({ fillers, settled }: { fillers: number; settled: boolean }) => {
          while (filled < fillers) model.set(`f${filled++}`, '', 0);
          while (filled > fillers) model.remove(`f${--filled}`);
          model.dict.shrinkIfSparse();
          while (settled && model.dict.rehashAt >= 0) model.dict.rehashStep();
        };
        apply(changes[at++]!);
        const seen = new Set(
          model.scanAll(() => {
            if (at === changes.length || ++steps < changes[at]!.after) return;
            apply(changes[at++]!);
            steps = 0;
          }),
        );
        for (let i = 0; i < 60; i++) {
          if (!seen.has(`stable${i}`)) expect.fail(`stable${i} was not returned`);
        }
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('keeps key and value when a length needs another byte within the same block', () => {
    for (const keyLength of [0, 1, 5, 127, 128, 200]) {
      for (const edge of [127, 16_383]) {
        for (let from = edge - 8; from < edge + 10; from++) {
          const model = new Model();
          const key = 'k'.repeat(keyLength);
          for (const to of [edge - 8, edge, edge + 1, edge + 9]) {
            model.set(key, Array.from({ length: from }, (_, i) => i % 10).join(''), 1);
            model.resize(key, to);
            model.check();
          }
        }
      }
    }
  });

  it('loses no key when a lookup does the last step of a rehash', () => {
    for (let n = 5; n < 200; n++) {
      const model = new Model();
      for (let i = 0; i < n; i++) model.set(`k${i}`, 'v', i);
      while (model.dict.rehashAt >= 0) {
        for (let i = 0; i < n; i++) if (model.find(`k${i}`) === 0) expect.fail(`k${i} is lost`);
      }
      model.check();
    }
  });

  it('removes the right entry from a chain that a removal has just moved to the new table', () => {
    // All in one bucket of the old table; the removal's own lookup moves the chain, turned around.
    const model = new Model(() => 1 << 20);
    for (let i = 0; i < 4; i++) model.set(`k${i}`, 'v', i);
    for (let victim = 0; victim < 4; victim++) {
      model.set(`more${victim}`, 'v', 0);
      model.dict.expand(model.dict.buckets[0] * 2);
      const e = model.find(`k${victim}`);
      model.expected.delete(`k${victim}`);
      model.dict.remove(e);
      model.check();
    }
    // The same with entries found before the table began to grow.
    const entries = ['more0', 'more1', 'more2'].map((key) => model.find(key));
    while (model.dict.rehashAt >= 0) model.dict.rehashStep();
    model.dict.expand(model.dict.buckets[0] * 2);
    model.dict.remove(entries[1]!);
    model.expected.delete('more1');
    model.check();
  });

  it('keeps entry numbers for as long as the entry lives', () => {
    const model = new Model();
    const numbers = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      model.set(`k${i}`, 'v', 0);
      numbers.set(`k${i}`, model.find(`k${i}`));
    }
    for (let i = 0; i < 5000; i += 3) {
      model.remove(`k${i}`);
      numbers.delete(`k${i}`);
    }
    model.dict.shrinkIfSparse();
    for (const [key, e] of numbers) expect(model.find(key)).toBe(e);
    expect(new Set(numbers.values()).size).toBe(numbers.size);
  });

  it('grows to the next power of two and moves one bucket per operation', () => {
    const model = new Model();
    for (let i = 0; i < 4; i++) model.set(`k${i}`, '', 0);
    expect(model.dict.buckets).toEqual([4, 0]);
    model.set('k4', '', 0);
    expect(model.dict.buckets).toEqual([4, 8]);
    for (let i = 0; i < 5; i++) model.find('none');
    expect(model.dict.buckets).toEqual([8, 0]);
  });

  it('shrinks when fewer than one in eight buckets would be used', () => {
    const model = new Model();
    for (let i = 0; i < 1000; i++) model.set(`k${i}`, '', 0);
    while (model.dict.rehashAt >= 0) model.dict.rehashStep();
    expect(model.dict.buckets).toEqual([1024, 0]);
    for (let i = 100; i < 1000; i++) model.remove(`k${i}`);
    model.dict.shrinkIfSparse();
    while (model.dict.rehashAt >= 0) model.dict.rehashStep();
    expect(model.dict.buckets).toEqual([128, 0]);
    model.check();
  });

  it('shrinks by steps of 1024 at most, so that no SCAN step visits too many buckets', () => {
    const model = new Model();
    model.set('k', '', 0);
    model.dict.expand(1 << 20);
    while (model.dict.rehashAt >= 0) model.dict.rehashStep();
    model.dict.shrinkIfSparse();
    expect(model.dict.buckets).toEqual([1 << 20, 1024]);
    let visits = 0;
    let cursor = 0;
    do {
      cursor = model.dict.scan(cursor, () => {});
      visits++;
    } while (cursor !== 0);
    expect(visits).toBe(1024);
  });

  it('neither grows nor shrinks while that is paused', () => {
    const model = new Model();
    model.dict.resizePaused = true;
    for (let i = 0; i < 20; i++) model.set(`k${i}`, '', 0);
    expect(model.dict.buckets).toEqual([4, 0]);
    model.check();
    model.dict.resizePaused = false;
    model.set('one more', '', 0);
    expect(model.dict.buckets).toEqual([4, 32]);
    model.check();
  });

  it('lets a SCAN visit remove the entry it is given', () => {
    const model = new Model();
    for (let i = 0; i < 3000; i++) model.set(`k${i}`, `${i}`, 0);
    let cursor = 0;
    do {
      cursor = model.dict.scan(cursor, (e) => {
        model.expected.delete(model.keyOf(e));
        model.dict.remove(e);
      });
    } while (cursor !== 0);
    model.check();
    expect(model.dict.size).toBe(0);
  });

  it('takes any 32-bit number as a cursor', () => {
    const model = new Model();
    for (let i = 0; i < 100; i++) model.set(`k${i}`, '', 0);
    for (const start of [1, 77, 0x7fffffff, 0x80000000, 0xffffffff]) {
      let cursor = start;
      let steps = 0;
      do cursor = model.dict.scan(cursor, () => {});
      while (cursor !== 0 && ++steps < 1000);
      expect(steps).toBeLessThan(1000);
    }
  });

  it('draws every entry about equally often', () => {
    const model = new Model();
    for (let i = 0; i < 400; i++) model.set(`k${i}`, '', 0);
    for (let i = 0; i < 400; i++) if (i % 10 !== 0) model.remove(`k${i}`);
    let seed = 12345;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
      return (seed >>> 0) / 0x100000000;
    };
    const drawn = new Map<string, number>();
    for (let i = 0; i < 40_000; i++) {
      const key = model.keyOf(model.dict.randomEntry(random));
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    }
    expect(drawn.size).toBe(40);
    for (const count of drawn.values()) {
      expect(count).toBeGreaterThan(700);
      expect(count).toBeLessThan(1300);
    }
  });

  it('draws an entry from a table that is almost empty', () => {
    const model = new Model();
    for (let i = 0; i < 20_000; i++) model.set(`k${i}`, '', 0);
    for (let i = 0; i < 20_000; i++) if (i !== 777) model.remove(`k${i}`);
    for (const draw of [0, 0.5, 0.999999]) {
      expect(model.keyOf(model.dict.randomEntry(() => draw))).toBe('k777');
    }
    model.remove('k777');
    expect(model.dict.randomEntry(Math.random)).toBe(0);
  });

  it('begins entry numbers anew once it is empty, and gives their memory back when trimmed', () => {
    const dict = new Dict(new Arena());
    const key = Buffer.alloc(4);
    const fill = (n: number) => {
      for (let i = 0; i < n; i++) {
        key.writeInt32LE(i);
        dict.insert(key, 0, 4, hasher.hash(key, 0, 4), 0, i);
      }
    };
    const n = 600_000;
    fill(n);
    const full = dict.tableBytes;
    expect(dict.trim()).toBe(false);
    for (let e = 1; e <= n; e++) dict.remove(e);
    expect(dict.size).toBe(0);
    expect(dict.entryTop).toBe(1);
    const given: BigArray[] = [];
    const give = (array: BigArray) => given.push(array);
    while (dict.trim(give));
    // Both segments after the first lie in one buffer, which goes when neither is needed.
    expect(given.map((array) => array.buffer.byteLength)).toEqual([SEGMENT_BYTES]);
    dict.shrinkIfSparse();
    expect(dict.tableBytes).toBeLessThan(full / 2);
    fill(n);
    expect(dict.tableBytes).toBe(full);
    for (let i = 0; i < n; i += 997) {
      key.writeInt32LE(i);
      expect(dict.meta(dict.find(key, 0, 4, hasher.hash(key, 0, 4)))).toBe(i);
    }
  });

  it('hands over few buffers of some size when it is thrown away, and copies all of them', () => {
    const dict = new Dict(new Arena());
    const key = Buffer.alloc(4);
    const n = 600_000;
    for (let i = 0; i < n; i++) {
      key.writeInt32LE(i);
      dict.insert(key, 0, 4, hasher.hash(key, 0, 4), 0, i);
    }
    const copy = dict.copy(new Arena());
    const memory = dict.takeMemory();
    const buffers = memory.filter((array) => array.length > 0).map((array) => array.buffer);
    expect(new Set(buffers).size).toBe(buffers.length);
    expect(buffers.length).toBeLessThanOrEqual(4);
    for (let i = 0; i < n; i += 997) {
      key.writeInt32LE(i);
      expect(copy.meta(copy.find(key, 0, 4, hasher.hash(key, 0, 4)))).toBe(i);
    }
  });

  it('leaves giving memory back to its arena when members go one by one', () => {
    const discarded: BigArray[] = [];
    const dict = new Dict(new Arena({ discarded }));
    const key = Buffer.alloc(4);
    for (let i = 0; i < 600_000; i++) {
      key.writeInt32LE(i);
      dict.insert(key, 0, 4, hasher.hash(key, 0, 4), 0, i);
    }
    const slabs = () => discarded.filter((array) => array.buffer.byteLength === SEGMENT_BYTES);
    while (dict.size > 0) dict.removeDense(1);
    // A segment is kept in reserve, and with it the buffer of both.
    expect(slabs()).toEqual([]);
    dict.trim((array) => discarded.push(array));
    expect(slabs()).toHaveLength(1);
  });

  it('tells how long its chains are', () => {
    const model = new Model(() => 5);
    for (let i = 0; i < 3; i++) model.set(`k${i}`, '', 0);
    expect(model.dict.chainLengths(0)).toEqual([3, undefined, undefined, 1]);
    expect(model.dict.chainLengths(1)).toEqual([]);
  });

  it('counts a block as its key, its value and both lengths', () => {
    expect(blockSize(0, 0)).toBe(2);
    expect(blockSize(127, 127)).toBe(256);
    expect(blockSize(128, 127)).toBe(258);
    expect(blockSize(16_384, 0)).toBe(16_388);
  });
});
