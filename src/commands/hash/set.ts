/**
 * HSET, HMSET, HSETNX: give fields values.
 *
 * Setting a field takes its deadline away, as SET does a key's. A hash whose next change brings it
 * over the limits of the listpack becomes a table first (see keyspace/hash/hash-fields.ts).
 */
import { EventClass } from '../../keyspace/events.js';
import { wrongArity } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import {
  DATA,
  FIELD,
  FIELDS,
  findLive,
  KEY,
  keep,
  ONE_FIELD,
  openOrBegin,
  PAIRS_FROM_SECOND,
  setField,
  VALUE,
} from './access.js';

export const hset: CommandSpec = {
  name: 'hset',
  summary: 'Sets fields of a hash to values.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields being set.',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [KEY, DATA],
  history: [['4.0.0', 'Takes several fields and values.']],
  members: PAIRS_FROM_SECOND,
  reply: 'integer',
  run(call: Call) {
    call.reply.int(setAll(call));
  },
};

export const hmset: CommandSpec = {
  name: 'hmset',
  summary: 'Sets fields of a hash to values.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields being set.',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [KEY, DATA],
  deprecated: { since: '4.0.0', replacedBy: '`HSET` with multiple field-value pairs' },
  docFlags: ['deprecated'],
  members: PAIRS_FROM_SECOND,
  reply: 'OK',
  run(call: Call) {
    setAll(call);
    call.reply.ok();
  },
};

export const hsetnx: CommandSpec = {
  name: 'hsetnx',
  summary: 'Sets a field of a hash to a value if it has none.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'insert'])],
  args: [KEY, FIELD, VALUE],
  members: ONE_FIELD,
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    openOrBegin(call);
    if (findLive(call, 2)) {
      call.reply.int(0);
      return;
    }
    FIELDS.expect(1);
    setField(call, 2);
    keep(call);
    call.changed(1, EventClass.Hash, 'hset');
    call.reply.int(1);
  },
};

/** Sets all fields of the request. @returns how many of them are new */
function setAll(call: Call): number {
  const { count } = call.args;
  if (count % 2 === 1) throw wrongArity(call.command.fullName);
  openOrBegin(call);
  FIELDS.expect((count - 2) / 2);
  let added = 0;
  for (let i = 2; i < count; i += 2) if (setField(call, i)) added++;
  keep(call);
  call.changed(1, EventClass.Hash, 'hset');
  call.dirty += (count - 2) / 2 - 1;
  return added;
}
