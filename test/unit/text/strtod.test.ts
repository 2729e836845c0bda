import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberReader, strtod } from '../../../src/text/strtod.js';

const reader = new NumberReader();

function read(text: string, from = 0): [number, string] {
  strtod(reader, text, from);
  return [reader.value, text.slice(reader.end)];
}

describe('strtod', () => {
  it.each<[string, number, string]>([
    ['12', 12, ''],
    ['-1.5e3x', -1500, 'x'],
    ['+.5', 0.5, ''],
    ['5.', 5, ''],
    ['007', 7, ''],
    ['1e', 1, 'e'],
    ['1e+', 1, 'e+'],
    ['1.2.3', 1.2, '.3'],
    ['0x10', 16, ''],
    ['0X.8p1', 1, ''],
    ['0x', 0, 'x'],
    ['0x.', 0, 'x.'],
    ['0x1p', 1, 'p'],
    ['inf', Infinity, ''],
    ['-INFINITY!', -Infinity, '!'],
    ['infinit', Infinity, 'init'],
    ['1e400', Infinity, ''],
    ['1e-400', 0, ''],
    ['0x1p-1074', 5e-324, ''],
  ])('takes the number at the beginning of %s', (text, value, rest) => {
    expect(read(text)).toEqual([value, rest]);
  });

  it('takes nan, with something in brackets or not', () => {
    expect(read('nan(0x1)]')).toEqual([Number.NaN, ']']);
    expect(read('NaN(')).toEqual([Number.NaN, '(']);
  });

  it.each(['', '-', '.', '+.', 'e5', 'x', '- 1', ' 1', 'in'])('takes nothing of "%s"', (text) => {
    expect(read(text)[1]).toBe(text);
  });

  it('rounds once, however many digits there are', () => {
    // Exactly between 1 and the next double.
    const middle = (2n ** 53n + 1n) * 5n ** 53n;
    const text = `1.${middle.toString().slice(1)}`;
    expect(read(`${text}${'0'.repeat(2000)}`)[0]).toBe(1);
    expect(read(`${text}${'0'.repeat(2000)}1`)[0]).toBe(1 + 2 ** -52);
    expect(read(`0x1.00000000000008${'0'.repeat(100)}1`)[0]).toBe(1 + 2 ** -52);
    expect(read(`0.${'0'.repeat(5000)}1e5000`)[0]).toBe(0.1);
  });

  it('reads in pieces what it reads at once', () => {
    const parts = fc.constantFrom('1', '0', '9', '.', 'e', '-', '+', '0x', 'f', 'p', 'inf', 'nan');
    const texts = fc.array(parts, { maxLength: 12 }).map((list) => list.join(''));
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 5 }), (text, piece) => {
        const whole = read(text);
        reader.begin(text, 0);
        while (!reader.read(piece));
        expect([reader.value, text.slice(reader.end)]).toEqual(whole);
      }),
    );
  });
});
