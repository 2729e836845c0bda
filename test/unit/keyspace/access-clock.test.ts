import { describe, expect, it } from 'vitest';
import {
  idleSeconds,
  isLfuPolicy,
  LfuClock,
  lfuCounter,
  lruClock,
  newLfuClock,
} from '../../../src/keyspace/access-clock.js';

const MINUTE = 60_000;
const NOW = 1_700_000_000_000;

describe('the access clock', () => {
  it('counts seconds under LRU, and wraps around after 2^24 of them', () => {
    expect(idleSeconds(lruClock(NOW), lruClock(NOW + 90_000))).toBe(90);
    expect(idleSeconds(0xfffffe, 3)).toBe(4);
  });

  it('knows the policies that count uses', () => {
    expect(isLfuPolicy('allkeys-lfu')).toBe(true);
    expect(isLfuPolicy('volatile-lfu')).toBe(true);
    expect(isLfuPolicy('allkeys-lru')).toBe(false);
    expect(isLfuPolicy('noeviction')).toBe(false);
  });

  it('lowers the counter by one for every so many minutes without a use', () => {
    const clock = newLfuClock(NOW);
    expect(lfuCounter(clock, NOW, 1)).toBe(5);
    expect(lfuCounter(clock, NOW + 2 * MINUTE, 1)).toBe(3);
    expect(lfuCounter(clock, NOW + 5 * MINUTE, 2)).toBe(3);
    expect(lfuCounter(clock, NOW + 100 * MINUTE, 1)).toBe(0);
    expect(lfuCounter(clock, NOW + 100 * MINUTE, 0)).toBe(5);
  });

  it('counts minutes across their wrap-around', () => {
    const wrap = 0x10000 * MINUTE;
    const before = Math.ceil(NOW / wrap) * wrap - MINUTE;
    expect(lfuCounter(newLfuClock(before), before + 3 * MINUTE, 1)).toBe(3);
  });

  it('raises the counter by chance, less and less likely', () => {
    const lfu = new LfuClock(0.5, 10, 1);
    const clock = newLfuClock(NOW);
    expect(lfuCounter(lfu.used(clock, NOW), NOW, 1)).toBe(6); // the first use always counts
    for (const [counter, expected] of [
      [6, 1 / 11],
      [15, 1 / 101],
    ] as const) {
      const draws = 100_000;
      let grown = 0;
      for (let i = 0; i < draws; i++) grown += lfu.used(withCounter(clock, counter), NOW) & 1;
      const share = counter % 2 === 0 ? grown / draws : 1 - grown / draws;
      expect(share / expected).toBeGreaterThan(0.9);
      expect(share / expected).toBeLessThan(1.1);
    }
    expect(lfu.used(withCounter(clock, 255), NOW) & 255).toBe(255);
  });

  it('raises it with every use if the factor is 0, up to 255', () => {
    const lfu = new LfuClock(0.1, 10, 1);
    lfu.configure(0, 1);
    let top = newLfuClock(NOW);
    for (let i = 0; i < 250; i++) top = lfu.used(top, NOW);
    expect(lfuCounter(top, NOW, 1)).toBe(255);
    top = lfu.used(top, NOW);
    expect(lfuCounter(top, NOW, 1)).toBe(255);
    expect(top).toBeLessThan(2 ** 24);
  });

  it('notes the minute of a use, and lowers the counter first by what was missed', () => {
    const lfu = new LfuClock(0.5, 1_000_000, 1);
    const clock = withCounter(newLfuClock(NOW), 100);
    const later = NOW + 7 * MINUTE;
    expect(lfu.used(clock, later)).toBe(withCounter(newLfuClock(later), 93));
    expect(lfu.used(clock, NOW + 1)).toBe(clock); // the time was set back
    lfu.configure(1_000_000, 0);
    expect(lfu.used(clock, later)).toBe(withCounter(newLfuClock(later), 100));
  });
});

function withCounter(clock: number, counter: number): number {
  return (clock & ~255) | counter;
}
