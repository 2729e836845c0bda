/**
 * MGET, MSET, MSETNX: several keys with one command, as one step that no other client sees half
 * done.
 *
 * MSETNX looks at all keys before it sets the first, so it sets all or none. A key may be named
 * twice; the last value stays.
 */
import { EventClass } from '../../keyspace/events.js';
import { isString } from '../../keyspace/kinds.js';
import { wrongArity } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { allKeys } from '../key-specs.js';
import { replyString, storeArgument } from './store.js';

const PAIRS: ArgSpec = {
  name: 'data',
  type: 'block',
  multiple: true,
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'value', type: 'string' },
  ],
};

export const mget: CommandSpec = {
  name: 'mget',
  summary: 'Returns the strings stored at several keys.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [allKeys(['RO', 'access'])],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  tips: ['request_policy:multi_shard'],
  reply: { arrayOf: { oneOf: ['bulk', 'null'] } },
  run(call: Call) {
    const { args, db, reply } = call;
    reply.array(args.count - 1);
    for (let i = 1; i < args.count; i++) {
      const e = call.read(i);
      replyString(call, e !== 0 && isString(db.kind(e)) ? e : 0);
    }
  },
};

export const mset: CommandSpec = {
  name: 'mset',
  summary: 'Stores strings under several keys.',
  since: '1.0.1',
  group: 'string',
  complexity: 'O(N) where N is the number of keys.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [allKeys(['OW', 'update'], 1, 2)],
  args: [PAIRS],
  tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
  reply: 'OK',
  run(call: Call) {
    checkPairs(call);
    storePairs(call, true);
    call.reply.ok();
  },
};

export const msetnx: CommandSpec = {
  name: 'msetnx',
  summary: 'Stores strings under several keys, if none of them exists yet.',
  since: '1.0.1',
  group: 'string',
  complexity: 'O(N) where N is the number of keys.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [allKeys(['OW', 'insert'], 1, 2)],
  args: [PAIRS],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    checkPairs(call);
    for (let i = 1; i < call.args.count; i += 2) {
      if (call.write(i) === 0) continue;
      call.reply.int(0);
      return;
    }
    storePairs(call, false);
    call.reply.int(1);
  },
};

/** @throws ReplyError when a key has no value */
function checkPairs(call: Call): void {
  if (call.args.count % 2 === 0) throw wrongArity(call.command.fullName);
}

/** @param uses whether a key that is there counts as used */
function storePairs(call: Call, uses: boolean): void {
  const { count } = call.args;
  for (let i = 1; i < count; i += 2) {
    storeArgument(call, i, uses ? call.write(i) : call.peek(i), i + 1, false);
    call.changed(i, EventClass.String, 'set');
  }
}
