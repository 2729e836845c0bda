import { describe, expect, it } from 'vitest';
import {
  idleSeconds,
  isLfuPolicy,
  lfuCounter,
  lruClock,
  newLfuClock,
  usedLfuClock,
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
    const clock = newLfuClock(NOW);
    expect(lfuCounter(usedLfuClock(clock, NOW, 1, 10, 0.999), NOW, 1)).toBe(6);
    const six = usedLfuClock(clock, NOW, 1, 10, 0);
    expect(lfuCounter(usedLfuClock(six, NOW, 1, 10, 0.09), NOW, 1)).toBe(7);
    expect(lfuCounter(usedLfuClock(six, NOW, 1, 10, 0.1), NOW, 1)).toBe(6);
    let top = clock;
    for (let i = 0; i < 1000; i++) top = usedLfuClock(top, NOW, 1, 10, 0);
    expect(lfuCounter(top, NOW, 1)).toBe(255);
    expect(top).toBeLessThan(2 ** 24);
  });
});
