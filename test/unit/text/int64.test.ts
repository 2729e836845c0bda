import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clampToInt64,
  INT64_MAX,
  INT64_MIN,
  integerLength,
  isInt64,
  parseInt64,
  parseInteger,
  writeInteger,
} from '../../../src/text/int64.js';

/** Puts digits around the text, so that reading a byte too far changes the answer. */
function framed(text: string): [Uint8Array, number, number] {
  return [Buffer.from(`7${text}7`, 'latin1'), 1, text.length];
}

const CANONICAL = /^(0|-?[1-9][0-9]*)$/;

function expected(text: string): bigint | undefined {
  if (!CANONICAL.test(text)) return undefined;
  const value = BigInt(text);
  return value === clampToInt64(value) ? value : undefined;
}

function expectParsed(text: string): void {
  const value = expected(text);
  expect(parseInt64(...framed(text)), text).toBe(value);
  expect(isInt64(...framed(text)), text).toBe(value !== undefined);
  expect(parseInteger(...framed(text)), text).toBe(value === undefined ? NaN : Number(value));
}

const anyInt64 = fc.bigInt({ min: INT64_MIN, max: INT64_MAX });
const anySafe = fc.maxSafeInteger();

describe('reading integers', () => {
  it.each(['0', '1', '-1', '9', '10', '999999999', '1000000000', '-2147483648', '2147483648'])(
    'takes %s',
    (text) => {
      expectParsed(text);
      expect(parseInteger(...framed(text))).toBe(Number(text));
    },
  );

  it.each([
    '',
    '-',
    '+',
    '+1',
    '-0',
    '00',
    '01',
    '-01',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '0x1',
    'a',
    '--1',
  ])('refuses %j, which is not the canonical spelling of an integer', (text) => {
    expectParsed(text);
    expect(parseInteger(...framed(text))).toBeNaN();
  });

  it.each([
    ['9223372036854775807', true],
    ['9223372036854775808', false],
    ['-9223372036854775808', true],
    ['-9223372036854775809', false],
    ['9223372037000000000', false],
    ['9300000000000000000', false],
    ['9999999999999999999', false],
    ['10000000000000000000', false],
    ['18446744073709551615', false],
    ['-10000000000000000000', false],
  ])('is exact at the limits: %s is an int64: %s', (text, isValid) => {
    expectParsed(text);
    expect(isInt64(...framed(text))).toBe(isValid);
  });

  it('gives the nearest double beyond 2^53, with one rounding', () => {
    for (const text of ['9007199254740993', '9007199254740995', '1152921504606847105']) {
      expect(parseInteger(...framed(text))).toBe(Number(BigInt(text)));
    }
  });

  it('reads back every int64', () => {
    fc.assert(fc.property(anyInt64, (value) => expectParsed(String(value))));
  });

  it('agrees with the rules on any text of digits and their neighbours', () => {
    const char = fc.constantFrom(...'0123456789-+/: ');
    fc.assert(fc.property(fc.string({ unit: char, maxLength: 24 }), expectParsed));
  });

  it('agrees with the rules close to the limits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -1000n, max: 1000n }), fc.boolean(), (delta, isLow) =>
        expectParsed(String((isLow ? INT64_MIN : INT64_MAX) + delta)),
      ),
    );
  });

  it('does not read past the end of the buffer', () => {
    expect(parseInteger(Buffer.from('-'), 0, 1)).toBeNaN();
    expect(parseInteger(new Uint8Array(0), 0, 0)).toBeNaN();
  });
});

describe('clampToInt64', () => {
  it('keeps an int64 and moves anything else to the nearer limit', () => {
    expect(clampToInt64(5n)).toBe(5n);
    expect(clampToInt64(INT64_MAX + 1n)).toBe(INT64_MAX);
    expect(clampToInt64(INT64_MIN - 1n)).toBe(INT64_MIN);
  });
});

describe('writing integers', () => {
  function expectWritten(n: number): void {
    const dst = Buffer.alloc(24, 'x');
    const end = writeInteger(dst, 2, n);
    expect(dst.toString('latin1', 2, end)).toBe(String(n));
    expect(dst.toString('latin1', 0, 2) + dst.toString('latin1', end)).toBe(
      'x'.repeat(24 - (end - 2)),
    );
    expect(integerLength(n)).toBe(end - 2);
  }

  it('writes every safe integer as JavaScript spells it, and nothing around it', () => {
    fc.assert(fc.property(anySafe, expectWritten));
    fc.assert(fc.property(fc.integer(), expectWritten));
  });

  it('is right on both sides of every power of ten and of two', () => {
    for (let e = 0; e < 16; e++) for (const d of [-1, 0, 1]) expectWritten(10 ** e + d);
    for (let e = 0; e < 53; e++) for (const d of [-1, 0]) expectWritten(-(2 ** e) + d || 0);
    expectWritten(Number.MAX_SAFE_INTEGER);
    expectWritten(Number.MIN_SAFE_INTEGER);
  });

  it('writes -0 as 0', () => {
    const dst = Buffer.alloc(2);
    expect(writeInteger(dst, 0, -0)).toBe(1);
    expect(dst[0]).toBe(48);
    expect(integerLength(-0)).toBe(1);
  });
});
