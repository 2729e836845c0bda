/** LPUSH, RPUSH: elements are added at an end; LPUSHX, RPUSHX: to a list that exists only. */
import { EventClass } from '../../keyspace/events.js';
import { Kind, KindSet } from '../../keyspace/kinds.js';
import { EMPTY_LIST, ListEnd } from '../../keyspace/list/list.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { KEY } from './arguments.js';
import { list } from './windows.js';

const COMMON = {
  group: 'list',
  complexity:
    'O(1) for each element added, so O(N) to add N elements when the command is called with ' +
    'multiple arguments.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'insert'])],
  args: [KEY, { name: 'element', type: 'string', multiple: true }],
  reply: 'integer',
} as const satisfies Partial<CommandSpec>;

export const lpush: CommandSpec = {
  ...COMMON,
  name: 'lpush',
  summary: 'Adds elements before the first of a list, which is created if there is none.',
  since: '1.0.0',
  history: [['2.4.0', 'Accepts multiple `element` arguments.']],
  run(call: Call) {
    push(call, ListEnd.Head, call.writeKind(1, KindSet.List) || addList(call, 1));
  },
};

export const rpush: CommandSpec = {
  ...COMMON,
  name: 'rpush',
  summary: 'Adds elements behind the last of a list, which is created if there is none.',
  since: '1.0.0',
  history: [['2.4.0', 'Accepts multiple `element` arguments.']],
  run(call: Call) {
    push(call, ListEnd.Tail, call.writeKind(1, KindSet.List) || addList(call, 1));
  },
};

export const lpushx: CommandSpec = {
  ...COMMON,
  name: 'lpushx',
  summary: 'Adds elements before the first of a list, if it exists.',
  since: '2.2.0',
  history: [['4.0.0', 'Accepts multiple `element` arguments.']],
  run(call: Call) {
    const e = call.writeKind(1, KindSet.List);
    if (e === 0) call.reply.int(0);
    else push(call, ListEnd.Head, e);
  },
};

export const rpushx: CommandSpec = {
  ...COMMON,
  name: 'rpushx',
  summary: 'Adds elements behind the last of a list, if it exists.',
  since: '2.2.0',
  history: [['4.0.0', 'Accepts multiple `element` arguments.']],
  run(call: Call) {
    const e = call.writeKind(1, KindSet.List);
    if (e === 0) call.reply.int(0);
    else push(call, ListEnd.Tail, e);
  },
};

/** Stores a list of no elements yet under argument `i`, which has no entry. @returns the entry */
export function addList(call: Call, i: number): number {
  return call.addRaw(i, Kind.ListListpack, EMPTY_LIST, 0, EMPTY_LIST.length);
}

/** The notification's name. */
export function pushEvent(end: ListEnd): string {
  return end === ListEnd.Head ? 'lpush' : 'rpush';
}

/** Adds the arguments from the second on to the list of entry `e`. */
function push(call: Call, end: ListEnd, e: number): void {
  const { args, db } = call;
  const { buf, count } = args;
  list.open(db, e);
  let bytes = 0;
  for (let i = 2; i < count; i++) bytes += args.len(i);
  list.reserve(bytes, count - 2);
  for (let i = 2; i < count; i++) list.push(end, buf, args.off(i), args.len(i));
  call.changed(1, EventClass.List, pushEvent(end));
  call.dirty += count - 3;
  call.reply.int(list.length);
}
