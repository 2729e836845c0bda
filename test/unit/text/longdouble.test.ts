import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  isNaNLongDouble,
  parseLongDouble,
} from '../../../src/text/longdouble.js';

const INVALID = 'value is not a valid float';
const NOT_FINITE = 'increment would produce NaN or Infinity';

/** What INCRBYFLOAT answers for this value and increment. */
function increment(value: string, by: string): string {
  const a = parseLongDouble(value);
  const b = parseLongDouble(by);
  if (a === undefined || b === undefined) return INVALID;
  const sum = addLongDouble(a, b);
  return isFiniteLongDouble(sum) ? formatLongDouble(sum) : NOT_FINITE;
}

// Recorded from Redis 7.2.6 on x86-64, whose long double has 64 bits.
const RECORDED: [string, string, string][] = [
  ['0', '0', '0'],
  ['-0', '-0', '0'],
  ['0.1', '0.2', '0.3'],
  ['3.0e3', '200', '3200'],
  ['5.0e3', '2.0e2', '5200'],
  ['10.50', '0.1', '10.6'],
  ['1', '-1', '0'],
  ['-1', '0.99', '-0.01'],
  ['1.5', '1', '2.5'],
  ['1', '0.00000000000000001', '1.00000000000000001'],
  ['0', '0.00000000000000001', '0.00000000000000001'],
  ['0', '5e-18', '0'],
  ['0', '5.0000000000000001e-18', '0.00000000000000001'],
  ['0', '4.9e-18', '0'],
  ['0', '-4.9e-18', '0'],
  ['0', '1.5e-17', '0.00000000000000002'],
  ['0', '2.5e-17', '0.00000000000000002'],
  ['0', '0.000030517578125', '0.000030517578125'],
  ['1', '5.42101086242752217e-20', '1'],
  ['9223372036854775807', '1', '9223372036854775808'],
  ['18446744073709551615', '1', '18446744073709551616'],
  ['18446744073709551616', '1', '18446744073709551616'],
  ['18446744073709551617', '0', '18446744073709551616'],
  ['36893488147419103233', '0', '36893488147419103232'],
  ['9007199254740993', '0.5', '9007199254740993.5'],
  ['12345678901234567890.12345', '0', '12345678901234567890'],
  ['99999999999999999999', '1', '100000000000000000000'],
  ['1e17', '0.1', '100000000000000000.1015625'],
  ['123456789.123456789', '987654321.987654321', '1111111111.11111110995989293'],
  ['0.1', '-0.1', '0'],
  ['17179869184', '0.0000000001', '17179869184'],
  ['3.14159265358979323846', '2.71828182845904523536', '5.85987448204883847'],
  ['1e-4000', '0', '0'],
  ['1e-4951', '0', INVALID],
  ['3.6e-4951', '0', '0'],
  ['1.8e-4951', '0', INVALID],
  ['1e-99999999999', '0', INVALID],
  ['0e99999999999', '1', '1'],
  ['1e4933', '0', INVALID],
  ['1.2e4932', '0', INVALID],
  ['1e99999999999', '1', INVALID],
  ['inf', '1', NOT_FINITE],
  ['inf', '-inf', NOT_FINITE],
  ['-infinity', '0', NOT_FINITE],
  ['nan', '0', INVALID],
  ['0', 'NaN', INVALID],
  ['1.1e4932', '1e4932', NOT_FINITE],
  ['-1.1e4932', '-1.1e4932', NOT_FINITE],
  ['1.1e4932', '-1.1e4932', '0'],
  ['0x10', '0x.8', '16.5'],
  ['0x1p-3', '0X1P+3', '8.125'],
  ['0xffffffffffffffff.8', '0', '18446744073709551616'],
  ['0xffffffffffffffff.7', '0', '18446744073709551615'],
  ['0x1p-16445', '0', '0'],
  ['0x1p-16446', '0', INVALID],
  ['0x1p16384', '0', INVALID],
  ['', ' 1', INVALID],
  [' 1', '0', INVALID],
  ['1 ', '0', INVALID],
  ['1', 'abc', INVALID],
  ['.5', '5.', '5.5'],
  ['.', '0', INVALID],
  ['1e', '0', INVALID],
  ['+1', '+2', '3'],
  ['1_0', '0', INVALID],
  ['0x', '0', INVALID],
  ['12a', '0', INVALID],
  ['1\0', '0', INVALID],
  ['1e30', '1', '1000000000000000000024696061952'],
  ['1e40', '-1e40', '0'],
  ['-1.00000000000000005', '0', '-1.00000000000000005'],
  ['0.5e-16', '0.25e-16', '0.00000000000000007'],
];

describe('INCRBYFLOAT', () => {
  it.each(RECORDED)('%j + %j: %s', (value, by, answer) => {
    expect(increment(value, by)).toBe(answer);
  });

  it('adds integers of up to 63 bits exactly', () => {
    const integer = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        expect(increment(`${a}`, `${b}`)).toBe(`${a + b}`);
      }),
    );
  });

  it('adds short decimals as people do', () => {
    const cents = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const sum = Number(((a + b) / 1000).toFixed(3));
        // Beyond 13 digits or so the 17th decimal shows what binary can't hold.
        const answer = Number(increment(`${a / 1000}`, `${b / 1000}`));
        expect(answer).toBeCloseTo(sum, 9);
        if (Math.abs(a) < 30_000 && Math.abs(b) < 30_000) {
          expect(increment(`${a / 1000}`, `${b / 1000}`)).toBe(String(sum + 0));
        }
      }),
    );
  });

  it('gives what reads back and prints the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        const once = increment(`${n}`, '0');
        expect(increment(once, '0')).toBe(once);
      }),
    );
  });

  it('does not depend on the order', () => {
    const text = fc.double({ noNaN: true }).map((n) => `${n}`);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(increment(a, b)).toBe(increment(b, a));
      }),
    );
  });
});

describe('the limits of long doubles', () => {
  it('takes texts of up to 5119 bytes', () => {
    expect(increment('0'.repeat(5118).concat('1'), '1')).toBe('2');
    expect(increment('0'.repeat(5119).concat('1'), '1')).toBe(INVALID);
    expect(increment(`0.${'1'.repeat(5117)}`, '0')).toBe('0.11111111111111111');
    expect(increment('1'.repeat(5119), '0')).toBe(INVALID);
  });

  it('does as little work for huge exponents as for big ones', () => {
    const start = performance.now();
    for (const text of [
      '1e999999999999',
      '1e-999999999999',
      '0x1p99999999999',
      '0x1p-99999999999',
    ]) {
      expect(parseLongDouble(text)).toBeUndefined();
    }
    for (let i = 0; i < 100; i++) increment('1e4932', '-1e-4900');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('prints the greatest number in full', () => {
    const text = increment('1.18973149535723176502e4932', '0');
    expect(text).toHaveLength(4933);
    expect(text.startsWith('118973149535723176502126385303')).toBe(true);
  });

  it('prints the smallest numbers as 0', () => {
    expect(increment('3.6e-4951', '0')).toBe('0');
    expect(increment('-1e-4000', '0')).toBe('0');
  });
});

describe('infinities', () => {
  const plus = parseLongDouble('inf')!;
  const minus = parseLongDouble('-inf')!;
  const one = parseLongDouble('1')!;

  it('add up to themselves, or to NaN if they cancel', () => {
    expect(formatLongDouble(addLongDouble(plus, one))).toBe('inf');
    expect(formatLongDouble(addLongDouble(one, minus))).toBe('-inf');
    expect(formatLongDouble(addLongDouble(minus, minus))).toBe('-inf');
    const nan = addLongDouble(plus, minus);
    expect(isNaNLongDouble(nan)).toBe(true);
    expect(formatLongDouble(addLongDouble(nan, one))).toBe('nan');
  });

  it('are neither finite nor NaN', () => {
    expect(isFiniteLongDouble(plus)).toBe(false);
    expect(isNaNLongDouble(plus)).toBe(false);
  });
});
