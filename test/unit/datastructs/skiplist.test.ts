/** The skip list against a sorted array, with checked memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/datastructs/arena.js';
import { Dict } from '../../../src/datastructs/dict.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { SkipList } from '../../../src/datastructs/skiplist.js';

const hasher = new SipHasher(1, 2);

interface Pair {
  member: string;
  score: number;
}

/** A dict and a skip list, beside a sorted array that says what they should be. */
class Model {
  readonly dict = new Dict(new Arena({ debug: true }));
  readonly list: SkipList;
  expected: Pair[] = [];

  constructor(seed = 1) {
    this.list = new SkipList(this.dict, seed);
  }

  /** The member's node, 0 if there is none. */
  find(member: string): number {
    const bytes = Buffer.from(`x${member}y`, 'latin1');
    const hash = hasher.hash(bytes, 1, member.length);
    const e = this.dict.find(bytes, 1, member.length, hash);
    return e === 0 ? 0 : this.dict.meta(e);
  }

  set(member: string, score: number): void {
    const node = this.find(member);
    if (node === 0) {
      const bytes = Buffer.from(member, 'latin1');
      const hash = hasher.hash(bytes, 0, bytes.length);
      this.list.insert(score, this.dict.insert(bytes, 0, bytes.length, hash, 0, 0));
    } else this.list.setScore(node, score);
    this.expected = this.expected.filter((pair) => pair.member !== member);
    const at = this.expected.findIndex((pair) => comparePairs(pair, { member, score }) > 0);
    this.expected.splice(at < 0 ? this.expected.length : at, 0, { member, score });
  }

  remove(member: string): void {
    const node = this.find(member);
    if (node === 0) return;
    this.list.remove(node);
    this.expected = this.expected.filter((pair) => pair.member !== member);
  }

  removeRange(rank: number, count: number): void {
    const from = Math.min(rank, this.expected.length);
    const n = Math.min(count, this.expected.length - from);
    if (n > 0) this.list.removeRange(from, n);
    this.expected.splice(from, n);
  }

  pair(node: number): Pair {
    const { dict, list } = this;
    dict.locate(list.entry(node));
    const key = dict.buf.subarray(dict.keyOff, dict.keyOff + dict.keyLen);
    return { member: Buffer.from(key).toString('latin1'), score: list.score(node) };
  }

  member(node: number): string {
    return node === 0 ? 'none' : this.pair(node).member;
  }

  /** Walks both ways, and asks for every rank. */
  check(): void {
    const { list, expected } = this;
    const forwards: Pair[] = [];
    for (let node = list.first; node !== 0; node = list.next(node)) forwards.push(this.pair(node));
    expect(forwards).toEqual(expected);
    const backwards: Pair[] = [];
    for (let node = list.last; node !== 0; node = list.prev(node)) backwards.push(this.pair(node));
    expect(backwards.reverse()).toEqual(expected);
    expect(list.size).toBe(expected.length);
    expect(this.dict.size).toBe(expected.length);
    for (let rank = 0; rank < expected.length; rank++) {
      const node = list.at(rank);
      expect(this.member(node)).toBe(expected[rank]!.member);
      expect(list.rank(node)).toBe(rank);
      expect(this.find(expected[rank]!.member)).toBe(node);
    }
    expect(list.at(expected.length)).toBe(0);
    expect(list.at(-1)).toBe(0);
  }
}

function comparePairs(a: Pair, b: Pair): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return Buffer.compare(Buffer.from(a.member, 'latin1'), Buffer.from(b.member, 'latin1'));
}

const members = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((n) => `m${n}`),
  fc.constantFrom('', 'm', '\0', '\xff', 'm1\0', 'a'.repeat(70), `${'a'.repeat(70)}b`),
);
const scores = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(-Infinity, Infinity, 0.5, -0.25, 1e300),
);

const steps = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant('set' as const), member: members, score: scores }),
    fc.record({ op: fc.constant('remove' as const), member: members }),
    fc.record({ op: fc.constant('range' as const), rank: fc.nat(20), count: fc.nat(6) }),
  ),
  { maxLength: 120 },
);

describe('a skip list', () => {
  it('keeps members in order, both ways and by rank, through any changes', () => {
    fc.assert(
      fc.property(fc.integer(), steps, (seed, list) => {
        const model = new Model(seed);
        for (const step of list) {
          if (step.op === 'set') model.set(step.member, step.score);
          else if (step.op === 'remove') model.remove(step.member);
          else model.removeRange(step.rank, step.count);
        }
        model.check();
      }),
      { numRuns: 150 },
    );
  });

  it('finds the ends of score ranges, inclusive and exclusive', () => {
    const pairs = fc.array(fc.record({ member: members, score: scores }), { maxLength: 60 });
    fc.assert(
      fc.property(pairs, scores, fc.boolean(), (list, score, exclusive) => {
        const model = new Model();
        for (const pair of list) model.set(pair.member, pair.score);
        const first = model.expected.find((p) => (exclusive ? p.score > score : p.score >= score));
        const last = model.expected.findLast((p) =>
          exclusive ? p.score < score : p.score <= score,
        );
        expect(model.member(model.list.firstFrom(score, exclusive))).toBe(first?.member ?? 'none');
        expect(model.member(model.list.lastUpTo(score, exclusive))).toBe(last?.member ?? 'none');
      }),
      { numRuns: 150 },
    );
  });

  it('finds the ends of member ranges where all scores are the same', () => {
    fc.assert(
      fc.property(fc.array(members, { maxLength: 60 }), members, fc.boolean(), (list, m, ex) => {
        const model = new Model();
        for (const member of list) model.set(member, 1);
        const bytes = Buffer.from(m, 'latin1');
        const order = (p: Pair) => Buffer.compare(Buffer.from(p.member, 'latin1'), bytes);
        const first = model.expected.find((p) => order(p) > 0 || (!ex && order(p) === 0));
        const last = model.expected.findLast((p) => order(p) < 0 || (!ex && order(p) === 0));
        const from = model.list.firstFromMember(bytes, 0, bytes.length, ex);
        const to = model.list.lastUpToMember(bytes, 0, bytes.length, ex);
        expect(model.member(from)).toBe(first?.member ?? 'none');
        expect(model.member(to)).toBe(last?.member ?? 'none');
      }),
      { numRuns: 150 },
    );
  });

  it('keeps a node in its place when the new score does not change the order', () => {
    const model = new Model();
    for (let i = 0; i < 50; i++) model.set(`m${i}`, i * 10);
    const node = model.find('m20');
    model.set('m20', 205);
    expect(model.find('m20')).toBe(node);
    expect(model.list.rank(node)).toBe(20);
    model.set('m20', 1e6);
    expect(model.find('m20')).toBe(node);
    expect(model.list.rank(node)).toBe(49);
    model.check();
  });

  it('uses the memory of removed members again', () => {
    const model = new Model();
    for (let i = 0; i < 1000; i++) model.set(`m${i}`, i);
    const { bytes } = model.list;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 1000; i += 2) model.remove(`m${i}`);
      for (let i = 0; i < 1000; i += 2) model.set(`m${i}`, i);
    }
    expect(model.list.bytes).toBeLessThan(bytes * 1.6);
    model.check();
  });

  it('takes about 37 bytes for a member, links and spans included', () => {
    const model = new SkipList(new Dict(new Arena()), 7);
    const members = 200_000;
    fill(model, members, (i) => i);
    expect(model.bytes / members).toBeLessThan(45);
  });

  it('goes on over many segments', () => {
    const list = new SkipList(new Dict(new Arena()), 7);
    fill(list, 200_000, (i) => (i * 7919) % 200_000);
    for (let rank = 0; rank < 200_000; rank += 997) {
      const node = list.at(rank);
      expect(list.score(node)).toBe(rank);
      expect(list.rank(node)).toBe(rank);
    }
    list.removeRange(10, 199_980);
    expect(list.size).toBe(20);
    expect(list.score(list.at(10))).toBe(199_990);
  });

  it('is not changed by being warmed', () => {
    const model = new Model();
    model.list.warm(Float64Array.of(1, 2), 2);
    for (let i = 0; i < 500; i++) model.set(`m${i}`, (i * 37) % 101);
    model.list.warm(Float64Array.of(-Infinity, 0, 50, 50.5, 1000, Infinity, Number.NaN), 7);
    model.check();
  });

  it('copies itself over a copy of its dict', () => {
    const model = new Model();
    for (let i = 0; i < 300; i++) model.set(`m${i}`, (i * 37) % 101);
    const dict = model.dict.copy(new Arena({ debug: true }));
    const copy = model.list.copy(dict);
    model.list.removeRange(0, 300);
    let rank = 0;
    for (let node = copy.first; node !== 0; node = copy.next(node), rank++) {
      dict.locate(copy.entry(node));
      const name = Buffer.from(dict.buf.subarray(dict.keyOff, dict.keyOff + dict.keyLen));
      expect(name.toString('latin1')).toBe(model.expected[rank]!.member);
    }
    expect(rank).toBe(300);
    copy.remove(copy.at(150));
    expect(copy.size).toBe(299);
  });

  it('copies itself, and hands over few buffers, when it has several segments', () => {
    const dict = new Dict(new Arena());
    const list = new SkipList(dict, 1);
    fill(list, 200_000, (i) => i);
    const other = dict.copy(new Arena());
    const copy = list.copy(other);
    expect(copy.bytes).toBe(list.bytes);
    expect(list.takeMemory()).toHaveLength(2);
    for (let rank = 0; rank < 200_000; rank += 997) {
      expect(copy.score(copy.at(rank))).toBe(rank);
    }
  });
});

function fill(list: SkipList, count: number, score: (i: number) => number): void {
  const dict = (list as unknown as { dict: Dict }).dict;
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(`member:${i}`);
    const hash = hasher.hash(bytes, 0, bytes.length);
    list.insert(score(i), dict.insert(bytes, 0, bytes.length, hash, 0, 0));
  }
}
