/**
 * The rules for lists, hashes, sets, sorted sets, streams and geo: what has no order, what chance
 * decides, and what arguments are made of. See rules.ts for what a rule is.
 *
 * Members of tables come in each server's own order; those of listpacks and intsets in Redis's, but
 * which of them a set is differs by version. So members are compared in any order.
 */
import {
  samePairs,
  samePending,
  sameSize,
  sameStreamFacts,
  sameWholeScan,
} from './collection-agreements.js';
import { sameElements } from './exchange.js';
import type { Request } from './requests.js';
import type { Rule } from './rules.js';

const NO_ORDER = 'tables have no order';
const CHANCE = 'chance decides';
/** A count that takes all there is. */
const ALL = '1000000';
/** How long a command may wait for a key, in seconds. */
const SHORT_TIMEOUTS = ['0.001', '0.002', '-1', 'x', '1e400'];
const LONGEST_WAIT_MS = 20;

const RANGES = [
  ...['0', '-1', '1', '2', '-3', '10', '(1', '(0', '[1', 'inf', '-inf', '+inf', '(inf', '5'],
  ...['-', '+', '[a', '(a', '[c', '(c', '[m:3', '(m:7', '1.5', '(2.5', 'x', '(', '['],
];
const IDS = [
  ...['0', '0-0', '0-1', '1', '1-1', '1-2', '2', '2-0', '2-7', '3-3', '5', '5-5', '9', '7-1'],
  ...['10-1', '12', '20-1', '30-2', '50', '50-5', '99-9', '100-1', '300', '301-1'],
];
const LATER_IDS = ['18446744073709551615-18446744073709551614', '4102444800000-0', '9999-1'];
const RANGE_IDS = [...IDS, '-', '+', '-', '+', '(1-1', '(5', '(9-1', '$', 'x', '1-1-1', '-1'];
const NEW_IDS = [...IDS, ...IDS, '400-*', '5-*', '1000-1', '1001-*', ...LATER_IDS, 'x-1', '1-x'];
const GROUPS = ['g1', 'g1', 'g2', 'nosuch'];
const CONSUMERS = ['ann', 'ben', 'cy'];
const IDLE_TIMES = ['0', '0', '0', ALL.repeat(2), '-5', 'x'];
const COORDINATES = [
  '0',
  '13.361389',
  '15.087269',
  '38.115556',
  '37.502669',
  '-122.4',
  '85',
  '181',
];
const DISTANCES = ['0', '1', '100', '190', '200000', '5000', '1e7', '-1', 'x'];
const PATTERNS = ['nosort', 'w_*', 'hash:*->a', 'string:*', '*', '#', 'hash:1->*', 'nosuch', '*->'];

const IN_ANY_ORDER: Rule = { agree: sameElements, because: NO_ORDER };
const PAIRS_IN_ANY_ORDER: Rule = { agree: samePairs, because: NO_ORDER };
const BY_CHANCE: Rule = {
  agree: sameSize,
  because: CHANCE,
  avoid: (request) => Number(request[2]?.toString('latin1')) < -LONGEST_DRAW,
};
/** A negative count draws so many members, again and again the same ones: for ever, if it is huge. */
const LONGEST_DRAW = 1000;
const SCAN: Rule = {
  agree: sameWholeScan,
  because: 'cursors are of each server alone; a call that ends at once has found all',
  values: { cursor: ['0', '0', '0', '17'], count: ['1', ALL, ALL] },
};
/** May wait, on both sides, until a short time is over. */
const WAITS_BEHIND: Rule = {
  values: { timeout: SHORT_TIMEOUTS },
  weight: 0.3,
  avoid: (request) => waitsLong(request.at(-1)),
};
const WAITS_FIRST: Rule = { ...WAITS_BEHIND, avoid: (request) => waitsLong(request[1]) };
const SCORES: Rule = { values: { min: RANGES, max: RANGES, start: RANGES, stop: RANGES } };
/** Redis's SORT takes a score this small, when it reads it, for an element out of range. */
const SCORED: Rule = { avoid: (request) => hasWord(request, '4.9E-324') };
const LEX_KEYS = ['lex:1', 'lex:2'];
/** Ranges by members: among members of different scores they mean nothing, so keys of their own. */
const LEX: Rule = {
  values: { ...SCORES.values, key: LEX_KEYS },
  before: (request) => ['ZADD', String(request[1]), ...LEX_MEMBERS],
  avoid: (request) => !isLexKey(request[1]),
};
const LEX_MEMBERS = ['0', 'a', '0', 'b', '0', 'c', '0', 'd', '0', '', '0', 'm:3', '0', 'm:7'];
const STREAM_VALUES = {
  ID: RANGE_IDS,
  id: RANGE_IDS,
  start: RANGE_IDS,
  end: RANGE_IDS,
  lastid: IDS,
  'last-id': IDS,
  'max-deleted-id': IDS,
  threshold: [...IDS, '3', '10', '-1'],
  group: GROUPS,
  consumer: CONSUMERS,
  'min-idle-time': IDLE_TIMES,
};
const STREAM: Rule = { values: STREAM_VALUES };
const STREAM_WAITS: Rule = { ...STREAM, avoid: blocksLong };
function avoidsClaim(request: Request): boolean {
  return hasWord(request, 'TIME') || hasWord(request, 'IDLE');
}

/** Whether Redis would allocate gigabytes first: whether it can depends on the machine. */
function asksForTooMuch(request: Request): boolean {
  return request.some((word) => Number(word.toString('latin1')) > 0x7fffffff);
}

/** From 7.2 on a consumer is made by the claim, whether there is anything to claim or not. */
const CLAIMS: Rule = {
  before: (request) => [
    'XGROUP',
    'CREATECONSUMER',
    ...request.slice(1, 4).map((word) => word.toString('latin1')),
  ],
  values: { ...STREAM_VALUES, ms: ['0', '100000', '-1'] },
  avoid: avoidsClaim,
};
const GEO_VALUES = {
  longitude: COORDINATES,
  latitude: COORDINATES,
  radius: DISTANCES,
  width: DISTANCES,
  height: DISTANCES,
  count: ['1', '2', '3', '100', '0', '-1'],
};
const GEO: Rule = { values: GEO_VALUES };
const SORT: Rule = {
  agree: sameElements,
  because: 'without an order to sort by, a table gives its own',
  // Redis takes an ERANGE that another command has left for one of its own: this one clears it.
  before: () => ['SSCAN', 'nosuch', '0'],
  values: { 'by-pattern': PATTERNS, 'get-pattern': PATTERNS },
  avoid: (request) => hasWord(request, 'LIMIT') && hasWord(request, 'BY'),
};
const BITFIELD: Rule = {
  values: {
    encoding: ['u8', 'i8', 'u1', 'i5', 'u16', 'i64', 'u63', 'u64', 'i65', 'i0', 'x'],
    offset: ['0', '1', '7', '8', '100', '#0', '#1', '#3', '-1', '#', 'x'],
  },
};

export const COLLECTION_RULES: Readonly<Record<string, Rule>> = {
  // Hashes.
  hgetall: PAIRS_IN_ANY_ORDER,
  hkeys: IN_ANY_ORDER,
  hvals: IN_ANY_ORDER,
  hrandfield: BY_CHANCE,
  hscan: SCAN,

  // Lists.
  blpop: WAITS_BEHIND,
  brpop: WAITS_BEHIND,
  brpoplpush: WAITS_BEHIND,
  blmove: WAITS_BEHIND,
  blmpop: WAITS_FIRST,

  // Sets.
  smembers: IN_ANY_ORDER,
  sinter: IN_ANY_ORDER,
  sunion: IN_ANY_ORDER,
  sdiff: IN_ANY_ORDER,
  srandmember: BY_CHANCE,
  spop: {
    agree: sameElements,
    because: NO_ORDER,
    values: { count: [ALL, ALL, '0', '-1'] },
    avoid: (request) => request.length !== 3 || isPartCount(request[2]!),
  },
  sscan: SCAN,

  // Sorted sets.
  zadd: SCORED,
  zincrby: SCORED,
  zinterstore: SCORED,
  zunionstore: SCORED,
  zscan: SCAN,
  zrandmember: BY_CHANCE,
  zrange: { ...SCORES, avoid: (request) => hasWord(request, 'BYLEX') && !isLexKey(request[1]) },
  zrangestore: {
    ...SCORES,
    avoid: (request) => hasWord(request, 'BYLEX') && !isLexKey(request[2]),
  },
  zcount: SCORES,
  zlexcount: LEX,
  zrangebyscore: SCORES,
  zrevrangebyscore: SCORES,
  zrangebylex: LEX,
  zrevrangebylex: LEX,
  zremrangebyscore: SCORES,
  zremrangebylex: LEX,
  bzpopmin: WAITS_BEHIND,
  bzpopmax: WAITS_BEHIND,
  bzmpop: WAITS_FIRST,

  // Streams.
  xadd: {
    values: { ...STREAM_VALUES, id: NEW_IDS },
    weight: 3,
    avoid: (request) => request.some((word) => word.equals(STAR)),
  },
  xdel: STREAM,
  xack: STREAM,
  xrange: STREAM,
  xrevrange: STREAM,
  xtrim: STREAM,
  xread: STREAM_WAITS,
  xreadgroup: STREAM_WAITS,
  xsetid: { values: { ...STREAM_VALUES, 'last-id': [...IDS, ...LATER_IDS] } },
  xclaim: CLAIMS,
  xautoclaim: { ...CLAIMS, avoid: (request) => avoidsClaim(request) || asksForTooMuch(request) },
  xpending: { ...STREAM, agree: samePending, because: 'two clocks tell how long one is idle' },
  'xgroup|create': { ...STREAM, weight: 0.5 },
  'xgroup|destroy': { ...STREAM, weight: 0.1 },
  'xgroup|setid': { ...STREAM, weight: 0.3 },
  'xgroup|createconsumer': { ...STREAM, weight: 0.3 },
  'xgroup|delconsumer': { ...STREAM, weight: 0.4 },
  'xinfo|stream': {
    agree: sameStreamFacts,
    because: 'two clocks; nodes of the radix tree are counted otherwise; 7.2 tells more',
    weight: 0.3,
  },
  'xinfo|groups': { weight: 0.3 },
  'xinfo|consumers': { ...STREAM, agree: sameStreamFacts, because: 'two clocks', weight: 0.3 },

  // Geo.
  geoadd: GEO,
  geosearch: GEO,
  geosearchstore: GEO,
  georadius: GEO,
  georadius_ro: GEO,
  georadiusbymember: GEO,
  georadiusbymember_ro: GEO,

  // Others.
  sort: SORT,
  sort_ro: SORT,
  bitfield: BITFIELD,
  bitfield_ro: BITFIELD,
};

/** Thresholds so low that a few writes change an encoding. */
export const LOW_THRESHOLDS = [
  ...['hash-max-listpack-entries', '5', 'hash-max-listpack-value', '12'],
  ...['list-max-listpack-size', '4', 'list-compress-depth', '1'],
  ...['set-max-intset-entries', '4'],
  ...['zset-max-listpack-entries', '5', 'zset-max-listpack-value', '12'],
  ...['stream-node-max-entries', '3'],
];

const STAR = Buffer.from('*');

/** Whether a timeout, in seconds, is one that would hold up the stream. */
function waitsLong(timeout: Buffer | undefined): boolean {
  const ms = Math.ceil(Number(timeout?.toString('latin1')) * 1000);
  if (Number.isNaN(ms) || timeout!.length === 0) return false;
  return ms === 0 || (ms > LONGEST_WAIT_MS && ms < Infinity);
}

/** Whether XREAD may wait for long, by BLOCK's milliseconds. */
function blocksLong(request: Request): boolean {
  return request.some((word, i) => {
    if (!isWord(word, 'BLOCK')) return false;
    const ms = Number(request[i + 1]?.toString('latin1'));
    return Number.isNaN(ms) || ms === 0 || ms > LONGEST_WAIT_MS;
  });
}

/** Whether a count may leave something, by chance. */
function isPartCount(count: Buffer): boolean {
  const n = Number(count.toString('latin1'));
  return n > 0 && n < Number(ALL);
}

function isLexKey(key: Buffer | undefined): boolean {
  return key !== undefined && LEX_KEYS.includes(key.toString('latin1'));
}

function hasWord(request: Request, word: string): boolean {
  return request.some((one) => isWord(one, word));
}

function isWord(bytes: Buffer, word: string): boolean {
  return bytes.length === word.length && bytes.toString('latin1').toUpperCase() === word;
}
