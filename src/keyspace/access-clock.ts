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
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { CLOCK_MASK } from './kinds.js';

const LFU_INIT = 5;
const LFU_MAX = 255;
const MINUTES_MASK = 0xffff;
const MINUTE_MS = 60_000;

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
 * Counts uses under LFU. Every access to a key comes here, so that nothing is worked out that is known
 * from the access before: the minute, and by counter how likely it goes up. Random numbers are
 * Marsaglia's xorshift (https://www.jstatsoft.org/article/view/v008i14). Allocates nothing; guarded by
 * `npm run bench`.
 */
export class LfuClock {
  private decayMinutes = 0;
  /** By counter: of 2^32 random numbers, so many let it go up. */
  private readonly growing = new Float64Array(LFU_MAX + 1);
  private minute = 0;
  /** When that minute begins and ends, Unix ms. */
  private fromMs = DOUBLE_FIELD;
  private untilMs = DOUBLE_FIELD;
  private random: number;

  /** @param seed in [0, 1) @param logFactor `lfu-log-factor` @param decayMinutes `lfu-decay-time` */
  constructor(seed: number, logFactor: number, decayMinutes: number) {
    this.fromMs = 0;
    this.untilMs = 0;
    this.random = Math.floor(seed * 0x100000000) | 1;
    this.configure(logFactor, decayMinutes);
  }

  configure(logFactor: number, decayMinutes: number): void {
    this.decayMinutes = decayMinutes;
    for (let counter = 0; counter < LFU_MAX; counter++) {
      const base = Math.max(0, counter - LFU_INIT);
      this.growing[counter] = 0x100000000 / (base * logFactor + 1);
    }
  }

  /** The clock of a key after one more use. @param now Unix ms */
  used(clock: number, now: number): number {
    if (now >= this.untilMs || now < this.fromMs) this.tellTime(now);
    const { minute } = this;
    const since = clock >>> 8;
    const counter =
      since === minute ? clock & LFU_MAX : lfuCounter(clock, this.fromMs, this.decayMinutes);
    let { random } = this;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.random = random;
    const grows = random >>> 0 < this.growing[counter]!;
    return (minute << 8) | (grows ? counter + 1 : counter);
  }

  private tellTime(now: number): void {
    this.minute = minutes(now);
    this.fromMs = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    this.untilMs = this.fromMs + MINUTE_MS;
  }
}

function minutes(now: number): number {
  return Math.floor(now / MINUTE_MS) & MINUTES_MASK;
}
