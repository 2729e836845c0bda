import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDouble, formatDouble17g, parseDouble } from '../../../src/text/double.js';

function parse(text: string): number {
  return parseDouble(Buffer.from(`7${text}7`, 'latin1'), 1, text.length);
}

const ordinary = fc.double({ noNaN: true });

describe('parseDouble', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['1', 1],
    ['+1.5', 1.5],
    ['-1.5', -1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['00012', 12],
    ['0.1', 0.1],
    ['123456789012345', 123456789012345],
    ['9007199254740993', 9007199254740992],
    ['1e3', 1000],
    ['1E-3', 0.001],
    ['0e999999999', 0],
    ['4.9e-324', 5e-324],
    ['2.5e-324', 5e-324],
    ['1.7976931348623158e308', Number.MAX_VALUE],
    ['inf', Infinity],
    ['+INF', Infinity],
    ['-Infinity', -Infinity],
    ['0x10', 16],
    ['-0X1.8p1', -3],
    ['0x.8', 0.5],
    ['0x1p-1074', 5e-324],
    ['0x1.8p-1075', 5e-324],
    ['0x20000000000001', 2 ** 53],
    ['0x20000000000003', 2 ** 53 + 4],
    ['0x1.fffffffffffff7p1023', Number.MAX_VALUE],
    ['0x0p99999999999', 0],
  ])('reads %s as C does', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each([
    '',
    '.',
    '+',
    '-',
    '+.',
    '1e',
    '1e+',
    'e1',
    '0x',
    '0x.',
    '0x1p',
    '0b1',
    '1_000',
    '- 1',
    ' 1',
    '1 ',
    '\t1',
    '1\0',
    '1,5',
    'abc',
    'infinit',
    'infinityx',
  ])('refuses %j: not a number from its first byte to its last', (text) => {
    expect(parse(text)).toBeNaN();
  });

  it.each(['nan', 'NaN', '-nan', 'nan(1)'])('refuses %s, which C would take', (text) => {
    expect(parse(text)).toBeNaN();
  });

  it.each(['1e309', '-1e309', '0x1p1024', '0x1.fffffffffffff8p1023', '1'.repeat(400)])(
    'refuses %s, which is too big for a double',
    (text) => {
      expect(parse(text)).toBeNaN();
    },
  );

  it.each(['1e-400', '2.4e-324', '0x1p-1075', `0.${'0'.repeat(400)}1`, '1e-99999999999999999999'])(
    'refuses %s, which rounds to zero without being zero',
    (text) => {
      expect(parse(text)).toBeNaN();
    },
  );

  it('takes an empty range at the end of a buffer', () => {
    expect(parseDouble(new Uint8Array(0), 0, 0)).toBeNaN();
  });

  it('reads back what JavaScript prints', () => {
    fc.assert(
      fc.property(ordinary, (n) => {
        const text = Number.isFinite(n) ? (Object.is(n, -0) ? '-0' : String(n)) : `${n}`;
        expect(parse(text)).toBe(n);
      }),
    );
  });

  it('reads short decimals to the nearest double', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(20), (n, places) => {
        const digits = String(n).padStart(places + 1, '0');
        const cut = digits.length - places;
        const text = `${digits.slice(0, cut)}.${digits.slice(cut)}`;
        expect(parse(text)).toBe(Number(text));
      }),
    );
  });
});

describe('formatDouble', () => {
  // Recorded from d2string of Redis 7.2.6.
  it.each([
    [0, '0'],
    [-0, '-0'],
    [3, '3'],
    [-17, '-17'],
    [3.5, '3.5'],
    [0.1, '0.1'],
    [0.30000000000000004, '0.30000000000000004'],
    [1e15, '1000000000000000'],
    [1e17, '100000000000000000'],
    [2 ** 53 + 2, '9007199254740994'],
    [2 ** 60, '1152921504606846976'],
    [2 ** 62, '4611686018427387904'],
    [-(2 ** 62), '-4611686018427387904'],
    [2 ** 63, '9223372036854776000'],
    [5e18, '5e+18'],
    [1e20, '1e+20'],
    [-1e20, '-1e+20'],
    [1.5e21, '1.5e+21'],
    [1.2345678901234567e19, '12345678901234567000'],
    [1e100, '1e+100'],
    [1e-5, '0.00001'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
    [1.5e-7, '1.5e-7'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [-1.2345678901234567e-200, '-1.2345678901234567e-200'],
    [0.001234567890123, '0.001234567890123'],
    [0.0001234567890123, '1.234567890123e-4'],
    [9999.678901234567, '9999.678901234567'],
    [12345.678901234567, '1.2345678901234567e+4'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
  ])('prints %d as Redis 7.2 does: %s', (n, text) => {
    expect(formatDouble(n)).toBe(text);
  });

  it.each([
    [0.000649, '6.489999999999999e-4'],
    [0.001298, '0.0012979999999999999'],
    [65536.0553, '6.553605530000001e+4'],
  ])('prints %d with the extra digits that Redis 7.2 gives it: %s', (n, text) => {
    expect(formatDouble(n)).toBe(text);
  });

  it('prints what reads back as the same double', () => {
    fc.assert(
      fc.property(ordinary, (n) => {
        expect(parse(formatDouble(n))).toBe(n);
      }),
    );
  });

  it('prints scores with up to four decimals as they were typed', () => {
    fc.assert(
      fc.property(fc.integer({ min: -655_360_000, max: 655_360_000 }), (n) => {
        expect(formatDouble(n / 1e4)).toBe(Object.is(n / 1e4, -0) ? '-0' : String(n / 1e4));
      }),
    );
  });
});

describe('formatDouble17g', () => {
  // Recorded from printf("%.17g").
  it.each([
    [0, '0'],
    [-0, '-0'],
    [3, '3'],
    [3.5, '3.5'],
    [-0.1, '-0.10000000000000001'],
    [1e16, '10000000000000000'],
    [1e17, '1e+17'],
    [1e20, '1e+20'],
    [1e100, '1e+100'],
    [0.0001, '0.0001'],
    [1e-5, '1.0000000000000001e-05'],
    [5e-324, '4.9406564584124654e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [2 ** 47 + 1 / 8, '140737488355328.12'],
    [2 ** 47 + 3 / 8, '140737488355328.38'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
  ])('prints %d as C does: %s', (n, text) => {
    expect(formatDouble17g(n)).toBe(text);
  });

  it('prints what reads back as the same double', () => {
    fc.assert(
      fc.property(ordinary, (n) => {
        expect(parse(formatDouble17g(n))).toBe(n);
      }),
    );
  });
});
