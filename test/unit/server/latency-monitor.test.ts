/** Latency monitoring: what is remembered of events that took long, and how it is drawn and told. */
import { afterEach, describe, expect, test } from 'vitest';
import { diagnoseLatency } from '../../../src/commands/server/latency-doctor.js';
import { latencyGraph } from '../../../src/commands/server/latency-graph.js';
import { LatencyHistogramImpl } from '../../../src/server/latency-histogram.js';
import { LatencyMonitor } from '../../../src/server/latency-monitor.js';

const START = 1_700_000_000;
let now = START;
const monitors: LatencyMonitor[] = [];

afterEach(() => {
  for (const monitor of monitors.splice(0)) monitor.stop();
  now = START;
});

function monitor(thresholdMs: number): LatencyMonitor {
  const made = new LatencyMonitor(() => now * 1000);
  monitors.push(made);
  made.setThreshold(thresholdMs);
  return made;
}

function samples(of: LatencyMonitor, event: string): [number, number][] {
  return (of.series(event)?.samples() ?? []).map(({ timeSec, ms }) => [timeSec - START, ms]);
}

describe('latency monitoring', () => {
  test('takes note of what takes as long as the threshold, in whole milliseconds', () => {
    const it = monitor(10);
    it.add('command', 9.99);
    expect(it.series('command')).toBeUndefined();
    it.add('command', 10);
    it.add('expire-cycle', 12.7);
    expect(samples(it, 'command')).toEqual([[0, 10]]);
    expect(samples(it, 'expire-cycle')).toEqual([[0, 12]]);
  });

  test('notes nothing while it is off, and keeps what it knows', () => {
    const it = monitor(1);
    it.add('command', 5);
    it.setThreshold(0);
    it.add('command', 50);
    expect(samples(it, 'command')).toEqual([[0, 5]]);
  });

  test('keeps the worst of each second', () => {
    const it = monitor(1);
    it.add('command', 5);
    it.add('command', 9);
    it.add('command', 7);
    now += 3;
    it.add('command', 2);
    expect(samples(it, 'command')).toEqual([
      [0, 9],
      [3, 2],
    ]);
    expect(it.series('command')!.maxMs).toBe(9);
  });

  test('remembers the last 160 seconds in which something happened', () => {
    const it = monitor(1);
    for (let i = 0; i < 170; i++, now++) it.add('gc', i === 0 ? 99 : 2);
    const all = samples(it, 'gc');
    expect(all).toHaveLength(160);
    expect(all[0]).toEqual([10, 2]);
    expect(all.at(-1)).toEqual([169, 2]);
    expect(it.series('gc')!.maxMs).toBe(99);
  });

  test('forgets the events that are named, in any case, or all', () => {
    const it = monitor(1);
    for (const event of ['command', 'gc', 'aof-write'] as const) it.add(event, 5);
    expect(it.reset(['GC', 'nosuch'])).toBe(1);
    expect([...it.all()].map(({ event }) => event)).toEqual(['command', 'aof-write']);
    expect(it.reset([])).toBe(2);
    expect([...it.all()]).toEqual([]);
  });
});

describe('the graph of an event', () => {
  function graphOf(...values: [ageSec: number, ms: number][]): string[] {
    const it = monitor(1);
    const end = START + 200_000;
    for (const [ageSec, ms] of values) {
      now = end - ageSec;
      it.add('command', ms);
    }
    return latencyGraph(it.series('command')!, end).split('\n');
  }

  test('has a column for each sample, with its age below', () => {
    expect(graphOf([172_800, 100], [7300, 200], [61, 300], [60, 250], [9, 400])).toEqual([
      'command - high 400 ms, low 100 ms (all time high 400 ms)',
      '-'.repeat(80),
      '    #',
      '  #_|',
      ' o|||',
      '_||||',
      '     ',
      '22119',
      'dhmms',
      '',
    ]);
  });

  test('is flat when all samples are the same', () => {
    expect(graphOf([2, 7], [1, 7]).slice(2, 6)).toEqual(['  ', '  ', '  ', '__']);
  });

  test('goes on below after 80 columns', () => {
    const many = Array.from({ length: 100 }, (_, i): [number, number] => [100 - i, 5]);
    const lines = graphOf(...many);
    expect(lines[5]).toBe('_'.repeat(80));
    expect(lines[lines.indexOf('', 2) + 4]).toBe('_'.repeat(20));
  });
});

describe('the doctor', () => {
  const settings = { thresholdMs: 10, slowLogUsec: 10_000, hz: 10 };
  const ask = (it: LatencyMonitor, changes = {}) =>
    diagnoseLatency([...it.all()], { ...settings, ...changes }, now);

  test('says how to switch monitoring on', () => {
    expect(ask(monitor(0), { thresholdMs: 0 })).toContain('CONFIG SET latency-monitor-threshold');
  });

  test('says that nothing was found', () => {
    expect(ask(monitor(10))).toContain('Nothing has taken 10 ms');
  });

  test('adds the samples up', () => {
    const it = monitor(10);
    it.add('command', 20);
    now += 4;
    it.add('command', 40);
    now += 4;
    expect(ask(it)).toContain(
      '1. command: 2 latency spikes (average 30ms, mean deviation 10ms, period 4.00 sec). ' +
        'Worst of all 40ms.',
    );
  });

  test('has the slow log switched on, or lowered, where that would tell more', () => {
    const it = monitor(10);
    it.add('command', 20);
    const lower = 'CONFIG SET slowlog-log-slower-than 10000';
    expect(ask(it)).not.toContain(lower);
    expect(ask(it, { slowLogUsec: -1 })).toContain(lower);
    expect(ask(it, { slowLogUsec: 50_000 })).toContain(lower);
  });

  test('has advice for every event', () => {
    const it = monitor(1);
    for (const event of ['fast-command', 'expire-cycle', 'aof-write', 'gc', 'event-loop'] as const)
      it.add(event, 5);
    const text = ask(it);
    expect(text).toContain('CONFIG SET hz 100');
    expect(text).toContain('intrinsic-latency');
    expect(ask(it, { hz: 100 })).not.toContain('CONFIG SET hz 100');
  });
});

describe("a histogram's cumulative form", () => {
  const cumulative = (...usecs: number[]) => {
    const histogram = new LatencyHistogramImpl();
    for (const usec of usecs) histogram.record(usec, 1);
    return histogram.cumulative().map(({ usec, count }) => [usec, count]);
  };

  test('has a step at each power of two where there are more calls', () => {
    expect(cumulative(0.5, 3, 3.5, 20, 40_000)).toEqual([
      [1, 1],
      [4, 3],
      [33, 4],
      [67633, 5],
    ]);
  });

  test('ends at a second, whatever took longer', () => {
    expect(cumulative(5_000_000)).toEqual([[1_073_741, 1]]);
    expect(cumulative()).toEqual([]);
  });
});
