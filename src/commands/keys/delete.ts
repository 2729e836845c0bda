/**
 * DEL and UNLINK.
 *
 * Redis frees what UNLINK removes in another thread. Here removing a key is cheap whatever it
 * holds: a big value is an object of its own, which is left to the garbage collector. So the two
 * differ in name only.
 */
import { EventClass } from '../../keyspace/events.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { allKeys } from '../key-specs.js';

const ACROSS_SHARDS = ['request_policy:multi_shard', 'response_policy:agg_sum'] as const;

export const del: CommandSpec = {
  name: 'del',
  summary: 'Deletes keys.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['write'],
  keys: [allKeys(['RM', 'delete'])],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  tips: ACROSS_SHARDS,
  reply: 'integer',
  run: removeKeys,
};

export const unlink: CommandSpec = {
  name: 'unlink',
  summary: 'Deletes keys; the memory of big values is given back later.',
  since: '4.0.0',
  group: 'generic',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [allKeys(['RM', 'delete'])],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  tips: ACROSS_SHARDS,
  reply: 'integer',
  run: removeKeys,
};

function removeKeys(call: Call): void {
  const { args, db, reply } = call;
  let removed = 0;
  for (let i = 1; i < args.count; i++) {
    const e = call.peek(i);
    if (e === 0) continue;
    db.remove(e);
    call.changed(i, EventClass.Generic, 'del');
    removed++;
  }
  reply.int(removed);
}
