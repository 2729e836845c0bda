import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type LcsMatch,
  lcsLength,
  lcsTableBytes,
  longestCommonSubsequence,
} from '../../../src/text/lcs.js';

const NO_LIMIT = 512 * 1024 * 1024;

/** The textbook table and Redis's way back through it. */
function byTable(a: Uint8Array, b: Uint8Array): { length: number; matches: LcsMatch[] } {
  const table = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i]![j] =
        a[i - 1] === b[j - 1]
          ? table[i - 1]![j - 1]! + 1
          : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
    }
  }
  const matches: LcsMatch[] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    const aEnd = i - 1;
    const bEnd = j - 1;
    while (i > 0 && j > 0 && a[i - 1] === b[j - 1]) {
      i--;
      j--;
    }
    if (i <= aEnd) matches.push({ aStart: i, aEnd, bStart: j, bEnd, length: aEnd - i + 1 });
    else if (table[i - 1]![j]! > table[i]![j - 1]!) i--;
    else j--;
  }
  return { length: table[a.length]![b.length]!, matches };
}

function expectAsTable(a: Uint8Array, b: Uint8Array): void {
  const expected = byTable(a, b);
  const found = longestCommonSubsequence(a, b, NO_LIMIT)!;
  expect(found.length).toBe(expected.length);
  expect(found.matches).toEqual(expected.matches);
  const fromA = [...found.matches].reverse().map((m) => a.slice(m.aStart, m.aEnd + 1));
  expect(Buffer.from(found.bytes)).toEqual(Buffer.concat(fromA));
  expect(lcsLength(a, b, NO_LIMIT)).toBe(expected.length);
}

describe('longestCommonSubsequence', () => {
  it('answers the example of the manual', () => {
    const a = Buffer.from('ohmytext');
    const b = Buffer.from('mynewtext');
    const found = longestCommonSubsequence(a, b, NO_LIMIT)!;
    expect(Buffer.from(found.bytes).toString()).toBe('mytext');
    expect(found.matches).toEqual([
      { aStart: 4, aEnd: 7, bStart: 5, bEnd: 8, length: 4 },
      { aStart: 2, aEnd: 3, bStart: 0, bEnd: 1, length: 2 },
    ]);
  });

  it('finds nothing in an empty string or in strings without a common byte', () => {
    for (const [a, b] of [
      ['', ''],
      ['', 'abc'],
      ['abc', ''],
      ['abc', 'xyz'],
    ] as const) {
      expect(longestCommonSubsequence(Buffer.from(a), Buffer.from(b), NO_LIMIT)).toEqual({
        length: 0,
        bytes: new Uint8Array(0),
        matches: [],
      });
      expect(lcsLength(Buffer.from(a), Buffer.from(b), NO_LIMIT)).toBe(0);
    }
  });

  it('finds equal strings in one run, across word borders', () => {
    for (const length of [1, 31, 32, 33, 63, 64, 65, 100]) {
      const text = Buffer.alloc(length, 'a');
      expect(longestCommonSubsequence(text, text, NO_LIMIT)!.matches).toEqual([
        { aStart: 0, aEnd: length - 1, bStart: 0, bEnd: length - 1, length },
      ]);
    }
  });

  it('gives the length, bytes and runs that the full table gives', () => {
    const few = fc.uint8Array({ max: 3, maxLength: 100 });
    const many = fc.uint8Array({ maxLength: 100 });
    fc.assert(fc.property(few, few, expectAsTable), { numRuns: 300 });
    fc.assert(fc.property(many, many, expectAsTable));
  });
});

describe('the limit of LCS', () => {
  it('counts four bytes for each cell of the table, the edges included', () => {
    expect(lcsTableBytes(0, 0)).toBe(4);
    expect(lcsTableBytes(9, 19)).toBe(800);
  });

  it('refuses strings whose table would be above it', () => {
    const a = Buffer.alloc(9);
    const b = Buffer.alloc(19);
    expect(lcsLength(a, b, 799)).toBeUndefined();
    expect(longestCommonSubsequence(a, b, 799)).toBeUndefined();
    expect(lcsLength(a, b, 800)).toBe(9);
    expect(longestCommonSubsequence(a, b, 800)!.length).toBe(9);
  });
});
