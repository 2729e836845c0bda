import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/keyspace/database.js';
import { EventClass } from '../../../src/keyspace/events.js';
import { ExpireCycle } from '../../../src/keyspace/expire-cycle.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';

/** Time as the cycle sees it: each look at the clock takes a while, as work does. */
let nowMs: number;
let micros: number;
let microsPerLook: number;
let active: boolean;
let effort: number;
let deferred: (() => void)[];
let keyspace: Keyspace;
let cycle: ExpireCycle;

beforeEach(() => {
  nowMs = 1_000_000;
  micros = 0;
  microsPerLook = 0;
  active = true;
  effort = 1;
  deferred = [];
  keyspace = new Keyspace({ databases: 4, random: () => 0.5, debugArena: true });
  cycle = new ExpireCycle(keyspace, {
    now: () => nowMs,
    micros: () => (micros += microsPerLook),
    hz: () => 10,
    effort: () => effort,
    isActive: () => active,
    defer: (go) => deferred.push(go),
  });
});

function add(db: Database, name: string, atMs?: number): void {
  const key = Buffer.from(name);
  const e = db.addString(key, 0, key.length, 0, key, 0, key.length);
  if (atMs !== undefined) db.setExpiry(e, atMs);
}

function has(db: Database, name: string): boolean {
  const key = Buffer.from(name);
  return db.find(key, 0, key.length, 0) !== 0;
}

/** Runs what was deferred until nothing more is. @returns how many goes that were */
function runDeferred(): number {
  let goes = 0;
  for (; deferred.length > 0; goes++) deferred.shift()!();
  return goes;
}

describe('the expire cycle', () => {
  it('removes all keys that are due, in every database, and no others', () => {
    for (const db of keyspace.databases) {
      for (let i = 0; i < 3000; i++) add(db, `k${i}`, nowMs + ((i * 7) % 100) - 50);
      for (let i = 0; i < 100; i++) add(db, `stays${i}`);
    }
    cycle.slow();
    for (const db of keyspace.databases) {
      expect(db.size).toBe(1600);
      for (let i = 0; i < 3000; i++) expect(has(db, `k${i}`)).toBe((i * 7) % 100 >= 50);
      for (let i = 0; i < 100; i++) expect(has(db, `stays${i}`)).toBe(true);
    }
    expect(keyspace.expired).toBe(6000);
    expect(keyspace.expiredByCycle).toBe(6000);
  });

  it('keeps a key to the last millisecond of its time', () => {
    const db = keyspace.databases[0]!;
    add(db, 'k', nowMs);
    cycle.slow();
    expect(has(db, 'k')).toBe(true);
    nowMs++;
    cycle.slow();
    expect(has(db, 'k')).toBe(false);
  });

  it('finds keys whose time was brought forward, and spares those that were persisted', () => {
    const db = keyspace.databases[0]!;
    for (let i = 0; i < 5000; i++) add(db, `k${i}`, nowMs + 1000);
    cycle.slow();
    const find = (name: string) => db.find(Buffer.from(name), 0, name.length, 0);
    db.setExpiry(find('k77'), nowMs - 1);
    db.setExpiry(find('k4444'), nowMs - 1);
    db.setExpiry(find('k4000'), nowMs - 1);
    db.persist(find('k4000'));
    cycle.slow();
    expect(db.size).toBe(4998);
    nowMs += 2000;
    cycle.slow();
    expect(db.size).toBe(1);
    expect(has(db, 'k4000')).toBe(true);
  });

  it('works in goes of 1 ms, up to a quarter of the period, more by effort', () => {
    const db = keyspace.databases[0]!;
    for (let i = 0; i < 30_000; i++) add(db, `k${i}`, nowMs - 1);
    microsPerLook = 500;
    cycle.slow();
    expect(deferred.length).toBe(1);
    const first = 30_000 - db.size;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(500);
    const goes = 1 + runDeferred();
    expect(goes).toBeGreaterThanOrEqual(15);
    expect(goes).toBeLessThanOrEqual(19);
    expect(cycle.timeLimitReached).toBe(1);
    expect(cycle.microsUsed).toBeGreaterThan(24_000);
    expect(cycle.microsUsed).toBeLessThan(28_000);
    expect(cycle.longestGoMicros).toBeLessThanOrEqual(2000);
    const slow = 30_000 - db.size;

    effort = 10;
    cycle.slow();
    runDeferred();
    const eager = 30_000 - db.size - slow;
    expect(eager / slow).toBeGreaterThan(1.5);
    expect(eager / slow).toBeLessThan(2);
  });

  it('goes on in short goes at the end of turns while keys that are due are left', () => {
    const db = keyspace.databases[0]!;
    for (let i = 0; i < 5000; i++) add(db, `k${i}`, nowMs - 1);
    cycle.fast();
    expect(db.size).toBe(5000);
    microsPerLook = 500;
    cycle.slow();
    runDeferred();
    const left = db.size;
    expect(left).toBeGreaterThan(0);
    microsPerLook = 200;
    // Not right after another go: the same turn would take twice as long.
    cycle.fast();
    expect(db.size).toBe(left);
    micros += 1000;
    cycle.fast();
    const afterOne = db.size;
    expect(afterOne).toBeLessThan(left);
    cycle.fast();
    expect(db.size).toBe(afterOne);
    micros += 5000;
    microsPerLook = 0;
    cycle.fast();
    expect(db.size).toBe(0);
    const { microsUsed } = cycle;
    micros += 5000;
    cycle.fast();
    expect(cycle.microsUsed).toBe(microsUsed);
  });

  it('lets the other databases go on when one has more than a go can take', () => {
    const [a, b] = keyspace.databases as [Database, Database];
    for (let i = 0; i < 5000; i++) add(a, `k${i}`, nowMs - 1);
    for (let i = 0; i < 100; i++) add(b, `k${i}`, nowMs - 1);
    microsPerLook = 700;
    cycle.slow();
    expect(a.size).toBeGreaterThan(0);
    expect(b.size).toBe(100);
    deferred.shift()!();
    expect(b.size).toBe(0);
  });

  it('rests while it is not active', () => {
    const db = keyspace.databases[0]!;
    add(db, 'k', nowMs - 1);
    active = false;
    cycle.slow();
    cycle.fast();
    expect(db.size).toBe(1);
    expect(deferred).toEqual([]);
    active = true;
    cycle.slow();
    expect(db.size).toBe(0);
  });

  it('tells the observer of each key that it removes', () => {
    const told: string[] = [];
    keyspace.observed = true;
    keyspace.observer = {
      keyChanged: (db, key) => told.push(`changed ${db.index} ${key}`),
      keyEvent: (db, eventClass, event, key) => {
        expect(eventClass).toBe(EventClass.Expired);
        told.push(`${event} ${db.index} ${key}`);
      },
      flushed: () => told.push('flushed'),
      swapped: () => told.push('swapped'),
      keyExpired: (db, key) => told.push(`propagate ${db.index} ${key}`),
      keyEvicted: () => {},
      fieldExpired: (_db, key, field) => told.push(`HDEL ${key} ${field}`),
    };
    add(keyspace.databases[2]!, 'gone', nowMs - 5);
    add(keyspace.databases[2]!, 'stays', nowMs + 5);
    cycle.slow();
    expect(told).toEqual(['propagate 2 gone', 'changed 2 gone', 'expired 2 gone']);
  });

  it('estimates the mean time to live and the share of keys that are left though due', () => {
    const db = keyspace.databases[1]!;
    for (let i = 0; i < 100; i++) add(db, `k${i}`, nowMs + 5000);
    cycle.slow();
    expect(db.avgTtlMs).toBe(5000);
    nowMs += 1000;
    for (let i = 0; i < 500; i++) cycle.slow();
    expect(db.avgTtlMs).toBeGreaterThan(3999);
    expect(db.avgTtlMs).toBeLessThan(4010);
    expect(cycle.staleShare).toBe(0);
    active = false;
    nowMs += 10_000;
    for (let i = 0; i < 200; i++) cycle.slow();
    expect(cycle.staleShare).toBeGreaterThan(0.99);
    active = true;
    cycle.slow();
    cycle.slow();
    expect(db.avgTtlMs).toBe(0);
    expect(cycle.staleShare).toBeLessThan(1);
  });

  it('removes 200,000 keys that come due together in a few cycles of real time', async () => {
    const real = new Keyspace({ databases: 1, random: Math.random });
    const db = real.databases[0]!;
    for (let i = 0; i < 200_000; i++) add(db, `k${i}`, nowMs - 1 - (i % 3));
    let turns = 0;
    const cycle = new ExpireCycle(real, {
      now: () => nowMs,
      micros: () => performance.now() * 1000,
      hz: () => 10,
      effort: () => 1,
      isActive: () => true,
      defer: (go) => setImmediate(go),
    });
    for (let cycles = 0; db.size > 0; cycles++) {
      expect(cycles).toBeLessThan(100);
      cycle.slow();
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
      }
    }
    expect(turns).toBeGreaterThan(5);
    expect(real.expired).toBe(200_000);
  });
});
