/** RENAME and RENAMENX: give a value and its time to live to another key of the same database. */
import { EventClass } from '../../keyspace/events.js';
import { NO_SUCH_KEY } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { moveEntry } from './transfer.js';

const ARGS: readonly ArgSpec[] = [
  { name: 'key', type: 'key', keySpec: 0 },
  { name: 'newkey', type: 'key', keySpec: 1 },
];

export const rename: CommandSpec = {
  name: 'rename',
  summary: 'Renames a key, in place of what has that name already.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write'],
  keys: [oneKey(['RW', 'access', 'delete']), oneKey(['OW', 'update'], 2)],
  args: ARGS,
  reply: 'OK',
  run(call: Call) {
    const { args, db, keyspace, reply } = call;
    const e = source(call);
    if (!args.same(1, 2)) {
      const replaced = call.write(2);
      if (replaced !== 0) keyspace.removeReplaced(db, replaced);
      renameEntry(call, e);
    }
    reply.ok();
  },
};

export const renamenx: CommandSpec = {
  name: 'renamenx',
  summary: 'Renames a key if no other has that name.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'delete']), oneKey(['OW', 'insert'], 2)],
  args: ARGS,
  history: [['3.2.0', 'The same name twice is no error any more.']],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { args, reply } = call;
    const e = source(call);
    if (args.same(1, 2) || call.write(2) !== 0) {
      reply.int(0);
      return;
    }
    renameEntry(call, e);
    reply.int(1);
  },
};

function source(call: Call): number {
  const e = call.write(1);
  if (e === 0) throw NO_SUCH_KEY;
  return e;
}

/** Moves the entry to the key of argument 2, which has none. */
function renameEntry(call: Call, e: number): void {
  const { args, db } = call;
  moveEntry(call, e, db, 2);
  call.changed(1, EventClass.Generic, 'rename_from');
  call.changedKey(db, args.view(2), EventClass.Generic, 'rename_to');
}
