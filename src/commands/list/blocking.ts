/**
 * BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH: as their sisters without the B, but where these find
 * nothing the client waits for a list to come.
 *
 * What they did is propagated as the sister's command.
 */
import { KindSet } from '../../keyspace/kinds.js';
import { ListEnd } from '../../keyspace/list/list.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { parseTimeout } from '../block-timeout.js';
import { endArgument, parseEnd, popName } from './arguments.js';
import { MOVE_ARGS, MOVE_ENDS, MOVE_KEYS, moveElement } from './move.js';
import { parseMultiPop, popFromFirst, popOne } from './pop.js';
import { list } from './windows.js';

const TIMEOUT = { name: 'timeout', type: 'double' } as const;
const TIMEOUT_IS_DOUBLE = [
  ['6.0.0', '`timeout` is interpreted as a double instead of an integer.'],
] as const;

const POP = {
  group: 'list',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of provided keys.',
  arity: -3,
  flags: ['write', 'blocking'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { lastKey: -2, step: 1, limit: 0 },
    },
  ],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }, TIMEOUT],
  history: TIMEOUT_IS_DOUBLE,
  reply: { oneOf: ['null', { tuple: ['bulk', 'bulk'] }] },
} as const satisfies Partial<CommandSpec>;

export const blpop: CommandSpec = {
  ...POP,
  name: 'blpop',
  summary: 'Removes and returns the first element of a list, waiting for one if need be.',
  run(call: Call) {
    blockingPop(call, ListEnd.Head);
  },
};

export const brpop: CommandSpec = {
  ...POP,
  name: 'brpop',
  summary: 'Removes and returns the last element of a list, waiting for one if need be.',
  run(call: Call) {
    blockingPop(call, ListEnd.Tail);
  },
};

export const blmpop: CommandSpec = {
  name: 'blmpop',
  summary:
    'Removes and returns elements of the first list that is not empty, waiting for one if need be.',
  since: '7.0.0',
  group: 'list',
  complexity:
    'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
  arity: -5,
  flags: ['write', 'blocking'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 2 },
      find: { keyNumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  args: [
    TIMEOUT,
    { name: 'numkeys', type: 'integer' },
    { name: 'key', type: 'key', keySpec: 0, multiple: true },
    endArgument('where'),
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: { oneOf: ['null', { tuple: ['bulk', { arrayOf: 'bulk' }] }] },
  run(call: Call) {
    const { end, count, keys } = parseMultiPop(call, 2);
    const deadlineMs = parseTimeout(call, 1);
    if (!popFromFirst(call, 3, keys, end, count)) waitForKeys(call, 3, keys, deadlineMs);
  },
};

export const blmove: CommandSpec = {
  name: 'blmove',
  summary:
    'Moves an element from an end of a list to an end of another and returns it, waiting for one ' +
    'if need be.',
  since: '6.2.0',
  group: 'list',
  complexity: 'O(1)',
  arity: 6,
  flags: ['write', 'denyoom', 'blocking'],
  keys: MOVE_KEYS,
  args: [...MOVE_ARGS, ...MOVE_ENDS, TIMEOUT],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args } = call;
    const from = parseEnd(args, 3);
    const to = parseEnd(args, 4);
    const deadlineMs = parseTimeout(call, 5);
    useSource(call);
    if (!moveElement(call, from, to)) waitForSource(call, deadlineMs);
    else if (call.propagating) {
      call.propagateAs('LMOVE', args.view(1), args.view(2), args.view(3), args.view(4));
    }
  },
};

export const brpoplpush: CommandSpec = {
  name: 'brpoplpush',
  summary:
    'Moves the last element of a list to the front of another and returns it, waiting for one if ' +
    'need be.',
  since: '2.2.0',
  group: 'list',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'blocking'],
  docFlags: ['deprecated'],
  deprecated: { since: '6.2.0', replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments' },
  keys: MOVE_KEYS,
  args: [...MOVE_ARGS, TIMEOUT],
  history: TIMEOUT_IS_DOUBLE,
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args } = call;
    const deadlineMs = parseTimeout(call, 3);
    useSource(call);
    if (!moveElement(call, ListEnd.Tail, ListEnd.Head)) waitForSource(call, deadlineMs);
    else if (call.propagating) call.propagateAs('RPOPLPUSH', args.view(1), args.view(2));
  },
};

function blockingPop(call: Call, end: ListEnd): void {
  const { args, db, reply } = call;
  const last = args.count - 1;
  const deadlineMs = parseTimeout(call, last);
  for (let i = 1; i < last; i++) {
    const e = call.writeKind(i, KindSet.List);
    if (e === 0) continue;
    list.open(db, e);
    reply.array(2);
    reply.bulk(args.buf, args.off(i), args.len(i));
    popOne(call, i, end);
    if (call.propagating) call.propagateAs(popName(end), args.view(i));
    return;
  }
  waitForKeys(call, 1, last - 1, deadlineMs);
}

/** Waits for one of `n` keys, the arguments from `first` on. */
function waitForKeys(call: Call, first: number, n: number, deadlineMs: number): void {
  if (!call.canBlock) {
    call.reply.nilArray();
    return;
  }
  const keys = Array.from({ length: n }, (_, i) => first + i);
  call.blockOnKeys({ keys, deadlineMs, nullReply: 'array' });
}

/** Redis looks whether there is a source before it moves an element: that counts as another use. */
function useSource(call: Call): void {
  call.writeKind(1, KindSet.List);
}

/** Waits for the list that an element is to be moved from. */
function waitForSource(call: Call, deadlineMs: number): void {
  if (!call.canBlock) call.reply.nil();
  else call.blockOnKeys({ keys: [1], deadlineMs, nullReply: 'array' });
}
