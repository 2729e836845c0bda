/**
 * The 24 bits of a dict entry that say when or how often its key was used.
 *
 *     LRU   | seconds, modulo 2^24 (194 days)           |
 *     LFU   | minutes, modulo 2^16 | logarithmic counter |
 *
 * Which of the two it is, `maxmemory-policy` says. Under LFU, the counter goes up with an access
 * by chance, the higher it is the less often (1 in counter * factor), and down by one for every
 * `lfu-decay-time` minutes without one, which is reckoned when it is looked at. A new key begins
 * at 5, so that it is not the first to go. (Redis: evict.c.)
 */
import { CLOCK_MASK } from './kinds.js';

const LFU_INIT = 5;
const LFU_MAX = 255;
const MINUTES_MASK = 0xffff;

/** Whether the policy counts accesses instead of noting the time of the last. */
export function isLfuPolicy(policy: string): boolean {
  return policy.endsWith('-lfu');
}

/** The clock of a key used now. @param now Unix ms */
export function lruClock(now: number): number {
  return Math.floor(now / 1000) & CLOCK_MASK;
}

/** Seconds since a key's last use. @param clock of the key @param current the clock's value now */
export function idleSeconds(clock: number, current: number): number {
  return current >= clock ? current - clock : current + CLOCK_MASK - clock;
}

/** The clock of a key that was not used for so many seconds. @param current the clock's value now */
export function restoredLruClock(idle: number, current: number): number {
  const clock = current - idle;
  // Longer ago than the clock can tell: as long as it tells reliably.
  return clock >= 0 ? clock : (current + (CLOCK_MASK >>> 1)) % CLOCK_MASK;
}

/** The clock of a key with this use counter, as of now. */
export function restoredLfuClock(uses: number, now: number): number {
  return (minutes(now) << 8) | uses;
}

/** The clock of a new key under LFU. */
export function newLfuClock(now: number): number {
  return (minutes(now) << 8) | LFU_INIT;
}

/** A key's use counter as of now. @param decayMinutes `lfu-decay-time` */
export function lfuCounter(clock: number, now: number, decayMinutes: number): number {
  const counter = clock & LFU_MAX;
  if (decayMinutes === 0) return counter;
  const since = clock >>> 8;
  const current = minutes(now);
  const elapsed = current >= since ? current - since : MINUTES_MASK - since + current;
  return Math.max(0, counter - Math.floor(elapsed / decayMinutes));
}

/**
 * The clock of a key after one more use.
 * @param logFactor `lfu-log-factor` @param random in [0, 1)
 */
export function usedLfuClock(
  clock: number,
  now: number,
  decayMinutes: number,
  logFactor: number,
  random: number,
): number {
  const counter = lfuCounter(clock, now, decayMinutes);
  const base = Math.max(0, counter - LFU_INIT);
  const grows = counter < LFU_MAX && random < 1 / (base * logFactor + 1);
  return (minutes(now) << 8) | (grows ? counter + 1 : counter);
}

function minutes(now: number): number {
  return Math.floor(now / 60_000) & MINUTES_MASK;
}
