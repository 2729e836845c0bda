/**
 * LMOVE, RPOPLPUSH: an element goes from an end of one list to an end of another, or of the same, as
 * one step: a queue whose workers lose nothing.
 */
import { type ByteRange, HeapBytes } from '../../datastructs/byte-store.js';
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import { ListEnd } from '../../keyspace/list/list.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeySpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { endArgument, parseEnd } from './arguments.js';
import { removed } from './pop.js';
import { addList, pushEvent } from './push.js';
import { destination, list } from './windows.js';

/** A longer element is not kept in the buffer that serves all commands, in bytes. */
const CARRIED_MAX = 64 * 1024;
const carried = new HeapBytes();

export const MOVE_KEYS: readonly KeySpec[] = [
  oneKey(['RW', 'access', 'delete']),
  oneKey(['RW', 'insert'], 2),
];
export const MOVE_ARGS: readonly ArgSpec[] = [
  { name: 'source', type: 'key', keySpec: 0 },
  { name: 'destination', type: 'key', keySpec: 1 },
];
export const MOVE_ENDS: readonly ArgSpec[] = [endArgument('wherefrom'), endArgument('whereto')];

export const lmove: CommandSpec = {
  name: 'lmove',
  summary: 'Moves an element from an end of a list to an end of another and returns it.',
  since: '6.2.0',
  group: 'list',
  complexity: 'O(1)',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: MOVE_KEYS,
  args: [...MOVE_ARGS, ...MOVE_ENDS],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const from = parseEnd(call.args, 3);
    const to = parseEnd(call.args, 4);
    if (!moveElement(call, from, to)) call.reply.nil();
  },
};

export const rpoplpush: CommandSpec = {
  name: 'rpoplpush',
  summary: 'Moves the last element of a list to the front of another and returns it.',
  since: '1.2.0',
  group: 'list',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom'],
  docFlags: ['deprecated'],
  deprecated: { since: '6.2.0', replacedBy: '`LMOVE` with the `RIGHT` and `LEFT` arguments' },
  keys: MOVE_KEYS,
  args: MOVE_ARGS,
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    if (!moveElement(call, ListEnd.Tail, ListEnd.Head)) call.reply.nil();
  },
};

/**
 * Moves an element from argument 1's list to argument 2's and replies with it.
 * @returns whether there was one
 */
export function moveElement(call: Call, from: ListEnd, to: ListEnd): boolean {
  const { args, db, reply } = call;
  const source = call.writeKind(1, KindSet.List);
  if (source === 0) return false;
  const found = call.writeKind(2, KindSet.List);
  const element = takeElement(call, source, from);
  const target = found !== 0 ? found : addList(call, 2);
  destination.open(db, target).reserve(element.len, 1);
  destination.push(to, element.buf, element.off, element.len);
  if (call.keyspace.observed) call.changedKey(db, args.view(2), EventClass.List, pushEvent(to));
  reply.bulk(element.buf, element.off, element.len);
  removed(call, 1, list.open(db, source), from, 1);
  return true;
}

/** Takes an element out of a list. @returns a copy, valid until the next call */
function takeElement(call: Call, e: number, end: ListEnd): ByteRange {
  list.open(call.db, e).peek(end);
  const { buf, off, len } = list;
  const bytes = len <= CARRIED_MAX ? carried : new HeapBytes();
  bytes.resize(len);
  bytes.range.buf.set(buf.subarray(off, off + len));
  list.drop(end);
  return bytes.range;
}
