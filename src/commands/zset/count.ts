/** How many members there are: ZCARD, ZCOUNT, ZLEXCOUNT. */
import { KindSet } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseMemberRange, parseScoreRange } from './range-args.js';
import { reader } from './scratch.js';
import { KEY, READ_KEY } from './specs.js';

export const zcard: CommandSpec = {
  name: 'zcard',
  summary: 'Returns the number of members of a sorted set.',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    const e = call.readKind(1, KindSet.Zset);
    call.reply.int(e === 0 ? 0 : reader.open(call.db, e).size);
  },
};

export const zcount: CommandSpec = {
  name: 'zcount',
  summary: 'Returns how many members of a sorted set have scores within a range.',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) where N is the number of members in the sorted set.',
  arity: 4,
  flags: ['readonly', 'fast'],
  keys: [READ_KEY],
  args: [KEY, { name: 'min', type: 'double' }, { name: 'max', type: 'double' }],
  reply: 'integer',
  run(call: Call) {
    const range = parseScoreRange(call.args, 2, 3);
    const e = call.readKind(1, KindSet.Zset);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const zset = reader.open(call.db, e);
    zset.selectScores(range, false);
    call.reply.int(zset.count);
  },
};

export const zlexcount: CommandSpec = {
  name: 'zlexcount',
  summary: 'Returns how many members of a sorted set are within a lexicographical range.',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: 'O(log(N)) where N is the number of members in the sorted set.',
  arity: 4,
  flags: ['readonly', 'fast'],
  keys: [READ_KEY],
  args: [KEY, { name: 'min', type: 'string' }, { name: 'max', type: 'string' }],
  reply: 'integer',
  run(call: Call) {
    const range = parseMemberRange(call.args, 2, 3);
    const e = call.readKind(1, KindSet.Zset);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const zset = reader.open(call.db, e);
    zset.selectMembers(range, false);
    call.reply.int(zset.count);
  },
};
