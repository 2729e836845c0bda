/** EXISTS, TOUCH, TYPE: whether keys are there, and what they hold. */
import { typeName } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { allKeys, oneKey } from '../key-specs.js';

const ACROSS_SHARDS = ['request_policy:multi_shard', 'response_policy:agg_sum'] as const;

export const exists: CommandSpec = {
  name: 'exists',
  summary: 'Counts how many of the keys exist; a key named twice counts twice.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [allKeys(['RO'])],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  history: [['3.0.3', 'Takes several keys.']],
  tips: ACROSS_SHARDS,
  reply: 'integer',
  run(call: Call) {
    let found = 0;
    for (let i = 1; i < call.args.count; i++) if (call.look(i) !== 0) found++;
    call.reply.int(found);
  },
};

export const touch: CommandSpec = {
  name: 'touch',
  summary: 'Notes an access to keys, and counts how many of them exist.',
  since: '3.2.1',
  group: 'generic',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [allKeys(['RO'])],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  tips: ACROSS_SHARDS,
  reply: 'integer',
  run(call: Call) {
    let found = 0;
    for (let i = 1; i < call.args.count; i++) {
      const e = call.look(i);
      if (e === 0) continue;
      call.touch(e);
      found++;
    }
    call.reply.int(found);
  },
};

export const type: CommandSpec = {
  name: 'type',
  summary: 'Returns the type of the value stored at a key.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [{ name: 'key', type: 'key', keySpec: 0 }],
  reply: 'status',
  run(call: Call) {
    const e = call.look(1);
    call.reply.status(e === 0 ? 'none' : typeName(call.db.kind(e)));
  },
};
