/**
 * ZRANDMEMBER.
 *
 *     no count     one member
 *     n >= 0       up to n different members
 *     n < 0        -n members, drawn anew each time
 *
 * A member is drawn by its rank, so all are equally likely. Different ones are drawn as ranks, too:
 * of a big set a few (Floyd's algorithm, see `drawRanks`); if many are wanted, or the set is small,
 * one walk over the set takes each member with the probability that is left for it (Knuth,
 * Algorithm S).
 */
import { KindSet } from '../../keyspace/kinds.js';
import type { Zset } from '../../keyspace/zset/zset.js';
import { NOT_AN_INTEGER, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { INT64_MAX, INT64_MIN } from '../../text/int64.js';
import { checkDrawn } from '../draw-limit.js';
import { beginMembers, replyMember, replyMembers } from './reply.js';
import { reader } from './scratch.js';
import { KEY, MEMBERS_REPLY, READ_KEY, WITHSCORES } from './specs.js';

const OUT_OF_RANGE = new ReplyError('ERR value is out of range');
const NO_MAGNITUDE = new ReplyError(
  `ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`,
);
/** How many times bigger the set must be than the number wanted for drawing ranks to pay. */
const DRAW_FACTOR = 3;
/** Up to this size, a walk is cheaper than drawing ranks and finding them. */
const WALK_SIZE = 128;

export const zrandmember: CommandSpec = {
  name: 'zrandmember',
  summary: 'Returns random members of a sorted set.',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(N) where N is the number of members returned',
  arity: -2,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [
    KEY,
    {
      name: 'options',
      type: 'block',
      optional: true,
      args: [{ name: 'count', type: 'integer' }, WITHSCORES],
    },
  ],
  tips: ['nondeterministic_output'],
  reply: { oneOf: ['bulk', 'null', MEMBERS_REPLY] },
  run(call: Call) {
    const { args, db, reply } = call;
    if (args.count > 2) {
      replySome(call);
      return;
    }
    const e = call.readKind(1, KindSet.Zset);
    if (e === 0) {
      reply.nil();
      return;
    }
    const zset = reader.open(db, e);
    replyMember(reply, zset, draw(call, zset), false);
  },
};

function replySome(call: Call): void {
  const { args, reply } = call;
  const withScores = args.count === 4 && args.is(3, 'WITHSCORES');
  const count = parseCount(call, withScores);
  const e = call.readKind(1, KindSet.Zset);
  if (e === 0 || count === 0) {
    reply.array(0);
    return;
  }
  const zset = reader.open(call.db, e);
  if (count < 0) replyAnew(call, zset, -count, withScores);
  else if (count >= zset.size) {
    replyMembers(reply, zset, zset.first(), zset.size, false, withScores);
  } else replyDifferent(call, zset, count, withScores);
}

function parseCount(call: Call, withScores: boolean): number {
  const { args } = call;
  const exact = args.int64(2, NOT_AN_INTEGER);
  if (exact === INT64_MIN) throw NO_MAGNITUDE;
  if (args.count > 4 || (args.count === 4 && !withScores)) throw SYNTAX_ERROR;
  const limit = INT64_MAX / 2n;
  if (withScores && (exact > limit || exact < -limit)) throw OUT_OF_RANGE;
  return Number(exact);
}

/** `count` members, each drawn anew. */
function replyAnew(call: Call, zset: Zset, count: number, withScores: boolean): void {
  beginMembers(call.reply, count, withScores);
  for (let left = count; left > 0; left--) {
    checkDrawn(call.reply);
    replyMember(call.reply, zset, draw(call, zset), withScores);
  }
}

/** `count` different members of a set that has more. */
function replyDifferent(call: Call, zset: Zset, count: number, withScores: boolean): void {
  const { reply } = call;
  const { random } = call.keyspace;
  const { size } = zset;
  beginMembers(reply, count, withScores);
  if (size > WALK_SIZE && count * DRAW_FACTOR < size) {
    for (const rank of drawRanks(size, count, random)) {
      replyMember(reply, zset, zset.at(rank), withScores);
    }
    return;
  }
  let wanted = count;
  let left = size;
  for (let p = zset.first(); wanted > 0; p = zset.next(p)) {
    if (random() * left-- >= wanted) continue;
    replyMember(reply, zset, p, withScores);
    wanted--;
  }
}

/**
 * `count` different numbers below `size`, all selections equally likely: Bentley and Floyd, "A
 * Sample of Brilliance" (1987).
 */
function drawRanks(size: number, count: number, random: () => number): Set<number> {
  const ranks = new Set<number>();
  for (let top = size - count; top < size; top++) {
    const rank = Math.floor(random() * (top + 1));
    ranks.add(ranks.has(rank) ? top : rank);
  }
  return ranks;
}

/** Position of a random member. */
function draw(call: Call, zset: Zset): number {
  return zset.at(Math.floor(call.keyspace.random() * zset.size));
}
