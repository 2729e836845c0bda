/**
 * SINTER, SINTERSTORE, SINTERCARD: what is in all of the sets.
 *
 * The smallest set is walked, and each member looked for in the others, the next smallest first.
 */
import { Kind } from '../../keyspace/kinds.js';
import { FreeSet } from '../../keyspace/set/free-set.js';
import type { KeySet } from '../../keyspace/set/key-set.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { isInt64 } from '../../text/int64.js';
import { allKeys, oneKey } from '../key-specs.js';
import { openSources, storeNothing, storeResult } from './sources.js';

const COMPLEXITY =
  'O(N*M) at worst where N is the size of the smallest set and M is the number of sets.';
const NO_KEYS = new ReplyError('ERR numkeys should be greater than 0');
const TOO_MANY_KEYS = new ReplyError("ERR Number of keys can't be greater than number of args");
const NEGATIVE_LIMIT = new ReplyError("ERR LIMIT can't be negative");
const LONG_MAX = 2 ** 63;

export const sinter: CommandSpec = {
  name: 'sinter',
  summary: 'Returns the members that all of several sets have.',
  since: '1.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['readonly'],
  keys: [allKeys(['RO', 'access'])],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  tips: ['nondeterministic_output_order'],
  reply: { setOf: 'bulk' },
  run(call: Call) {
    const { args, reply } = call;
    const sets = smallestFirst(call, 1, args.count);
    if (sets === undefined) {
      reply.set(0);
      return;
    }
    const smallest = sets[0]!;
    const begun = reply.beginDeferred();
    let count = 0;
    for (smallest.rewind(); smallest.next(); ) {
      if (!isInOthers(sets)) continue;
      reply.bulk(smallest.buf, smallest.off, smallest.len);
      count++;
    }
    reply.endDeferred(begun, 'set', count);
  },
};

export const sinterstore: CommandSpec = {
  name: 'sinterstore',
  summary: 'Stores the members that all of several sets have as a set.',
  since: '1.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'update']), allKeys(['RO', 'access'], 2)],
  args: [
    { name: 'destination', type: 'key', keySpec: 0 },
    { name: 'key', type: 'key', keySpec: 1, multiple: true },
  ],
  reply: 'integer',
  run(call: Call) {
    const sets = smallestFirst(call, 2, call.args.count);
    if (sets === undefined) storeNothing(call);
    else storeResult(call, intersection(call, sets), 'sinterstore');
  },
};

export const sintercard: CommandSpec = {
  name: 'sintercard',
  summary: 'Returns how many members all of several sets have.',
  since: '7.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -3,
  flags: ['readonly'],
  keys: [
    {
      flags: ['RO', 'access'],
      begin: { index: 1 },
      find: { keyNumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  args: [
    { name: 'numkeys', type: 'integer' },
    { name: 'key', type: 'key', keySpec: 0, multiple: true },
    { name: 'limit', type: 'integer', token: 'LIMIT', optional: true },
  ],
  reply: 'integer',
  run(call: Call) {
    const { args, reply } = call;
    const keys = args.intWithin(1, 1, LONG_MAX, NO_KEYS, NO_KEYS);
    if (keys > args.count - 2) throw TOO_MANY_KEYS;
    const limit = parseLimit(call, 2 + keys);
    const sets = smallestFirst(call, 2, 2 + keys);
    reply.int(sets === undefined ? 0 : countCommon(sets, limit));
  },
};

/** LIMIT's argument, from argument `from` on; Infinity: none, or 0. */
function parseLimit({ args }: Call, from: number): number {
  let limit = 0;
  for (let i = from; i < args.count; i += 2) {
    if (!args.is(i, 'LIMIT') || i + 1 === args.count) throw SYNTAX_ERROR;
    limit = args.intWithin(i + 1, 0, LONG_MAX, NEGATIVE_LIMIT, NEGATIVE_LIMIT);
  }
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}

/** The sets, each once, in rising order of size; undefined if one of them is not there. */
function smallestFirst(call: Call, from: number, end: number): KeySet[] | undefined {
  const { sets, someMissing } = openSources(call, from, end);
  if (someMissing) return undefined;
  return sets.sort((a, b) => a.size - b.size);
}

/** Whether the current member of the first set is in all others. */
function isInOthers(sets: readonly KeySet[]): boolean {
  const { buf, off, len, hash } = sets[0]!;
  for (let i = 1; i < sets.length; i++) if (!sets[i]!.has(buf, off, len, hash)) return false;
  return true;
}

function countCommon(sets: readonly KeySet[], limit: number): number {
  const smallest = sets[0]!;
  let count = 0;
  for (smallest.rewind(); count < limit && smallest.next(); ) if (isInOthers(sets)) count++;
  return count;
}

/** Begins as the smallest set is kept, or as a listpack; ends as an intset if it can be one. */
function intersection(call: Call, sets: readonly KeySet[]): FreeSet {
  const smallest = sets[0]!;
  const kind = smallest.kind === Kind.SetIntset ? Kind.SetIntset : Kind.SetListpack;
  const result = new FreeSet(call.db, kind);
  let onlyIntegers = true;
  for (smallest.rewind(); smallest.next(); ) {
    if (!isInOthers(sets)) continue;
    const { buf, off, len, hash } = smallest;
    onlyIntegers &&= isInt64(buf, off, len);
    result.add(buf, off, len, hash);
  }
  if (onlyIntegers) result.preferIntset();
  return result;
}
