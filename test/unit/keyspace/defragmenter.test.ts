import { beforeEach, describe, expect, it } from 'vitest';
import { SEGMENT_BYTES } from '../../../src/datastructs/arena.js';
import { CollectionMemory } from '../../../src/keyspace/collection-memory.js';
import type { Database } from '../../../src/keyspace/database.js';
import { Defragmenter } from '../../../src/keyspace/defragmenter.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { KeySet } from '../../../src/keyspace/set/key-set.js';
import { chooseSegments } from '../../../src/keyspace/sparse-segments.js';
import { Random } from '../../differential/random.js';
import { recount } from '../../support/recount.js';

const SETTINGS = {
  isOn: true,
  ignoreBytes: 1024 * 1024,
  lowerPercent: 10,
  upperPercent: 100,
  minEffort: 1,
  maxEffort: 25,
};

let keyspace: Keyspace;
let db: Database;
let random: Random;
let pending: (() => void)[];
let micros: number;
let isHeld: boolean;
let settings: typeof SETTINGS;

beforeEach(() => {
  random = new Random(7);
  keyspace = new Keyspace({ databases: 2, random: () => random.fraction(), debugArena: false });
  db = keyspace.databases[0]!;
  pending = [];
  micros = 0;
  isHeld = false;
  settings = SETTINGS;
});

function make(collections?: CollectionMemory): Defragmenter {
  return new Defragmenter({
    collections,
    keyspace,
    settings: () => settings,
    micros: () => (micros += 10),
    isHeld: () => isHeld,
    later: (go) => pending.push(go),
  });
}

/** Runs what was put off, until nothing is. @param between is called after each slice */
function runAll(between: () => void = () => {}): void {
  for (let go = pending.shift(); go !== undefined; go = pending.shift()) {
    go();
    between();
  }
}

function giveBack(): void {
  while (db.trim(() => {}));
}

function textOf(i: number): Buffer {
  return Buffer.from(`value ${i} `.repeat(1 + (i % 40)));
}

function put(i: number): number {
  const key = Buffer.from(`key:${i}`);
  const value = textOf(i);
  return db.addString(key, 0, key.length, 0, value, 0, value.length);
}

function entryOf(i: number): number {
  const key = Buffer.from(`key:${i}`);
  return db.find(key, 0, key.length, 0);
}

/** Fills the database, with some times to live, and removes nine of ten keys. @returns those left */
function fillAndThin(count: number): number[] {
  for (let i = 0; i < count; i++) {
    const e = put(i);
    if (i % 7 === 0) db.setExpiry(e, 1_000_000 + i);
  }
  const left: number[] = [];
  for (let i = 0; i < count; i++) {
    if (random.chance(0.1)) left.push(i);
    else db.remove(entryOf(i));
  }
  return left;
}

function expectThere(left: readonly number[]): void {
  expect(db.size).toBe(left.length);
  for (const i of left) {
    const e = entryOf(i);
    expect(e).not.toBe(0);
    expect(db.stringBytes(e).equals(textOf(i))).toBe(true);
    expect(db.expiry(e)).toBe(i % 7 === 0 ? 1_000_000 + i : -1);
  }
}

describe('active defragmentation', () => {
  it('gives the memory back that deleting nine of ten keys leaves in pieces', () => {
    const left = fillAndThin(400_000);
    giveBack();
    const before = db.arena.capacityBytes;
    expect(before).toBeGreaterThan(db.arena.usedBytes * 5);
    const defragmenter = make();
    defragmenter.check();
    expect(defragmenter.effort).toBe(25);
    runAll();
    giveBack();
    expect(defragmenter.effort).toBe(0);
    expect(defragmenter.hits).toBeGreaterThan(10_000);
    // All but one segment of what is needed.
    expect(db.arena.capacityBytes).toBeLessThan(db.arena.usedBytes + 2 * 32 * 1024 * 1024);
    expect(db.dict.entryTop).toBe(db.size + 1);
    expectThere(left);
  });

  it('works while keys come, go and change', () => {
    const left = new Set(fillAndThin(120_000));
    settings = { ...SETTINGS, ignoreBytes: 1, lowerPercent: 0 };
    const defragmenter = make();
    defragmenter.check();
    let next = 1_000_000;
    runAll(() => {
      for (let k = 0; k < 3; k++) {
        put(next);
        if (next % 7 === 0) db.setExpiry(entryOf(next), 1_000_000 + next);
        left.add(next++);
      }
      const [first] = left;
      db.remove(entryOf(first!));
      left.delete(first!);
    });
    expectThere([...left]);
  });

  it('moves collections along, and leaves what they hold as it is', () => {
    const set = new KeySet();
    const names: Buffer[] = [];
    fillAndThin(80_000);
    for (let i = 0; i < 50; i++) {
      const key = Buffer.from(`set:${i}`);
      names.push(key);
      db.addRaw(
        key,
        0,
        key.length,
        0,
        Kind.SetIntset,
        new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0]),
        0,
        8,
      );
      const e = db.find(key, 0, key.length, 0);
      set.attach(db, e);
      for (let m = 0; m < 1000; m++) {
        const member = Buffer.from(`member ${m}`);
        set.add(member, 0, member.length, 0);
      }
    }
    settings = { ...SETTINGS, ignoreBytes: 1, lowerPercent: 0 };
    make().check();
    runAll();
    for (const key of names) {
      set.attach(db, db.find(key, 0, key.length, 0));
      expect(set.size).toBe(1000);
      const member = Buffer.from('member 999');
      expect(set.has(member, 0, member.length, 0)).toBe(true);
    }
  });

  it('rests while a snapshot is taken, while it is off, and while there is little to gain', () => {
    fillAndThin(150_000);
    const defragmenter = make();
    isHeld = true;
    defragmenter.check();
    expect(defragmenter.effort).toBe(0);
    isHeld = false;
    settings = { ...SETTINGS, ignoreBytes: 1e9 };
    defragmenter.check();
    expect(defragmenter.effort).toBe(0);
    settings = SETTINGS;
    defragmenter.check();
    expect(defragmenter.effort).toBeGreaterThan(0);
    settings = { ...SETTINGS, isOn: false };
    defragmenter.check();
    expect(defragmenter.effort).toBe(0);
    runAll();
  });

  it('looks at the clock after each segment, however many there are', () => {
    fillAndThin(400_000);
    let looks = 0;
    const looksAt: number[] = [];
    const { arena } = db;
    for (const name of ['sparseBytes', 'beginEmptying', 'endEmptying'] as const) {
      const original = arena[name] as (segment: number) => never;
      arena[name] = (segment: number) => {
        looksAt.push(looks);
        return original.call(arena, segment);
      };
    }
    const defragmenter = new Defragmenter({
      keyspace,
      settings: () => settings,
      micros: () => {
        looks++;
        return (micros += 10);
      },
      isHeld: () => isHeld,
      later: (go) => pending.push(go),
    });
    defragmenter.check();
    runAll();
    const perLook = new Map<number, number>();
    for (const look of looksAt) perLook.set(look, (perLook.get(look) ?? 0) + 1);
    expect(perLook.size).toBeGreaterThan(6);
    // Before it is emptied, a segment is measured once more.
    expect(Math.max(...perLook.values())).toBeLessThanOrEqual(2);
  });

  it('forgets a database that is flushed meanwhile', () => {
    fillAndThin(150_000);
    const defragmenter = make();
    defragmenter.check();
    pending.shift()!();
    db.clear();
    runAll();
    expect(defragmenter.effort).toBe(0);
    put(1);
    expectThere([1]);
  });
});

describe('choosing segments to empty', () => {
  const share = (...parts: number[]) =>
    parts.map((part, i) => ({ segment: i + 1, used: part * SEGMENT_BYTES }));

  it('takes all if half of them is used at most: they fit into fresh ones', () => {
    expect(chooseSegments(share(0.1, 0.5, 0.7), 0)).toEqual([1, 2, 3]);
    expect(chooseSegments([], 0)).toEqual([]);
  });

  it('else takes the emptiest, as many as the others have room for', () => {
    const sparse = share(0.7, 0.5, 0.6, 0.7);
    expect(chooseSegments(sparse, 1.5 * SEGMENT_BYTES)).toEqual([2]);
    expect(chooseSegments(sparse, 2.5 * SEGMENT_BYTES)).toEqual([2, 3]);
    expect(chooseSegments(sparse, 0.5 * SEGMENT_BYTES)).toEqual([]);
  });
});

describe('active defragmentation of collections that have an arena of their own', () => {
  /** A set so big that it has one, of which one member in twenty is left. */
  function thinSet(): number[] {
    const set = new KeySet();
    const key = Buffer.from('big');
    const empty = new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0]);
    set.attach(db, db.addRaw(key, 0, key.length, 0, Kind.SetIntset, empty, 0, empty.length));
    const member = (i: number) => Buffer.from(`member ${i} `.repeat(10));
    for (let i = 0; i < 400_000; i++) set.add(member(i), 0, member(i).length, 0);
    const left: number[] = [];
    for (let i = 0; i < 400_000; i++) {
      if (i % 20 === 7) left.push(i);
      else set.remove(member(i), 0, member(i).length, 0);
    }
    set.settle();
    return left;
  }

  function bigSet(): KeySet {
    const key = Buffer.from('big');
    return new KeySet().attach(db, db.find(key, 0, key.length, 0));
  }

  function settle(memory: CollectionMemory): void {
    while (db.trim(() => {}));
    for (let i = 0; i < 4; i++) memory.run();
  }

  it('gives back what a set holds that has lost most of its members', () => {
    const left = thinSet();
    const memory = new CollectionMemory(keyspace);
    settle(memory);
    const wasted = memory.wastedBytes;
    expect(wasted).toBeGreaterThan(memory.usedBytes * 4);
    const defragmenter = make(memory);
    defragmenter.check();
    expect(defragmenter.effort).toBe(25);
    runAll();
    settle(memory);
    expect(memory.wastedBytes).toBeLessThan(wasted / 4);
    expect(recount(keyspace).faults).toEqual([]);
    const set = bigSet();
    expect(set.size).toBe(left.length);
    for (const i of left) {
      const member = Buffer.from(`member ${i} `.repeat(10));
      expect(set.has(member, 0, member.length, 0)).toBe(true);
    }
    // What can't be had is not looked for again.
    defragmenter.check();
    runAll();
    expect(defragmenter.effort).toBe(0);
  });

  it('leaves a set that is deleted, or flushed, meanwhile', () => {
    for (const goes of ['deleted', 'flushed']) {
      thinSet();
      const memory = new CollectionMemory(keyspace);
      settle(memory);
      const defragmenter = make(memory);
      defragmenter.check();
      for (let i = 0; i < 40; i++) pending.shift()?.();
      const key = Buffer.from('big');
      if (goes === 'deleted') db.remove(db.find(key, 0, key.length, 0));
      else db.clear();
      runAll();
      expect(defragmenter.effort).toBe(0);
      settle(memory);
      expect(memory.wastedBytes).toBe(0);
      expect(recount(keyspace).faults).toEqual([]);
    }
  });
});
