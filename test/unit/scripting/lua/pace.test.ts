/** How often a script's time is looked at. */
import { expect, test } from 'vitest';
import { FIRST_STEPS, Pace } from '../../../../src/scripting/lua/pace.js';

/** What `next` gives when steps of the interval before took so many microseconds each. */
function paced(...stepUs: number[]): number[] {
  let now = 0;
  const pace = new Pace(() => now);
  pace.begin();
  let steps = pace.next();
  return stepUs.map((each) => {
    now += steps * each;
    steps = pace.next();
    return steps;
  });
}

test('the first interval is short, and its length not known', () => {
  expect(new Pace(() => 1e6).next()).toBe(FIRST_STEPS);
});

test('long steps make the next interval as much shorter, to half a millisecond', () => {
  expect(paced(5, 5)).toEqual([100, 100]);
  expect(paced(1000, 1000)).toEqual([50, 50]);
});

test('short steps make it longer, up to 20,000', () => {
  expect(paced(0.1, 0.1, 0.1)).toEqual([4000, 4000, 4000]);
  expect(paced(0.01, 0.01, 0.01, 0.01, 0.01).at(-1)).toBe(20_000);
});

test('the time for which a script was left does not count', () => {
  let now = 0;
  const pace = new Pace(() => now);
  pace.begin();
  pace.next();
  now += 1_000_000;
  pace.goOn();
  now += 300;
  expect(pace.next()).toBe(FIRST_STEPS);
});
