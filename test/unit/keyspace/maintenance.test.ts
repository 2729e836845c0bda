import { describe, expect, it } from 'vitest';
import { type BigArray, release } from '../../../src/datastructs/release.js';
import { ReleaseThread } from '../../../src/datastructs/release-thread.js';
import type { Database } from '../../../src/keyspace/database.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { Maintenance } from '../../../src/keyspace/maintenance.js';
import type { LargeString } from '../../../src/keyspace/object-table.js';
import { DictSet } from '../../../src/keyspace/set/dict-set.js';

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

const MIB = 1024 * 1024;

/** A thread that only notes what it is told. */
class NotingThread extends ReleaseThread {
  starts = 0;
  stops = 0;
  released = 0;
  /** Whether it has yet to come up, as a test would have it. */
  starting = false;

  override start(): void {
    this.starts++;
  }

  override stop(): void {
    this.stops++;
  }

  override get isAwaited(): boolean {
    return this.starting;
  }

  override release(array: BigArray): void {
    this.released++;
    release(array);
  }
}

function setup(databases = 2, rehashes = true) {
  const keyspace = new Keyspace({ databases, random: Math.random });
  let micros = 0;
  const thread = new NotingThread();
  const options = { micros: () => (micros += 10), rehashes: () => rehashes };
  return { keyspace, maintenance: new Maintenance(keyspace, options, thread), thread };
}

describe('maintenance', () => {
  it('frees tables that were outgrown, or have shrunk: the command or step that is done with one does not', () => {
    const { keyspace, maintenance, thread } = setup(1);
    const db = keyspace.databases[0]!;
    fill(db, 0, 65_537);
    while (db.dict.rehashAt >= 0) db.dict.rehashStep();
    expect(db.discardedPieces).toBe(1);
    expect(db.usedBytes).toBe(keyspace.meter.usedBytes);
    maintenance.run();
    expect(db.discardedPieces).toBe(0);
    expect(thread.released).toBe(1);
    removeAll(db, 0, 65_000);
    for (let i = 0; db.dict.bucketCount > 1024 && i < 100; i++) maintenance.run();
    expect(db.dict.bucketCount).toBeLessThanOrEqual(1024);
    maintenance.run();
    expect(thread.released).toBeGreaterThan(1);
    expect(db.discardedPieces).toBe(0);
  });

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

  it('gives the memory of flushed collections and big strings back, too', () => {
    const { keyspace, maintenance } = setup();
    const db = keyspace.databases[0]!;
    const arrays: Uint8Array[] = [];
    for (let i = 0; i < 3000; i++) {
      const key = Buffer.from(`key:${i}`);
      const array = new Uint8Array(i % 1000 === 0 ? MIB : 5000);
      const e = db.addString(key, 0, key.length, 0, array, 0, array.length);
      if (array.length === MIB) arrays.push((db.objectOf(e) as LargeString).buf);
    }
    const set = DictSet.create(db.arena, db.hasher, 100_000);
    for (let i = 0; i < 100_000; i++) {
      const member = Buffer.from(`member:${i}`);
      set.add(member, 0, member.length, 0);
    }
    const segment = set.ownArena!.bytes[0]!;
    db.addObjectKey(Buffer.from('set'), 0, 3, 0, Kind.SetDict, set);
    db.clear();
    expect(db.usedBytes).toBeLessThan(10_000);
    expect(arrays.map((array) => array.length)).toEqual([MIB, MIB, MIB]);
    for (let i = 0; i < 20; i++) maintenance.run();
    expect(arrays.map((array) => array.length)).toEqual([0, 0, 0]);
    expect(segment.length).toBe(0);
    expect(db.trim()).toBe(false);
  });

  it('gives nothing more back while its thread has yet to come up', () => {
    const { keyspace, maintenance, thread } = setup();
    const db = keyspace.databases[0]!;
    db.discard([new Uint8Array(MIB), new Uint8Array(MIB)]);
    thread.starting = true;
    maintenance.run();
    expect(db.discardedPieces).toBe(2);
    thread.starting = false;
    maintenance.run();
    expect(db.discardedPieces).toBe(0);
  });

  it('has a thread that gives memory back while there is much of it', () => {
    const { keyspace, maintenance, thread } = setup();
    const db = keyspace.databases[0]!;
    const value = new Uint8Array(4 * MIB);
    for (let i = 0; i < 40; i++) {
      const key = Buffer.from(`key:${i}`);
      if (i === 20) {
        maintenance.run();
        expect(thread.starts).toBe(0);
      }
      db.addString(key, 0, key.length, 0, value, 0, value.length);
    }
    maintenance.run();
    expect(thread.starts).toBe(1);
    removeAll(db, 0, 40);
    for (let i = 0; i < 50; i++) maintenance.run();
    expect(thread.released).toBe(40);
    expect(thread.stops).toBe(0);
    for (let i = 0; i < 100; i++) maintenance.run();
    expect(thread.stops).toBeGreaterThan(0);
  });
});
