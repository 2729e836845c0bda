/** Listpacks: against an array of strings, in memory that moves, and against Redis's own bytes. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRange, type ByteStore, HeapBytes } from '../../../src/datastructs/byte-store.js';
import { EMPTY_LISTPACK_BYTES, Listpack } from '../../../src/datastructs/listpack.js';

/** A store that moves at every resize and spoils what it leaves, as an arena may. */
class MovingBytes implements ByteStore {
  readonly range = new ByteRange();
  private moves = 0;

  resize(len: number): void {
    const { range } = this;
    const off = (this.moves++ * 7) % 13;
    const next = new Uint8Array(off + len + 5).fill(0xcd);
    const kept = Math.min(len, range.len);
    next.set(range.buf.subarray(range.off, range.off + kept), off);
    range.buf.fill(0xdb);
    range.buf = next;
    range.off = off;
    range.len = len;
  }
}

function emptyIn(store: ByteStore): Listpack {
  Listpack.init(store);
  return new Listpack(store);
}

/** The text's bytes within others, as an argument lies in a request. */
function bytesOf(text: string): [Uint8Array, number, number] {
  return [Buffer.from(`<<${text}>>`, 'latin1'), 2, text.length];
}

function textAt(lp: Listpack, p: number): string {
  lp.read(p);
  return Buffer.from(lp.buf.subarray(lp.off, lp.off + lp.len)).toString('latin1');
}

/** All elements, first to last. */
function elements(lp: Listpack): string[] {
  const found: string[] = [];
  for (let p = lp.first(); p !== 0; p = lp.next(p)) found.push(textAt(lp, p));
  return found;
}

/** All elements, last to first. */
function backward(lp: Listpack): string[] {
  const found: string[] = [];
  for (let p = lp.last(); p !== 0; p = lp.prev(p)) found.push(textAt(lp, p));
  return found;
}

/** Says whether the listpack is well formed and holds just these. */
function expectElements(lp: Listpack, expected: readonly string[]): void {
  expect(elements(lp)).toEqual(expected);
  expect(backward(lp)).toEqual([...expected].reverse());
  expect(lp.count).toBe(expected.length);
  const { buf, off, len } = lp.range;
  expect(new DataView(buf.buffer, buf.byteOffset + off).getUint32(0, true)).toBe(len);
  expect(buf[off + len - 1]).toBe(0xff);
}

function hex(lp: Listpack): string {
  const { buf, off, len } = lp.range;
  return Buffer.from(buf.subarray(off, off + len)).toString('hex');
}

/** Where an integer takes one form and its neighbour another. */
const INTEGER_EDGES = [
  0n,
  127n,
  128n,
  4095n,
  4096n,
  2n ** 15n,
  2n ** 23n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
];
/** Texts around these lengths take another header or another back length. */
const LENGTH_EDGES = [
  0, 20, 21, 63, 64, 125, 126, 127, 128, 4095, 4096, 16377, 16378, 16380, 65535,
];

const integerText = fc
  .tuple(fc.constantFrom(...INTEGER_EDGES), fc.integer({ min: -2, max: 2 }), fc.boolean())
  .map(([edge, delta, negative]) => String((negative ? -edge : edge) + BigInt(delta)));
const longText = fc
  .tuple(fc.constantFrom(...LENGTH_EDGES), fc.integer({ min: 0, max: 2 }))
  .map(([length, more]) => 'x'.repeat(length + more));
const almostInteger = fc.constantFrom('-0', '01', '+1', '-', ' 1', '1 ', '1.0', '00', '-01');
const element = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 5 }) },
  { weight: 4, arbitrary: integerText },
  { weight: 1, arbitrary: longText },
  { weight: 1, arbitrary: almostInteger },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
);

interface Step {
  op:
    | 'append'
    | 'pair'
    | 'prepend'
    | 'before'
    | 'after'
    | 'replace'
    | 'number'
    | 'remove'
    | 'range';
  at: number;
  n: number;
  text: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom<Step['op'][]>(
    'append',
    'pair',
    'prepend',
    'before',
    'after',
    'replace',
    'replace',
    'number',
    'remove',
    'range',
  ),
  at: fc.nat(1000),
  n: fc.integer({ min: -(2 ** 53 - 1), max: 2 ** 53 - 1 }),
  text: element,
});

/** Does the same to the listpack and to the array. */
function apply(lp: Listpack, model: string[], { op, at, n, text }: Step): void {
  const index = model.length === 0 ? 0 : at % model.length;
  const p = lp.seek(index);
  if (op === 'append') {
    lp.append(...bytesOf(text));
    model.push(text);
  } else if (op === 'pair') {
    lp.appendPair(...bytesOf(text), ...bytesOf(String(n)));
    model.push(text, String(n));
  } else if (op === 'prepend') {
    lp.prepend(...bytesOf(text));
    model.unshift(text);
  } else if (p === 0) {
    expect(model).toEqual([]);
  } else if (op === 'before') {
    lp.insertBefore(p, ...bytesOf(text));
    expect(textAt(lp, p)).toBe(text);
    model.splice(index, 0, text);
  } else if (op === 'after') {
    lp.insertAfter(p, ...bytesOf(text));
    model.splice(index + 1, 0, text);
  } else if (op === 'replace') {
    lp.replace(p, ...bytesOf(text));
    expect(textAt(lp, p)).toBe(text);
    model[index] = text;
  } else if (op === 'number') {
    lp.replaceByInteger(p, n);
    lp.appendInteger(n);
    model[index] = String(n);
    model.push(String(n));
  } else if (op === 'remove') {
    const next = lp.remove(p, 1 + (at % 3));
    model.splice(index, 1 + (at % 3));
    expect(next === 0 ? undefined : textAt(lp, next)).toBe(model[index]);
  } else {
    const from = at % 2 === 0 ? index : index - model.length;
    lp.removeRange(from, at % 4);
    model.splice(index, at % 4);
  }
}

describe('a listpack', () => {
  it('holds what an array would, forth and back, wherever its bytes move', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const lp = emptyIn(new MovingBytes());
        const model: string[] = [];
        for (const each of steps) apply(lp, model, each);
        expectElements(lp, model);
      }),
      { numRuns: 150 },
    );
  });

  it('finds an element by its text or number, passing over the others', () => {
    fc.assert(
      fc.property(
        fc.array(element, { maxLength: 30 }),
        element,
        fc.nat(2),
        fc.nat(40),
        (texts, other, skip, pick) => {
          const lp = emptyIn(new MovingBytes());
          for (const text of texts) lp.append(...bytesOf(text));
          const wanted = texts[pick] ?? other;
          const index = texts.findIndex((text, i) => i % (skip + 1) === 0 && text === wanted);
          const p = lp.find(lp.first(), ...bytesOf(wanted), skip);
          expect(p).toBe(index < 0 ? 0 : lp.seek(index));
          if (p !== 0) expect(lp.is(p, ...bytesOf(wanted))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('seeks by an index from either end, and finds none outside', () => {
    const lp = emptyIn(new HeapBytes());
    const texts = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? `t${i}` : String(i * 1000)));
    for (const text of texts) lp.append(...bytesOf(text));
    for (let i = 0; i < 50; i++) {
      expect(textAt(lp, lp.seek(i))).toBe(texts[i]);
      expect(textAt(lp, lp.seek(i - 50))).toBe(texts[i]);
    }
    expect([lp.seek(50), lp.seek(-51)]).toEqual([0, 0]);
  });

  it('keeps every integer of 64 bits as an integer, and nothing else', () => {
    fc.assert(
      fc.property(element, (text) => {
        const lp = emptyIn(new MovingBytes());
        lp.append(...bytesOf(text));
        const p = lp.first();
        const canonical = /^(0|-?[1-9][0-9]{0,18})$/.test(text);
        const isInteger = canonical && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
        expect(lp.isInteger(p)).toBe(isInteger);
        if (!isInteger) return;
        expect(lp.integer64(p)).toBe(BigInt(text));
        expect(lp.integer(p)).toBe(Number(text));
      }),
      { numRuns: 400 },
    );
  });

  it('says beforehand how many bytes an element will take', () => {
    fc.assert(
      fc.property(element, (text) => {
        const lp = emptyIn(new HeapBytes());
        const bytes = lp.bytesFor(...bytesOf(text));
        lp.append(...bytesOf(text));
        expect(lp.byteLength).toBe(EMPTY_LISTPACK_BYTES + bytes);
      }),
      { numRuns: 200 },
    );
  });

  it('walks back over elements of any length up to 70000', () => {
    const lp = emptyIn(new HeapBytes());
    const lengths = LENGTH_EDGES.flatMap((n) => [n, n + 1]).concat(70_000);
    for (const n of lengths) lp.append(...bytesOf('y'.repeat(n)));
    expect(backward(lp).map((text) => text.length)).toEqual([...lengths].reverse());
  });

  it('counts beyond the 65535 that its header can say', () => {
    const lp = emptyIn(new HeapBytes());
    for (let i = 0; i < 65_534; i++) lp.appendInteger(i & 127);
    expect(hex(lp).slice(8, 12)).toBe('feff');
    for (let i = 0; i < 6; i++) lp.append(...bytesOf('end'));
    expect([lp.count, hex(lp).slice(8, 12)]).toEqual([65_540, 'ffff']);
    expect(textAt(lp, lp.seek(-1))).toBe('end');
    expect(textAt(lp, lp.seek(65_533))).toBe(String(65_533 & 127));
    lp.removeRange(-6, 6);
    expect([lp.count, hex(lp).slice(8, 12)]).toEqual([65_534, 'feff']);
    lp.removeRange(0, 70_000);
    expectElements(lp, []);
  });

  it('finds in a list of pairs only what is in a first place', () => {
    const lp = emptyIn(new HeapBytes());
    for (const text of ['f', 'v', 'v', '5', '5', 'f']) lp.append(...bytesOf(text));
    expect(lp.find(lp.first(), ...bytesOf('v'), 1)).toBe(lp.seek(2));
    expect(lp.find(lp.first(), ...bytesOf('5'), 1)).toBe(lp.seek(4));
    expect(lp.find(lp.seek(2), ...bytesOf('f'), 1)).toBe(0);
    expect(lp.find(0, ...bytesOf('f'), 1)).toBe(0);
  });
});

/** Elements, and the listpack that redis-server 7.0.15 makes of them (from DUMP of a hash). */
const INTEGERS_BY_REDIS: [texts: string[], bytes: string][] = [
  [['0', '127', '128', '-1'], '0001 7f01 c08002 dfff02'],
  [['4095', '4096', '-4096', '-4097'], 'cfff02 f1001003 d00002 f1ffef03'],
  [['32767', '32768', '-32768', '-32769'], 'f1ff7f03 f200800004 f1008003 f2ff7fff04'],
  [['8388607', '8388608', '-8388608'], 'f2ffff7f04 f30000800005 f200008004'],
  [['-8388609', '2147483647', '-2147483648'], 'f3ffff7fff05 f3ffffff7f05 f30000008005'],
  [['2147483648', '-2147483649'], 'f4000000800000000009 f4ffffff7fffffffff09'],
  [['9223372036854775807'], 'f4ffffffffffffff7f09'],
  [['-9223372036854775808'], 'f4000000000000008009'],
];

const TEXTS_BY_REDIS: [texts: string[], bytes: string][] = [
  [['', 'a', '01', '-0', '+1'], '8001 816102 82303103 822d3003 822b3103'],
  [['9223372036854775808'], '933932323333373230333638353437373538303814'],
  [['x'.repeat(63)], `bf${'78'.repeat(63)}40`],
  [['y'.repeat(64)], `e040${'79'.repeat(64)}42`],
  [['z'.repeat(125)], `e07d${'7a'.repeat(125)}7f`],
  [['z'.repeat(126)], `e07e${'7a'.repeat(126)}0180`],
  [['z'.repeat(4095)], `efff${'7a'.repeat(4095)}2081`],
  [['z'.repeat(4096)], `f000100000${'7a'.repeat(4096)}2085`],
  [['z'.repeat(16377)], `f0f93f0000${'7a'.repeat(16377)}7ffe`],
  [['z'.repeat(16378)], `f0fa3f0000${'7a'.repeat(16378)}00ffff`],
  [['z'.repeat(70000)], `f070110100${'7a'.repeat(70000)}04a2f5`],
];

describe('the bytes of a listpack', () => {
  it.each([...INTEGERS_BY_REDIS, ...TEXTS_BY_REDIS])(
    'of %# are those of Redis',
    (texts, spaced) => {
      const lp = emptyIn(new MovingBytes());
      for (const text of texts) lp.append(...bytesOf(text));
      const body = spaced.replaceAll(' ', '');
      const header = Buffer.alloc(6);
      header.writeUInt32LE(body.length / 2 + EMPTY_LISTPACK_BYTES);
      header.writeUInt16LE(texts.length, 4);
      expect(hex(lp)).toBe(`${header.toString('hex')}${body}ff`);
      expectElements(lp, texts);
    },
  );

  it('of an empty one are the header and the end', () => {
    expect(hex(emptyIn(new MovingBytes()))).toBe('070000000000ff');
  });
});
