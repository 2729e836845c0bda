/** Sets in all their encodings against a model, with checked memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_INTSET } from '../../../src/datastructs/intset.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { OWN_ARENA_MEMBERS } from '../../../src/keyspace/collection.js';
import { Database } from '../../../src/keyspace/database.js';
import { EncodingLimits } from '../../../src/keyspace/encoding-limits.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { DictSet } from '../../../src/keyspace/set/dict-set.js';
import { FreeSet } from '../../../src/keyspace/set/free-set.js';
import { KeySet } from '../../../src/keyspace/set/key-set.js';
import { EMPTY_LISTPACK, type SetValue } from '../../../src/keyspace/set/set-value.js';

const hasher = new SipHasher(5, 6);
const KEY = Buffer.from('key');

function smallLimits(): EncodingLimits {
  const limits = new EncodingLimits();
  limits.setMaxIntsetEntries = 6;
  limits.setMaxListpackEntries = 8;
  limits.setMaxListpackValue = 10;
  return limits;
}

function database(limits = smallLimits()): Database {
  return new Database(0, hasher, limits, true);
}

/** A key with an empty set in it. */
function keySet(db: Database, kind: number = Kind.SetIntset): KeySet {
  const empty = kind === Kind.SetIntset ? EMPTY_INTSET : EMPTY_LISTPACK;
  const e =
    kind === Kind.SetDict
      ? db.addObjectKey(KEY, 0, 3, 0, kind, DictSet.create(db.arena, hasher, 1))
      : db.addRaw(KEY, 0, 3, 0, kind, empty, 0, empty.length);
  return new KeySet().attach(db, e);
}

function on(
  text: string,
  action: (bytes: Uint8Array, off: number, len: number) => boolean,
): boolean {
  const bytes = Buffer.from(`<${text}>`);
  return action(bytes, 1, bytes.length - 2);
}

const add = (set: SetValue, text: string) => on(text, (b, o, l) => set.add(b, o, l));
const remove = (set: SetValue, text: string) => on(text, (b, o, l) => set.remove(b, o, l));
const has = (set: SetValue, text: string) => on(text, (b, o, l) => set.has(b, o, l));
const current = (set: SetValue) =>
  Buffer.from(set.buf.subarray(set.off, set.off + set.len)).toString();

function members(set: SetValue): string[] {
  const all: string[] = [];
  for (set.rewind(); set.next(); ) all.push(current(set));
  return all;
}

const member = fc.oneof(
  fc.integer({ min: 0, max: 12 }).map(String),
  fc.constantFrom('-1', '70000', '9223372036854775807', '-9223372036854775808', '007', ''),
  fc.constantFrom('a', 'b', 'c', 'd', 'longer than ten'),
);
const step = fc.record({
  action: fc.constantFrom('add', 'add', 'add', 'remove', 'has', 'removeCurrent'),
  text: member,
});

const isInteger = (text: string) => /^(0|-?[1-9]\d*)$/.test(text);

/** The encoding that Redis 7.2 gives a set after another member came. */
function kindAfter(kind: number, all: ReadonlySet<string>, added: string, db: Database): number {
  const { limits } = db;
  const fitsListpack =
    all.size <= limits.setMaxListpackEntries && added.length <= limits.setMaxListpackValue;
  if (kind === Kind.SetIntset && isInteger(added)) {
    return all.size > limits.setMaxIntsetEntries ? Kind.SetDict : Kind.SetIntset;
  }
  if (kind === Kind.SetIntset) {
    const longest = Math.max(...[...all].map((text) => text.length));
    const fits = fitsListpack && longest <= limits.setMaxListpackValue;
    return fits ? Kind.SetListpack : Kind.SetDict;
  }
  return kind === Kind.SetListpack && fitsListpack ? Kind.SetListpack : Kind.SetDict;
}

describe.each([
  ['intset', Kind.SetIntset],
  ['listpack', Kind.SetListpack],
  ['hashtable', Kind.SetDict],
])('A set that begins as %s', (_, firstKind) => {
  it('holds what it was given, and changes its encoding where Redis does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const db = database();
        const set = keySet(db, firstKind);
        const model = new Set<string>();
        let kind: number = firstKind;
        for (const { action, text } of steps) {
          if (action === 'add') {
            expect(add(set, text)).toBe(!model.has(text));
            if (!model.has(text)) kind = kindAfter(kind, model.add(text), text, db);
          } else if (action === 'remove') {
            expect(remove(set, text)).toBe(model.delete(text));
          } else if (action === 'has') {
            expect(has(set, text)).toBe(model.has(text));
          } else if (model.size > 0) {
            set.random(() => 0.5);
            expect(model.delete(current(set))).toBe(true);
            set.removeCurrent();
          }
          expect(set.kind).toBe(kind);
          expect(db.kind(set.entry)).toBe(kind);
          expect(set.size).toBe(model.size);
        }
        expect(members(set).sort()).toEqual([...model].sort());
        set.settle();
        db.remove(set.entry);
        expect([db.objectBytes, db.arena.leaks()]).toEqual([0, []]);
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  it('can be iterated while the current member is removed', () => {
    for (let bits = 0; bits < 64; bits++) {
      const set = keySet(database(), firstKind);
      for (let i = 0; i < 6; i++) add(set, firstKind === Kind.SetIntset ? `${i}` : `m${i}`);
      const all = members(set);
      const met: string[] = [];
      let i = 0;
      for (set.rewind(); set.next(); ) {
        met.push(current(set));
        if (((bits >> i++) & 1) !== 0) set.removeCurrent();
      }
      expect(met.sort()).toEqual(all.sort());
      expect(set.size).toBe(6 - bits.toString(2).replaceAll('0', '').length);
    }
  });

  it('draws each member as often as any other', () => {
    const set = keySet(database(), firstKind);
    for (let i = 0; i < 6; i++) add(set, `${i}`);
    const drawn = new Map<string, number>();
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    for (let i = 0; i < 12_000; i++) {
      set.random(random);
      drawn.set(current(set), (drawn.get(current(set)) ?? 0) + 1);
    }
    expect(drawn.size).toBe(6);
    for (const times of drawn.values()) expect(Math.abs(times - 2000)).toBeLessThan(200);
  });
});

describe('A set that expects many members', () => {
  it('becomes a hashtable before they come', () => {
    for (const kind of [Kind.SetIntset, Kind.SetListpack]) {
      const set = keySet(database(), kind);
      add(set, '1');
      set.expect(kind === Kind.SetIntset ? 6 : 8);
      expect(set.kind).toBe(kind);
      set.expect(kind === Kind.SetIntset ? 7 : 9);
      expect([set.kind, members(set)]).toEqual([Kind.SetDict, ['1']]);
    }
  });
});

describe('A big set', () => {
  const count = OWN_ARENA_MEMBERS + 1000;

  function fill(db: Database, n: number): KeySet {
    const set = keySet(db, Kind.SetDict);
    for (let i = 0; i < n; i++) add(set, `member ${i}`);
    set.settle();
    return set;
  }

  it('leaves the arena of its database, and is thrown away as a whole', () => {
    const db = database();
    const blocks = db.arena.blocks;
    const small = fill(db, OWN_ARENA_MEMBERS);
    expect(db.arena.blocks).toBe(blocks + 1 + OWN_ARENA_MEMBERS);
    const bytes = db.memoryBytes(small.entry);
    add(small, 'one more');
    expect(db.arena.blocks).toBe(blocks + 1);
    expect(db.memoryBytes(small.entry)).toBeGreaterThanOrEqual(bytes);
    db.remove(small.entry);
    expect([db.arena.leaks(), db.objectBytes]).toEqual([[], 0]);
  });

  it.each([100, count])('of %i members can be copied and moved to another database', (n) => {
    const db = database();
    const other = new Database(1, hasher, smallLimits(), true);
    const set = fill(db, n);
    const copied = new KeySet().attach(other, db.copyTo(set.entry, other, KEY, 0, 3));
    expect(members(copied)).toEqual(members(set));
    remove(copied, 'member 5');
    expect([has(set, 'member 5'), has(copied, 'member 5')]).toEqual([true, false]);
    other.remove(copied.entry);
    const moved = new KeySet().attach(other, db.moveTo(set.entry, other, KEY, 0, 3));
    expect([db.size, db.objectBytes, db.arena.leaks()]).toEqual([0, 0, []]);
    expect(moved.size).toBe(n);
    expect(has(moved, 'member 5')).toBe(true);
    other.remove(moved.entry);
    expect([other.objectBytes, other.arena.leaks()]).toEqual([0, []]);
  });

  it('gives its buckets back when most members are gone, and stays complete', () => {
    const set = fill(database(), count);
    const { dict } = set.table!;
    while (dict.rehashAt >= 0) dict.rehashStep();
    expect(dict.bucketCount).toBe(8192);
    for (let i = 0; i < count - 40; i++) remove(set, `member ${i}`);
    while (dict.rehashAt >= 0) dict.rehashStep();
    expect(dict.bucketCount).toBeLessThanOrEqual(512);
    expect(members(set).sort()).toEqual(
      Array.from({ length: 40 }, (_, i) => `member ${count - 40 + i}`).sort(),
    );
    for (const text of members(set)) expect(has(set, text)).toBe(true);
  });

  it('returns to SSCAN every member that stays, whatever comes and goes meanwhile', () => {
    const set = fill(database(), 1000);
    const { dict } = set.table!;
    const seen = new Set<string>();
    let cursor = 0;
    let step = 0;
    do {
      cursor = dict.scan(cursor, (e) => {
        dict.locate(e);
        const { buf, keyOff, keyLen } = dict;
        seen.add(Buffer.from(buf.subarray(keyOff, keyOff + keyLen)).toString());
      });
      step++;
      // Members from 500 on go, others come: the table shrinks and grows under the cursor.
      if (step < 400) for (let i = 0; i < 5; i++) add(set, `guest ${step * 5 + i}`);
      else for (let i = 0; i < 20; i++) remove(set, `guest ${(step - 400) * 20 + i}`);
      if (step < 500) remove(set, `member ${500 + step}`);
    } while (cursor !== 0);
    for (let i = 0; i < 500; i++) expect(seen.has(`member ${i}`)).toBe(true);
  });
});

describe('A set of no key', () => {
  it('becomes an intset when it may be one', () => {
    const db = database();
    const few = new FreeSet(db, Kind.SetListpack);
    for (const text of ['5', '-3', '70000']) add(few, text);
    few.preferIntset();
    expect([few.kind, members(few)]).toEqual([Kind.SetIntset, ['-3', '5', '70000']]);
    const many = new FreeSet(db, Kind.SetListpack);
    for (let i = 0; i < 7; i++) add(many, `${i}`);
    many.preferIntset();
    expect(many.kind).toBe(Kind.SetListpack);
  });

  it('leaves nothing behind when it is not needed', () => {
    const db = database();
    const set = new FreeSet(db, Kind.SetIntset);
    for (let i = 0; i < 100; i++) add(set, `m${i}`);
    expect(set.kind).toBe(Kind.SetDict);
    set.dispose();
    expect(db.arena.leaks()).toEqual([]);
  });

  it('takes the place of the set of a key, whose time to live stays', () => {
    for (const count of [3, 30]) {
      const db = database();
      const set = keySet(db, Kind.SetDict);
      add(set, 'old');
      db.setExpiry(set.entry, 12_345);
      const other = new FreeSet(db, Kind.SetListpack);
      for (let i = 0; i < count; i++) add(other, `m${i}`);
      set.replaceBy(other);
      expect(db.expiry(set.entry)).toBe(12_345);
      expect(members(new KeySet().attach(db, set.entry)).length).toBe(count);
      db.remove(set.entry);
      expect([db.objectBytes, db.arena.leaks()]).toEqual([0, []]);
    }
  });
});
