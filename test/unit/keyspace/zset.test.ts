/** Sorted sets of both encodings against a sorted array; encodings, copies, memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeapBytes } from '../../../src/datastructs/byte-store.js';
import { Listpack } from '../../../src/datastructs/listpack.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { OWN_ARENA_MEMBERS } from '../../../src/keyspace/collection.js';
import { Database } from '../../../src/keyspace/database.js';
import { EncodingLimits } from '../../../src/keyspace/encoding-limits.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { ZsetReader, ZsetWriter } from '../../../src/keyspace/zset/open.js';
import { ScoreTable } from '../../../src/keyspace/zset/score-table.js';
import {
  type MemberBound,
  MemberRange,
  ScoreRange,
  type Zset,
} from '../../../src/keyspace/zset/zset.js';
import { ZsetListpack } from '../../../src/keyspace/zset/zset-listpack.js';
import type { ZsetSkiplist } from '../../../src/keyspace/zset/zset-skiplist.js';

const hasher = new SipHasher(3, 4);
const KEY = Buffer.from('key');

function database(entries = 128): Database {
  const limits = new EncodingLimits();
  limits.zsetMaxListpackEntries = entries;
  return new Database(0, hasher, limits, true);
}

interface Pair {
  member: string;
  score: number;
}

/** A key with a sorted set, beside an array that says what it should hold. */
class Model {
  readonly writer = new ZsetWriter();
  readonly db: Database;
  expected: Pair[] = [];
  entry: number;

  constructor(db: Database) {
    this.db = db;
    this.writer.begin(db, db.limits.zsetMaxListpackEntries === 0 ? 1 : 0, 0);
    const { object } = this.writer;
    const { buf, off, len } = this.writer.bytes.range;
    this.entry =
      object === undefined
        ? db.addRaw(KEY, 0, KEY.length, 0, Kind.ZsetListpack, buf, off, len)
        : db.addObjectKey(KEY, 0, KEY.length, 0, Kind.ZsetSkiplist, object);
  }

  open(): Zset {
    return this.writer.open(this.db, this.entry);
  }

  set(member: string, score: number): void {
    const zset = this.open();
    const bytes = Buffer.from(`<${member}>`, 'latin1');
    const p = zset.find(bytes, 1, member.length);
    if (p === 0) this.writer.add(bytes, 1, member.length, score);
    else zset.setScore(p, bytes, 1, member.length, score);
    this.writer.settle();
    this.expected = this.expected.filter((pair) => pair.member !== member);
    this.expected.push({ member, score });
    this.expected.sort(comparePairs);
  }

  remove(member: string): void {
    const p = find(this.open(), member);
    if (p !== 0) this.writer.zset.remove(p);
    this.writer.settle();
    this.expected = this.expected.filter((pair) => pair.member !== member);
  }

  removeRange(rank: number, count: number): void {
    const zset = this.open();
    const from = Math.min(rank, zset.size);
    const n = Math.min(count, zset.size - from);
    if (n > 0) zset.removeRange(from, n);
    this.writer.settle();
    this.expected.splice(from, n);
  }

  check(): void {
    const zset = new ZsetReader().open(this.db, this.entry);
    expect(content(zset)).toEqual(this.expected);
    expect(zset.size).toBe(this.expected.length);
    const backwards: Pair[] = [];
    for (let p = zset.last(); p !== 0; p = zset.prev(p)) backwards.push(pairAt(zset, p));
    expect(backwards.reverse()).toEqual(this.expected);
    this.expected.forEach(({ member }, rank) => {
      const p = find(zset, member);
      expect(zset.rank(p)).toBe(rank);
      expect(zset.at(rank)).toBe(p);
    });
    expect([zset.at(-1), zset.at(zset.size), find(zset, 'absent')]).toEqual([0, 0, 0]);
  }
}

function find(zset: Zset, member: string): number {
  const bytes = Buffer.from(member, 'latin1');
  return zset.find(bytes, 0, bytes.length);
}

function pairAt(zset: Zset, p: number): Pair {
  const score = zset.score(p);
  zset.read(p);
  const member = Buffer.from(zset.buf.subarray(zset.off, zset.off + zset.len)).toString('latin1');
  return { member, score };
}

function content(zset: Zset): Pair[] {
  const pairs: Pair[] = [];
  for (let p = zset.first(); p !== 0; p = zset.next(p)) pairs.push(pairAt(zset, p));
  return pairs;
}

/** What `select…` left, in its own direction. */
function selected(zset: Zset, reversed: boolean): string[] {
  const members: string[] = [];
  let p = zset.from;
  for (let left = zset.count; left > 0; left--) {
    members.push(pairAt(zset, p).member);
    p = reversed ? zset.prev(p) : zset.next(p);
  }
  return members;
}

function comparePairs(a: Pair, b: Pair): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return compareText(a.member, b.member);
}

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

const members = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((n) => `m${n}`),
  fc.constantFrom('', '0', '-7', '12345678901234567890', '\0', '\xff', 'm1\0', 'z'.repeat(60)),
);
const scores = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(-Infinity, Infinity, 0.5, 0.1, -1e300, 2 ** 53, 2 ** 62, 123456.789, 5e-324),
);
const pairs = fc.array(fc.record({ member: members, score: scores }), { maxLength: 50 });
const steps = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant('set' as const), member: members, score: scores }),
    fc.record({ op: fc.constant('remove' as const), member: members }),
    fc.record({ op: fc.constant('range' as const), rank: fc.nat(15), count: fc.nat(5) }),
  ),
  { maxLength: 60 },
);
const bounds: fc.Arbitrary<MemberBound> = fc.record({
  infinite: fc.constantFrom(0 as const, 0 as const, 0 as const, -1 as const, 1 as const),
  bytes: members.map((member) => Buffer.from(member, 'latin1')),
  exclusive: fc.boolean(),
});

describe.each([
  ['listpack', 128],
  ['skiplist that was one from the start', 0],
  ['listpack that grows to a skiplist', 8],
])('a sorted set as a %s', (_name, entries) => {
  it('keeps members in order, both ways and by rank, through any changes', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const model = new Model(database(entries));
        for (const step of list) {
          if (step.op === 'set') model.set(step.member, step.score);
          else if (step.op === 'remove') model.remove(step.member);
          else model.removeRange(step.rank, step.count);
        }
        model.check();
      }),
      { numRuns: 80 },
    );
  });

  it('selects score ranges in both directions', () => {
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(pairs, scores, scores, flags, (list, min, max, [minEx, maxEx, reversed]) => {
        const model = new Model(database(entries));
        for (const { member, score } of list) model.set(member, score);
        const zset = model.open();
        zset.selectScores(new ScoreRange(min, max, minEx, maxEx), reversed);
        const inRange = model.expected.filter(
          ({ score }) =>
            (minEx ? score > min : score >= min) && (maxEx ? score < max : score <= max),
        );
        const names = inRange.map(({ member }) => member);
        expect(selected(zset, reversed)).toEqual(reversed ? names.reverse() : names);
      }),
      { numRuns: 80 },
    );
  });

  it('selects member ranges in both directions', () => {
    const list = fc.array(members, { maxLength: 40 });
    fc.assert(
      fc.property(list, bounds, bounds, fc.boolean(), (names, min, max, reversed) => {
        const model = new Model(database(entries));
        for (const member of names) model.set(member, 0);
        const zset = model.open();
        zset.selectMembers(new MemberRange(min, max), reversed);
        const inRange = model.expected
          .map(({ member }) => member)
          .filter((member) => isBehind(member, min) && isBefore(member, max));
        expect(selected(zset, reversed)).toEqual(reversed ? inRange.reverse() : inRange);
      }),
      { numRuns: 80 },
    );
  });

  it('is copied and moved with its key', () => {
    const model = new Model(database(entries));
    for (let i = 0; i < 40; i++) model.set(`m${i}`, (i * 7) % 11);
    const other = database(entries);
    const copied = model.db.copyTo(model.entry, other, KEY, 0, KEY.length);
    expect(content(new ZsetReader().open(other, copied))).toEqual(model.expected);
    other.remove(copied);
    const moved = model.db.moveTo(model.entry, other, KEY, 0, KEY.length);
    expect(content(new ZsetReader().open(other, moved))).toEqual(model.expected);
    expect(model.db.arena.usedBytes).toBe(0);
    other.remove(moved);
    expect(other.arena.usedBytes).toBe(0);
    expect(other.objectBytes).toBe(0);
  });
});

function isBehind(member: string, { infinite, bytes, exclusive }: MemberBound): boolean {
  if (infinite !== 0) return infinite < 0;
  const order = compareText(member, Buffer.from(bytes).toString('latin1'));
  return order > 0 || (order === 0 && !exclusive);
}

function isBefore(member: string, { infinite, bytes, exclusive }: MemberBound): boolean {
  if (infinite !== 0) return infinite > 0;
  const order = compareText(member, Buffer.from(bytes).toString('latin1'));
  return order < 0 || (order === 0 && !exclusive);
}

describe('the listpack of a sorted set', () => {
  it('holds members and scores in turns, integers as integers and others as text', () => {
    const heap = new HeapBytes();
    Listpack.init(heap);
    const zset = new ZsetListpack(heap);
    for (const [member, score] of [
      ['c', 2 ** 62],
      ['a', -0],
      ['12', 0.1],
      ['b', 3],
      ['d', 1e20],
      ['e', -Infinity],
    ] as const) {
      zset.add(Buffer.from(member), 0, member.length, score);
    }
    const lp = new Listpack(heap);
    const elements: string[] = [];
    for (let p = lp.first(); p !== 0; p = lp.next(p)) {
      lp.read(p);
      const text = Buffer.from(lp.buf.subarray(lp.off, lp.off + lp.len)).toString();
      elements.push(lp.isInteger(p) ? `#${text}` : text);
    }
    const inOrder = ['e', '-inf', 'a', '#0', '#12', '0.1', 'b', '#3'];
    expect(elements).toEqual([...inOrder, 'c', '#4611686018427387904', 'd', '1e+20']);
  });
});

describe('the encoding of a sorted set', () => {
  it('becomes a skiplist with a member too many or too long, and stays one', () => {
    const model = new Model(database(4));
    for (let i = 0; i < 4; i++) model.set(`m${i}`, i);
    expect(model.db.kind(model.entry)).toBe(Kind.ZsetListpack);
    model.set('m4', 4);
    expect(model.db.kind(model.entry)).toBe(Kind.ZsetSkiplist);
    model.removeRange(0, 4);
    expect(model.db.kind(model.entry)).toBe(Kind.ZsetSkiplist);
    model.check();

    const long = new Model(database(4));
    long.set('x'.repeat(64), 1);
    expect(long.db.kind(long.entry)).toBe(Kind.ZsetListpack);
    long.set('x'.repeat(65), 1);
    expect(long.db.kind(long.entry)).toBe(Kind.ZsetSkiplist);
    long.check();
  });

  it('keeps the time to live when it changes', () => {
    const model = new Model(database(2));
    model.set('a', 1);
    model.db.setExpiry(model.entry, 5000);
    for (let i = 0; i < 5; i++) model.set(`m${i}`, i);
    expect(model.db.kind(model.entry)).toBe(Kind.ZsetSkiplist);
    expect(model.db.expiry(model.entry)).toBe(5000);
    model.check();
  });
});

describe('the memory of a big sorted set', () => {
  it('moves to an arena of its own, which goes with it', () => {
    const model = new Model(database());
    const zset = fill(model, OWN_ARENA_MEMBERS);
    expect(zset.sharedBytes).toBeGreaterThan(0);
    const shared = model.db.arena.usedBytes;
    fill(model, OWN_ARENA_MEMBERS + 1);
    expect(zset.sharedBytes).toBe(0);
    expect(model.db.arena.usedBytes).toBeLessThan(shared / 10);
    expect(model.db.objectBytes).toBe(zset.memoryBytes);
    model.db.remove(model.entry);
    expect(model.db.arena.usedBytes).toBe(0);
    expect(model.db.objectBytes).toBe(0);
  });

  it('is counted with the database', () => {
    const model = new Model(database());
    const zset = fill(model, 1000);
    const { db } = model;
    expect(db.objectBytes).toBe(zset.memoryBytes);
    zset.removeRange(0, 990);
    db.settle(zset);
    expect(db.objectBytes).toBe(zset.memoryBytes);
  });
});

/** Adds members until the set, a skip list, has so many. */
function fill(model: Model, size: number): ZsetSkiplist {
  const zset = model.open();
  for (let i = zset.size; i < size; i++) {
    const bytes = Buffer.from(`member:${i}`);
    model.writer.add(bytes, 0, bytes.length, (i * 7919) % 1000);
  }
  model.writer.settle();
  return model.writer.zset as ZsetSkiplist;
}

describe('a score table', () => {
  it('gathers scores and becomes a sorted set', () => {
    const db = database();
    const table = new ScoreTable(db);
    for (const [member, score] of [
      ['b', 5],
      ['a', 1],
      ['long member', 3],
    ] as const) {
      table.add(Buffer.from(member), 0, member.length, score);
    }
    table.setScore(table.find(Buffer.from('b'), 0, 1), 0);
    expect(table.score(table.find(Buffer.from('b'), 0, 1))).toBe(0);
    expect([table.size, table.longest, table.find(Buffer.from('x'), 0, 1)]).toEqual([3, 11, -1]);
    const zset = table.toZset();
    expect(content(zset).map(({ member }) => member)).toEqual(['b', 'a', 'long member']);
    db.discard(zset.dispose());
    expect(db.arena.usedBytes).toBe(0);
  });

  it('has an arena of its own when it is big', () => {
    const db = database();
    const table = new ScoreTable(db);
    for (let i = 0; i <= OWN_ARENA_MEMBERS; i++) {
      const bytes = Buffer.from(`m${i}`);
      table.add(bytes, 0, bytes.length, -i);
    }
    expect(db.arena.usedBytes).toBe(0);
    const zset = table.toZset();
    expect(pairAt(zset, zset.first()).score).toBe(-OWN_ARENA_MEMBERS);
    expect(zset.sharedBytes).toBe(0);
  });
});
