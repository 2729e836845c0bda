/** Databases against a model of plain objects, with checked memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { Database, INLINE_MAX, stringKind } from '../../../src/keyspace/database.js';
import { EncodingLimits } from '../../../src/keyspace/encoding-limits.js';
import { Kind } from '../../../src/keyspace/kinds.js';

interface Value {
  text: string;
  kind: number;
  clock: number;
  at: bigint | undefined;
}

const hasher = new SipHasher(3, 4);

class Model {
  readonly dbs = [0, 1].map((index) => new Database(index, hasher, new EncodingLimits(), true)) as [
    Database,
    Database,
  ];
  readonly expected: Map<string, Value>[] = [new Map(), new Map()];

  find(d: number, key: string): number {
    const bytes = Buffer.from(key);
    return this.dbs[d]!.find(bytes, 0, bytes.length, 0);
  }

  set(d: number, key: string, text: string, keepTtl: boolean): void {
    const db = this.dbs[d]!;
    const k = Buffer.from(key);
    const v = Buffer.from(`--${text}--`);
    const e = this.find(d, key);
    const was = this.expected[d]!.get(key);
    if (e === 0) {
      expect(was).toBe(undefined);
      db.addString(k, 0, k.length, 0, v, 2, text.length);
    } else db.setString(e, v, 2, text.length, keepTtl);
    this.expected[d]!.set(key, {
      text,
      kind: text.length > INLINE_MAX ? Kind.StringLarge : stringKind(v, 2, text.length),
      clock: was?.clock ?? db.clock,
      at: keepTtl ? was?.at : undefined,
    });
  }

  /** Runs `change` on a key that is there. */
  on(d: number, key: string, change: (db: Database, e: number, value: Value) => void): void {
    const e = this.find(d, key);
    const value = this.expected[d]!.get(key);
    expect(e !== 0).toBe(value !== undefined);
    if (value !== undefined) change(this.dbs[d]!, e, value);
  }

  remove(d: number, key: string): void {
    this.on(d, key, (db, e) => {
      db.remove(e);
      this.expected[d]!.delete(key);
    });
  }

  transfer(from: number, key: string, to: number, newKey: string, isCopy: boolean): void {
    if (from === to && key === newKey) return;
    this.on(from, key, (db, e, value) => {
      this.remove(to, newKey);
      const target = this.dbs[to]!;
      const k = Buffer.from(`x${newKey}`);
      const added = isCopy
        ? db.copyTo(e, target, k, 1, k.length - 1)
        : db.moveTo(e, target, k, 1, k.length - 1);
      expect(added).toBe(this.find(to, newKey));
      this.expected[to]!.set(newKey, { ...value, clock: target.clock });
      if (!isCopy) this.expected[from]!.delete(key);
    });
  }

  check(): void {
    this.dbs.forEach((db, d) => {
      const expected = this.expected[d]!;
      expect(db.size).toBe(expected.size);
      expect(db.arena.blocks).toBe(expected.size);
      let volatile = 0;
      let large = 0;
      for (const [key, value] of expected) {
        const e = this.find(d, key);
        expect(e).not.toBe(0);
        expect(db.keyName(e).toString()).toBe(key);
        if (db.stringBytes(e).toString() !== value.text) {
          expect(db.stringBytes(e).toString()).toBe(value.text);
        }
        expect(db.kind(e)).toBe(value.kind);
        expect(db.clockOf(e)).toBe(value.clock);
        expect(db.isVolatile(e)).toBe(value.at !== undefined);
        expect(db.expiryExact(e)).toBe(value.at ?? -1n);
        expect(db.expiry(e)).toBe(Number(value.at ?? -1n));
        if (value.at !== undefined) volatile++;
        if (value.kind === Kind.StringLarge) {
          large++;
          expect(db.memoryBytes(e)).toBeGreaterThan(value.text.length);
        }
      }
      expect(db.expires.size).toBe(volatile);
      for (let slot = 0; slot < volatile; slot++) {
        const e = db.expires.entryOf(slot);
        expect(db.dict.isUsed(e)).toBe(true);
        expect(db.expiryExact(e)).toBe(db.expires.getExact(slot));
      }
      expect(db.objects.size).toBe(large);
      if (large === 0) expect(db.objectBytes).toBe(0);
    });
  }
}

const dbs = fc.nat(1);
const keys = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => `key:${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('', 'k'.repeat(140), 'k'.repeat(33_000)) },
);
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.integer().map(String) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(44, 45, 63, 64, 122, 123, 124, 127, 128, 4092, 4095, 4096, 4097, 9000)
      .map((n) => 'abcdefgh'.repeat(n / 8 + 1).slice(0, n)),
  },
);
const moments = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 42n }),
  fc.constantFrom(-1n, -5n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n),
);

type Step = (model: Model) => void;
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(dbs, keys, texts, fc.boolean()).map(
      (a): Step =>
        (m) =>
          m.set(...a),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(dbs, keys).map(
      (a): Step =>
        (m) =>
          m.remove(...a),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(dbs, keys, moments).map(
      ([d, key, at]): Step =>
        (m) =>
          m.on(d, key, (db, e, value) => {
            db.setExpiry(e, at);
            value.at = at;
          }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(dbs, keys).map(
      ([d, key]): Step =>
        (m) =>
          m.on(d, key, (db, e, value) => {
            expect(db.persist(e)).toBe(value.at !== undefined);
            value.at = undefined;
          }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(dbs, keys, fc.constantFrom(0, 1, 50, 130, 4096, 4097, 9000, 20_000)).map(
      ([d, key, length]): Step =>
        (m) =>
          m.on(d, key, (db, e, value) => {
            db.resizeString(e, length);
            expect(db.len).toBe(length);
            value.text = value.text.slice(0, length).padEnd(length, '\0');
            const isLarge = length > INLINE_MAX || value.kind === Kind.StringLarge;
            value.kind = isLarge ? Kind.StringLarge : Kind.StringRaw;
            // Written in place, as SETRANGE does.
            if (length > 3) {
              db.buf[db.off + length - 2] = 88;
              value.text = `${value.text.slice(0, length - 2)}X${value.text.slice(length - 1)}`;
            }
          }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(dbs, keys, dbs, keys, fc.boolean()).map(
      (a): Step =>
        (m) =>
          m.transfer(...a),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(dbs, fc.nat(0xffffff)).map(
      ([d, clock]): Step =>
        (m) => {
          m.dbs[d]!.clock = clock;
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(dbs, keys, fc.nat(0xffffff)).map(
      ([d, key, clock]): Step =>
        (m) =>
          m.on(d, key, (db, e, value) => {
            db.setClock(e, clock);
            value.clock = clock;
          }),
    ),
  },
);

describe('a database', () => {
  it('holds what the model holds after any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 120, size: 'max' }), (sequence) => {
        const model = new Model();
        for (const step of sequence) step(model);
        model.check();
        model.expected.forEach((expected, d) => {
          for (const key of [...expected.keys()]) model.remove(d, key);
          expect(model.dbs[d]!.objectBytes).toBe(0);
        });
        model.check();
      }),
      { numRuns: 300 },
    );
  });

  it('counts the bytes of big strings exactly', () => {
    const model = new Model();
    const db = model.dbs[0]!;
    model.set(0, 'a', 'x'.repeat(10_000), false);
    expect(db.objectBytes).toBe(10_000);
    db.resizeString(model.find(0, 'a'), 12_000);
    expect(db.objectBytes).toBe(24_000);
    model.set(0, 'a', 'y'.repeat(5000), false);
    expect(db.objectBytes).toBe(5000);
    model.set(0, 'a', 'small', false);
    expect(db.objectBytes).toBe(0);
    model.check();
  });

  it('zeroes what a big string had before it was cut short and grew again', () => {
    const model = new Model();
    const db = model.dbs[0]!;
    model.set(0, 'a', 'x'.repeat(10_000), false);
    const e = model.find(0, 'a');
    db.resizeString(e, 5);
    db.resizeString(e, 9000);
    expect(db.stringBytes(e).toString()).toBe(`xxxxx${'\0'.repeat(8995)}`);
  });

  it('makes int, embstr and raw of the strings that Redis would', () => {
    const kind = (text: string) => stringKind(Buffer.from(text), 0, text.length);
    expect(kind('9223372036854775807')).toBe(Kind.StringInt);
    expect(kind('-9223372036854775808')).toBe(Kind.StringInt);
    expect(kind('9223372036854775808')).toBe(Kind.StringEmbstr);
    expect(kind('007')).toBe(Kind.StringEmbstr);
    expect(kind('')).toBe(Kind.StringEmbstr);
    expect(kind('x'.repeat(44))).toBe(Kind.StringEmbstr);
    expect(kind('x'.repeat(45))).toBe(Kind.StringRaw);
  });

  it('is empty after clear, and takes keys again', () => {
    const model = new Model();
    const db = model.dbs[0]!;
    const idle = db.usedBytes;
    for (let i = 0; i < 3000; i++) {
      model.set(0, `k${i}`, i % 50 === 0 ? 'v'.repeat(5000) : 'v', false);
      model.on(0, `k${i}`, (_, e) => db.setExpiry(e, i));
    }
    db.dict.resizePaused = true;
    db.clear();
    model.expected[0]!.clear();
    model.check();
    expect(db.usedBytes).toBe(idle);
    expect(db.dict.resizePaused).toBe(true);
    model.set(0, 'k1', 'again', false);
    model.check();
  });
});
