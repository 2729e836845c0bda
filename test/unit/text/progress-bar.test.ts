/** A bar where a person waits, and nothing elsewhere. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ProgressBar } from '../../../src/text/progress-bar.js';

let now: number;
let written: string[];
beforeEach(() => {
  now = 0;
  written = [];
});

function bar(isTTY = true, columns = 80): ProgressBar {
  const terminal = { isTTY, columns, write: (text: string) => written.push(text) };
  return new ProgressBar('Loading', terminal, () => now);
}

const ERASE = '\r\x1b[K';

describe('A progress bar', () => {
  test('shows what is done and how long the rest will take', () => {
    const one = bar();
    now = 3000;
    one.show(0.25);
    expect(written).toEqual([
      `${ERASE}Loading  [${'#'.repeat(10)}${'-'.repeat(31)}]   25 %, 9 s left`,
    ]);
  });

  test('is not shown in the first half second, and then ten times a second', () => {
    const one = bar();
    for (now = 0; now < 1000; now += 10) one.show(now / 2000);
    expect(written).toHaveLength(5);
  });

  test('leaves an empty line, and is there again at once', () => {
    const one = bar();
    one.clear();
    expect(written).toEqual([]);
    now = 600;
    one.show(0.5);
    one.clear();
    one.clear();
    one.show(0.5);
    expect(written).toHaveLength(3);
    expect(written[1]).toBe(ERASE);
  });

  test('is a percentage alone where there is no room', () => {
    const one = bar(true, 30);
    now = 90_000;
    one.show(0.5);
    expect(written).toEqual([`${ERASE}Loading   50 %, 1 min left`]);
  });

  test('is nothing where nobody looks', () => {
    const one = bar(false);
    now = 5000;
    one.show(0.5);
    one.clear();
    expect(written).toEqual([]);
  });
});
