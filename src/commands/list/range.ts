/** LLEN, LINDEX, LRANGE: what is in a list; LTRIM: only a range of it stays. */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { KEY } from './arguments.js';
import { replyRange } from './reply.js';
import { cursor, list } from './windows.js';

export const llen: CommandSpec = {
  name: 'llen',
  summary: 'Returns the number of elements of a list.',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    const e = call.readKind(1, KindSet.List);
    call.reply.int(e === 0 ? 0 : list.open(call.db, e).length);
  },
};

export const lindex: CommandSpec = {
  name: 'lindex',
  summary: 'Returns the element of a list at an index, counted from either end.',
  since: '1.0.0',
  group: 'list',
  complexity:
    'O(N) where N is the number of elements to traverse to get to the element at index. This ' +
    'makes asking for the first or the last element of the list O(1).',
  arity: 3,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { name: 'index', type: 'integer' }],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args, db, reply } = call;
    const e = call.readKind(1, KindSet.List);
    // A missing key hides a bad index, as in Redis.
    if (e === 0) {
      reply.nil();
      return;
    }
    const index = args.int(2);
    list.open(db, e);
    if (cursor.seek(list, index < 0 ? index + list.length : index)) {
      cursor.read();
      reply.bulk(cursor.buf, cursor.off, cursor.len);
    } else {
      reply.nil();
    }
  },
};

export const lrange: CommandSpec = {
  name: 'lrange',
  summary: 'Returns a range of elements of a list.',
  since: '1.0.0',
  group: 'list',
  complexity:
    'O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end ' +
    '(HEAD or TAIL) for large lists; and N is the number of elements in the specified range.',
  arity: 4,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }],
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    const { args, db, reply } = call;
    const start = args.int(2);
    const stop = args.int(3);
    const e = call.readKind(1, KindSet.List);
    if (e === 0) {
      reply.array(0);
      return;
    }
    const { length } = list.open(db, e);
    const from = firstOf(start, length);
    replyRange(reply, list, from, Math.max(0, lastOf(stop, length) - from + 1));
  },
};

export const ltrim: CommandSpec = {
  name: 'ltrim',
  summary: 'Removes all elements of a list but those of a range.',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N) where N is the number of elements to be removed by the operation.',
  arity: 4,
  flags: ['write'],
  keys: [oneKey(['RW', 'delete'])],
  args: [KEY, { name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }],
  reply: 'OK',
  run(call: Call) {
    const { args, db, reply } = call;
    const start = args.int(2);
    const stop = args.int(3);
    const e = call.writeKind(1, KindSet.List);
    if (e === 0) {
      reply.ok();
      return;
    }
    const { length } = list.open(db, e);
    const from = firstOf(start, length);
    const to = lastOf(stop, length);
    const isEmpty = from > to;
    const before = isEmpty ? length : from;
    const behind = isEmpty ? 0 : length - to - 1;
    list.removeRange(0, before);
    list.removeRange(length - before - behind, behind);
    call.changed(1, EventClass.List, 'ltrim');
    // It is told of, but a trim that took nothing is no change.
    call.dirty += before + behind - 1;
    if (list.length === 0) call.emptied(1, e);
    else list.shrink();
    reply.ok();
  },
};

/** A range's first index, from the head; may be beyond the list. */
function firstOf(start: number, length: number): number {
  return Math.max(0, start < 0 ? start + length : start);
}

/** A range's last index, from the head, within the list; may be before the first. */
function lastOf(stop: number, length: number): number {
  return Math.min(length - 1, stop < 0 ? stop + length : stop);
}
