/** Hashes of every encoding against a Map, with deadlines, in memory that is checked. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWN_ARENA_MEMBERS } from '../../../src/keyspace/collection.js';
import type { Database } from '../../../src/keyspace/database.js';
import { expireFieldsIn } from '../../../src/keyspace/hash/expire-fields.js';
import { HashFields } from '../../../src/keyspace/hash/hash-fields.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { encodingName, Kind } from '../../../src/keyspace/kinds.js';

const NOW = 1_700_000_000_000;

interface Expected {
  value: string;
  deadline: number;
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Hashes of one keyspace beside Maps that say what they should be. */
class Model {
  readonly keyspace = new Keyspace({ databases: 2, random: Math.random, debugArena: true });
  readonly fields = new HashFields();
  readonly expected = new Map<string, Map<string, Expected>>();

  /** @param first a value that every hash has under `first`, to begin with; empty: none */
  constructor(
    entries: number,
    value: number,
    readonly first = '',
  ) {
    this.keyspace.limits.hashMaxListpackEntries = entries;
    this.keyspace.limits.hashMaxListpackValue = value;
  }

  /** The database of a key: those in capitals are in the second one. */
  db(key: string): Database {
    return this.keyspace.databases[key === key.toLowerCase() ? 0 : 1]!;
  }

  entry(key: string): number {
    return this.db(key).find(bytes(key), 0, key.length, 0);
  }

  open(key: string): HashFields {
    return this.fields.open(this.db(key), this.entry(key));
  }

  find(field: string): boolean {
    // The field lies somewhere in a bigger buffer, as it does in a request.
    return this.fields.find(bytes(`xx${field}yy`), 2, field.length);
  }

  hash(key: string): Map<string, Expected> {
    const hash = this.expected.get(key) ?? new Map<string, Expected>();
    this.expected.set(key, hash);
    return hash;
  }

  set(key: string, field: string, value: string, keepsDeadline = false): void {
    const db = this.db(key);
    const { fields, first } = this;
    if (this.entry(key) === 0 && first !== '' && field !== 'first') this.set(key, 'first', first);
    const e = this.entry(key);
    if (e === 0) fields.begin(db);
    else fields.open(db, e);
    const f = bytes(field);
    const v = bytes(value);
    const isNew = keepsDeadline
      ? fields.update(f, 0, f.length, v, 0, v.length)
      : fields.set(f, 0, f.length, v, 0, v.length);
    if (e === 0) this.keep(key);
    else fields.settle();
    const hash = this.hash(key);
    expect(isNew).toBe(!hash.has(field));
    const deadline = keepsDeadline ? (hash.get(field)?.deadline ?? 0) : 0;
    hash.set(field, { value, deadline });
  }

  remove(key: string, field: string): void {
    if (this.entry(key) === 0) return;
    const { fields } = this;
    this.open(key);
    expect(this.find(field)).toBe(this.hash(key).delete(field));
    if (fields.place === 0) return;
    fields.remove();
    if (fields.count === 0) this.removeKey(key);
    else fields.settle();
  }

  setDeadline(key: string, field: string, deadline: number): void {
    if (this.entry(key) === 0) return;
    const { fields } = this;
    this.open(key);
    fields.allowDeadlines();
    if (!this.find(field)) return;
    fields.setDeadline(deadline);
    fields.settle();
    this.hash(key).get(field)!.deadline = deadline;
  }

  copy(key: string, to: string): void {
    if (this.entry(key) === 0 || this.entry(to) !== 0) return;
    this.db(key).copyTo(this.entry(key), this.db(to), bytes(to), 0, to.length);
    const copy = [...this.hash(key)].map(([f, v]) => [f, { ...v }] as const);
    this.expected.set(to, new Map(copy));
  }

  move(key: string, to: string): void {
    if (this.entry(key) === 0 || this.entry(to) !== 0) return;
    this.db(key).moveTo(this.entry(key), this.db(to), bytes(to), 0, to.length);
    this.expected.set(to, this.hash(key));
    this.expected.delete(key);
  }

  removeKey(key: string): void {
    const e = this.entry(key);
    if (e !== 0) this.db(key).remove(e);
    this.expected.delete(key);
  }

  /** Says whether all is as expected. */
  check(): void {
    for (const [key, hash] of this.expected) {
      if (hash.size === 0) {
        expect(this.entry(key)).toBe(0);
        continue;
      }
      const fields = this.open(key);
      expect(this.walked()).toEqual(new Map(hash));
      expect(fields.count).toBe(hash.size);
      const deadlines = [...hash.values()].map(({ deadline }) => deadline).filter((at) => at > 0);
      expect(fields.countDue(NOW)).toBe(deadlines.filter((at) => at < NOW).length);
      for (const [field, { value }] of hash) {
        expect(this.find(field)).toBe(true);
        expect(textOf(fields.value, fields.valueOff, fields.valueLen)).toBe(value);
      }
      expect(this.find('no such field')).toBe(false);
      if (fields.hasDeadlines) {
        const earliest = Math.min(...deadlines, Number.POSITIVE_INFINITY);
        expect(this.db(key).fieldExpiry(this.entry(key))).toBeLessThanOrEqual(earliest);
      }
    }
    for (const db of this.keyspace.databases) expect(db.fieldExpires.size).toBe(this.scheduled(db));
  }

  /** Removes everything, and says whether no memory is left in use. */
  clear(): void {
    for (const key of [...this.expected.keys()]) this.removeKey(key);
    for (const db of this.keyspace.databases) {
      expect(db.arena.leaks()).toEqual([]);
      expect([db.objectBytes, db.fieldExpires.size, db.objects.size]).toEqual([0, 0, 0]);
    }
  }

  private walked(): Map<string, Expected> {
    const { fields } = this;
    const found = new Map<string, Expected>();
    for (fields.rewind(); fields.next(); ) {
      const { value, valueOff, valueLen, deadline } = fields;
      const name = textOf(fields.field, fields.fieldOff, fields.fieldLen);
      found.set(name, { value: textOf(value, valueOff, valueLen), deadline });
    }
    return found;
  }

  /** How many hashes of the database have deadlines. */
  private scheduled(db: Database): number {
    let count = 0;
    for (const [key, hash] of this.expected) {
      if (this.db(key) !== db) continue;
      if ([...hash.values()].some(({ deadline }) => deadline > 0)) count++;
    }
    return count;
  }

  private keep(key: string): void {
    const { fields } = this;
    const db = this.db(key);
    const name = bytes(key);
    if (fields.table !== undefined) {
      db.addObjectKey(name, 0, name.length, 0, fields.kind, fields.table);
    } else {
      const { buf, off, len } = fields.begun.range;
      db.addRaw(name, 0, name.length, 0, fields.kind, buf, off, len);
    }
  }
}

function textOf(buf: Uint8Array, off: number, len: number): string {
  return Buffer.from(buf.subarray(off, off + len)).toString('latin1');
}

const key = fc.constantFrom('a', 'b', 'A', 'B');
const field = fc.oneof(
  fc.constantFrom('f', 'g', 'h', 'i', '1', '2', '300', '-5000', '', 'a longer field'),
  fc.nat(30).map((n) => `f${n}`),
);
const value = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.integer().map(String),
  fc.constantFrom('x'.repeat(20), 'y'.repeat(200)),
);
const deadline = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -5, max: 5 }).map((delta) => NOW + delta),
  fc.constant(2 ** 46 - 1),
);

type Step = (model: Model) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(key, field, value, fc.boolean()).map(
      ([k, f, v, keeps]) =>
        (m: Model) =>
          m.set(k, f, v, keeps),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(key, field).map(
      ([k, f]) =>
        (m: Model) =>
          m.remove(k, f),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(key, field, deadline).map(([k, f, at]) => (m: Model) => {
      m.setDeadline(k, f, at);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(key, key).map(
      ([k, to]) =>
        (m: Model) =>
          m.copy(k, to),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(key, key).map(
      ([k, to]) =>
        (m: Model) =>
          m.move(k, to),
    ),
  },
  { weight: 1, arbitrary: key.map((k) => (m: Model) => m.removeKey(k)) },
);

describe('a hash', () => {
  it.each([
    ['a listpack', 1000, 1000, ''],
    ['a hash table in name only', 0, 0, ''],
    ['a table', 0, 0, 'x'.repeat(5000)],
    ['a listpack that becomes a table in name', 6, 16, ''],
    ['a listpack that becomes a table', 6, 5000, 'x'.repeat(4000)],
  ])('as %s holds what a Map would, deadlines included', (_name, entries, longest, first) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new Model(entries, longest, first);
        for (const each of steps) each(model);
        model.check();
        model.clear();
      }),
      { numRuns: 80 },
    );
  });

  it('says its encoding as Redis 7.4 does', () => {
    const model = new Model(2, 10);
    const encoding = (k: string) => encodingName(model.db(k).kind(model.entry(k)));
    model.set('a', 'f', '1');
    expect(encoding('a')).toBe('listpack');
    model.setDeadline('a', 'f', NOW + 5);
    expect(encoding('a')).toBe('listpackex');
    model.setDeadline('a', 'f', 0);
    expect(encoding('a')).toBe('listpackex');
    model.set('a', 'g', 'longer than ten bytes');
    expect(encoding('a')).toBe('hashtable');
    model.set('b', 'f', '1');
    model.set('b', 'g', '1');
    expect(encoding('b')).toBe('listpack');
    model.set('b', 'h', '1');
    expect(encoding('b')).toBe('hashtable');
    model.check();
    model.clear();
  });

  it('that has lost nearly all of its fields is walked as quickly as if it had never had more', () => {
    const model = new Model(16, 64);
    for (let i = 0; i < 20_000; i++) model.set('a', `f${i}`, `v${i}`);
    for (let i = 0; i < 20_000; i++) if (i % 1000 !== 0) model.remove('a', `f${i}`);
    for (let i = 0; i < 5; i++) model.setDeadline('a', `f${i * 1000}`, NOW + i);
    const { dict } = model.open('a').table!;
    expect(dict.entryTop).toBeLessThan(OWN_ARENA_MEMBERS);
    model.check();
    model.clear();
  });

  it('of many fields has an arena of its own, also as a copy or in another database', () => {
    const model = new Model(16, 64);
    for (let i = 0; i < OWN_ARENA_MEMBERS + 10; i++) model.set('a', `f${i}`, `v${i}`);
    for (let i = 0; i < 3000; i++) model.setDeadline('a', `f${i}`, NOW - 1500 + i);
    expect(model.db('a').arena.usedBytes).toBeLessThan(100);
    model.copy('a', 'b');
    model.move('a', 'A');
    for (let i = 0; i < OWN_ARENA_MEMBERS; i++) model.remove('b', `f${i}`);
    expect(model.db('b').arena.usedBytes).toBeGreaterThan(0);
    model.check();
    model.clear();
  });

  it('gives each field the same chance to be drawn', () => {
    for (const first of ['v', 'v'.repeat(5000)]) {
      const model = new Model(100, 64, first);
      for (let i = 0; i < 19; i++) model.set('a', `f${i}`, 'v');
      const fields = model.open('a');
      const drawn = new Map<number, number>();
      for (let i = 0; i < 20_000; i++) {
        const place = fields.randomPlace(Math.random);
        drawn.set(place, (drawn.get(place) ?? 0) + 1);
      }
      expect(drawn.size).toBe(20);
      for (const times of drawn.values()) expect(Math.abs(times - 1000)).toBeLessThan(250);
    }
  });
});

describe('fields that are due', () => {
  it.each([
    ['listpacks', 1000, 'v'],
    ['tables', 0, 'v'.repeat(5000)],
  ])('of %s are removed by the cycle, and no others', (_name, entries, first) => {
    const model = new Model(entries, 64, first);
    for (let k = 0; k < 200; k++) {
      for (let f = 0; f < 5; f++) {
        model.set(`key${k}`, `f${f}`, 'v');
        model.setDeadline(`key${k}`, `f${f}`, f < k % 6 ? NOW - k : f === 4 ? 0 : NOW + k);
      }
    }
    const { keyspace } = model;
    const db = keyspace.databases[0]!;
    expect(expireFieldsIn(keyspace, db, NOW, () => 0, 1)).toBe(true);
    for (const hash of model.expected.values()) {
      for (const [field, { deadline }] of hash) {
        if (deadline !== 0 && deadline < NOW) hash.delete(field);
      }
    }
    model.check();
    expect(db.fieldExpires.earliest()).toBeGreaterThanOrEqual(NOW);
    model.clear();
  });

  it('of one big hash are removed bit by bit, and the hash with the last', () => {
    const model = new Model(0, 64);
    for (let f = 0; f < 5000; f++) {
      model.set('a', `f${f}`, 'v');
      model.setDeadline('a', `f${f}`, NOW - 1 - (f % 7));
    }
    const { keyspace } = model;
    const db = keyspace.databases[0]!;
    let time = 0;
    let goes = 1;
    while (!expireFieldsIn(keyspace, db, NOW, () => time++, time + 10)) goes++;
    expect(goes).toBeGreaterThan(5);
    expect(keyspace.expiredFields).toBe(5000);
    expect([db.size, db.fieldExpires.size]).toEqual([0, 0]);
  });
});

describe('a hash that Redis would keep as a table', () => {
  const big = 'v'.repeat(100);

  it('stays a listpack while it is small', () => {
    const model = new Model(512, 64);
    for (let i = 0; i < 30; i++) model.set('a', `f${i}`, big);
    expect(model.db('a').kind(model.entry('a'))).toBe(Kind.HashWide);
    expect(encodingName(Kind.HashWide)).toBe('hashtable');
    for (let i = 30; i < 60; i++) model.set('a', `f${i}`, big);
    expect(model.db('a').kind(model.entry('a'))).toBe(Kind.HashDict);
    model.check();
    model.clear();
  });

  it('becomes one with its first deadline', () => {
    const model = new Model(512, 64);
    model.set('a', 'f', big);
    model.setDeadline('a', 'f', NOW + 1);
    expect(model.db('a').kind(model.entry('a'))).toBe(Kind.HashDictEx);
    model.check();
    model.clear();
  });

  it('takes less memory than one', () => {
    const used = ['', 'x'.repeat(4096)].map((first) => {
      const model = new Model(512, 64, first);
      for (let i = 0; i < 5; i++) model.set('a', `f${i}`, big);
      const db = model.db('a');
      const { length } = first;
      return db.arena.usedBytes + db.objectBytes - length;
    });
    expect(used[0]).toBeLessThan(0.9 * used[1]!);
  });
});
