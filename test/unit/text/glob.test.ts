import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatch, globMatchText, isPlainPattern } from '../../../src/text/glob.js';

describe('globMatch', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['abcd', 'abc', false],
    ['*', 'anything', true],
    ['a*', 'a', true],
    ['*a', 'bca', true],
    ['a*b*c', 'aXXbYYbc', true],
    ['a*b*c', 'aXXbYYb', false],
    ['a**c', 'ac', true],
    ['h?llo', 'hello', true],
    ['h?llo', 'hllo', false],
    ['*?', 'x', true],
    ['h[ae]llo', 'hallo', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-b]llo', 'hbllo', true],
    ['h[a-b]llo', 'hcllo', false],
    ['*[0-9]', 'key7', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['a\\?b', 'a?b', true],
    ['news.*', 'news.', true],
  ])('%j against %j: %s', (pattern, text, matches) => {
    expect(globMatchText(pattern, text)).toBe(matches);
  });

  // Each checked against redis-server 7.2.6 and 7.0.15.
  it.each([
    ['*', '', false, 'the empty text matches only the empty pattern'],
    ['**', '', false, 'the empty text matches only the empty pattern'],
    ['[abc', 'b', true, 'an unclosed class takes the rest of the pattern'],
    ['[abc', 'bc', false, 'an unclosed class takes the rest of the pattern'],
    ['[', 'a', false, 'an empty class matches nothing'],
    ['[]', ']', false, 'an empty class matches nothing'],
    ['[]a]', 'a]', false, 'an empty class matches nothing'],
    ['[^]', 'a', true, 'an empty negated class matches any byte'],
    ['[^', 'a', true, 'an empty negated class matches any byte'],
    ['[z-a]', 'm', true, 'a range may be reversed'],
    ['[a-]', ']', true, 'a range may end in a closing bracket'],
    ['[a-]', 'b', false, 'a range may end in a closing bracket'],
    ['[a-]z]', 'z', true, 'a class goes on behind such a range'],
    ['[-a]', '-', true, 'a leading dash is a member'],
    ['[a\\]b]', ']', true, 'a bracket may be escaped in a class'],
    ['[a\\-z]', 'm', false, 'an escaped dash makes no range'],
    ['[a\\', '\\', true, 'a trailing backslash in a class is a member'],
    ['a\\', 'a\\', true, 'a trailing backslash is literal'],
    ['[*]', '*', true, 'a star in a class is a member'],
    ['[*]', 'a', false, 'a star in a class is a member'],
    ['[\x00-\xff]', '\x80', false, 'bytes are signed in ranges'],
    ['[\x00-\xff]', '\x00', true, 'bytes are signed in ranges'],
    ['[a-\x80]', '0', true, 'bytes are signed in ranges'],
    ['a\x00*', 'a\x00b', true, 'NUL is a byte like any other'],
  ])('%j against %j: %s (%s)', (pattern, text, matches) => {
    expect(globMatchText(pattern, text)).toBe(matches);
  });

  it.each([
    ['HELLO', 'hello', true],
    ['h[A-C]llo', 'hbllo', true],
    ['h[AE]llo', 'hello', true],
    ['h[^E]llo', 'hello', false],
    ['\\A', 'a', true],
    ['[\\A]', 'a', false],
    ['[Z-a]', 'z', false],
    ['\xc4', '\xe4', false],
  ])('without case, %j against %j: %s', (pattern, text, matches) => {
    expect(globMatchText(pattern, text, true)).toBe(matches);
  });

  it('looks only at its part of the text', () => {
    const text = Buffer.from('xxabcxx');
    expect(globMatch(Buffer.from('a*c'), text, 2, 3)).toBe(true);
    expect(globMatch(Buffer.from('a*cx'), text, 2, 3)).toBe(false);
    expect(globMatch(Buffer.from(''), text, 2, 0)).toBe(true);
  });

  it('agrees with a regular expression made of the same elements', () => {
    const element = fc.constantFrom(
      ['*', '[^]*'],
      ['?', '[^]'],
      ['a', 'a'],
      ['b', 'b'],
      ['\\*', '\\*'],
      ['[ab]', '[ab]'],
      ['[^ab]', '[^ab]'],
      ['[a-c]', '[a-c]'],
    );
    const text = fc.string({ unit: fc.constantFrom(...'abc*'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 8 }), text, (elements, subject) => {
        const pattern = elements.map(([glob]) => glob).join('');
        const regex = new RegExp(`^${elements.map(([, source]) => source).join('')}$`);
        expect(globMatchText(pattern, subject)).toBe(regex.test(subject));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes any bytes as a pattern without failing', () => {
    const bytes = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(bytes, bytes, fc.boolean(), (pattern, text, nocase) => {
        expect(typeof globMatch(pattern, text, 0, text.length, nocase)).toBe('boolean');
      }),
    );
  });

  it('takes no more than pattern times text steps for patterns made to be slow', () => {
    const pattern = `${'a*'.repeat(500)}b`;
    const start = performance.now();
    expect(globMatchText(pattern, 'a'.repeat(5000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('matches nothing with more than 1000 stars, unless the last one ends the pattern', () => {
    const text = 'a'.repeat(1500);
    expect(globMatchText('*a'.repeat(1000), text)).toBe(true);
    expect(globMatchText(`${'*a'.repeat(1000)}*`, text)).toBe(true);
    expect(globMatchText('*a'.repeat(1001), text)).toBe(false);
    expect(globMatchText(`${'*'.repeat(5000)}a`, text)).toBe(true);
  });
});

describe('isPlainPattern', () => {
  it.each([
    ['user:1', true],
    ['', true],
    [']-^', true],
    ['a*', false],
    ['a?', false],
    ['[a]', false],
    ['a\\', false],
  ])('%j: %s', (pattern, isPlain) => {
    expect(isPlainPattern(Buffer.from(pattern))).toBe(isPlain);
  });
});
