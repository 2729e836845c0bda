import { describe, expect, test } from 'vitest';
import { parseTimeout, parseTimeoutMs } from '../../../src/commands/block-timeout.js';
import { Args } from '../../../src/resp/args.js';
import { ReplyError } from '../../../src/resp/reply-error.js';
import type { Call } from '../../../src/server/api/call.js';

const NOW = 1_700_000_000_000;

/** ms from now, `for ever`, or the error; as Redis 7.2.6 has it. */
function outcome(parse: (call: Call, i: number) => number, text: string): number | string {
  try {
    const deadlineMs = parse({ args: Args.from(['BLPOP', 'k', text]), now: NOW } as Call, 2);
    return deadlineMs === 0 ? 'for ever' : deadlineMs - NOW;
  } catch (error) {
    if (error instanceof ReplyError) return error.text;
    throw error;
  }
}

describe('a timeout in seconds', () => {
  test.each([
    ['0', 'for ever'],
    ['-0', 'for ever'],
    ['-0.00001', 'for ever'],
    ['1', 1000],
    ['0.001', 1],
    ['.5', 500],
    ['1e3', 1_000_000],
    ['0x10', 16_000],
    ['9223370273', 9_223_370_273_000],
  ])('%s is a time', (text, expected) => {
    expect(outcome(parseTimeout, text)).toBe(expected);
  });

  test.each([
    ['0.0001', 1],
    ['1e-5', 1],
    ['1.0001', 1001],
    ['1e-400', 1],
  ])('%s is rounded up to whole milliseconds', (text, expected) => {
    expect(outcome(parseTimeout, text)).toBe(expected);
  });

  test('of any whole number of milliseconds is just that, however doubles round', () => {
    for (let ms = 1; ms < 20_000; ms += 7) {
      expect(outcome(parseTimeout, (ms / 1000).toFixed(3))).toBe(ms);
    }
  });

  test.each(['abc', 'nan', '', ' 1', '1 ', '1s', '0b1'])('%j is no number', (text) => {
    expect(outcome(parseTimeout, text)).toBe('ERR timeout is not a float or out of range');
  });

  test.each(['-1', '-0.001', '-inf', '-1e400'])('%s is negative', (text) => {
    expect(outcome(parseTimeout, text)).toBe('ERR timeout is negative');
  });

  test.each(['inf', '1e400', '99999999999999999', '9223372036854775'])('%s is too long', (text) => {
    expect(outcome(parseTimeout, text)).toBe('ERR timeout is out of range');
  });
});

describe('a timeout in milliseconds', () => {
  test.each([
    ['0', 'for ever'],
    ['1', 1],
    ['86400000', 86_400_000],
    ['1.5', 'ERR timeout is not an integer or out of range'],
    ['x', 'ERR timeout is not an integer or out of range'],
    ['9223372036854775808', 'ERR timeout is not an integer or out of range'],
    ['-1', 'ERR timeout is negative'],
    ['9223372036854775807', 'ERR timeout is out of range'],
  ])('%s', (text, expected) => {
    expect(outcome(parseTimeoutMs, text)).toBe(expected);
  });
});
