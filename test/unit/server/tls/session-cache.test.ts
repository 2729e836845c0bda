import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/server/clock.js';
import { SessionCache } from '../../../../src/server/tls/session-cache.js';

const id = (n: number) => Buffer.from([n]);
/** The beginning of a session of TLS 1.2. */
const session = Buffer.from([0x30, 0x81, 0x90, 2, 1, 1, 2, 2, 3, 3, 4, 2]);

test('a session is found until its time is over', () => {
  const clock = new ManualClock(1000);
  const cache = new SessionCache(clock, 10, 5000);
  cache.add(id(1), session);
  expect(cache.find(id(1))).toBe(session);
  expect(cache.find(id(2))).toBeUndefined();
  clock.advance(5000);
  expect(cache.find(id(1))).toBeUndefined();
});

test('the oldest goes when there are too many, those whose time is over go first', () => {
  const clock = new ManualClock(1000);
  const cache = new SessionCache(clock, 3, 5000);
  for (let i = 0; i < 5; i++) cache.add(id(i), session);
  expect(cache.size).toBe(3);
  expect([1, 2, 4].map((i) => cache.find(id(i)) !== undefined)).toEqual([false, true, true]);
  clock.advance(6000);
  cache.add(id(9), session);
  expect(cache.size).toBe(1);
});

test('0 is no limit, and sessions of TLS 1.3 are passed by', () => {
  const cache = new SessionCache(new ManualClock(1000), 0, 5000);
  for (let i = 0; i < 200; i++) cache.add(id(i), session);
  expect(cache.size).toBe(200);
  cache.add(Buffer.from('new'), Buffer.from([0x30, 0x81, 0x90, 2, 1, 1, 2, 2, 3, 4, 4, 2]));
  expect(cache.size).toBe(200);
});
