/**
 * ZPOPMIN, ZPOPMAX, ZMPOP, and those that wait for members: BZPOPMIN, BZPOPMAX, BZMPOP.
 *
 * All come down to taking members from one end of the first set that is there. What differs is the
 * reply's shape:
 *
 *     ZPOPMIN k          [ member, score ]                   flat, also in RESP3
 *     ZPOPMIN k 2        [ m, s, m, s ]                      RESP3: [ [ m, s ], [ m, s ] ]
 *     BZPOPMIN k 0       [ key, member, score ]
 *     ZMPOP 1 k MIN      [ key, [ [ m, s ], … ] ]
 *
 * A replica must take the same members, whatever it waits for: all but ZPOPMIN and ZPOPMAX are
 * propagated as one of these two.
 */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import type { Zset } from '../../keyspace/zset/zset.js';
import type { Args } from '../../resp/args.js';
import { MUST_BE_POSITIVE, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec, KeySpec, ReplySchema } from '../../server/api/command.js';
import { parseTimeout } from '../block-timeout.js';
import { countedKeys, oneKey } from '../key-specs.js';
import { replyScore } from './reply.js';
import { writer } from './scratch.js';
import { COUNT, KEY, KEYS, NUMKEYS, WHERE } from './specs.js';

const NO_KEYS = new ReplyError('ERR numkeys should be greater than 0');
const NO_COUNT = new ReplyError('ERR count should be greater than 0');

const POP_KEY: KeySpec = oneKey(['RW', 'access', 'delete']);
const ONE_COMPLEXITY =
  'O(log(N)*M) where N is the number of members in the sorted set and M of those popped.';
const WAIT_COMPLEXITY = 'O(log(N)) where N is the number of members in the sorted set.';
const MANY_COMPLEXITY =
  'O(K) + O(M*log(N)) where K is the number of keys, N of members in the sorted set and M of those popped.';
const POP_REPLY: ReplySchema = {
  oneOf: [{ arrayOf: { oneOf: ['bulk', 'double'] } }, { arrayOf: { tuple: ['bulk', 'double'] } }],
};
const WAIT_REPLY: ReplySchema = { oneOf: [{ tuple: ['bulk', 'bulk', 'double'] }, 'null'] };
const MANY_REPLY: ReplySchema = {
  oneOf: [{ tuple: ['bulk', { arrayOf: { tuple: ['bulk', 'double'] } }] }, 'null'],
};

export const zpopmin: CommandSpec = {
  name: 'zpopmin',
  summary: 'Removes and returns the members of a sorted set with the least scores.',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: ONE_COMPLEXITY,
  arity: -2,
  flags: ['write', 'fast'],
  keys: [POP_KEY],
  args: [KEY, { name: 'count', type: 'integer', optional: true }],
  reply: POP_REPLY,
  run(call: Call) {
    popOne(call, false);
  },
};

export const zpopmax: CommandSpec = {
  name: 'zpopmax',
  summary: 'Removes and returns the members of a sorted set with the greatest scores.',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: ONE_COMPLEXITY,
  arity: -2,
  flags: ['write', 'fast'],
  keys: [POP_KEY],
  args: [KEY, { name: 'count', type: 'integer', optional: true }],
  reply: POP_REPLY,
  run(call: Call) {
    popOne(call, true);
  },
};

export const zmpop: CommandSpec = {
  name: 'zmpop',
  summary: 'Removes and returns members from an end of the first sorted set that is there.',
  since: '7.0.0',
  group: 'sorted-set',
  complexity: MANY_COMPLEXITY,
  arity: -4,
  flags: ['write'],
  keys: [countedKeys(['RW', 'access', 'delete'], 1)],
  args: [NUMKEYS, KEYS, WHERE, COUNT],
  reply: MANY_REPLY,
  run(call: Call) {
    const request = parseMany(call.args, 1);
    if (!popMany(call, request, false)) call.reply.nilArray();
  },
};

export const bzpopmin: CommandSpec = {
  name: 'bzpopmin',
  summary: 'Removes and returns the member with the least score; waits until there is one.',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: WAIT_COMPLEXITY,
  arity: -3,
  flags: ['write', 'fast', 'blocking'],
  keys: [{ ...POP_KEY, find: { lastKey: -2, step: 1, limit: 0 } }],
  args: [KEYS, { name: 'timeout', type: 'double' }],
  history: [['6.0.0', '`timeout` is a double instead of an integer.']],
  reply: WAIT_REPLY,
  run(call: Call) {
    popOrWait(call, false);
  },
};

export const bzpopmax: CommandSpec = {
  name: 'bzpopmax',
  summary: 'Removes and returns the member with the greatest score; waits until there is one.',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: WAIT_COMPLEXITY,
  arity: -3,
  flags: ['write', 'fast', 'blocking'],
  keys: [{ ...POP_KEY, find: { lastKey: -2, step: 1, limit: 0 } }],
  args: [KEYS, { name: 'timeout', type: 'double' }],
  history: [['6.0.0', '`timeout` is a double instead of an integer.']],
  reply: WAIT_REPLY,
  run(call: Call) {
    popOrWait(call, true);
  },
};

export const bzmpop: CommandSpec = {
  name: 'bzmpop',
  summary: 'As ZMPOP, but waits until there is a member.',
  since: '7.0.0',
  group: 'sorted-set',
  complexity: MANY_COMPLEXITY,
  arity: -5,
  flags: ['write', 'blocking'],
  keys: [countedKeys(['RW', 'access', 'delete'], 2)],
  args: [{ name: 'timeout', type: 'double' }, NUMKEYS, KEYS, WHERE, COUNT],
  reply: MANY_REPLY,
  run(call: Call) {
    const request = parseMany(call.args, 2);
    const deadlineMs = parseTimeout(call, 1);
    if (!popMany(call, request, true)) wait(call, request.first, request.last, deadlineMs);
  },
};

// ---- one key

function popOne(call: Call, max: boolean): void {
  const { args, reply } = call;
  if (args.count > 3) throw SYNTAX_ERROR;
  const hasCount = args.count === 3;
  const count = hasCount
    ? args.intWithin(2, 0, Number.MAX_VALUE, MUST_BE_POSITIVE, MUST_BE_POSITIVE)
    : 1;
  const e = call.writeKind(1, KindSet.Zset);
  if (e === 0 || count === 0) {
    reply.array(0);
    return;
  }
  const zset = writer.open(call.db, e);
  const n = Math.min(count, zset.size);
  const nested = hasCount && reply.resp3;
  reply.array(nested ? n : 2 * n);
  take(call, 1, e, zset, n, max, nested);
}

// ---- many keys

interface ManyRequest {
  /** Numbers of the first and last key's arguments. */
  readonly first: number;
  readonly last: number;
  readonly max: boolean;
  readonly count: number;
}

/** @param at number of the argument `numkeys` */
function parseMany(args: Args, at: number): ManyRequest {
  const keys = args.intWithin(at, 1, Number.MAX_VALUE, NO_KEYS, NO_KEYS);
  const where = at + keys + 1;
  if (where >= args.count) throw SYNTAX_ERROR;
  const max = args.is(where, 'MAX');
  if (!max && !args.is(where, 'MIN')) throw SYNTAX_ERROR;
  let count = 0;
  for (let i = where + 1; i < args.count; i += 2) {
    if (count !== 0 || !args.is(i, 'COUNT') || i + 1 === args.count) throw SYNTAX_ERROR;
    count = args.intWithin(i + 1, 1, Number.MAX_VALUE, NO_COUNT, NO_COUNT);
  }
  return { first: at + 1, last: where - 1, max, count: count === 0 ? 1 : count };
}

/**
 * @param usesTwice whether the key counts as used once more, as by Redis's BZMPOP
 * @returns false, without a reply, when no key is there
 */
function popMany(
  call: Call,
  { first, last, max, count }: ManyRequest,
  usesTwice: boolean,
): boolean {
  const { args, reply } = call;
  const key = firstThere(call, first, last);
  if (key === 0) return false;
  const e = usesTwice ? call.write(key) : call.peek(key);
  const zset = writer.open(call.db, e);
  const n = Math.min(count, zset.size);
  reply.array(2);
  reply.bulk(args.buf, args.off(key), args.len(key));
  reply.array(n);
  take(call, key, e, zset, n, max, true);
  call.propagateAs(max ? 'ZPOPMAX' : 'ZPOPMIN', args.view(key), String(n));
  return true;
}

/** Number of the first of these arguments that is a key with a set; 0 if none is. */
function firstThere(call: Call, first: number, last: number): number {
  for (let i = first; i <= last; i++) if (call.writeKind(i, KindSet.Zset) !== 0) return i;
  return 0;
}

// ---- waiting

function popOrWait(call: Call, max: boolean): void {
  const { args, reply } = call;
  const timeoutAt = args.count - 1;
  const deadlineMs = parseTimeout(call, timeoutAt);
  const key = firstThere(call, 1, timeoutAt - 1);
  if (key === 0) {
    wait(call, 1, timeoutAt - 1, deadlineMs);
    return;
  }
  const e = call.write(key);
  const zset = writer.open(call.db, e);
  reply.array(3);
  reply.bulk(args.buf, args.off(key), args.len(key));
  take(call, key, e, zset, 1, max, false);
  call.propagateAs(max ? 'ZPOPMAX' : 'ZPOPMIN', args.view(key));
}

/** Waits for one of these arguments' keys, or answers at once where nobody may wait. */
function wait(call: Call, first: number, last: number, deadlineMs: number): void {
  if (!call.canBlock) {
    call.reply.nilArray();
    return;
  }
  const keys = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  call.blockOnKeys({ keys, deadlineMs, nullReply: 'array' });
}

// ---- taking

/**
 * Replies `n` members with their scores, the outermost first, removes them, and tells.
 * @param i number of the key's argument @param nested whether each is an array of its own
 */
function take(
  call: Call,
  i: number,
  e: number,
  zset: Zset,
  n: number,
  max: boolean,
  nested: boolean,
): void {
  const { reply } = call;
  let p = max ? zset.last() : zset.first();
  for (let left = n; left > 0; left--) {
    if (nested) reply.array(2);
    zset.read(p);
    reply.bulk(zset.buf, zset.off, zset.len);
    replyScore(reply, zset.score(p));
    if (left > 1) p = max ? zset.prev(p) : zset.next(p);
  }
  const remaining = zset.size - n;
  // Of a set that goes as a whole, nothing needs to be taken out.
  if (remaining > 0) {
    zset.removeRange(max ? remaining : 0, n);
    writer.settle();
  }
  call.changed(i, EventClass.Zset, max ? 'zpopmax' : 'zpopmin');
  call.dirty += n - 1;
  if (remaining === 0) call.emptied(i, e);
}
