/**
 * How many steps a script goes between two looks at the clock, so that they are about LOOK_US apart.
 *
 * A step is about an operation of Lua; but one that inserts into a large table takes a hundred times as
 * long as an addition. So each interval is measured, and the next one made shorter or longer by it:
 *
 *     2000 steps took 2500 us  ->  next 400    400 steps took 120 us  ->  next 800
 */

/** The clock is to be looked at so often, in microseconds. */
const LOOK_US = 500;
/** Steps of the first interval, whose length nobody knows. */
export const FIRST_STEPS = 2000;
const MIN_STEPS = 50;
const MAX_STEPS = 20_000;
const UNKNOWN = -1;

export class Pace {
  /** Steps of the present interval. */
  private steps = FIRST_STEPS;
  /** When it began. */
  private since = UNKNOWN;

  /** @param micros monotonic microseconds */
  constructor(private readonly micros: () => number) {}

  /** A script begins. */
  begin(): void {
    this.steps = FIRST_STEPS;
    this.since = UNKNOWN;
  }

  /** A script goes on that was left. */
  goOn(): void {
    this.since = this.micros();
  }

  /** An interval is over. @returns the steps of the next one */
  next(): number {
    const now = this.micros();
    const took = now - this.since;
    const isKnown = this.since !== UNKNOWN;
    this.since = now;
    if (!isKnown) return this.steps;
    if (took > LOOK_US) {
      this.steps = Math.max(MIN_STEPS, Math.floor((this.steps * LOOK_US) / took));
    } else if (took < LOOK_US / 2) this.steps = Math.min(MAX_STEPS, 2 * this.steps);
    return this.steps;
  }
}
