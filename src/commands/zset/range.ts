/**
 * ZRANGE, ZRANGESTORE, and the older commands that ZRANGE's options replace.
 *
 *     by rank     ZRANGE k 0 -1            ZREVRANGE = REV
 *     by score    ZRANGE k 1 5 BYSCORE     ZRANGEBYSCORE, ZREVRANGEBYSCORE
 *     by member   ZRANGE k [a [c BYLEX     ZRANGEBYLEX, ZREVRANGEBYLEX
 *
 * Whatever the kind, a range comes down to a first position, a number of members and a direction, so
 * a reply's length is known before its first element, and the members go from the set right into the
 * reply.
 */
import { KindSet } from '../../keyspace/kinds.js';
import type { MemberRange, ScoreRange, Zset } from '../../keyspace/zset/zset.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseMemberRange, parseScoreRange } from './range-args.js';
import { replyMembers } from './reply.js';
import { reader, writer } from './scratch.js';
import { KEY, LIMIT, MEMBERS_REPLY, READ_KEY, WITHSCORES } from './specs.js';
import { storeZset } from './store.js';

const LIMIT_BY_RANK = new ReplyError(
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
);
const SCORES_BY_LEX = new ReplyError(
  'ERR syntax error, WITHSCORES not supported in combination with BYLEX',
);

type RangeKind = 'rank' | 'score' | 'lex';

/** What a command fixes; undefined: an option decides. */
interface RangeCommand {
  /** Number of the source's argument; the ends follow. */
  readonly source: number;
  readonly kind: RangeKind | undefined;
  readonly reversed: boolean | undefined;
  readonly takesScores: boolean;
}

/** What is asked for. */
interface RangeRequest {
  kind: RangeKind;
  reversed: boolean;
  withScores: boolean;
  /** Members to pass over; negative: there are none. */
  offset: number;
  /** Negative: all. */
  limit: number;
  /** By rank. */
  start: number;
  stop: number;
  scores: ScoreRange | undefined;
  members: MemberRange | undefined;
}

/** The range that was found. */
interface FoundRange {
  from: number;
  count: number;
}

const COMPLEXITY =
  'O(log(N)+M) where N is the number of members in the sorted set and M of those returned.';
const MIN: ArgSpec = { name: 'min', type: 'string' };
const MAX: ArgSpec = { name: 'max', type: 'string' };
const MIN_SCORE: ArgSpec = { name: 'min', type: 'double' };
const MAX_SCORE: ArgSpec = { name: 'max', type: 'double' };
const SORT_BY: ArgSpec = {
  name: 'sortby',
  type: 'oneof',
  optional: true,
  args: [
    { name: 'byscore', type: 'pure-token', token: 'BYSCORE' },
    { name: 'bylex', type: 'pure-token', token: 'BYLEX' },
  ],
};
const REV: ArgSpec = { name: 'rev', type: 'pure-token', token: 'REV', optional: true };

export const zrange: CommandSpec = {
  name: 'zrange',
  summary: 'Returns the members of a sorted set within a range of ranks, scores or members.',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [
    KEY,
    { name: 'start', type: 'string' },
    { name: 'stop', type: 'string' },
    { ...SORT_BY, since: '6.2.0' },
    { ...REV, since: '6.2.0' },
    { ...LIMIT, since: '6.2.0' },
    WITHSCORES,
  ],
  history: [['6.2.0', 'Takes `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.']],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyRange(call, { source: 1, kind: undefined, reversed: undefined, takesScores: true });
  },
};

export const zrangestore: CommandSpec = {
  name: 'zrangestore',
  summary: 'Stores the members of a sorted set within a range in another key.',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) where N is the number of members in the source and M of those stored.',
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['OW', 'update']), oneKey(['RO', 'access'], 2)],
  args: [
    { name: 'dst', type: 'key', keySpec: 0 },
    { name: 'src', type: 'key', keySpec: 1 },
    MIN,
    MAX,
    SORT_BY,
    REV,
    LIMIT,
  ],
  reply: 'integer',
  run(call: Call) {
    const command = { source: 2, kind: undefined, reversed: undefined, takesScores: false };
    const request = parseRequest(call.args, command);
    const e = call.readKind(2, KindSet.Zset);
    let count = 0;
    if (e === 0) writer.begin(call.db, 0, 0);
    else {
      const zset = reader.open(call.db, e);
      const found = select(zset, request);
      count = found.count;
      // By rank Redis knows the size beforehand; otherwise it begins with a listpack.
      writer.begin(call.db, request.kind === 'rank' ? count : 0, 0);
      copyMembers(zset, found, request.reversed);
    }
    storeZset(call, 1, writer, 'zrangestore');
    call.reply.int(count);
  },
};

export const zrevrange: CommandSpec = {
  name: 'zrevrange',
  summary: 'Returns the members of a sorted set within a range of ranks, the greatest first.',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [KEY, { name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }, WITHSCORES],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` argument' },
  docFlags: ['deprecated'],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyRange(call, { source: 1, kind: 'rank', reversed: true, takesScores: true });
  },
};

export const zrangebyscore: CommandSpec = {
  name: 'zrangebyscore',
  summary: 'Returns the members of a sorted set within a range of scores.',
  since: '1.0.5',
  group: 'sorted-set',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [KEY, MIN_SCORE, MAX_SCORE, { ...WITHSCORES, since: '2.0.0' }, LIMIT],
  history: [['2.0.0', 'Takes `WITHSCORES`.']],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `BYSCORE` argument' },
  docFlags: ['deprecated'],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyRange(call, { source: 1, kind: 'score', reversed: false, takesScores: true });
  },
};

export const zrevrangebyscore: CommandSpec = {
  name: 'zrevrangebyscore',
  summary: 'Returns the members of a sorted set within a range of scores, the greatest first.',
  since: '2.2.0',
  group: 'sorted-set',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [KEY, MAX_SCORE, MIN_SCORE, WITHSCORES, LIMIT],
  history: [['2.1.6', '`min` and `max` may be exclusive.']],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` and `BYSCORE` arguments' },
  docFlags: ['deprecated'],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyRange(call, { source: 1, kind: 'score', reversed: true, takesScores: true });
  },
};

export const zrangebylex: CommandSpec = {
  name: 'zrangebylex',
  summary: 'Returns the members of a sorted set within a lexicographical range.',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [KEY, MIN, MAX, LIMIT],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `BYLEX` argument' },
  docFlags: ['deprecated'],
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    replyRange(call, { source: 1, kind: 'lex', reversed: false, takesScores: true });
  },
};

export const zrevrangebylex: CommandSpec = {
  name: 'zrevrangebylex',
  summary: 'Returns the members of a sorted set within a lexicographical range, the last first.',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [KEY, MAX, MIN, LIMIT],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` and `BYLEX` arguments' },
  docFlags: ['deprecated'],
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    replyRange(call, { source: 1, kind: 'lex', reversed: true, takesScores: true });
  },
};

function replyRange(call: Call, command: RangeCommand): void {
  const { db, reply } = call;
  const request = parseRequest(call.args, command);
  const e = call.readKind(command.source, KindSet.Zset);
  if (e === 0) {
    reply.array(0);
    return;
  }
  const zset = reader.open(db, e);
  const { from, count } = select(zset, request);
  replyMembers(reply, zset, from, count, request.reversed, request.withScores);
}

/** Adds the members found to the set in `writer`. */
function copyMembers(zset: Zset, { from, count }: FoundRange, reversed: boolean): void {
  let p = from;
  for (let left = count; left > 0; left--) {
    const score = zset.score(p);
    zset.read(p);
    writer.add(zset.buf, zset.off, zset.len, score);
    p = reversed ? zset.prev(p) : zset.next(p);
  }
}

// ---- what is asked for

function parseRequest(args: Args, command: RangeCommand): RangeRequest {
  const request = parseOptions(args, command);
  const { kind, reversed } = request;
  if (request.limit !== -1 && kind === 'rank') throw LIMIT_BY_RANK;
  if (request.withScores && kind === 'lex') throw SCORES_BY_LEX;
  // By score and by member, a reversed range names its upper end first.
  const first = command.source + 1;
  const swapped = reversed && kind !== 'rank';
  const min = swapped ? first + 1 : first;
  const max = swapped ? first : first + 1;
  if (kind === 'score') request.scores = parseScoreRange(args, min, max);
  else if (kind === 'lex') request.members = parseMemberRange(args, min, max);
  else {
    request.start = args.int(min);
    request.stop = args.int(max);
  }
  return request;
}

function parseOptions(args: Args, command: RangeCommand): RangeRequest {
  const request: RangeRequest = {
    kind: command.kind ?? 'rank',
    reversed: command.reversed ?? false,
    withScores: false,
    offset: 0,
    limit: -1,
    start: 0,
    stop: 0,
    scores: undefined,
    members: undefined,
  };
  let kind = command.kind;
  let { reversed } = command;
  for (let i = command.source + 3; i < args.count; i++) {
    if (command.takesScores && args.is(i, 'WITHSCORES')) request.withScores = true;
    else if (args.is(i, 'LIMIT') && i + 2 < args.count) {
      request.offset = args.int(i + 1);
      request.limit = args.int(i + 2);
      i += 2;
    } else if (reversed === undefined && args.is(i, 'REV')) reversed = true;
    else if (kind === undefined && args.is(i, 'BYLEX')) kind = 'lex';
    else if (kind === undefined && args.is(i, 'BYSCORE')) kind = 'score';
    else throw SYNTAX_ERROR;
  }
  request.kind = kind ?? 'rank';
  request.reversed = reversed ?? false;
  return request;
}

// ---- what is found

function select(zset: Zset, request: RangeRequest): FoundRange {
  const { kind, reversed } = request;
  if (kind === 'rank') return selectRanks(zset, request);
  if (kind === 'score') zset.selectScores(request.scores!, reversed);
  else zset.selectMembers(request.members!, reversed);
  return limited(zset, request);
}

function selectRanks(zset: Zset, { start, stop, reversed }: RangeRequest): FoundRange {
  const { size } = zset;
  const first = Math.max(start < 0 ? size + start : start, 0);
  const last = Math.min(stop < 0 ? size + stop : stop, size - 1);
  if (first > last) return { from: 0, count: 0 };
  return { from: zset.at(reversed ? size - 1 - first : first), count: last - first + 1 };
}

/** What the set has selected, less what LIMIT leaves out. */
function limited(zset: Zset, { offset, limit, reversed }: RangeRequest): FoundRange {
  const left = zset.count - offset;
  if (offset < 0 || left <= 0) return { from: 0, count: 0 };
  const count = limit < 0 ? left : Math.min(left, limit);
  if (offset === 0) return { from: zset.from, count };
  const rank = zset.rank(zset.from);
  return { from: zset.at(reversed ? rank - offset : rank + offset), count };
}
