import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatG } from '../../../src/text/format-g.js';

describe('formatG', () => {
  it.each<[number, number, string]>([
    [0, 14, '0'],
    [-0, 14, '-0'],
    [1e13, 14, '10000000000000'],
    [1e14, 14, '1e+14'],
    [99999999999999.5, 14, '1e+14'],
    [0.1, 14, '0.1'],
    [0.1, 17, '0.10000000000000001'],
    [1 / 3, 14, '0.33333333333333'],
    [0.0001, 14, '0.0001'],
    [0.00001, 14, '1e-05'],
    [123456, 3, '1.23e+05'],
    [2.5, 1, '2'],
    [3.5, 1, '4'],
    [2.125, 3, '2.12'],
    [2.375, 3, '2.38'],
    [5e-324, 14, '4.9406564584125e-324'],
    [Infinity, 14, 'inf'],
    [-Infinity, 14, '-inf'],
    [Number.NaN, 14, 'nan'],
  ])('prints %d with %i digits as %s', (n, digits, text) => {
    expect(formatG(n, digits)).toBe(text);
  });

  it('prints 17 digits so that they read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        expect(Number(formatG(n, 17))).toBe(n);
      }),
    );
  });
});
