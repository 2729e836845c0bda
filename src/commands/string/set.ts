/**
 * SET and the older commands that are special cases of it: SETNX, SETEX, PSETEX, GETSET.
 *
 * SET replaces whatever a key holds, of any type, and with it the time to live unless told to keep
 * it. A time to live is stored and propagated as the instant when it ends (`PXAT`), never as a
 * duration, so that a replica or a replayed log ends at the same instant. An instant that has
 * passed already is no error: the key is set, and gone at the next look.
 *
 * SET with three arguments is the hottest write there is: no options are parsed, nothing is
 * allocated; guarded by `npm run bench`.
 */
import { EventClass } from '../../keyspace/events.js';
import type { Args } from '../../resp/args.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeyPosition } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import {
  deadline,
  optionBits,
  parseOptions,
  SET_OPTIONS,
  SetOption,
  timeArgument,
} from './options.js';
import { replyString, storeArgument } from './store.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const VALUE: ArgSpec = { name: 'value', type: 'string' };

export const set: CommandSpec = {
  name: 'set',
  summary: 'Stores a string under a key, whatever the key held before.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [
    {
      ...oneKey(['RW', 'access', 'update', 'variable_flags']),
      notes: 'RW and ACCESS apply with GET only',
    },
  ],
  args: [
    KEY,
    VALUE,
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      since: '2.6.12',
      args: [
        { name: 'nx', type: 'pure-token', token: 'NX' },
        { name: 'xx', type: 'pure-token', token: 'XX' },
      ],
    },
    { name: 'get', type: 'pure-token', token: 'GET', optional: true, since: '6.2.0' },
    {
      name: 'expiration',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'seconds', type: 'integer', token: 'EX', since: '2.6.12' },
        { name: 'milliseconds', type: 'integer', token: 'PX', since: '2.6.12' },
        { name: 'unix-time-seconds', type: 'unix-time', token: 'EXAT', since: '6.2.0' },
        { name: 'unix-time-milliseconds', type: 'unix-time', token: 'PXAT', since: '6.2.0' },
        { name: 'keepttl', type: 'pure-token', token: 'KEEPTTL', since: '6.0.0' },
      ],
    },
  ],
  history: [
    ['2.6.12', 'Takes `EX`, `PX`, `NX` and `XX`.'],
    ['6.0.0', 'Takes `KEEPTTL`.'],
    ['6.2.0', 'Takes `GET`, `EXAT` and `PXAT`.'],
    ['7.0.0', '`NX` and `GET` may stand together.'],
  ],
  reply: { oneOf: ['OK', 'bulk', 'null'] },
  getKeys: setKeys,
  run(call: Call) {
    if (call.args.count > 3) {
      setWithOptions(call);
      return;
    }
    storePlain(call, call.write(1), 2);
    call.reply.ok();
  },
};

export const setnx: CommandSpec = {
  name: 'setnx',
  summary: 'Stores a string under a key that does not exist yet.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['OW', 'insert'])],
  args: [KEY, VALUE],
  deprecated: { since: '2.6.12', replacedBy: '`SET` with the `NX` argument' },
  docFlags: ['deprecated'],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    if (call.write(1) !== 0) {
      call.reply.int(0);
      return;
    }
    storePlain(call, 0, 2);
    call.reply.int(1);
  },
};

export const setex: CommandSpec = {
  name: 'setex',
  summary: 'Stores a string under a key, with a time to live in seconds.',
  since: '2.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['OW', 'update'])],
  args: [KEY, { name: 'seconds', type: 'integer' }, VALUE],
  deprecated: { since: '2.6.12', replacedBy: '`SET` with the `EX` argument' },
  docFlags: ['deprecated'],
  reply: 'OK',
  run(call: Call) {
    setForTime(call, SetOption.Ex);
  },
};

export const psetex: CommandSpec = {
  name: 'psetex',
  summary: 'Stores a string under a key, with a time to live in milliseconds.',
  since: '2.6.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['OW', 'update'])],
  args: [KEY, { name: 'milliseconds', type: 'integer' }, VALUE],
  deprecated: { since: '2.6.12', replacedBy: '`SET` with the `PX` argument' },
  docFlags: ['deprecated'],
  reply: 'OK',
  run(call: Call) {
    setForTime(call, SetOption.Px);
  },
};

export const getset: CommandSpec = {
  name: 'getset',
  summary: 'Stores a string under a key and returns the string before it.',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [KEY, VALUE],
  deprecated: { since: '6.2.0', replacedBy: '`SET` with the `!GET` argument' },
  docFlags: ['deprecated'],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args } = call;
    const e = call.readString(1);
    replyString(call, e);
    storePlain(call, call.write(1), 2);
    call.propagateAs('SET', args.view(1), args.view(2));
  },
};

/** SET's key, of which only GET reads the value. */
function setKeys(args: Args): readonly KeyPosition[] {
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'GET')) return [{ index: 1, flags: ['RW', 'access', 'update'] }];
  }
  return [{ index: 1, flags: ['OW', 'update'] }];
}

function setWithOptions(call: Call): void {
  const { args, reply } = call;
  const found = parseOptions(args, 3, SET_OPTIONS);
  const bits = optionBits(found);
  const timeAt = timeArgument(found);
  const atMs = timeAt !== 0 ? deadline(call, timeAt, bits) : 0;
  const wantsOld = (bits & SetOption.Get) !== 0;
  if (wantsOld) replyString(call, call.readString(1));
  // Who reads it as well has used it twice.
  const e = call.write(1);

  if ((bits & (e === 0 ? SetOption.Xx : SetOption.Nx)) !== 0) {
    if (!wantsOld) reply.nil();
    return;
  }
  if (atMs !== 0) {
    storeUntil(call, e, 2, atMs);
    if ((bits & SetOption.PxAt) === 0) propagateUntil(call, 2, atMs);
  } else {
    storeArgument(call, 1, e, 2, (bits & SetOption.KeepTtl) !== 0);
    call.changed(1, EventClass.String, 'set');
    if (wantsOld) propagateWithoutGet(call);
  }
  if (!wantsOld) reply.ok();
}

/** SETEX and PSETEX. @param unit SetOption.Ex or Px */
function setForTime(call: Call, unit: number): void {
  const atMs = deadline(call, 2, unit);
  storeUntil(call, call.write(1), 3, atMs);
  propagateUntil(call, 3, atMs);
  call.reply.ok();
}

/** Stores argument `i` under argument 1, whose entry is `e` (0: none), without a time to live. */
function storePlain(call: Call, e: number, i: number): void {
  storeArgument(call, 1, e, i, false);
  call.changed(1, EventClass.String, 'set');
}

/** As `storePlain`; the key then expires at `atMs`. */
function storeUntil(call: Call, e: number, i: number, atMs: number | bigint): void {
  call.db.setExpiry(storeArgument(call, 1, e, i, true), atMs);
  call.changed(1, EventClass.String, 'set');
  call.notify(1, EventClass.Generic, 'expire');
}

/** @param i the value's argument */
function propagateUntil(call: Call, i: number, atMs: number | bigint): void {
  if (!call.propagating) return;
  const { args } = call;
  call.propagateAs('SET', args.view(1), args.view(i), 'PXAT', String(atMs));
}

/** Propagates all arguments but GET, whose reply nobody would read. */
function propagateWithoutGet(call: Call): void {
  if (!call.propagating) return;
  const { args } = call;
  const request: Buffer[] = [];
  for (let i = 0; i < args.count; i++) {
    if (i < 3 || !args.is(i, 'GET')) request.push(args.view(i));
  }
  call.propagateAs(...request);
}
