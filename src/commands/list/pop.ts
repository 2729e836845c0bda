/**
 * LPOP, RPOP: elements are taken from an end; LMPOP: from the first of several lists that has any.
 */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import { type List, ListEnd } from '../../keyspace/list/list.js';
import { MUST_BE_POSITIVE, SYNTAX_ERROR, wrongArity } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { endArgument, KEY, parseEnd, popName } from './arguments.js';
import { replyFromTail, replyRange } from './reply.js';
import { list } from './windows.js';

const NO_KEYS = new ReplyError('ERR numkeys should be greater than 0');
const NO_COUNT = new ReplyError('ERR count should be greater than 0');

const COMMON = {
  group: 'list',
  complexity: 'O(N) where N is the number of elements returned',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'delete'])],
  args: [KEY, { name: 'count', type: 'integer', optional: true, since: '6.2.0' }],
  history: [['6.2.0', 'Added the `count` argument.']],
  reply: { oneOf: ['null', 'bulk', { arrayOf: 'bulk' }] },
} as const satisfies Partial<CommandSpec>;

export const lpop: CommandSpec = {
  ...COMMON,
  name: 'lpop',
  summary: 'Removes and returns the first elements of a list.',
  since: '1.0.0',
  run(call: Call) {
    pop(call, ListEnd.Head);
  },
};

export const rpop: CommandSpec = {
  ...COMMON,
  name: 'rpop',
  summary: 'Removes and returns the last elements of a list.',
  since: '1.0.0',
  run(call: Call) {
    pop(call, ListEnd.Tail);
  },
};

export const lmpop: CommandSpec = {
  name: 'lmpop',
  summary: 'Removes and returns elements of the first list that is not empty.',
  since: '7.0.0',
  group: 'list',
  complexity:
    'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
  arity: -4,
  flags: ['write'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { keyNumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  args: [
    { name: 'numkeys', type: 'integer' },
    { name: 'key', type: 'key', keySpec: 0, multiple: true },
    endArgument('where'),
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: { oneOf: ['null', { tuple: ['bulk', { arrayOf: 'bulk' }] }] },
  run(call: Call) {
    const { end, count, keys } = parseMultiPop(call, 1);
    if (!popFromFirst(call, 2, keys, end, count)) call.reply.nilArray();
  },
};

/** What `numkeys key … LEFT|RIGHT [COUNT n]` says. */
export interface MultiPop {
  readonly keys: number;
  readonly end: ListEnd;
  readonly count: number;
}

/** @param at the argument that is `numkeys` */
export function parseMultiPop({ args }: Call, at: number): MultiPop {
  const max = Number.POSITIVE_INFINITY;
  const keys = args.intWithin(at, 1, max, NO_KEYS, NO_KEYS);
  const where = at + keys + 1;
  if (where >= args.count) throw SYNTAX_ERROR;
  const end = parseEnd(args, where);
  let count = 0;
  for (let i = where + 1; i < args.count; i += 2) {
    if (count !== 0 || !args.is(i, 'COUNT') || i + 1 >= args.count) throw SYNTAX_ERROR;
    count = args.intWithin(i + 1, 1, max, NO_COUNT, NO_COUNT);
  }
  return { keys, end, count: count === 0 ? 1 : count };
}

/**
 * Pops up to `count` elements from the first list among the `keys` arguments from `first` on, and
 * replies with its key and them.
 * @returns whether there was one
 */
export function popFromFirst(
  call: Call,
  first: number,
  keys: number,
  end: ListEnd,
  count: number,
): boolean {
  const { args, db, reply } = call;
  for (let i = first; i < first + keys; i++) {
    const e = call.writeKind(i, KindSet.List);
    if (e === 0) continue;
    list.open(db, e);
    const n = Math.min(count, list.length);
    reply.array(2);
    reply.bulk(args.buf, args.off(i), args.len(i));
    popMany(call, i, end, n);
    if (call.propagating) call.propagateAs(popName(end), args.view(i), String(n));
    return true;
  }
  return false;
}

/** Replies with the element at an end of `list`, which is argument `i`'s, and takes it away. */
export function popOne(call: Call, i: number, end: ListEnd): void {
  list.peek(end);
  call.reply.bulk(list.buf, list.off, list.len);
  list.drop(end);
  removed(call, i, list, end, 1);
}

/** As `popOne`, for `n` elements (there are so many), as an array. */
function popMany(call: Call, i: number, end: ListEnd, n: number): void {
  const { length } = list;
  if (end === ListEnd.Head) replyRange(call.reply, list, 0, n);
  else replyFromTail(call.reply, list, n);
  list.removeRange(end === ListEnd.Head ? 0 : length - n, n);
  removed(call, i, list, end, n);
}

/** What follows when `n` elements were popped from a list: removes it if it is empty now; tells. */
export function removed(call: Call, i: number, from: List, end: ListEnd, n: number): void {
  call.changed(i, EventClass.List, end === ListEnd.Head ? 'lpop' : 'rpop');
  call.dirty += n - 1;
  if (from.length === 0) call.emptied(i, from.entry);
  else from.shrink();
}

function pop(call: Call, end: ListEnd): void {
  const { args, db, reply } = call;
  if (args.count > 3) throw wrongArity(call.command.fullName);
  const counts = args.count === 3;
  const max = Number.POSITIVE_INFINITY;
  const count = counts ? args.intWithin(2, 0, max, MUST_BE_POSITIVE, MUST_BE_POSITIVE) : 1;
  const e = call.writeKind(1, KindSet.List);
  if (e === 0) {
    if (counts) reply.nilArray();
    else reply.nil();
    return;
  }
  if (count === 0) {
    reply.array(0);
    return;
  }
  list.open(db, e);
  if (counts) popMany(call, 1, end, Math.min(count, list.length));
  else popOne(call, 1, end);
}
