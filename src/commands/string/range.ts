/**
 * Parts of strings: STRLEN, GETRANGE, SUBSTR (its old name), SETRANGE, APPEND.
 *
 * The two that write turn a value into a raw string, even one that was an integer, and change it
 * in place. A long string has room to grow in its own buffer (LargeString), so that appending N
 * times costs time proportional to the bytes appended.
 */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { checkStringLength } from './length-limit.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const OFFSET_OUT_OF_RANGE = new ReplyError('ERR offset is out of range');

export const strlen: CommandSpec = {
  name: 'strlen',
  summary: 'Returns the length of the string stored at a key.',
  since: '2.2.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    call.reply.int(lengthOf(call, call.readString(1)));
  },
};

export const getrange: CommandSpec = {
  name: 'getrange',
  summary: 'Returns a part of the string stored at a key.',
  since: '2.4.0',
  group: 'string',
  complexity: 'O(N) where N is the length of the part; in effect O(1) for a short one.',
  arity: 4,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { name: 'start', type: 'integer' }, { name: 'end', type: 'integer' }],
  reply: 'bulk',
  run: replyRange,
};

export const substr: CommandSpec = {
  ...getrange,
  name: 'substr',
  summary: 'Returns a part of the string stored at a key.',
  since: '1.0.0',
  deprecated: { since: '2.0.0', replacedBy: '`GETRANGE`' },
  docFlags: ['deprecated'],
};

export const setrange: CommandSpec = {
  name: 'setrange',
  summary: 'Overwrites a part of the string stored at a key, from an offset on.',
  since: '2.2.0',
  group: 'string',
  complexity: 'O(M) where M is the length of the value; amortized, as a string grows by doubling.',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'update'])],
  args: [KEY, { name: 'offset', type: 'integer' }, { name: 'value', type: 'string' }],
  reply: 'integer',
  run(call: Call) {
    const { args, reply } = call;
    const offset = args.int(2);
    if (offset < 0) throw OFFSET_OUT_OF_RANGE;
    const length = args.len(3);
    const e = call.writeString(1);
    if (length === 0) {
      reply.int(lengthOf(call, e));
      return;
    }
    checkStringLength(call, offset + length);
    const total = Math.max(offset + length, lengthOf(call, e));
    openRaw(call, e, total);
    writeArgument(call, 3, offset);
    call.changed(1, EventClass.String, 'setrange');
    reply.int(total);
  },
};

export const append: CommandSpec = {
  name: 'append',
  summary: 'Appends to the string stored at a key, which is made if it does not exist.',
  since: '2.0.0',
  group: 'string',
  complexity: 'O(1) amortized for short additions, as a long string grows by doubling.',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'insert'])],
  args: [KEY, { name: 'value', type: 'string' }],
  reply: 'integer',
  run(call: Call) {
    const { args } = call;
    const e = call.writeString(1);
    let total = args.len(2);
    if (e === 0) {
      call.addString(1, args.buf, args.off(2), total);
    } else {
      const before = lengthOf(call, e);
      total += before;
      checkStringLength(call, total);
      openRaw(call, e, total);
      writeArgument(call, 2, before);
    }
    call.changed(1, EventClass.String, 'append');
    call.reply.int(total);
  },
};

/** GETRANGE: both ends belong to the part; negative numbers count from the string's end. */
function replyRange(call: Call): void {
  const { args, db, reply } = call;
  let start = args.int(2);
  let end = args.int(3);
  const e = call.readString(1);
  const length = lengthOf(call, e);
  const isReversed = start < 0 && end < 0 && isGreater(args, 2, 3);
  if (start < 0) start = Math.max(start + length, 0);
  if (end < 0) end = Math.max(end + length, 0);
  if (end >= length) end = length - 1;
  if (isReversed || start > end) reply.bulk(db.buf, 0, 0);
  else reply.bulk(db.buf, db.off + start, end - start + 1);
}

/** Whether integer argument `i` is greater than `j`, exactly. */
function isGreater(args: Args, i: number, j: number): boolean {
  const a = args.int(i);
  const b = args.int(j);
  return a === b && Math.abs(a) > Number.MAX_SAFE_INTEGER ? args.int64(i) > args.int64(j) : a > b;
}

/** Length of an entry's string, 0 for no entry. Opens it. */
function lengthOf(call: Call, e: number): number {
  if (e === 0) return 0;
  call.db.open(e);
  return call.db.len;
}

/** Opens argument 1's string, `length` bytes long and raw; a new one (`e` is 0) is all zeros. */
function openRaw(call: Call, e: number, length: number): void {
  const entry = e !== 0 ? e : call.addString(1, call.args.buf, 0, 0, Kind.StringRaw);
  call.db.resizeString(entry, length);
}

/** Copies argument `i` to `offset` in the open string. */
function writeArgument(call: Call, i: number, offset: number): void {
  const { args, db } = call;
  const from = args.off(i);
  args.buf.copy(db.buf, db.off + offset, from, from + args.len(i));
}
