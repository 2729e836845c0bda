/**
 * HINCRBY and HINCRBYFLOAT: counters in the fields of a hash. A field keeps its deadline.
 *
 * HINCRBYFLOAT computes in long doubles, as INCRBYFLOAT does (see string/increment-float.ts), and is
 * propagated as the result: as HSET or, since that takes a deadline away, as HSETEX KEEPTTL.
 */
import { EventClass } from '../../keyspace/events.js';
import { NOT_A_FLOAT } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import {
  INT64_MAX,
  INT64_MAX_LENGTH,
  INT64_MIN,
  parseInt64,
  parseInteger,
  writeInteger,
} from '../../text/int64.js';
import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  type LongDouble,
  MAX_LONG_DOUBLE_TEXT_LENGTH,
  parseLongDouble,
} from '../../text/longdouble.js';
import { oneKey } from '../key-specs.js';
import { FIELD, FIELDS, findLive, KEY, keep, ONE_FIELD, openOrBegin } from './access.js';

const VALUE_NOT_AN_INTEGER = new ReplyError('ERR hash value is not an integer');
const VALUE_NOT_A_FLOAT = new ReplyError('ERR hash value is not a float');
const OVERFLOW = new ReplyError('ERR increment or decrement would overflow');
const INCREMENT_NOT_FINITE = new ReplyError('ERR value is NaN or Infinity');
const SUM_NOT_FINITE = new ReplyError('ERR increment would produce NaN or Infinity');

/** The sum's digits; it means nothing between calls. */
const DIGITS = new Uint8Array(INT64_MAX_LENGTH);

export const hincrby: CommandSpec = {
  name: 'hincrby',
  summary: 'Adds a number to the integer in a field of a hash, 0 if there is none.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY, FIELD, { name: 'increment', type: 'integer' }],
  members: ONE_FIELD,
  reply: 'integer',
  run(call: Call) {
    const step = call.args.int(3);
    openOrBegin(call);
    let value = 0;
    if (findLive(call, 2)) {
      value = parseInteger(FIELDS.value, FIELDS.valueOff, FIELDS.valueLen);
      if (Number.isNaN(value)) throw VALUE_NOT_AN_INTEGER;
    }
    const sum = value + step;
    if (Number.isSafeInteger(value) && Number.isSafeInteger(step) && Number.isSafeInteger(sum)) {
      store(call, DIGITS, writeInteger(DIGITS, 0, sum), 'hincrby');
      call.reply.int(sum);
    } else {
      addExact(call, value === 0);
    }
  },
};

export const hincrbyfloat: CommandSpec = {
  name: 'hincrbyfloat',
  summary: 'Adds a decimal number to the number in a field of a hash, 0 if there is none.',
  since: '2.6.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY, FIELD, { name: 'increment', type: 'double' }],
  members: ONE_FIELD,
  reply: 'bulk',
  run(call: Call) {
    const { args } = call;
    const increment = read(args.buf, args.off(3), args.len(3), NOT_A_FLOAT);
    if (!isFiniteLongDouble(increment)) throw INCREMENT_NOT_FINITE;
    openOrBegin(call);
    let sum = increment;
    if (findLive(call, 2)) {
      const { value, valueOff, valueLen } = FIELDS;
      sum = addLongDouble(read(value, valueOff, valueLen, VALUE_NOT_A_FLOAT), increment);
    }
    if (!isFiniteLongDouble(sum)) throw SUM_NOT_FINITE;
    const text = Buffer.from(formatLongDouble(sum), 'latin1');
    store(call, text, text.length, 'hincrbyfloat');
    call.reply.bulk(text, 0, text.length);
    propagateResult(call, text);
  },
};

/** As HINCRBY, for numbers beyond 2^53. @param fromZero whether the field has no other value */
function addExact(call: Call, fromZero: boolean): void {
  const { value, valueOff, valueLen } = FIELDS;
  const before = fromZero ? 0n : parseInt64(value, valueOff, valueLen)!;
  const sum = before + call.args.int64(3);
  if (sum > INT64_MAX || sum < INT64_MIN) throw OVERFLOW;
  const text = Buffer.from(String(sum), 'latin1');
  store(call, text, text.length, 'hincrby');
  call.reply.int64(sum);
}

/** Stores the sum, which keeps the field's deadline, and tells. */
function store(call: Call, text: Uint8Array, length: number, event: string): void {
  const { args } = call;
  FIELDS.update(args.buf, args.off(2), args.len(2), text, 0, length);
  keep(call);
  call.changed(1, EventClass.Hash, event);
}

function propagateResult(call: Call, text: Uint8Array): void {
  if (!call.propagating) return;
  const { args } = call;
  const key = args.view(1);
  const field = args.view(2);
  if (FIELDS.deadline === 0) call.propagateAs('HSET', key, field, text);
  else call.propagateAs('HSETEX', key, 'KEEPTTL', 'FIELDS', '1', field, text);
}

/** @throws ReplyError when the bytes are no number */
function read(buf: Uint8Array, off: number, len: number, error: ReplyError): LongDouble {
  if (len > MAX_LONG_DOUBLE_TEXT_LENGTH) throw error;
  const text = Buffer.from(buf.buffer, buf.byteOffset + off, len).toString('latin1');
  const value = parseLongDouble(text);
  if (value === undefined) throw error;
  return value;
}
