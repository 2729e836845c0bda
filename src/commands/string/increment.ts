/**
 * Counters: INCR, DECR, INCRBY, DECRBY on signed 64-bit integers.
 *
 * An integer is kept as its digits (Kind.StringInt), so GET and the propagation need no
 * conversion; here it is read, added to and written back. A JavaScript number holds integers
 * exactly up to 2^53, which no counter of up to 15 digits leaves by a small step. So the common
 * path is: digits to number, add, reply. The reply's digits are the new value's digits: they are
 * copied from the reply buffer into the value, in place if there are as many as before. Larger
 * numbers take the same way through BigInt.
 *
 * INCR and DECR allocate nothing on the common path; guarded by `npm run bench`.
 */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { NOT_AN_INTEGER } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { INT64_MAX, INT64_MIN, parseInt64, parseInteger } from '../../text/int64.js';
import { oneKey } from '../key-specs.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const OVERFLOW = new ReplyError('ERR increment or decrement would overflow');
const DECREMENT_OVERFLOW = new ReplyError('ERR decrement would overflow');
/** The colon that begins an integer reply. */
const COLON = 58;
/** A reply ends with CR and LF. */
const LINE_END = 2;

export const incr: CommandSpec = {
  name: 'incr',
  summary: 'Adds one to the integer stored at a key, 0 if there is none.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    add(call, 1);
  },
};

export const decr: CommandSpec = {
  name: 'decr',
  summary: 'Takes one from the integer stored at a key, 0 if there is none.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    add(call, -1);
  },
};

export const incrby: CommandSpec = {
  name: 'incrby',
  summary: 'Adds a number to the integer stored at a key, 0 if there is none.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY, { name: 'increment', type: 'integer' }],
  reply: 'integer',
  run(call: Call) {
    const step = call.args.int(2);
    if (Number.isSafeInteger(step)) add(call, step);
    else addExact(call, call.writeString(1), call.args.int64(2));
  },
};

export const decrby: CommandSpec = {
  name: 'decrby',
  summary: 'Takes a number from the integer stored at a key, 0 if there is none.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY, { name: 'decrement', type: 'integer' }],
  reply: 'integer',
  run(call: Call) {
    const step = call.args.int(2);
    if (Number.isSafeInteger(step)) {
      add(call, -step);
      return;
    }
    const exact = call.args.int64(2);
    if (exact === INT64_MIN) throw DECREMENT_OVERFLOW;
    addExact(call, call.writeString(1), -exact);
  },
};

/** @param step a safe integer */
function add(call: Call, step: number): void {
  const { db, reply } = call;
  const e = call.writeString(1);
  let value = 0;
  if (e !== 0) {
    db.open(e);
    value = parseInteger(db.buf, db.off, db.len);
    if (Number.isNaN(value)) throw NOT_AN_INTEGER;
  }
  const sum = value + step;
  if (!Number.isSafeInteger(value) || !Number.isSafeInteger(sum)) {
    addExact(call, e, BigInt(step));
    return;
  }
  reply.int(sum);
  storeReply(call, e);
}

/** As `add`, for numbers beyond 2^53. @param e the entry of argument 1, a string, or 0 */
function addExact(call: Call, e: number, step: bigint): void {
  const { db } = call;
  let value: bigint | undefined = 0n;
  if (e !== 0) {
    db.open(e);
    value = parseInt64(db.buf, db.off, db.len);
    if (value === undefined) throw NOT_AN_INTEGER;
  }
  const sum = value + step;
  if (sum > INT64_MAX || sum < INT64_MIN) throw OVERFLOW;
  call.reply.int64(sum);
  storeReply(call, e);
}

/** Stores the integer that was just replied, `:123\r\n`, as the new value. */
function storeReply(call: Call, e: number): void {
  const { db, reply } = call;
  const { buf } = reply;
  const end = reply.pos - LINE_END;
  let at = end;
  while (buf[at - 1] !== COLON) at--;
  if (e === 0) {
    call.addString(1, buf, at, end - at, Kind.StringInt);
  } else if (end - at === db.len && db.kind(e) === Kind.StringInt) {
    // As many digits as before: they go where `db` is still open.
    const value = db.buf;
    for (let to = db.off; at < end; at++, to++) value[to] = buf[at]!;
  } else {
    db.setString(e, buf, at, end - at, true, Kind.StringInt);
  }
  call.changed(1, EventClass.String, 'incrby');
}
