/** What the database knows of the memory that its collections take. */
import { describe, expect, it } from 'vitest';
import { Dict } from '../../../src/datastructs/dict.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { DictSet } from '../../../src/keyspace/set/dict-set.js';
import { recount } from '../../support/recount.js';

describe('used memory', () => {
  it('is less once lookups have brought a growing table to an end, as no write has to', () => {
    const keyspace = new Keyspace({ databases: 1, random: () => 0.5, debugArena: true });
    const db = keyspace.databases[0]!;
    const set = new DictSet(new Dict(db.arena), db.hasher);
    const member = (i: number) => Buffer.from(`member:${i}`);
    const add = (i: number) => set.add(member(i), 0, member(i).length, 0);
    const key = Buffer.from('set');
    db.addObjectKey(key, 0, key.length, 0, Kind.SetDict, set);
    let members = 0;
    while (members < 300 || set.dict.rehashAt < 0) add(members++);
    db.settle(set);
    const before = db.usedBytes;
    for (let i = 0; set.dict.rehashAt >= 0; i++) set.has(member(i), 0, member(i).length, 0);
    expect(db.usedBytes).toBeLessThan(before);
    expect(recount(keyspace).faults).toEqual([]);
  });
});
