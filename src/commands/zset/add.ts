/**
 * ZADD and ZINCRBY.
 *
 * All scores are read before anything changes. Conditions are bits, tested per member:
 *
 *     NX  only new members         XX  only members that are there
 *     GT  only greater scores      LT  only lesser ones (new members are added by both)
 *
 * The common case (one member, no option) allocates nothing; guarded by `npm run bench` (zadd).
 */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { replyScore } from './reply.js';
import { writer } from './scratch.js';
import { KEY, MEMBER, PAIRS, THIRD_MEMBER } from './specs.js';
import { addZset } from './store.js';

const NX_AND_XX = new ReplyError('ERR XX and NX options at the same time are not compatible');
const GT_LT_NX = new ReplyError(
  'ERR GT, LT, and/or NX options at the same time are not compatible',
);
const SINGLE_PAIR = new ReplyError('ERR INCR option supports a single increment-element pair');
const NOT_A_NUMBER = new ReplyError('ERR resulting score is not a number (NaN)');

const Option = { None: 0, Nx: 1, Xx: 2, Ch: 4, Incr: 8, Gt: 16, Lt: 32 } as const;

/** What happened to a member. */
const Outcome = { Unchanged: 0, Updated: 1, Added: 2 } as const;

const LETTER_A = 65;

export const zadd: CommandSpec = {
  name: 'zadd',
  summary: 'Adds members to a sorted set, or gives them other scores.',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for each member, where N is the number of members in the sorted set.',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  members: PAIRS,
  args: [
    KEY,
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      since: '3.0.2',
      args: [
        { name: 'nx', type: 'pure-token', token: 'NX' },
        { name: 'xx', type: 'pure-token', token: 'XX' },
      ],
    },
    {
      name: 'comparison',
      type: 'oneof',
      optional: true,
      since: '6.2.0',
      args: [
        { name: 'gt', type: 'pure-token', token: 'GT' },
        { name: 'lt', type: 'pure-token', token: 'LT' },
      ],
    },
    { name: 'change', type: 'pure-token', token: 'CH', optional: true, since: '3.0.2' },
    { name: 'increment', type: 'pure-token', token: 'INCR', optional: true, since: '3.0.2' },
    {
      name: 'data',
      type: 'block',
      multiple: true,
      args: [{ name: 'score', type: 'double' }, MEMBER],
    },
  ],
  history: [
    ['2.4.0', 'Takes several members.'],
    ['3.0.2', 'Takes `XX`, `NX`, `CH` and `INCR`.'],
    ['6.2.0', 'Takes `GT` and `LT`.'],
  ],
  reply: { oneOf: ['integer', 'double', 'null'] },
  run(call: Call) {
    add(call, Option.None);
  },
};

export const zincrby: CommandSpec = {
  name: 'zincrby',
  summary: "Adds a number to the score of a sorted set's member.",
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) where N is the number of members in the sorted set.',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  members: THIRD_MEMBER,
  args: [KEY, { name: 'increment', type: 'integer' }, MEMBER],
  reply: 'double',
  run(call: Call) {
    add(call, Option.Incr);
  },
};

function add(call: Call, given: number): void {
  const { args, db } = call;
  let options = given;
  let from = 2;
  for (; from < args.count; from++) {
    const option = optionAt(args, from);
    if (option === Option.None) break;
    options |= option;
  }
  checkOptions(args, from, options);
  const pairs = (args.count - from) / 2;
  const first = args.double(from);
  for (let i = from + 2; i < args.count; i += 2) args.double(i);

  const e = call.writeKind(1, KindSet.Zset);
  if (e === 0 && (options & Option.Xx) !== 0) {
    replyCounts(call, options, 0, 0);
    return;
  }
  if (e !== 0) {
    writer.open(db, e);
    writer.expect(pairs);
  } else writer.begin(db, pairs, args.len(from + 1));
  if ((options & Option.Incr) !== 0) increment(call, e, from + 1, first, options);
  else addPairs(call, e, from, first, options);
}

/** @param first the first pair's score, argument `from` @param e 0: the key is new */
function addPairs(call: Call, e: number, from: number, first: number, options: number): void {
  const { args } = call;
  let added = 0;
  let updated = 0;
  for (let i = from; i < args.count; i += 2) {
    const score = i === from ? first : args.double(i);
    const outcome = addOne(args, i + 1, score, options);
    if (outcome === Outcome.Added) added++;
    else if (outcome === Outcome.Updated) updated++;
  }
  finish(call, e);
  replyCounts(call, options, added, updated);
  if (added + updated > 0) tell(call, 'zadd', added + updated);
}

/** Adds argument `i` or changes its score. */
function addOne(args: Args, i: number, score: number, options: number): number {
  const off = args.off(i);
  const len = args.len(i);
  const hash = args.hash(i);
  const { zset } = writer;
  const p = zset.find(args.buf, off, len, hash);
  if (p === 0) {
    if ((options & Option.Xx) !== 0) return Outcome.Unchanged;
    writer.add(args.buf, off, len, score, hash);
    return Outcome.Added;
  }
  const current = zset.score(p);
  if (score === current || isRefused(score, current, options)) return Outcome.Unchanged;
  zset.setScore(p, args.buf, off, len, score);
  return Outcome.Updated;
}

/**
 * Adds a number to the score of argument `i`.
 * @throws ReplyError when infinities cancel each other
 */
function increment(call: Call, e: number, i: number, by: number, options: number): void {
  const { args, reply } = call;
  const off = args.off(i);
  const len = args.len(i);
  const hash = args.hash(i);
  const { zset } = writer;
  const p = zset.find(args.buf, off, len, hash);
  const current = p === 0 ? 0 : zset.score(p);
  const score = p === 0 ? by : current + by;
  if (Number.isNaN(score)) throw NOT_A_NUMBER;
  const refused = p === 0 ? (options & Option.Xx) !== 0 : isRefused(score, current, options);
  if (refused) {
    reply.nil();
    return;
  }
  if (p === 0) writer.add(args.buf, off, len, score, hash);
  else if (score !== current) zset.setScore(p, args.buf, off, len, score);
  finish(call, e);
  replyScore(reply, score);
  if (p === 0 || score !== current) tell(call, 'zincr', 1);
}

/** Whether the conditions forbid to change a score. */
function isRefused(score: number, current: number, options: number): boolean {
  if ((options & Option.Nx) !== 0) return true;
  if ((options & Option.Lt) !== 0 && score >= current) return true;
  return (options & Option.Gt) !== 0 && score <= current;
}

function finish(call: Call, e: number): void {
  if (e === 0) addZset(call, 1, writer);
  else writer.settle();
}

function tell(call: Call, event: string, changes: number): void {
  call.changed(1, EventClass.Zset, event);
  call.dirty += changes - 1;
}

/** Which option argument `i` is; None for a score. */
function optionAt(args: Args, i: number): number {
  const length = args.len(i);
  if ((length !== 2 && length !== 4) || args.buf[args.off(i)]! < LETTER_A) return Option.None;
  if (args.is(i, 'NX')) return Option.Nx;
  if (args.is(i, 'XX')) return Option.Xx;
  if (args.is(i, 'CH')) return Option.Ch;
  if (args.is(i, 'INCR')) return Option.Incr;
  if (args.is(i, 'GT')) return Option.Gt;
  if (args.is(i, 'LT')) return Option.Lt;
  return Option.None;
}

/** @param from where the pairs begin @throws ReplyError when options and pairs make no sense */
function checkOptions(args: Args, from: number, options: number): void {
  const words = args.count - from;
  if (words === 0 || (words & 1) !== 0) throw SYNTAX_ERROR;
  if (options === Option.None) return;
  if (hasAll(options, Option.Nx | Option.Xx)) throw NX_AND_XX;
  if (
    hasAll(options, Option.Gt | Option.Nx) ||
    hasAll(options, Option.Lt | Option.Nx) ||
    hasAll(options, Option.Gt | Option.Lt)
  ) {
    throw GT_LT_NX;
  }
  if ((options & Option.Incr) !== 0 && words > 2) throw SINGLE_PAIR;
}

function hasAll(options: number, wanted: number): boolean {
  return (options & wanted) === wanted;
}

/** What is replied when nothing was added or changed, or without INCR. */
function replyCounts(call: Call, options: number, added: number, updated: number): void {
  if ((options & Option.Incr) !== 0) call.reply.nil();
  else call.reply.int((options & Option.Ch) !== 0 ? added + updated : added);
}
