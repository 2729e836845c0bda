/**
 * GET, and the commands that read a whole string and do something to its key: GETEX sets or takes
 * away the time to live, GETDEL deletes.
 *
 * What those two did is propagated as the plain command for it (PEXPIREAT, PERSIST, DEL), so a
 * replica neither reads nor looks at its clock; a GETEX that changes nothing is not propagated.
 */
import { EventClass } from '../../keyspace/events.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import {
  deadline,
  GETEX_OPTIONS,
  optionBits,
  parseOptions,
  SetOption,
  timeArgument,
} from './options.js';
import { replyString } from './store.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };

export const get: CommandSpec = {
  name: 'get',
  summary: 'Returns the string stored at a key.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    replyString(call, call.readString(1));
  },
};

export const getex: CommandSpec = {
  name: 'getex',
  summary: "Returns the string stored at a key and sets the key's time to live.",
  since: '6.2.0',
  group: 'string',
  complexity: 'O(1)',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [
    {
      ...oneKey(['RW', 'access', 'update']),
      notes: 'RW and UPDATE because the time to live changes',
    },
  ],
  args: [
    KEY,
    {
      name: 'expiration',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'seconds', type: 'integer', token: 'EX' },
        { name: 'milliseconds', type: 'integer', token: 'PX' },
        { name: 'unix-time-seconds', type: 'unix-time', token: 'EXAT' },
        { name: 'unix-time-milliseconds', type: 'unix-time', token: 'PXAT' },
        { name: 'persist', type: 'pure-token', token: 'PERSIST' },
      ],
    },
  ],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args } = call;
    const found = parseOptions(args, 2, GETEX_OPTIONS);
    const bits = optionBits(found);
    const e = call.readString(1);
    // A missing key hides a bad time, as in Redis.
    const timeAt = e !== 0 ? timeArgument(found) : 0;
    const atMs = timeAt !== 0 ? deadline(call, timeAt, bits) : 0;
    replyString(call, e);
    if (e === 0) return;
    if (atMs !== 0) {
      if ((bits & (SetOption.ExAt | SetOption.PxAt)) !== 0 && call.isPast(atMs)) removeDue(call, e);
      else expireAt(call, e, atMs);
    } else if ((bits & SetOption.Persist) !== 0) {
      persist(call, e);
    }
  },
};

export const getdel: CommandSpec = {
  name: 'getdel',
  summary: 'Returns the string stored at a key and deletes the key.',
  since: '6.2.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'delete'])],
  args: [KEY],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const e = call.readString(1);
    replyString(call, e);
    if (e !== 0) remove(call, e, 'DEL');
  },
};

function expireAt(call: Call, e: number, atMs: number | bigint): void {
  call.db.setExpiry(e, atMs);
  call.changed(1, EventClass.Generic, 'expire');
  if (call.propagating) call.propagateAs('PEXPIREAT', call.args.view(1), String(atMs));
}

function persist(call: Call, e: number): void {
  if (!call.db.persist(e)) return;
  call.changed(1, EventClass.Generic, 'persist');
  call.propagateAs('PERSIST', call.args.view(1));
}

/** Removes a key whose new time has passed already. */
function removeDue(call: Call, e: number): void {
  const lazy = call.server.config.values['lazyfree-lazy-expire'];
  call.keyspace.noteExpired(call.db, e);
  remove(call, e, lazy ? 'UNLINK' : 'DEL');
}

/** @param command which it is propagated as */
function remove(call: Call, e: number, command: 'DEL' | 'UNLINK'): void {
  call.db.remove(e);
  call.changed(1, EventClass.Generic, 'del');
  call.propagateAs(command, call.args.view(1));
}
