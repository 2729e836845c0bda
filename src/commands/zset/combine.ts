/**
 * ZUNION, ZINTER, ZDIFF, their STORE forms, and ZINTERCARD.
 *
 * A member's score in the result is made of its weighted scores: their sum, or the least or greatest
 * of them; a difference keeps the first set's. Sources are taken from the smallest to the biggest:
 * an intersection then looks up as few members as possible.
 *
 * Infinities that cancel each other give 0.
 */
import type { Database } from '../../keyspace/database.js';
import { KindSet } from '../../keyspace/kinds.js';
import { ScoreTable } from '../../keyspace/zset/score-table.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeySpec } from '../../server/api/command.js';
import { countedKeys, oneKey } from '../key-specs.js';
import { replyMembers } from './reply.js';
import { writer } from './scratch.js';
import { Source } from './source.js';
import { KEYS, MEMBERS_REPLY, NUMKEYS, WITHSCORES } from './specs.js';
import { storeZset } from './store.js';

const WEIGHT_NOT_A_FLOAT = new ReplyError('ERR weight value is not a float');
const NEGATIVE_LIMIT = new ReplyError("ERR LIMIT can't be negative");

type Operation = 'union' | 'inter' | 'diff';
type Aggregate = 'sum' | 'min' | 'max';

/** What a command takes. */
interface CombineCommand {
  readonly operation: Operation;
  /** Number of the argument `numkeys`; the keys follow. */
  readonly numkeys: number;
  readonly takesScores: boolean;
  readonly takesWeights: boolean;
  readonly takesLimit: boolean;
}

interface CombineRequest {
  sources: Source[];
  aggregate: Aggregate;
  withScores: boolean;
  /** 0: none. */
  limit: number;
}

const WEIGHTS: ArgSpec = {
  name: 'weight',
  type: 'integer',
  token: 'WEIGHTS',
  optional: true,
  multiple: true,
};
const AGGREGATE: ArgSpec = {
  name: 'aggregate',
  type: 'oneof',
  token: 'AGGREGATE',
  optional: true,
  args: [
    { name: 'sum', type: 'pure-token', token: 'SUM' },
    { name: 'min', type: 'pure-token', token: 'MIN' },
    { name: 'max', type: 'pure-token', token: 'MAX' },
  ],
};
const SOURCES: readonly KeySpec[] = [countedKeys(['RO', 'access'], 1)];
const DESTINATION_AND_SOURCES: readonly KeySpec[] = [
  oneKey(['OW', 'update']),
  countedKeys(['RO', 'access'], 2),
];
const STORE_ARGS: readonly ArgSpec[] = [
  { name: 'destination', type: 'key', keySpec: 0 },
  NUMKEYS,
  { ...KEYS, keySpec: 1 },
];
const UNION_COMPLEXITY =
  'O(N)+O(M*log(M)) where N is the sum of the sizes of all sets and M the size of the result.';
const INTER_COMPLEXITY =
  'O(N*K)+O(M*log(M)) at worst, where N is the size of the smallest set, K the number of sets and M the size of the result.';
const DIFF_COMPLEXITY =
  'O(N*K)+O(M*log(M)) at worst, where N is the size of the first set, K the number of sets and M the size of the result.';

export const zunion: CommandSpec = {
  name: 'zunion',
  summary: 'Returns the members that are in any of the sorted sets.',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: UNION_COMPLEXITY,
  arity: -3,
  flags: ['readonly'],
  keys: SOURCES,
  args: [NUMKEYS, KEYS, WEIGHTS, AGGREGATE, WITHSCORES],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyResult(call, 'union');
  },
};

export const zinter: CommandSpec = {
  name: 'zinter',
  summary: 'Returns the members that are in all of the sorted sets.',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: INTER_COMPLEXITY,
  arity: -3,
  flags: ['readonly'],
  keys: SOURCES,
  args: [NUMKEYS, KEYS, WEIGHTS, AGGREGATE, WITHSCORES],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyResult(call, 'inter');
  },
};

export const zdiff: CommandSpec = {
  name: 'zdiff',
  summary: 'Returns the members that are in the first sorted set alone.',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: DIFF_COMPLEXITY,
  arity: -3,
  flags: ['readonly'],
  keys: SOURCES,
  args: [NUMKEYS, KEYS, WITHSCORES],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    replyResult(call, 'diff');
  },
};

export const zunionstore: CommandSpec = {
  name: 'zunionstore',
  summary: 'Stores the members that are in any of the sorted sets in a key.',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: UNION_COMPLEXITY,
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: DESTINATION_AND_SOURCES,
  args: [...STORE_ARGS, WEIGHTS, AGGREGATE],
  reply: 'integer',
  run(call: Call) {
    storeResult(call, 'union');
  },
};

export const zinterstore: CommandSpec = {
  name: 'zinterstore',
  summary: 'Stores the members that are in all of the sorted sets in a key.',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: INTER_COMPLEXITY,
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: DESTINATION_AND_SOURCES,
  args: [...STORE_ARGS, WEIGHTS, AGGREGATE],
  reply: 'integer',
  run(call: Call) {
    storeResult(call, 'inter');
  },
};

export const zdiffstore: CommandSpec = {
  name: 'zdiffstore',
  summary: 'Stores the members that are in the first sorted set alone in a key.',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: DIFF_COMPLEXITY,
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: DESTINATION_AND_SOURCES,
  args: STORE_ARGS,
  reply: 'integer',
  run(call: Call) {
    storeResult(call, 'diff');
  },
};

export const zintercard: CommandSpec = {
  name: 'zintercard',
  summary: 'Returns how many members are in all of the sorted sets.',
  since: '7.0.0',
  group: 'sorted-set',
  complexity: 'O(N*K) at worst, where N is the size of the smallest set and K the number of sets.',
  arity: -3,
  flags: ['readonly'],
  keys: SOURCES,
  args: [NUMKEYS, KEYS, { name: 'limit', type: 'integer', token: 'LIMIT', optional: true }],
  reply: 'integer',
  run(call: Call) {
    const { sources, limit } = parseRequest(call, {
      operation: 'inter',
      numkeys: 1,
      takesScores: false,
      takesWeights: false,
      takesLimit: true,
    });
    sortBySize(sources);
    call.reply.int(countCommon(sources, limit === 0 ? Infinity : limit));
  },
};

function replyResult(call: Call, operation: Operation): void {
  const { db, reply } = call;
  const request = parseRequest(call, {
    operation,
    numkeys: 1,
    takesScores: true,
    takesWeights: operation !== 'diff',
    takesLimit: false,
  });
  const zset = combine(db, operation, request).toZset();
  replyMembers(reply, zset, zset.first(), zset.size, false, request.withScores);
  db.discard(zset.dispose());
}

function storeResult(call: Call, operation: Operation): void {
  const { db } = call;
  const request = parseRequest(call, {
    operation,
    numkeys: 2,
    takesScores: false,
    takesWeights: operation !== 'diff',
    takesLimit: false,
  });
  const result = combine(db, operation, request);
  const { size, longest } = result;
  writer.adopt(db, result.toZset(), longest);
  storeZset(call, 1, writer, `z${operation}store`);
  call.reply.int(size);
}

// ---- what is asked for

/** Looks the keys up before it reads the options: a key of another type hides an error in these. */
function parseRequest(call: Call, command: CombineCommand): CombineRequest {
  const { args } = call;
  const count = args.int(command.numkeys);
  if (count < 1) throw noKeys(call.command.fullName);
  const first = command.numkeys + 1;
  if (count > args.count - first) throw SYNTAX_ERROR;
  // All lookups before the first look: one that removes a key that is due moves others.
  const entries: number[] = [];
  for (let i = first; i < first + count; i++) {
    entries.push(call.readKind(i, KindSet.Zset | KindSet.Set));
  }
  const request: CombineRequest = {
    sources: entries.map((e) => new Source(call.db, e)),
    aggregate: 'sum',
    withScores: false,
    limit: 0,
  };
  parseOptions(args, first + count, command, request);
  return request;
}

function parseOptions(
  args: Args,
  from: number,
  command: CombineCommand,
  request: CombineRequest,
): void {
  const { sources } = request;
  for (let i = from; i < args.count; i++) {
    const behind = args.count - i - 1;
    if (command.takesWeights && behind >= sources.length && args.is(i, 'WEIGHTS')) {
      for (const source of sources) source.weight = args.double(++i, WEIGHT_NOT_A_FLOAT);
    } else if (command.takesWeights && behind >= 1 && args.is(i, 'AGGREGATE')) {
      request.aggregate = parseAggregate(args, ++i);
    } else if (command.takesScores && args.is(i, 'WITHSCORES')) {
      request.withScores = true;
    } else if (command.takesLimit && behind >= 1 && args.is(i, 'LIMIT')) {
      request.limit = args.intWithin(++i, 0, Number.MAX_VALUE, NEGATIVE_LIMIT, NEGATIVE_LIMIT);
    } else throw SYNTAX_ERROR;
  }
}

function parseAggregate(args: Args, i: number): Aggregate {
  if (args.is(i, 'SUM')) return 'sum';
  if (args.is(i, 'MIN')) return 'min';
  if (args.is(i, 'MAX')) return 'max';
  throw SYNTAX_ERROR;
}

function noKeys(command: string): ReplyError {
  return new ReplyError(`ERR at least 1 input key is needed for '${command}' command`);
}

// ---- combining

function combine(db: Database, operation: Operation, request: CombineRequest): ScoreTable {
  const { sources, aggregate } = request;
  const result = new ScoreTable(db);
  if (operation === 'diff') {
    subtract(sources, result);
    return result;
  }
  sortBySize(sources);
  if (operation === 'union') unite(sources, aggregate, result);
  else intersect(sources, aggregate, result);
  return result;
}

function sortBySize(sources: Source[]): void {
  sources.sort((a, b) => a.size - b.size);
}

function unite(sources: readonly Source[], aggregate: Aggregate, result: ScoreTable): void {
  for (const source of sources) {
    for (source.rewind(); source.next(); ) {
      const { buf, off, len } = source;
      const score = weighted(source);
      const number = result.find(buf, off, len);
      if (number < 0) result.add(buf, off, len, score);
      else result.setScore(number, aggregated(result.score(number), score, aggregate));
    }
  }
}

function intersect(sources: readonly Source[], aggregate: Aggregate, result: ScoreTable): void {
  const smallest = sources[0]!;
  for (smallest.rewind(); smallest.next(); ) {
    const { buf, off, len } = smallest;
    let score = weighted(smallest);
    let i = 1;
    for (; i < sources.length; i++) {
      const source = sources[i]!;
      if (!source.find(buf, off, len)) break;
      score = aggregated(score, source.score * source.weight, aggregate);
    }
    if (i === sources.length) result.add(buf, off, len, score);
  }
}

function subtract(sources: readonly Source[], result: ScoreTable): void {
  const [first, ...others] = sources as [Source, ...Source[]];
  // The biggest first: there a member is most likely found.
  others.sort((a, b) => b.size - a.size);
  for (first.rewind(); first.next(); ) {
    const { buf, off, len, score } = first;
    if (!others.some((other) => other.find(buf, off, len))) result.add(buf, off, len, score);
  }
}

/** How many members are in all sources, up to the limit. */
function countCommon(sources: readonly Source[], limit: number): number {
  const [smallest, ...others] = sources as [Source, ...Source[]];
  let count = 0;
  for (smallest.rewind(); count < limit && smallest.next(); ) {
    const { buf, off, len } = smallest;
    if (others.every((other) => other.find(buf, off, len))) count++;
  }
  return count;
}

function weighted(source: Source): number {
  const score = source.weight * source.score;
  return Number.isNaN(score) ? 0 : score;
}

function aggregated(score: number, other: number, aggregate: Aggregate): number {
  if (aggregate === 'min') return other < score ? other : score;
  if (aggregate === 'max') return other > score ? other : score;
  const sum = score + other;
  return Number.isNaN(sum) ? 0 : sum;
}
