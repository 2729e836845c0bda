import { describe, expect, it } from 'vitest';
import { EvictionCandidates } from '../../../src/keyspace/eviction/candidates.js';
import { Evictor } from '../../../src/keyspace/eviction/evictor.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Random } from '../../differential/random.js';

const VALUE = Buffer.from('value');

function make(samples = 5) {
  const random = new Random(1);
  const keyspace = new Keyspace({ databases: 3, random: () => random.fraction() });
  const evictor = new Evictor(keyspace, {
    lfuDecayMinutes: () => 1,
    samples: () => samples,
    now: () => 0,
  });
  const add = (name: string, clock: number, database = 0) => {
    const db = keyspace.databases[database]!;
    const key = Buffer.from(name);
    const e = db.addString(key, 0, key.length, 0, VALUE, 0, VALUE.length);
    db.setClock(e, clock);
    return e;
  };
  const evict = (): string => {
    const e = evictor.choose();
    if (e === 0) return '';
    const db = evictor.database!;
    const name = `${db.index}:${db.keyName(e)}`;
    keyspace.evict(db, e);
    return name;
  };
  return { keyspace, evictor, add, evict };
}

describe('choosing keys to evict', () => {
  it('noeviction names none', () => {
    const { evictor, add, evict } = make();
    evictor.policy = 'noeviction';
    add('a', 1);
    expect(evictor.isIdle).toBe(true);
    expect(evict()).toBe('');
  });

  it('allkeys-lru takes what was used longest ago, from whatever database', () => {
    const { keyspace, evictor, add, evict } = make();
    evictor.policy = 'allkeys-lru';
    keyspace.setClock(100);
    add('new', 90);
    add('old', 10, 1);
    add('middle', 50, 2);
    expect([evict(), evict(), evict(), evict()]).toEqual(['1:old', '2:middle', '0:new', '']);
    expect(keyspace.evicted).toBe(3);
  });

  it('allkeys-lfu takes what was used least', () => {
    const { evictor, add, evict } = make();
    evictor.policy = 'allkeys-lfu';
    add('often', 200);
    add('once', 6);
    add('some', 40);
    expect([evict(), evict(), evict()]).toEqual(['0:once', '0:some', '0:often']);
  });

  it('volatile-ttl takes what expires first, and leaves keys that never expire', () => {
    const { keyspace, evictor, add, evict } = make();
    evictor.policy = 'volatile-ttl';
    add('for ever', 0);
    const db = keyspace.databases[0]!;
    db.setExpiry(add('later', 0), 9000);
    db.setExpiry(add('soon', 0), 1000);
    expect([evict(), evict(), evict()]).toEqual(['0:soon', '0:later', '']);
  });

  it('random policies take the databases in turns', () => {
    const { evictor, add, evict } = make();
    evictor.policy = 'allkeys-random';
    for (let i = 0; i < 4; i++) {
      add(`a${i}`, 0, 0);
      add(`c${i}`, 0, 2);
    }
    const from = [evict(), evict(), evict(), evict()].map((name) => name[0]);
    expect(from).toEqual(['0', '2', '0', '2']);
  });

  it('passes over a key that was used after it was drawn, or whose place another key has', () => {
    const { keyspace, add } = make();
    const db = keyspace.databases[0]!;
    const candidates = new EvictionCandidates();
    const [used, gone, best] = [add('used', 1), add('gone', 2), add('kept', 3)];
    candidates.offer(db, used, 30);
    candidates.offer(db, gone, 20);
    candidates.offer(db, best, 10);
    db.setClock(used, 9);
    db.remove(gone);
    add('another', 2); // in the place of the one that is gone
    expect(candidates.take()).toBe(best);
    expect(candidates.take()).toBe(0);
  });

  it('comes near to true LRU by drawing: the oldest tenth of the keys is mostly what goes', () => {
    const { keyspace, evictor, add, evict } = make(10);
    evictor.policy = 'allkeys-lru';
    keyspace.setClock(20_000);
    for (let i = 0; i < 10_000; i++) add(`k${i}`, i);
    let oldest = 0;
    for (let i = 0; i < 1000; i++) if (Number(evict().slice(3)) < 1500) oldest++;
    expect(oldest).toBeGreaterThan(850);
  });
});
