/** What is known of single members: ZSCORE, ZMSCORE, ZRANK, ZREVRANK. */
import { KindSet } from '../../keyspace/kinds.js';
import { SYNTAX_ERROR, wrongArity } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { replyScore } from './reply.js';
import { reader } from './scratch.js';
import { KEY, MEMBER, MEMBERS, ONE_MEMBER, READ_KEY } from './specs.js';

const WITHSCORE: ArgSpec = {
  name: 'withscore',
  type: 'pure-token',
  token: 'WITHSCORE',
  optional: true,
};

export const zscore: CommandSpec = {
  name: 'zscore',
  summary: "Returns the score of a sorted set's member.",
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [READ_KEY],
  members: ONE_MEMBER,
  args: [KEY, MEMBER],
  reply: { oneOf: ['double', 'null'] },
  run(call: Call) {
    replyScoreOf(call, call.readKind(1, KindSet.Zset), 2);
  },
};

export const zmscore: CommandSpec = {
  name: 'zmscore',
  summary: "Returns the scores of a sorted set's members.",
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(N) where N is the number of members asked for.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [READ_KEY],
  members: MEMBERS,
  args: [KEY, { ...MEMBER, multiple: true }],
  reply: { arrayOf: { oneOf: ['double', 'null'] } },
  run(call: Call) {
    const e = call.readKind(1, KindSet.Zset);
    call.reply.array(call.args.count - 2);
    for (let i = 2; i < call.args.count; i++) replyScoreOf(call, e, i);
  },
};

export const zrank: CommandSpec = {
  name: 'zrank',
  summary: 'Returns the rank of a member of a sorted set, from the least score on.',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N))',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [READ_KEY],
  members: ONE_MEMBER,
  args: [KEY, MEMBER, WITHSCORE],
  history: [['7.2.0', 'Takes `WITHSCORE`.']],
  reply: { oneOf: ['integer', 'null', { tuple: ['integer', 'double'] }] },
  run(call: Call) {
    replyRank(call, false);
  },
};

export const zrevrank: CommandSpec = {
  name: 'zrevrank',
  summary: 'Returns the rank of a member of a sorted set, from the greatest score on.',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N))',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [READ_KEY],
  members: ONE_MEMBER,
  args: [KEY, MEMBER, WITHSCORE],
  history: [['7.2.0', 'Takes `WITHSCORE`.']],
  reply: { oneOf: ['integer', 'null', { tuple: ['integer', 'double'] }] },
  run(call: Call) {
    replyRank(call, true);
  },
};

/** Replies the score of the member in argument `i`. @param e 0: there is no set */
function replyScoreOf(call: Call, e: number, i: number): void {
  const { args, reply } = call;
  const zset = e === 0 ? undefined : reader.open(call.db, e);
  const p = zset === undefined ? 0 : zset.find(args.buf, args.off(i), args.len(i), args.hash(i));
  if (p === 0) reply.nil();
  else replyScore(reply, zset!.score(p));
}

function replyRank(call: Call, reversed: boolean): void {
  const { args, reply } = call;
  if (args.count > 4) throw wrongArity(call.command.fullName);
  const withScore = args.count > 3;
  if (withScore && !args.is(3, 'WITHSCORE')) throw SYNTAX_ERROR;
  const e = call.readKind(1, KindSet.Zset);
  const zset = e === 0 ? undefined : reader.open(call.db, e);
  const p = zset === undefined ? 0 : zset.find(args.buf, args.off(2), args.len(2), args.hash(2));
  if (zset === undefined || p === 0) {
    if (withScore) reply.nilArray();
    else reply.nil();
    return;
  }
  const rank = zset.rank(p);
  if (withScore) reply.array(2);
  reply.int(reversed ? zset.size - 1 - rank : rank);
  if (withScore) replyScore(reply, zset.score(p));
}
