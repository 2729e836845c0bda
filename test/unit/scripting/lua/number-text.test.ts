import { describe, expect, it } from 'vitest';
import {
  numberToString,
  stringToNumber,
  stringToUnsigned,
} from '../../../../src/scripting/lua/number-text.js';

describe('A number as text', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [99999999999999, '99999999999999'],
    [100000000000000, '1e+14'],
    [0.1, '0.1'],
    [1 / 3, '0.33333333333333'],
    [123456.789, '123456.789'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.0000012345, '1.2345e-06'],
    [5e-324, '4.9406564584125e-324'],
    [1.7976931348623157e308, '1.7976931348623e+308'],
    [2 ** 53, '9.007199254741e+15'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [Number.NaN, '-nan'],
    // Ties: exact halves of the last digit.
    [1000000000000.25, '1000000000000.2'],
    [1000000000000.75, '1000000000000.8'],
    [-1000000000000.25, '-1000000000000.2'],
    [100000000000000.5, '1e+14'],
  ])('%d is %s', (x, text) => {
    expect(numberToString(x)).toBe(text);
  });
});

describe('Text as a number', () => {
  it.each([
    ['10', 10],
    [' 10\t', 10],
    ['.5', 0.5],
    ['5.', 5],
    ['1e2', 100],
    ['-1', -1],
    ['0x10', 16],
    ['0xA.8p1', 21],
    ['0x', undefined],
    ['1e', undefined],
    ['1 2', undefined],
    ['', undefined],
    ['10\0x', 10],
    ['inf', Infinity],
    ['0x1p-1074', 5e-324],
    ['0x1.fffffffffffff8p1023', Infinity],
    ['0x10000000000000081', 2 ** 64],
  ])('%j is %s', (text, number) => {
    expect(stringToNumber(text)).toBe(number);
  });

  it.each([
    ['ff', 16, 255],
    ['0xff', 16, 255],
    ['-1', 16, 2 ** 64],
    ['zz', 36, 1295],
    ['8', 8, undefined],
    ['99999999999999999999999', 11, 2 ** 64],
    [' 101 ', 2, 5],
  ])('%j of base %d is %s', (text, base, number) => {
    expect(stringToUnsigned(text, base)).toBe(number);
  });
});
