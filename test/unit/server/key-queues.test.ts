import { describe, expect, test } from 'vitest';
import type { SipHasher } from '../../../src/datastructs/siphash.js';
import { Database } from '../../../src/keyspace/database.js';
import { KeyQueues } from '../../../src/server/key-queues.js';

/** Few hashes, so that keys share them. */
const hasher = { hash: (_: Uint8Array, __: number, len: number) => (len % 2) + 1 } as SipHasher;

interface Waiter {
  name: string;
  onDeletion: boolean;
}

function setup() {
  const db = new Database(0, hasher);
  const ready: string[] = [];
  const queues = new KeyQueues<Waiter>(db, (queue) => {
    queue.isReady = false;
    ready.push(`${queue.key}: ${[...queue.waiting].map(({ name }) => name).join(' ')}`);
  });
  const enter = (one: Waiter, key: string) => queues.enter(one, Buffer.from(key), 0, key.length);
  const told = (key: string) => {
    ready.length = 0;
    const bytes = Buffer.from(`<${key}>`);
    queues.keyAdded(bytes, 1, key.length);
    queues.keyRemoved(bytes, 1, key.length);
    return [...ready];
  };
  return { db, queues, enter, told };
}

describe('queues of keys', () => {
  test('with the same hash are not taken for one another, whichever goes first', () => {
    const keys = ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'a2b'];
    for (const order of [keys, [...keys].reverse(), ['ccc', 'a', 'eeeee', 'bb', 'a2b', 'dddd']]) {
      const { db, queues, enter, told } = setup();
      const one = { name: 'one', onDeletion: false };
      const entered = new Map(keys.map((key) => [key, enter(one, key)]));
      const left = new Set(keys);
      for (const gone of order) {
        for (const key of keys) expect(told(key)).toEqual(left.has(key) ? [`${key}: one`] : []);
        expect(queues.size).toBe(left.size);
        expect(db.waiters).toBe(queues);
        entered.get(gone)!.leave(one);
        left.delete(gone);
      }
      expect(db.waiters).toBeUndefined();
    }
  });

  test('keep the order of arrival, and count nobody twice', () => {
    const { enter, told } = setup();
    const [a, b] = ['a', 'b'].map((name) => ({ name, onDeletion: false }));
    enter(a!, 'k');
    const queue = enter(b!, 'k');
    enter(a!, 'k');
    expect(told('k')).toEqual(['k: a b']);
    queue.leave(a!);
    enter(a!, 'k');
    expect(told('k')).toEqual(['k: b a']);
  });

  test('tell of a deletion only while it matters to somebody', () => {
    const { queues, enter, told } = setup();
    const watcher = { name: 'watcher', onDeletion: true };
    enter({ name: 'other', onDeletion: false }, 'k');
    expect(told('k')).toHaveLength(1);
    const queue = enter(watcher, 'k');
    expect(queues.onDeletionSize).toBe(1);
    expect(told('k')).toHaveLength(2);
    queue.leave(watcher);
    expect(queues.onDeletionSize).toBe(0);
    expect(told('k')).toHaveLength(1);
  });
});
