/** ZREM, and the removal of ranges. A set that becomes empty is removed with its key. */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import type { Zset } from '../../keyspace/zset/zset.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec, KeySpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseMemberRange, parseScoreRange } from './range-args.js';
import { writer } from './scratch.js';
import { KEY, MEMBER, MEMBERS } from './specs.js';

const REMOVE_KEY: KeySpec = oneKey(['RW', 'delete']);
const RANGE_COMPLEXITY =
  'O(log(N)+M) where N is the number of members in the sorted set and M the number of those removed.';

export const zrem: CommandSpec = {
  name: 'zrem',
  summary: 'Removes members from a sorted set.',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(M*log(N)) where N is the number of members in the set and M of those to remove.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [REMOVE_KEY],
  members: MEMBERS,
  args: [KEY, { ...MEMBER, multiple: true }],
  history: [['2.4.0', 'Takes several members.']],
  reply: 'integer',
  run(call: Call) {
    const { args, db, reply } = call;
    const e = call.writeKind(1, KindSet.Zset);
    if (e === 0) {
      reply.int(0);
      return;
    }
    const zset = writer.open(db, e);
    let removed = 0;
    for (let i = 2; i < args.count && zset.size > 0; i++) {
      const p = zset.find(args.buf, args.off(i), args.len(i), args.hash(i));
      if (p === 0) continue;
      zset.remove(p);
      removed++;
    }
    const { size } = zset;
    writer.settle();
    reply.int(removed);
    if (removed > 0) tell(call, e, 'zrem', removed, size);
  },
};

export const zremrangebyrank: CommandSpec = {
  name: 'zremrangebyrank',
  summary: 'Removes the members of a sorted set within a range of ranks.',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: RANGE_COMPLEXITY,
  arity: 4,
  flags: ['write'],
  keys: [REMOVE_KEY],
  args: [KEY, { name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }],
  reply: 'integer',
  run(call: Call) {
    const { args } = call;
    const start = args.int(2);
    const stop = args.int(3);
    const e = call.writeKind(1, KindSet.Zset);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const zset = writer.open(call.db, e);
    const { size } = zset;
    const from = Math.max(start < 0 ? size + start : start, 0);
    const to = Math.min(stop < 0 ? size + stop : stop, size - 1);
    removeRange(call, e, zset, from, Math.max(to - from + 1, 0), 'zremrangebyrank');
  },
};

export const zremrangebyscore: CommandSpec = {
  name: 'zremrangebyscore',
  summary: 'Removes the members of a sorted set within a range of scores.',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: RANGE_COMPLEXITY,
  arity: 4,
  flags: ['write'],
  keys: [REMOVE_KEY],
  args: [KEY, { name: 'min', type: 'double' }, { name: 'max', type: 'double' }],
  reply: 'integer',
  run(call: Call) {
    const range = parseScoreRange(call.args, 2, 3);
    const e = call.writeKind(1, KindSet.Zset);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const zset = writer.open(call.db, e);
    zset.selectScores(range, false);
    removeSelected(call, e, zset, 'zremrangebyscore');
  },
};

export const zremrangebylex: CommandSpec = {
  name: 'zremrangebylex',
  summary: 'Removes the members of a sorted set within a lexicographical range.',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: RANGE_COMPLEXITY,
  arity: 4,
  flags: ['write'],
  keys: [REMOVE_KEY],
  args: [KEY, { name: 'min', type: 'string' }, { name: 'max', type: 'string' }],
  reply: 'integer',
  run(call: Call) {
    const range = parseMemberRange(call.args, 2, 3);
    const e = call.writeKind(1, KindSet.Zset);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const zset = writer.open(call.db, e);
    zset.selectMembers(range, false);
    removeSelected(call, e, zset, 'zremrangebylex');
  },
};

function removeSelected(call: Call, e: number, zset: Zset, event: string): void {
  const { count } = zset;
  removeRange(call, e, zset, count > 0 ? zset.rank(zset.from) : 0, count, event);
}

/** Removes members of the set in `writer`, replies how many, and tells. */
function removeRange(
  call: Call,
  e: number,
  zset: Zset,
  rank: number,
  count: number,
  event: string,
): void {
  call.reply.int(count);
  if (count === 0) return;
  const left = zset.size - count;
  // Of a set that goes as a whole, nothing needs to be taken out.
  if (left > 0) {
    zset.removeRange(rank, count);
    writer.settle();
  }
  tell(call, e, event, count, left);
}

/** @param left how many members remain */
function tell(call: Call, e: number, event: string, removed: number, left: number): void {
  call.changed(1, EventClass.Zset, event);
  call.dirty += removed - 1;
  if (left === 0) call.emptied(1, e);
}
