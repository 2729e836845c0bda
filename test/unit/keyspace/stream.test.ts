/** Streams against a list of entries, with checked memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/datastructs/arena.js';
import { NOT_FOUND } from '../../../src/datastructs/rax.js';
import { RaxIterator } from '../../../src/datastructs/rax-iterator.js';
import { EncodingLimits } from '../../../src/keyspace/encoding-limits.js';
import { deleteEntry, lastEntryId, updateFirstId } from '../../../src/keyspace/stream/edges.js';
import { EntryCursor } from '../../../src/keyspace/stream/entry-cursor.js';
import type { EntrySource } from '../../../src/keyspace/stream/macro-node.js';
import { deliveries, setDeliveries } from '../../../src/keyspace/stream/pending.js';
import { Stream } from '../../../src/keyspace/stream/stream.js';
import { ID_KEY_BYTES, StreamId } from '../../../src/keyspace/stream/stream-id.js';
import { trimStream } from '../../../src/keyspace/stream/trim.js';

interface Entry {
  id: bigint;
  words: string[];
}

const MAX = 2n ** 128n - 1n;

function idOf(value: bigint): StreamId {
  return StreamId.of(value >> 64n, value);
}

function keyOf(value: bigint): Uint8Array {
  const key = new Uint8Array(ID_KEY_BYTES);
  idOf(value).writeKey(key, 0);
  return key;
}

function source(words: readonly string[]): EntrySource {
  const parts = ['xx', ...words].map((word) => Buffer.from(word, 'latin1'));
  const lens = Int32Array.from(parts, (part) => part.length);
  const offs = new Int32Array(parts.length);
  for (let i = 1; i < parts.length; i++) offs[i] = offs[i - 1]! + lens[i - 1]!;
  return { buf: Buffer.concat(parts), offs, lens, at: 1, fields: words.length / 2 };
}

function read(cursor: EntryCursor): Entry[] {
  const { lp } = cursor;
  const text = () => Buffer.from(lp.buf.subarray(lp.off, lp.off + lp.len)).toString('latin1');
  const found: Entry[] = [];
  while (cursor.next()) {
    const words: string[] = [];
    // Of some entries not all is read.
    const fields = cursor.id.seqLow % 5 === 4 ? cursor.fields - 1 : cursor.fields;
    for (let i = 0; i < fields; i++) {
      cursor.readField();
      words.push(text());
      cursor.readValue();
      words.push(text());
    }
    found.push({ id: (cursor.id.msExact << 64n) | cursor.id.seqExact, words });
  }
  return found;
}

function readable(entry: Entry): Entry {
  if ((entry.id & 0xffffffffn) % 5n !== 4n) return entry;
  return { id: entry.id, words: entry.words.slice(0, -2) };
}

const word = fc.oneof(
  fc.constantFrom('f', 'g', '12', '-1', '70000', '9223372036854775807', ''),
  fc.nat(300).map((n) => 'v'.repeat(n)),
);
const words = fc.oneof(
  word.map((w) => ['f', w]),
  fc.tuple(word, word).map(([a, b]) => ['f', a, 'g', b]),
  fc.array(word, { minLength: 1, maxLength: 3 }).map((fields) => fields.flatMap((f) => [f, f])),
);
/** How far an ID is above the one before. */
const step = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt(1n, 5n) },
  { weight: 10, arbitrary: fc.bigInt(1n, 9n).map((ms) => ms << 64n) },
  { weight: 1, arbitrary: fc.bigInt(50n, 127n).map((bit) => 1n << bit) },
);

describe('a stream', () => {
  const change = fc.oneof(
    { weight: 12, arbitrary: fc.record({ add: words, step }) },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ trimTo: fc.nat(20), approximate: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ trimFrom: fc.nat(), approximate: fc.boolean() }) },
  );

  it('holds the entries that a list holds, and frees every block', () => {
    const nodes = fc.record({
      entries: fc.constantFrom(0, 1, 3, 100),
      bytes: fc.constantFrom(0, 200),
    });
    fc.assert(
      fc.property(
        nodes,
        fc.array(change, { maxLength: 80 }),
        fc.nat(),
        fc.nat(),
        (node, all, x, y) => {
          const arena = new Arena({ debug: true });
          const stream = new Stream(arena);
          const limits = new EncodingLimits();
          limits.streamNodeMaxEntries = node.entries;
          limits.streamNodeMaxBytes = node.bytes;
          let model: Entry[] = [];
          let last = 1n << 64n;
          let added = 0;
          for (const what of all) {
            if ('add' in what) {
              if (last + what.step > MAX) continue;
              last += what.step;
              stream.append(idOf(last), source(what.add), limits);
              model.push({ id: last, words: what.add });
              added++;
            } else if ('remove' in what) {
              const entry = model[what.remove % Math.max(1, model.length)];
              const id = entry === undefined ? last : entry.id;
              expect(deleteEntry(stream, idOf(id))).toBe(entry !== undefined);
              if (entry !== undefined) updateFirstId(stream);
              model = model.filter((e) => e !== entry);
            } else {
              const before = model.length;
              const at = 'trimTo' in what ? what.trimTo : what.trimFrom % Math.max(1, before);
              const minId = 'trimTo' in what ? undefined : (model[at]?.id ?? 0n);
              const keep = minId === undefined ? at : before - at;
              const target = {
                maxLength: keep,
                minId: minId === undefined ? undefined : idOf(minId),
                isApproximate: what.approximate,
                limit: 0,
              };
              const removed = trimStream(stream, target);
              if (!what.approximate) expect(removed).toBe(Math.max(0, before - keep));
              else expect(removed).toBeLessThanOrEqual(Math.max(0, before - keep));
              model = model.slice(removed);
            }
          }
          expect([stream.length, stream.entriesAdded]).toEqual([model.length, added]);
          const first = model[0]?.id ?? 0n;
          const final = model.at(-1)?.id ?? 0n;
          expect(stream.firstId.toString()).toBe(idOf(first).toString());
          expect(lastEntryId(stream, new StreamId()).toString()).toBe(idOf(final).toString());
          const ends = [...model.map((e) => e.id), 0n, 5n << 64n, MAX];
          const [from, to] = [ends[x % ends.length]!, ends[y % ends.length]!];
          const expected = model.filter((e) => e.id >= from && e.id <= to).map(readable);
          const cursor = new EntryCursor().attach(stream);
          expect(read(cursor.begin(idOf(from), idOf(to)))).toEqual(expected);
          expect(read(cursor.beginReverse(idOf(from), idOf(to)))).toEqual(expected.reverse());
          expect(stream.sharedBytes).toBe(arena.usedBytes);

          const other = new Arena({ debug: true });
          const copy = stream.copy(other);
          copy.append(idOf(MAX), source(['a', 'b']), limits);
          copy.moveTo(arena);
          expect(other.leaks()).toEqual([]);
          stream.dispose();
          expect(read(new EntryCursor().attach(copy).begin(idOf(0n), idOf(MAX - 1n)))).toEqual(
            model.map(readable),
          );
          copy.dispose();
          expect(arena.leaks()).toEqual([]);
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  });

  it('moves to an arena of its own when it has grown, and is thrown away with that', () => {
    const arena = new Arena({ debug: true });
    const stream = new Stream(arena);
    const limits = new EncodingLimits();
    const group = stream.addGroup(Buffer.from('g'), new StreamId(), 0);
    const consumer = group.addConsumer(Buffer.from('c'), 1);
    for (let i = 1; i <= 3000; i++) {
      stream.append(StreamId.of(i, 0), source(['field', 'v'.repeat(500)]), limits);
      if (i <= 10) group.deliver(keyOf(BigInt(i) << 64n), consumer, 77);
    }
    expect([stream.home.owned, stream.sharedBytes, arena.leaks()]).toEqual([true, 0, []]);
    expect(stream.memoryBytes).toBeGreaterThan(1_500_000);
    expect(read(new EntryCursor().attach(stream).begin(idOf(0n), idOf(MAX))).length).toBe(3000);
    expect([group.pel.size, consumer.pel.size]).toEqual([10, 10]);
    const copy = stream.copy(arena);
    expect([copy.home.owned, copy.length, arena.leaks()]).toEqual([true, 3000, []]);
    expect(stream.dispose().length).toBeGreaterThan(0);
  });
});

describe('a consumer group', () => {
  it('has each pending entry in its own list and in that of one consumer', () => {
    const id = fc.bigInt(1n, 30n).map((n) => n << 64n);
    const who = fc.constantFrom('alice', 'bob', 'al');
    const act = fc.oneof(
      fc.record({ deliver: id, who }),
      fc.record({ give: id, who }),
      fc.record({ drop: id }),
      fc.record({ leave: who }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const arena = new Arena({ debug: true });
        const stream = new Stream(arena);
        const group = stream.addGroup(Buffer.from('group'), new StreamId(), 0);
        const model = new Map<bigint, string>();
        const named = (name: string) => {
          const bytes = Buffer.from(name);
          return group.consumers.find(bytes, 0, bytes.length) ?? group.addConsumer(bytes, 5);
        };
        for (const what of acts) {
          if ('deliver' in what) {
            const address = group.deliver(keyOf(what.deliver), named(what.who), 1_700_000_000_000);
            setDeliveries(arena, address, 2n ** 62n + (what.deliver >> 64n));
            model.set(what.deliver, what.who);
          } else if ('leave' in what) {
            group.removeConsumer(named(what.leave));
            for (const [key, name] of model) if (name === what.leave) model.delete(key);
          } else {
            const key = keyOf('give' in what ? what.give : what.drop);
            const address = group.pending(key);
            if (address === NOT_FOUND) continue;
            if ('give' in what) {
              group.give(key, address, named(what.who));
              model.set(what.give, what.who);
            } else {
              group.drop(key, address);
              model.delete(what.drop);
            }
          }
        }
        const other = new Arena({ debug: true });
        const copy = stream.copy(other);
        stream.dispose();
        expect(arena.leaks()).toEqual([]);
        const copied = copy.group(Buffer.from('group'), 0, 5)!;
        const found = new Map<bigint, string>();
        for (const consumer of copied.consumers) {
          const it = new RaxIterator().attach(consumer.pel);
          for (let ok = it.first(); ok; ok = it.next()) {
            const key = new StreamId().readKey(it.key, 0).msExact << 64n;
            expect(copied.pending(it.key)).toBe(it.value);
            expect(copied.ownerOf(it.value)).toBe(consumer);
            expect(deliveries(other, it.value)).toBe(2n ** 62n + (key >> 64n));
            found.set(key, Buffer.from(consumer.name).toString());
          }
        }
        expect(new Map([...found].sort())).toEqual(new Map([...model].sort()));
        expect([copied.pel.size, copy.home.pending]).toEqual([model.size, model.size]);
        expect(copy.sharedBytes).toBe(other.usedBytes);
        copy.removeGroup(copied);
        copy.dispose();
        expect(other.leaks()).toEqual([]);
      }),
      { numRuns: 150, seed: 9 },
    );
  });
});

describe('an ID', () => {
  const part = fc.oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.constantFrom(0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n),
    fc.bigInt(0n, 100n),
  );
  const id = fc.tuple(part, part).map(([ms, seq]) => (ms << 64n) | seq);

  it('has successors, an order, a key and a text over all 128 bits', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(Math.sign(idOf(a).compare(idOf(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(Buffer.compare(keyOf(a), keyOf(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(new StreamId().readKey(keyOf(a), 0).toString()).toBe(idOf(a).toString());
        const [up, down] = [idOf(a), idOf(a)];
        expect(up.increment()).toBe(a !== MAX);
        expect(up.toString()).toBe(idOf(a === MAX ? 0n : a + 1n).toString());
        expect(down.decrement()).toBe(a !== 0n);
        expect(down.toString()).toBe(idOf(a === 0n ? MAX : a - 1n).toString());
        const text = Buffer.alloc(50);
        expect(text.toString('latin1', 0, idOf(a).writeText(text, 0))).toBe(
          `${a >> 64n}-${a & (2n ** 64n - 1n)}`,
        );
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
