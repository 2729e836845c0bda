import { describe, expect, it } from 'vitest';
import type { Database } from '../../../src/keyspace/database.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Maintenance } from '../../../src/keyspace/maintenance.js';

function fill(db: Database, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const key = Buffer.from(`key:${i}`);
    db.addString(key, 0, key.length, 0, key, 0, key.length);
  }
}

function removeAll(db: Database, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const key = Buffer.from(`key:${i}`);
    db.remove(db.find(key, 0, key.length, 0));
  }
}

function setup(databases = 2, rehashes = true) {
  const keyspace = new Keyspace({ databases, random: Math.random });
  let micros = 0;
  const maintenance = new Maintenance(keyspace, {
    micros: () => (micros += 10),
    rehashes: () => rehashes,
  });
  return { keyspace, maintenance };
}

describe('maintenance', () => {
  it('ends the growing of an idle table, a slice at a time', () => {
    const { keyspace, maintenance } = setup();
    const db = keyspace.databases[1]!;
    fill(db, 0, 65_537);
    expect(db.dict.rehashAt).toBeGreaterThanOrEqual(0);
    let calls = 0;
    for (; db.dict.rehashAt >= 0; calls++) maintenance.run();
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThan(100);
    expect(db.dict.buckets).toEqual([131_072, 0]);
  });

  it('leaves growing to the commands when activerehashing is off', () => {
    const { keyspace, maintenance } = setup(2, false);
    const db = keyspace.databases[0]!;
    fill(db, 0, 65_537);
    const { rehashAt } = db.dict;
    maintenance.run();
    expect(db.dict.rehashAt).toBe(rehashAt);
  });

  it('shrinks a table after mass deletion', () => {
    const { keyspace, maintenance } = setup();
    const db = keyspace.databases[0]!;
    fill(db, 0, 20_000);
    removeAll(db, 100, 20_000);
    for (let i = 0; i < 50; i++) maintenance.run();
    expect(db.dict.buckets).toEqual([128, 0]);
    removeAll(db, 0, 100);
    for (let i = 0; i < 50; i++) maintenance.run();
    expect(db.dict.buckets).toEqual([4, 0]);
  });

  it('serves every database of many', () => {
    const { keyspace, maintenance } = setup(100);
    for (const db of keyspace.databases) {
      fill(db, 0, 300);
      removeAll(db, 0, 290);
    }
    for (let i = 0; i < 500; i++) maintenance.run();
    for (const db of keyspace.databases) expect(db.dict.buckets).toEqual([16, 0]);
  });

  it('gives the memory of a flushed database back, bit by bit', () => {
    const { keyspace, maintenance } = setup();
    const db = keyspace.databases[0]!;
    fill(db, 0, 600_000);
    const { bytes } = db.arena;
    const segments = [...bytes];
    db.clear();
    expect(db.usedBytes).toBeLessThan(10_000);
    expect(segments.every((segment) => segment.length > 0)).toBe(true);
    for (let i = 0; i < 10; i++) maintenance.run();
    expect(segments.map((segment) => segment.length)).toEqual(segments.map(() => 0));
    fill(db, 0, 1000);
    expect(db.size).toBe(1000);
  });
});
