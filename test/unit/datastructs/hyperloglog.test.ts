import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cacheCount,
  cachedCount,
  count,
  countRegisters,
  DENSE_BYTES,
  denseRegister,
  describeRuns,
  EMPTY_HYPERLOGLOG,
  forgetCount,
  HEADER_BYTES,
  HyperLogLog,
  hasCount,
  isDense,
  isHyperLogLog,
  mergeInto,
  Outcome,
  REGISTERS,
  setDenseRegister,
} from '../../../src/datastructs/hyperloglog.js';
import { hashElement, hashedIndex, hashedRank } from '../../../src/datastructs/hyperloglog-hash.js';

const SPARSE_MAX = 3000;
/** Six standard errors. */
const TOLERANCE = (6 * 1.04) / Math.sqrt(REGISTERS);

function opened(bytes: Uint8Array = EMPTY_HYPERLOGLOG): HyperLogLog {
  const hll = new HyperLogLog();
  hll.open(bytes, 0, bytes.length);
  return hll;
}

function bytesOf({ buf, off, len }: HyperLogLog): Uint8Array {
  return buf.slice(off, off + len);
}

function registersOf(bytes: Uint8Array): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  expect(mergeInto(registers, bytes, 0, bytes.length)).toBe(true);
  return registers;
}

function elements(from: number, to: number): Buffer[] {
  return Array.from({ length: to - from }, (_, i) => Buffer.from(`element:${from + i}`));
}

function added(items: readonly Uint8Array[], sparseMax = SPARSE_MAX): HyperLogLog {
  const hll = opened();
  for (const item of items) hll.add(item, 0, item.length, sparseMax);
  return hll;
}

/** As `toEqual`, of arrays for which that takes long. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** MurmurHash64A with bigints, as it is published. */
function hashModel(bytes: Uint8Array): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const u64 = (n: bigint) => BigInt.asUintN(64, n);
  const view = Buffer.from(bytes);
  let h = u64(0xadc83b19n ^ (BigInt(bytes.length) * m));
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) {
    let k = u64(view.readBigUInt64LE(at) * m);
    k = u64((k ^ (k >> 47n)) * m);
    h = u64((h ^ k) * m);
  }
  if (whole < bytes.length) {
    for (let i = whole; i < bytes.length; i++) h ^= BigInt(bytes[i]!) << BigInt(8 * (i - whole));
    h = u64(h * m);
  }
  h = u64((h ^ (h >> 47n)) * m);
  return h ^ (h >> 47n);
}

describe('the hash of an element', () => {
  it('is MurmurHash64A, of which 14 bits name a register and the rest counts zeros', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(7), (bytes, shift) => {
        const framed = Uint8Array.from([...new Uint8Array(shift).fill(0xff), ...bytes, 0xff]);
        hashElement(framed, shift, bytes.length);
        const hash = hashModel(bytes);
        expect(hashedIndex).toBe(Number(hash & 0x3fffn));
        const rest = (hash >> 14n) | (1n << 50n);
        let rank = 1;
        while (((rest >> BigInt(rank - 1)) & 1n) === 0n) rank++;
        expect(hashedRank).toBe(rank);
      }),
    );
  });
});

describe('registers', () => {
  const index = fc.oneof(fc.nat(REGISTERS - 1), fc.nat(40), fc.constantFrom(63, 64, 16383));
  const changes = fc.array(fc.tuple(index, fc.integer({ min: 1, max: 51 })), { maxLength: 200 });
  const small = fc.array(fc.tuple(index, fc.integer({ min: 1, max: 32 })), { maxLength: 200 });

  it('are six bits each, and keep apart', () => {
    fc.assert(
      fc.property(changes, (sets) => {
        const dense = new Uint8Array(DENSE_BYTES);
        const model = new Uint8Array(REGISTERS);
        for (const [i, value] of sets) {
          setDenseRegister(dense, 0, i, value);
          model[i] = value;
        }
        for (const [i] of sets) {
          for (const near of [i - 1, i, i + 1]) {
            if (near < 0 || near >= REGISTERS) continue;
            expect(denseRegister(dense, 0, near)).toBe(model[near]);
          }
        }
      }),
    );
  });

  it('are only ever raised, whatever the encoding', () => {
    fc.assert(
      fc.property(changes, fc.constantFrom(0, 40, SPARSE_MAX), (sets, sparseMax) => {
        const hll = opened();
        const model = new Uint8Array(REGISTERS);
        for (const [i, value] of sets) {
          const isHigher = value > model[i]!;
          expect(hll.set(i, value, sparseMax)).toBe(isHigher ? Outcome.Changed : Outcome.Same);
          if (isHigher) model[i] = value;
          const isSparse = !isDense(hll.buf, hll.off);
          if (isSparse) expect(hll.len).toBeLessThanOrEqual(Math.max(sparseMax, 18));
        }
        const bytes = bytesOf(hll);
        expect(isHyperLogLog(bytes, 0, bytes.length)).toBe(true);
        expectSame(registersOf(bytes), model);
        expect(count(bytes, 0, bytes.length)).toBe(countRegisters(model));
      }),
      { numRuns: 60 },
    );
  });

  it('are the same after a sparse string was made dense', () => {
    fc.assert(
      fc.property(small, (sets) => {
        const hll = opened();
        for (const [i, value] of sets) hll.set(i, value, SPARSE_MAX);
        const sparse = bytesOf(hll);
        expect(isDense(sparse, 0)).toBe(false);
        expect(hll.toDense()).toBe(true);
        const dense = bytesOf(hll);
        expect([isDense(dense, 0), dense.length]).toEqual([true, DENSE_BYTES]);
        expectSame(registersOf(dense), registersOf(sparse));
        expect(count(dense, 0, dense.length)).toBe(count(sparse, 0, sparse.length));
      }),
      { numRuns: 60 },
    );
  });

  it('turn dense at the limit, and for a value above 32', () => {
    const full = added(elements(0, 1), 21);
    expect(isDense(full.buf, full.off)).toBe(false);
    for (const item of elements(1, 20)) full.add(item, 0, item.length, 21);
    expect(isDense(full.buf, full.off)).toBe(true);
    const high = opened();
    high.set(5, 33, SPARSE_MAX);
    expect(isDense(high.buf, high.off)).toBe(true);
    expect(denseRegister(high.buf, high.off, 5)).toBe(33);
  });

  it('of equal value next to each other are one run of up to four', () => {
    const hll = opened();
    for (const i of [0, 1, 2, 3, 4, 16383]) hll.set(i, 2, SPARSE_MAX);
    expect(describeRuns(hll.buf, hll.off, hll.len)).toBe('v:2,4 v:2,1 Z:16378 v:2,1');
    hll.set(2, 3, SPARSE_MAX);
    expect(describeRuns(hll.buf, hll.off, hll.len)).toBe('v:2,2 v:3,1 v:2,2 Z:16378 v:2,1');
  });
});

describe('the estimate', () => {
  it.each([1, 10, 100, 1000, 10_000, 50_000])('of %i elements is near', (n) => {
    const hll = added(elements(0, n));
    const estimated = count(hll.buf, hll.off, hll.len);
    expect(Math.abs(estimated - n)).toBeLessThanOrEqual(Math.max(1, n * TOLERANCE));
  });

  it('does not depend on order, nor on repetition, nor on the encoding', () => {
    const item = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const once = registersOf(bytesOf(added(items)));
        const again = registersOf(bytesOf(added([...items, ...items].reverse(), 0)));
        expectSame(again, once);
      }),
      { numRuns: 40 },
    );
  });

  it('of a union is that of all elements together', () => {
    const [a, b] = [elements(0, 3000), elements(2000, 6000)];
    const union = new Uint8Array(REGISTERS);
    for (const hll of [added(a), added(b, 0)]) mergeInto(union, hll.buf, hll.off, hll.len);
    const together = added([...a, ...b]);
    expect(countRegisters(union)).toBe(count(together.buf, together.off, together.len));
  });

  it('of nothing is 0, and its cache remembers it until it is told to forget', () => {
    expect(count(EMPTY_HYPERLOGLOG, 0, EMPTY_HYPERLOGLOG.length)).toBe(0);
    const bytes = EMPTY_HYPERLOGLOG.slice();
    cacheCount(bytes, 0, 1234567890123);
    expect([hasCount(bytes, 0), cachedCount(bytes, 0)]).toEqual([true, 1234567890123n]);
    forgetCount(bytes, 0);
    expect(hasCount(bytes, 0)).toBe(false);
  });
});

describe('damaged bytes', () => {
  it('are no HyperLogLog without its header, or of the wrong length when dense', () => {
    const ok = (bytes: Uint8Array) => isHyperLogLog(bytes, 0, bytes.length);
    expect(ok(EMPTY_HYPERLOGLOG)).toBe(true);
    expect(ok(EMPTY_HYPERLOGLOG.slice(0, HEADER_BYTES - 1))).toBe(false);
    expect(ok(Buffer.from('HYLX____________________'))).toBe(false);
    const dense = bytesOf(added(elements(0, 9), 0));
    expect(ok(dense)).toBe(true);
    expect(ok(dense.slice(0, -1))).toBe(false);
    dense[4] = 2;
    expect(ok(dense)).toBe(false);
  });

  it('of sparse runs are found out, or valid, and never read beyond their end', () => {
    const runs = fc.uint8Array({ maxLength: 30 });
    fc.assert(
      fc.property(
        runs,
        fc.nat(REGISTERS - 1),
        fc.integer({ min: 1, max: 51 }),
        (tail, i, value) => {
          const bytes = Uint8Array.from([...EMPTY_HYPERLOGLOG.subarray(0, HEADER_BYTES), ...tail]);
          const isValid = !Number.isNaN(count(bytes, 0, bytes.length));
          const merged = mergeInto(new Uint8Array(REGISTERS), bytes, 0, bytes.length);
          expect(merged).toBe(isValid);
          expect(opened(bytes).toDense()).toBe(isValid);
          const hll = opened(bytes);
          const outcome = hll.set(i, value, SPARSE_MAX);
          if (isValid) expect(outcome).not.toBe(Outcome.Corrupted);
          expect(hll.len).toBeLessThanOrEqual(DENSE_BYTES);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('do not spoil the next string that is opened', () => {
    const hll = opened(Uint8Array.from([...EMPTY_HYPERLOGLOG.subarray(0, 16), 0x00]));
    expect(hll.set(5000, 1, SPARSE_MAX)).toBe(Outcome.Corrupted);
    hll.open(EMPTY_HYPERLOGLOG, 0, EMPTY_HYPERLOGLOG.length);
    expect(hll.moved).toBe(false);
    expect(hll.set(5000, 1, SPARSE_MAX)).toBe(Outcome.Changed);
    expect(registersOf(bytesOf(hll))[5000]).toBe(1);
  });
});
