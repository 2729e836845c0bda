/**
 * DEL and UNLINK.
 *
 * Redis frees what UNLINK removes in another thread. Here removing a key is cheap whatever it
 * holds: a big value is an object of its own, whose memory goes back in pieces. So the two differ in
 * their names, and in what INFO counts as freed lazily.
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
  run: (call) => removeKeys(call, call.server.config.values['lazyfree-lazy-user-del']),
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
  run: (call) => removeKeys(call, true),
};

function removeKeys(call: Call, isLazy: boolean): void {
  const { args, db, keyspace, reply } = call;
  let removed = 0;
  for (let i = 1; i < args.count; i++) {
    const e = call.peek(i);
    if (e === 0) continue;
    if (isLazy) keyspace.noteLazy(db, e);
    db.remove(e);
    call.changed(i, EventClass.Generic, 'del');
    removed++;
  }
  reply.int(removed);
}
