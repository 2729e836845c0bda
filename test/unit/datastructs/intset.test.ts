import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeapBytes } from '../../../src/datastructs/byte-store.js';
import { Intset } from '../../../src/datastructs/intset.js';
import { INT64_TEXT_BYTES, Int64Words } from '../../../src/datastructs/intset-value.js';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Integers of every width, and those where widths and exactness end. */
const integer = fc.oneof(
  fc.bigInt({ min: -40n, max: 40n }),
  fc.bigInt({ min: -40_000n, max: 40_000n }),
  fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.constantFrom(
    INT64_MIN,
    INT64_MIN + 1n,
    INT64_MAX,
    -(2n ** 31n),
    2n ** 31n,
    -(2n ** 15n),
    2n ** 15n - 1n,
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    -(2n ** 32n),
    1000000000000000000n,
  ),
);

const step = fc.record({
  action: fc.constantFrom('add', 'add', 'remove', 'has'),
  value: integer,
});

function empty(): Intset {
  const store = new HeapBytes();
  Intset.init(store);
  return new Intset(store);
}

function load(set: Intset, value: bigint | string): boolean {
  const bytes = Buffer.from(value.toString());
  return set.load(bytes, 0, bytes.length);
}

function members(set: Intset): string[] {
  return Array.from({ length: set.count }, (_, i) => {
    set.read(i);
    return Buffer.from(set.buf.subarray(set.off, set.off + set.len)).toString();
  });
}

function widthOf(value: bigint): number {
  if (BigInt.asIntN(16, value) === value) return 2;
  return BigInt.asIntN(32, value) === value ? 4 : 8;
}

/** The format as its description says it, by other means than the code under test. */
function expectedBytes(values: readonly bigint[], width: number): Buffer {
  const bytes = Buffer.alloc(8 + values.length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(values.length, 4);
  values.forEach((value, i) => {
    const whole = Buffer.alloc(8);
    whole.writeBigInt64LE(value);
    whole.copy(bytes, 8 + i * width, 0, width);
  });
  return bytes;
}

describe('An intset', () => {
  test('holds what a set of integers holds, sorted, in the format of Redis', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const set = empty();
        const model = new Set<bigint>();
        let width = 2;
        for (const { action, value } of steps) {
          expect(load(set, value)).toBe(true);
          if (action === 'add') {
            expect(set.add()).toBe(!model.has(value));
            model.add(value);
            width = Math.max(width, widthOf(value));
          } else if (action === 'remove') expect(set.remove()).toBe(model.delete(value));
          else expect(set.has()).toBe(model.has(value));
        }
        const sorted = [...model].sort((a, b) => (a < b ? -1 : 1));
        expect(members(set)).toEqual(sorted.map(String));
        const { buf, off, len } = set.range;
        expect(Buffer.from(buf.subarray(off, off + len))).toEqual(expectedBytes(sorted, width));
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  test('becomes as wide as its members need, and never narrower', () => {
    const set = empty();
    expect(set.width).toBe(2);
    load(set, 32767n);
    set.add();
    expect(set.width).toBe(2);
    load(set, 32768n);
    set.add();
    expect(set.width).toBe(4);
    load(set, -(2n ** 31n) - 1n);
    set.add();
    expect(set.width).toBe(8);
    expect(members(set)).toEqual(['-2147483649', '32767', '32768']);
    set.remove();
    expect(set.width).toBe(8);
  });

  test('takes only the canonical text of a 64-bit integer', () => {
    const set = empty();
    const texts = ['', '-', '+1', '01', '-0', ' 1', '1 ', '1.0', 'a', '9223372036854775808'];
    for (const text of texts) expect(load(set, text), text).toBe(false);
    for (const text of ['0', '-1', '9223372036854775807', '-9223372036854775808']) {
      expect(load(set, text), text).toBe(true);
    }
  });

  test('removes the member at an index', () => {
    const set = empty();
    for (const value of [5n, 1n, 70000n, 3n]) {
      load(set, value);
      set.add();
    }
    set.removeAt(1);
    expect(members(set)).toEqual(['1', '5', '70000']);
  });
});

describe('A 64-bit integer in two words', () => {
  test('is written as it was read', () => {
    const words = new Int64Words();
    const out = new Uint8Array(INT64_TEXT_BYTES);
    fc.assert(
      fc.property(integer, (value) => {
        const text = Buffer.from(value.toString());
        expect(words.parse(text, 0, text.length)).toBe(true);
        expect((BigInt(words.high) << 32n) | BigInt(words.low >>> 0)).toBe(value);
        const end = words.write(out, 0);
        expect(Buffer.from(out.subarray(0, end)).toString()).toBe(value.toString());
        expect((BigInt(words.high) << 32n) | BigInt(words.low >>> 0)).toBe(value);
      }),
      { numRuns: 2000, seed: 2 },
    );
  });
});
