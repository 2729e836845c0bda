import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteBytes, splitArgs } from '../../../src/text/quote.js';

function words(line: string): string[] | undefined {
  return splitArgs(line)?.map((word) => Buffer.from(word).toString('latin1'));
}

describe('quoteBytes', () => {
  it.each([
    ['', '""'],
    ['plain text', '"plain text"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\n\r\t\x07\b', '"\\n\\r\\t\\a\\b"'],
    ['\x00\x1b\x7f\x80\xff', '"\\x00\\x1b\\x7f\\x80\\xff"'],
    ["'", '"\'"'],
  ])('shows %j as %s', (text, quoted) => {
    expect(quoteBytes(Buffer.from(text, 'latin1'))).toBe(quoted);
  });
});

describe('splitArgs', () => {
  it.each([
    ['', []],
    [' \t\r\n\v\f', []],
    ['set foo bar', ['set', 'foo', 'bar']],
    ['  set   foo\t\tbar \r\n', ['set', 'foo', 'bar']],
    ['"a b" c', ['a b', 'c']],
    ['""', ['']],
    ["''", ['']],
    ['"\\x00\\xFf\\xzz\\x1"', ['\x00\xffxzzx1']],
    ['"\\n\\r\\t\\b\\a\\q\\""', ['\n\r\t\b\x07q"']],
    ["'it\\'s' '\\n'", ["it's", '\\n']],
    ['a\\nb', ['a\\nb']],
    ['foo"bar"', ['foobar']],
    ["foo'bar baz'", ['foobar baz']],
    ['"a"\v"b"', ['a', 'b']],
    ['a\vb c', ['a\vb', 'c']],
    ['a\0b', ['a']],
    ['\xe4 \xff', ['\xe4', '\xff']],
  ])('takes %j apart into %j', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it.each(['"', "'", 'a "b', "a 'b", '"a"b', "'a'b", '"a""b"', '"a\\"', "'a\\'", '"a\0"', 'a"'])(
    'refuses %j: its quotes are unbalanced, or something sticks to the closing one',
    (line) => {
      expect(words(line)).toBeUndefined();
    },
  );

  it('takes bytes as well as latin1 text', () => {
    expect(splitArgs(Buffer.from([0x61, 0x20, 0xff]))).toEqual([
      Uint8Array.of(0x61),
      Uint8Array.of(0xff),
    ]);
  });

  it('reads back whatever quoteBytes wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (list) => {
        const line = list.map(quoteBytes).join(' ');
        expect(splitArgs(line)).toEqual(list);
      }),
    );
  });

  it('takes any bytes without failing, and never makes more of them', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (line) => {
        const total = splitArgs(line)?.reduce((sum, word) => sum + word.length, 0) ?? 0;
        expect(total).toBeLessThanOrEqual(line.length);
      }),
    );
  });
});
