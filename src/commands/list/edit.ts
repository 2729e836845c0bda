/** LSET, LINSERT, LREM: elements are replaced, inserted and removed by index or by value. */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import { ListEnd } from '../../keyspace/list/list.js';
import type { Args } from '../../resp/args.js';
import { NO_SUCH_KEY, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { KEY } from './arguments.js';
import { cursor, list, needle } from './windows.js';

const INDEX_OUT_OF_RANGE = new ReplyError('ERR index out of range');

export const lset: CommandSpec = {
  name: 'lset',
  summary: 'Replaces the element of a list at an index.',
  since: '1.0.0',
  group: 'list',
  complexity:
    'O(N) where N is the length of the list. Setting either the first or the last element of the ' +
    'list is O(1).',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'update'])],
  args: [KEY, { name: 'index', type: 'integer' }, { name: 'element', type: 'string' }],
  reply: 'OK',
  run(call: Call) {
    const { args, db } = call;
    const e = call.writeKind(1, KindSet.List);
    if (e === 0) throw NO_SUCH_KEY;
    const asked = index32(args, 2);
    const { length } = list.open(db, e);
    list.reserve(args.len(3), 1);
    const index = asked < 0 ? asked + length : asked;
    if (index < 0 || index >= length) throw INDEX_OUT_OF_RANGE;
    list.replace(index, args.buf, args.off(3), args.len(3));
    call.reply.ok();
    call.changed(1, EventClass.List, 'lset');
    list.shrink();
  },
};

export const linsert: CommandSpec = {
  name: 'linsert',
  summary: 'Inserts an element before or behind another one of a list.',
  since: '2.2.0',
  group: 'list',
  complexity:
    'O(N) where N is the number of elements to traverse before seeing the value pivot. This means ' +
    'that inserting somewhere on the left end on the list (head) can be considered O(1) and ' +
    'inserting somewhere on the right end (tail) is O(N).',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'insert'])],
  args: [
    KEY,
    {
      name: 'where',
      type: 'oneof',
      args: [
        { name: 'before', type: 'pure-token', token: 'BEFORE' },
        { name: 'after', type: 'pure-token', token: 'AFTER' },
      ],
    },
    { name: 'pivot', type: 'string' },
    { name: 'element', type: 'string' },
  ],
  reply: 'integer',
  run(call: Call) {
    const { args, db, reply } = call;
    const side = parseSide(args, 2);
    const e = call.writeKind(1, KindSet.List);
    if (e === 0) {
      reply.int(0);
      return;
    }
    list.open(db, e);
    list.reserve(args.len(4), 1);
    if (!findPivot(args, 3)) {
      reply.int(-1);
      return;
    }
    cursor.insert(side, args.buf, args.off(4), args.len(4));
    call.changed(1, EventClass.List, 'linsert');
    reply.int(list.open(db, e).length);
  },
};

export const lrem: CommandSpec = {
  name: 'lrem',
  summary: 'Removes elements of a value from a list, counted from either end.',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N+M) where N is the length of the list and M is the number of elements removed.',
  arity: 4,
  flags: ['write'],
  keys: [oneKey(['RW', 'delete'])],
  args: [KEY, { name: 'count', type: 'integer' }, { name: 'element', type: 'string' }],
  reply: 'integer',
  run(call: Call) {
    const { args, db, reply } = call;
    const count = args.int(2);
    const e = call.writeKind(1, KindSet.List);
    if (e === 0) {
      reply.int(0);
      return;
    }
    list.open(db, e);
    needle.set(args.buf, args.off(3), args.len(3));
    const removed = count < 0 ? removeFromTail(-count) : removeFromHead(count);
    list.open(db, e);
    if (removed > 0) {
      call.changed(1, EventClass.List, 'lrem');
      call.dirty += removed - 1;
      if (list.length === 0) call.emptied(1, e);
      else list.shrink();
    }
    reply.int(removed);
  },
};

/**
 * An index of 32 bits: Redis cuts LSET's to that, so 2^32 names the first element.
 * @throws ReplyError if it is no 64-bit integer
 */
function index32(args: Args, i: number): number {
  const index = args.int(i);
  return index === (index | 0) ? index : Number(BigInt.asIntN(32, args.int64(i)));
}

function parseSide(args: Args, i: number): ListEnd {
  if (args.is(i, 'AFTER')) return ListEnd.Tail;
  if (args.is(i, 'BEFORE')) return ListEnd.Head;
  throw SYNTAX_ERROR;
}

/** Moves the cursor to the first element of `list` that is argument `i`. */
function findPivot(args: Args, i: number): boolean {
  needle.set(args.buf, args.off(i), args.len(i));
  let found = cursor.seek(list, 0);
  while (found && !cursor.is(needle)) found = cursor.next();
  return found;
}

/** Removes up to `max` (0: all) elements equal to the needle. @returns how many */
function removeFromHead(max: number): number {
  let removed = 0;
  let more = cursor.seek(list, 0);
  while (more) {
    if (!cursor.is(needle)) more = cursor.next();
    else {
      more = cursor.removeForwards();
      if (++removed === max) break;
    }
  }
  cursor.finish();
  return removed;
}

function removeFromTail(max: number): number {
  let removed = 0;
  let more = cursor.seek(list, list.length - 1);
  while (more) {
    if (!cursor.is(needle)) more = cursor.prev();
    else {
      more = cursor.removeBackwards();
      if (++removed === max) break;
    }
  }
  cursor.finish();
  return removed;
}
