import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/server/clock.js';
import { Deadline, Deadlines } from '../../../src/server/deadlines.js';

type Step = { add: number } | { remove: number } | { advance: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ add: fc.integer({ min: -5, max: 100 }) }),
  fc.record({ remove: fc.nat(1000) }),
  fc.record({ advance: fc.nat(30) }),
);

describe('deadlines', () => {
  test('pass at their moment, in order of moment and arrival, unless they are taken back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const clock = new ManualClock(1000);
        const deadlines = new Deadlines(clock);
        const passed: string[] = [];
        const expected: string[] = [];
        let waiting: { name: string; deadline: Deadline }[] = [];
        let names = 0;
        for (const one of steps) {
          if ('add' in one) {
            const name = `${names++}`;
            const deadline = new Deadline(clock.ms + one.add, () =>
              passed.push(`${name} at ${clock.ms}`),
            );
            waiting.push({ name, deadline });
            deadlines.add(deadline);
          } else if ('remove' in one) {
            const [gone] = waiting.splice(one.remove % (waiting.length || 1), 1);
            if (gone !== undefined) deadlines.remove(gone.deadline);
          } else {
            // What is late already passes at once.
            const end = clock.ms + one.advance;
            const due = waiting.filter(({ deadline }) => deadline.atMs <= end);
            due.sort((a, b) => a.deadline.atMs - b.deadline.atMs);
            for (const { name, deadline } of due) {
              expected.push(`${name} at ${Math.max(deadline.atMs, clock.ms)}`);
            }
            waiting = waiting.filter(({ deadline }) => deadline.atMs > end);
            clock.advance(one.advance);
          }
          expect(deadlines.size).toBe(waiting.length);
        }
        expect(passed).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('a deadline that has passed may be taken back again, to no effect', () => {
    const clock = new ManualClock(0);
    const deadlines = new Deadlines(clock);
    const first = new Deadline(5, () => {});
    deadlines.add(first);
    deadlines.add(new Deadline(50, () => {}));
    clock.advance(10);
    deadlines.remove(first);
    expect(deadlines.size).toBe(1);
  });

  test('may be added while others pass', () => {
    const clock = new ManualClock(0);
    const deadlines = new Deadlines(clock);
    const passed: number[] = [];
    const again = () => {
      passed.push(clock.ms);
      if (passed.length < 5) deadlines.add(new Deadline(clock.ms + 10, again));
    };
    deadlines.add(new Deadline(10, again));
    clock.advance(100);
    expect(passed).toEqual([10, 20, 30, 40, 50]);
  });

  test('need one timer, also when clients come and go', () => {
    const clock = new ManualClock(0);
    const deadlines = new Deadlines(clock);
    let timers = 0;
    const { setTimer } = clock;
    clock.setTimer = (callback, ms) => {
      timers++;
      return setTimer.call(clock, callback, ms);
    };
    for (let i = 0; i < 100; i++) {
      const one = new Deadline(1000 + i, () => {});
      deadlines.add(one);
      deadlines.remove(one);
    }
    expect(timers).toBe(1);
    clock.advance(2000);
    expect(timers).toBe(1);
  });
});
