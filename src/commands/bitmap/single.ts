/** SETBIT and GETBIT: one bit of a string. */
import { EventClass } from '../../keyspace/events.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { bitOffset } from './offset.js';
import { openWritable } from './writable.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const INVALID_BIT = new ReplyError('ERR bit is not an integer or out of range');

export const getbit: CommandSpec = {
  name: 'getbit',
  summary: 'Returns one bit of a string.',
  since: '2.2.0',
  group: 'bitmap',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { name: 'offset', type: 'integer' }],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { db, reply } = call;
    const offset = bitOffset(call, 2);
    const e = call.readString(1);
    if (e === 0) {
      reply.int(0);
      return;
    }
    db.open(e);
    const byte = Math.floor(offset / 8);
    reply.int(byte < db.len ? (db.buf[db.off + byte]! >>> (7 - (offset % 8))) & 1 : 0);
  },
};

export const setbit: CommandSpec = {
  name: 'setbit',
  summary: 'Sets or clears one bit of a string, which grows as needed.',
  since: '2.2.0',
  group: 'bitmap',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY, { name: 'offset', type: 'integer' }, { name: 'value', type: 'integer' }],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { args, db } = call;
    const offset = bitOffset(call, 2);
    const bit = args.intWithin(3, 0, 1, INVALID_BIT, INVALID_BIT);
    const byte = Math.floor(offset / 8);
    const hasGrown = openWritable(call, byte + 1);
    const at = db.off + byte;
    const shift = 7 - (offset % 8);
    const before = (db.buf[at]! >>> shift) & 1;
    if (before !== bit) db.buf[at] = db.buf[at]! ^ (1 << shift);
    if (hasGrown || before !== bit) call.changed(1, EventClass.String, 'setbit');
    call.reply.int(before);
  },
};
