/** What becomes of big values that go while a snapshot is taken. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../../src/keyspace/database.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { DictSet } from '../../../src/keyspace/set/dict-set.js';
import type { ChunkWriter } from '../../../src/persistence/rdb/chunk-writer.js';
import { RdbFormat } from '../../../src/persistence/snapshot/rdb-format.js';
import { Snapshot } from '../../../src/persistence/snapshot/snapshot.js';

const MEMBERS = 30_000;

/** Keeps what is written. */
class Sink {
  readonly isFull = false;
  private readonly chunks: Buffer[] = [];

  write(out: ChunkWriter): void {
    this.chunks.push(Buffer.from(out.take()));
  }

  end(): void {}

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

function addString(db: Database, name: string): void {
  const key = Buffer.from(name);
  db.addString(key, 0, key.length, 0, key, 0, key.length);
}

function addSet(db: Database, name: string): number {
  const set = DictSet.create(db.arena, db.hasher, MEMBERS);
  for (let i = 0; i < MEMBERS; i++) {
    const member = Buffer.from(`${name}:${i};`);
    set.add(member, 0, member.length, 0);
  }
  return db.addObjectKey(Buffer.from(name), 0, name.length, 0, Kind.SetDict, set);
}

function setup() {
  const keyspace = new Keyspace({ databases: 1, random: () => 0.5 });
  const db = keyspace.databases[0]!;
  addString(db, 'first');
  const big = addSet(db, 'big');
  addString(db, 'last');
  const sink = new Sink();
  const snapshot = new Snapshot({
    keyspace,
    format: new RdbFormat({ notes: [], functions: [] }),
    sink,
    compression: false,
    entriesPerLook: 1,
    micros: () => 0,
  });
  return { big, db, sink, snapshot };
}

function firstSegment(db: Database, e: number): Uint8Array {
  return (db.objectOf(e) as DictSet).ownArena!.bytes[0]!;
}

/** Whether each member of the set was written once. */
function expectAll(sink: Sink, name: string): void {
  const text = sink.bytes.toString('latin1');
  const found = [...text.matchAll(new RegExp(`${name}:(\\d+);`, 'g'))].map((match) => match[1]);
  expect(found).toHaveLength(MEMBERS);
  expect(new Set(found).size).toBe(MEMBERS);
}

describe('a big value that goes while a snapshot is taken', () => {
  it('is not encoded when it is deleted, but in its turn', () => {
    const { big, db, sink, snapshot } = setup();
    db.remove(big);
    expect(snapshot.copiedBytes).toBe(0);
    expect(db.size).toBe(2);
    expect(db.objectBytes).toBe(0);
    while (snapshot.step(0) === 'more');
    expectAll(sink, 'big');
    expect(snapshot.processed).toBe(3);
    expect(sink.bytes.toString('latin1')).toMatch(/first.*last.*big/s);
  });

  it('is not encoded when it is replaced, and the new value is not in the snapshot', () => {
    const { big, db, sink, snapshot } = setup();
    db.setExpiry(big, 1_900_000_000_000);
    db.setString(big, Buffer.from('other'), 0, 5, false);
    expect(snapshot.copiedBytes).toBe(0);
    expect(db.stringBytes(big).toString()).toBe('other');
    while (snapshot.step(0) === 'more');
    expectAll(sink, 'big');
    expect(sink.bytes.includes('other')).toBe(false);
  });

  it('is walked to its end when it was half so', () => {
    const { big, db, sink, snapshot } = setup();
    snapshot.step(0);
    snapshot.step(0);
    expect(snapshot.processed).toBe(2);
    const before = sink.bytes.length;
    db.remove(big);
    addString(db, 'added');
    expect(sink.bytes.length).toBe(before);
    while (snapshot.step(0) === 'more');
    expectAll(sink, 'big');
    expect(snapshot.processed).toBe(3);
    expect(sink.bytes.includes('added')).toBe(false);
  });

  it('goes at once when it was walked, or has come since', () => {
    const { big, db, snapshot } = setup();
    while (snapshot.processed < 3) snapshot.step(0);
    const { memoryBytes } = db.objectOf(big) as DictSet;
    expect(memoryBytes).toBeGreaterThan(MEMBERS * 16);
    const added = addSet(db, 'added');
    db.remove(big);
    db.remove(added);
    expect(db.discardedPieces).toBeGreaterThan(0);
    while (snapshot.step(0) === 'more');
    expect(snapshot.copiedBytes).toBe(0);
  });

  it('gives its memory back when the snapshot ends, or is broken off', () => {
    const whole = setup();
    const segment = firstSegment(whole.db, whole.big);
    whole.db.remove(whole.big);
    while (whole.db.trim());
    expect(segment.length).toBeGreaterThan(0);
    while (whole.snapshot.step(0) === 'more');
    while (whole.db.trim());
    expect(segment.length).toBe(0);

    const broken = setup();
    const other = firstSegment(broken.db, broken.big);
    broken.snapshot.step(0);
    broken.snapshot.step(0);
    broken.db.remove(broken.big);
    broken.snapshot.abort();
    while (broken.db.trim());
    expect(other.length).toBe(0);
  });
});
