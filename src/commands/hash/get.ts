/** HGET, HMGET, HEXISTS, HSTRLEN, HLEN: single fields, and how many there are. */
import { tellExpired } from '../../keyspace/hash/expire-fields.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import {
  FIELD,
  FIELD_LIST,
  FIELDS,
  FIELDS_FROM_SECOND,
  findLive,
  KEY,
  Met,
  meet,
  ONE_FIELD,
  openForRead,
  replyValue,
} from './access.js';

export const hget: CommandSpec = {
  name: 'hget',
  summary: 'Returns the value of a field of a hash.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, FIELD],
  members: ONE_FIELD,
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    if (openForRead(call) && findLive(call, 2)) replyValue(call);
    else call.reply.nil();
  },
};

export const hmget: CommandSpec = {
  name: 'hmget',
  summary: 'Returns the values of several fields of a hash.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields asked for.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, FIELD_LIST],
  members: FIELDS_FROM_SECOND,
  reply: { arrayOf: { oneOf: ['bulk', 'null'] } },
  run(call: Call) {
    const { args, reply } = call;
    if (!openForRead(call)) FIELDS.begin(call.db);
    reply.array(args.count - 2);
    let dropped = 0;
    for (let i = 2; i < args.count; i++) {
      const met = meet(call, i);
      if (met === Met.Live) {
        replyValue(call);
        continue;
      }
      reply.nil();
      if (met === Met.Dropped) dropped++;
    }
    if (dropped > 0) tellExpired(call.keyspace, FIELDS);
  },
};

export const hexists: CommandSpec = {
  name: 'hexists',
  summary: 'Says whether a hash has a field.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY, FIELD],
  members: ONE_FIELD,
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    call.reply.int(openForRead(call) && findLive(call, 2) ? 1 : 0);
  },
};

export const hstrlen: CommandSpec = {
  name: 'hstrlen',
  summary: 'Returns the length of the value of a field.',
  since: '3.2.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY, FIELD],
  members: ONE_FIELD,
  reply: 'integer',
  run(call: Call) {
    call.reply.int(openForRead(call) && findLive(call, 2) ? FIELDS.valueLen : 0);
  },
};

export const hlen: CommandSpec = {
  name: 'hlen',
  summary: 'Returns the number of fields of a hash.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    // Fields that are due and not yet removed count, as in Redis 7.4: it costs nothing to say.
    call.reply.int(openForRead(call) ? FIELDS.count : 0);
  },
};
