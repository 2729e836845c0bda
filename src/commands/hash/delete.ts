/** HDEL: removes fields, and the hash with the last of them. */
import { EventClass } from '../../keyspace/events.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { FIELD_LIST, FIELDS, FIELDS_FROM_SECOND, find, KEY, openForWrite } from './access.js';

export const hdel: CommandSpec = {
  name: 'hdel',
  summary: 'Removes fields of a hash.',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields to be removed.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'delete'])],
  args: [KEY, FIELD_LIST],
  history: [['2.4.0', 'Takes several fields.']],
  members: FIELDS_FROM_SECOND,
  reply: 'integer',
  run(call: Call) {
    const { args, reply } = call;
    if (!openForWrite(call)) {
      reply.int(0);
      return;
    }
    let removed = 0;
    for (let i = 2; i < args.count && FIELDS.count > 0; i++) {
      // One that is due is removed and counted like any other.
      if (!find(call, i)) continue;
      FIELDS.remove();
      removed++;
    }
    if (removed > 0) tellRemoved(call, removed);
    reply.int(removed);
  },
};

/** Tells that fields were removed; a hash that has become empty goes. */
export function tellRemoved(call: Call, removed: number): void {
  call.changed(1, EventClass.Hash, 'hdel');
  call.dirty += removed - 1;
  if (FIELDS.count === 0) call.emptied(1, FIELDS.entry);
  else FIELDS.settle();
}
