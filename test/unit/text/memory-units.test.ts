import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMemory, humanBytes, parseMemory } from '../../../src/text/memory-units.js';

describe('parseMemory', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['1b', 1],
    ['1k', 1000],
    ['1kb', 1024],
    ['1M', 1_000_000],
    ['1Mb', 1_048_576],
    ['1g', 1_000_000_000],
    ['1GB', 1_073_741_824],
    ['007mb', 7 * 1_048_576],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseMemory(text)).toBe(bytes);
  });

  it.each(['-1', '+1', '1t', '1kbb', '1.5gb', ' 1', '1 ', '1 gb', '0x10', '1\n', '9'.repeat(128)])(
    'refuses %j',
    (text) => {
      expect(parseMemory(text)).toBeUndefined();
    },
  );

  it('counts a missing number as 0, as Redis does', () => {
    expect(parseMemory('')).toBe(0);
    expect(parseMemory('kb')).toBe(0);
  });

  it('stays within 64 bits as Redis does', () => {
    expect(parseMemory('9'.repeat(127))).toBe(2 ** 64);
    expect(parseMemory('17179869184gb')).toBe(0);
  });
});

describe('formatMemory', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [1000, '1000'],
    [1024, '1kb'],
    [1536, '1536'],
    [67_108_864, '64mb'],
    [1_073_741_824, '1gb'],
    [1_074_790_400, '1025mb'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatMemory(bytes)).toBe(text);
  });

  it('writes what parseMemory reads back', () => {
    const amount = fc.tuple(fc.nat(1_000_000), fc.constantFrom(1, 1024, 2 ** 20, 2 ** 30));
    fc.assert(
      fc.property(amount, ([count, unit]) => {
        expect(parseMemory(formatMemory(count * unit))).toBe(count * unit);
      }),
    );
  });
});

describe('humanBytes', () => {
  // Recorded from bytesToHuman of Redis 7.2.6.
  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1.00K'],
    [1_069_547, '1.02M'],
    [1_048_575, '1024.00K'],
    [1_048_576, '1.00M'],
    [2 ** 30, '1.00G'],
    [2 ** 40, '1.00T'],
    [2 ** 50, '1.00P'],
    [2 ** 60, '1152921504606846976B'],
  ])('shows %d as %s', (bytes, text) => {
    expect(humanBytes(bytes)).toBe(text);
  });

  it('rounds ties to the even digit, as C does', () => {
    expect(humanBytes(1152)).toBe('1.12K');
    expect(humanBytes(1408)).toBe('1.38K');
    expect(humanBytes(1664)).toBe('1.62K');
    expect(humanBytes(1920)).toBe('1.88K');
  });
});
