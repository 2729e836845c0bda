/**
 * How collections leave segments that are being emptied: whatever they are, and while they change.
 *
 * Here every segment is being emptied all the time, so that all blocks move.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { Arena } from '../../../src/datastructs/arena.js';
import { isObject } from '../../../src/keyspace/kinds.js';
import type { OwnedObject } from '../../../src/keyspace/object-table.js';
import { PayloadWriter } from '../../../src/persistence/rdb/payload.js';
import { HandlerRig } from '../../support/handler-rig.js';
import { recount } from '../../support/recount.js';
import { seeded } from '../../support/seeded.js';

const FEW = 600;
/** Enough for an arena of their own. */
const MANY = 6000;

let rig: HandlerRig;

beforeEach(() => {
  rig = new HandlerRig(allCommands);
});

afterEach(() => {
  vi.restoreAllMocks();
});

function numbered(count: number, text: string): string[] {
  return Array.from({ length: count }, (_, i) => `${text}${i}`);
}

/** One of each kind of collection, and a stream with groups. */
function fill(count: number): void {
  rig.run(['SADD', 'set', ...numbered(count, 'member')]);
  rig.run(['HSET', 'hash', ...numbered(2 * count, 'field')]);
  rig.run(['HPEXPIRE', 'hash', '100000', 'FIELDS', '2', 'field0', 'field2']);
  rig.run(['ZADD', 'zset', ...numbered(2 * count, '')]);
  rig.run(['RPUSH', 'list', ...numbered(count, 'an element that is not so short '.repeat(16))]);
  rig.run('XGROUP CREATE stream one 0 MKSTREAM');
  rig.run('XGROUP CREATE stream two 0');
  for (let i = 0; i < count; i++) rig.run(`XADD stream ${i + 1}-0 field value${i}`);
  for (const consumer of ['Alice', 'Bob', 'Carol']) {
    rig.run(`XREADGROUP GROUP one ${consumer} COUNT ${count / 4} STREAMS stream >`);
    rig.run(`XREADGROUP GROUP two ${consumer} COUNT ${count / 3} STREAMS stream >`);
  }
  rig.run(['XDEL', 'stream', ...numbered(count / 2, '').map((i) => `${Number(i) * 2}-0`)]);
}

function objects(): OwnedObject[] {
  const db = rig.keyspace.databases[0]!;
  const found: OwnedObject[] = [];
  for (let e = 1; e < db.dict.entryTop; e++) {
    if (db.dict.isUsed(e) && isObject(db.kind(e))) found.push(db.objectOf(e) as OwnedObject);
  }
  return found;
}

/** All that is in the database, as payloads. */
function contents(): string[] {
  const db = rig.keyspace.databases[0]!;
  const found: string[] = [];
  for (let e = 1; e < db.dict.entryTop; e++) {
    if (db.dict.isUsed(e))
      found.push(Buffer.from(new PayloadWriter().write(db, e, false)).toString('hex'));
  }
  return found;
}

/** Moves all blocks. @returns in how many steps */
function evacuate(object: OwnedObject, between: () => void): number {
  const walk = object.evacuate(5);
  let steps = 0;
  vi.spyOn(Arena.prototype, 'isLeaving').mockReturnValue(true);
  while (!walk.next().done) {
    vi.restoreAllMocks();
    between();
    steps++;
    // What is deleted, or gets another encoding, is not there to be moved any more.
    if (!objects().includes(object)) return steps;
    vi.spyOn(Arena.prototype, 'isLeaving').mockReturnValue(true);
  }
  vi.restoreAllMocks();
  return steps;
}

describe.each([FEW, MANY])('collections of %i members', (count) => {
  it('hold the same after all their blocks have moved, step by step, and lose none', () => {
    fill(count);
    const before = contents();
    for (const object of objects()) {
      expect(object.ownArena !== undefined).toBe(count === MANY);
      expect(evacuate(object, () => {})).toBeGreaterThan(count / 100);
      expect(recount(rig.keyspace).faults).toEqual([]);
    }
    expect(contents()).toEqual(before);
    expect(rig.run('XPENDING stream one')).toContain('Alice');
    expect(rig.run('XACK stream one 1-0 3-0')).toBe(':2\r\n');
    expect(rig.run('SISMEMBER set member5')).toBe(':1\r\n');
    expect(rig.run('ZSCORE zset 1')).toContain('0');
  });

  it('may change between the steps', () => {
    fill(count);
    const random = seeded(count);
    let more = count;
    const change = () => {
      const i = random(count);
      more++;
      rig.run(`SADD set more${more}`);
      rig.run(`SREM set member${i} member${i + 1}`);
      rig.run(`HSET hash more${more} x`);
      rig.run(`HDEL hash field${2 * i} field${2 * i + 2}`);
      rig.run(`ZADD zset ${i} more${more}`);
      rig.run(`ZREM zset ${2 * i + 1}`);
      rig.run(`LPUSH list more${more}`);
      rig.run('RPOP list');
      rig.run(`LSET list ${random(10)} other`);
      rig.run(`XADD stream ${more + 1}-0 field more`);
      rig.run(`XDEL stream ${i}-0 ${i + 1}-0`);
      rig.run(`XACK stream one ${i}-0`);
      rig.run(`XCLAIM stream one Dave 0 ${i}-0 ${i + 1}-0`);
      if (i % 9 === 0) rig.run('XGROUP DESTROY stream two');
      if (i % 7 === 0) rig.run('XGROUP DELCONSUMER stream one Bob');
      if (i % 5 === 0) rig.run('XTRIM stream MAXLEN = 100');
    };
    for (const object of objects()) {
      evacuate(object, change);
      expect(recount(rig.keyspace).faults).toEqual([]);
    }
  });
});
