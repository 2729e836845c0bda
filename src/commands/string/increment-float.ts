/**
 * INCRBYFLOAT: adds to a decimal number, with Redis's precision and spelling.
 *
 * Redis computes in C's `long double`, which on x86 has 64 bits of precision, and prints 17
 * decimals without trailing zeros; text/longdouble.ts does the same, so 10.5 + 0.1 is `10.6` here
 * and there. The result is kept as a string even if it reads as an integer. It is propagated as
 * the SET of its text, since another machine may compute otherwise.
 */
import { EMBSTR_MAX } from '../../keyspace/database.js';
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { NOT_A_FLOAT } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  type LongDouble,
  MAX_LONG_DOUBLE_TEXT_LENGTH,
  parseLongDouble,
} from '../../text/longdouble.js';
import { oneKey } from '../key-specs.js';

const NOT_FINITE = new ReplyError('ERR increment would produce NaN or Infinity');

export const incrbyfloat: CommandSpec = {
  name: 'incrbyfloat',
  summary: 'Adds a decimal number to the number stored at a key, 0 if there is none.',
  since: '2.6.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'increment', type: 'double' },
  ],
  reply: 'bulk',
  run(call: Call) {
    const { args, db } = call;
    const e = call.writeString(1);
    let value: LongDouble | undefined;
    if (e !== 0) {
      db.open(e);
      value = read(db.buf, db.off, db.len);
    }
    const increment = read(args.buf, args.off(2), args.len(2));
    const sum = value === undefined ? increment : addLongDouble(value, increment);
    if (!isFiniteLongDouble(sum)) throw NOT_FINITE;
    const text = Buffer.from(formatLongDouble(sum), 'latin1');
    store(call, e, text);
    call.reply.bulk(text, 0, text.length);
    call.propagateAs('SET', args.view(1), text, 'KEEPTTL');
  },
};

/** @throws ReplyError when the bytes are no number */
function read(buf: Uint8Array, off: number, len: number): LongDouble {
  if (len > MAX_LONG_DOUBLE_TEXT_LENGTH) throw NOT_A_FLOAT;
  const text = Buffer.from(buf.buffer, buf.byteOffset + off, len).toString('latin1');
  const value = parseLongDouble(text);
  if (value === undefined) throw NOT_A_FLOAT;
  return value;
}

/** Stores the result, never as an integer. */
function store(call: Call, e: number, text: Buffer): void {
  const kind = text.length <= EMBSTR_MAX ? Kind.StringEmbstr : Kind.StringRaw;
  if (e === 0) call.addString(1, text, 0, text.length, kind);
  else call.db.setString(e, text, 0, text.length, true, kind);
  call.changed(1, EventClass.String, 'incrbyfloat');
}
