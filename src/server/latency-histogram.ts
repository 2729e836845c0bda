/**
 * How long a command's calls took, as a histogram: INFO latencystats and LATENCY HISTOGRAM.
 *
 * Values are nanoseconds from 1 to a second, kept to two significant digits, with the bucket limits
 * of HdrHistogram, so that percentiles print as Redis prints them (1 µs is reported as 1.003). A
 * value's bucket is its power of two and the 7 bits behind the leading one:
 *
 *     group 0: 0 … 255 in steps of 1      group 1: 256 … 511 in steps of 2      group 2: steps of 4 …
 *
 * Each group's counters are made when a value first falls into it: a command that always takes some
 * microseconds has three groups, 3 KiB.
 *
 * Source: http://hdrhistogram.org
 */
import type { LatencyHistogram } from './api/command-table.js';

/** Counters per group; group 0 has twice as many. */
const HALF = 128;
const MAX_NANOS = 1_000_000_000;
/** Groups up to 2^30 ns. */
const GROUPS = 23;
/** Steps of the cumulative form, as powers of two of nanoseconds. */
const FIRST_STEP = 10;
const LAST_STEP = 30;

export class LatencyHistogramImpl implements LatencyHistogram {
  /** Values recorded. */
  count = 0;
  private readonly groups: (Float64Array | undefined)[] = new Array<undefined>(GROUPS).fill(
    undefined,
  );

  /** Adds `times` calls that took `usec` microseconds each. Allocates at most once per group. */
  record(usec: number, times: number): void {
    const nanos = Math.min(Math.max(Math.round(usec * 1000), 1), MAX_NANOS);
    const group = groupOf(nanos);
    let counters = this.groups[group];
    if (counters === undefined) {
      counters = new Float64Array(group === 0 ? 2 * HALF : HALF);
      this.groups[group] = counters;
    }
    counters[indexIn(group, nanos)]! += times;
    this.count += times;
  }

  /** @returns microseconds; the upper limit of the bucket in which that share of calls is reached */
  percentile(percentile: number): number {
    const share = Math.min(percentile, 100) / 100;
    const wanted = Math.max(Math.floor(share * this.count + 0.5), 1);
    let seen = 0;
    for (const bucket of this.buckets()) {
      seen += bucket.count;
      if (seen >= wanted) return (percentile === 0 ? bucket.lowest : bucket.highest) / 1000;
    }
    return 0;
  }

  /**
   * Calls that took at most about 1 µs, 2 µs, 4 µs … (a power of two of nanoseconds, to the end of
   * its bucket), where there are more than at the step before.
   */
  cumulative(): { usec: number; count: number }[] {
    const steps: { usec: number; count: number }[] = [];
    let power = FIRST_STEP;
    let count = 0;
    let told = 0;
    const tell = () => {
      if (count === told) return;
      const nanos = 2 ** power;
      const highest = Math.min(nanos + nanos / HALF, 2 ** LAST_STEP) - 1;
      steps.push({ usec: Math.floor(highest / 1000), count });
      told = count;
    };
    for (const bucket of this.buckets()) {
      for (; bucket.lowest > 2 ** power; power++) tell();
      count += bucket.count;
    }
    tell();
    return steps;
  }

  /** Buckets that are not empty, from the fastest on. */
  *buckets(): Generator<{ lowest: number; highest: number; count: number }> {
    for (let group = 0; group < GROUPS; group++) {
      const counters = this.groups[group];
      if (counters === undefined) continue;
      const width = 2 ** group;
      const first = group === 0 ? 0 : HALF;
      for (let i = 0; i < counters.length; i++) {
        if (counters[i] === 0) continue;
        const lowest = (first + i) * width;
        yield { lowest, highest: lowest + width - 1, count: counters[i]! };
      }
    }
  }
}

/** 0 for values below 256, from there on one more for each power of two. */
function groupOf(nanos: number): number {
  return 24 - Math.clz32(nanos | (2 * HALF - 1));
}

function indexIn(group: number, nanos: number): number {
  return group === 0 ? nanos : (nanos >>> group) - HALF;
}
