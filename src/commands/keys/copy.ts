/** COPY and MOVE: a key's value to another key, or to the same key of another database. */
import type { Database } from '../../keyspace/database.js';
import { EventClass } from '../../keyspace/events.js';
import { SAME_OBJECT, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { copyEntry, databaseArgument, moveEntry } from './transfer.js';

const NO_MOVE_IN_CLUSTER = new ReplyError('ERR MOVE is not allowed in cluster mode');
const NO_COPY_IN_CLUSTER = new ReplyError(
  'ERR Copying to another database is not allowed in cluster mode',
);

export const copy: CommandSpec = {
  name: 'copy',
  summary: 'Copies the value and time to live of a key to another key.',
  since: '6.2.0',
  group: 'generic',
  complexity: 'O(N) for collections, where N is the number of elements; O(1) for strings.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RO', 'access']), oneKey(['OW', 'update'], 2)],
  args: [
    { name: 'source', type: 'key', keySpec: 0 },
    { name: 'destination', type: 'key', keySpec: 1 },
    { name: 'destination-db', type: 'integer', token: 'DB', optional: true },
    { name: 'replace', type: 'pure-token', token: 'REPLACE', optional: true },
  ],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { args, db, reply } = call;
    const { target, replaces } = parseOptions(call);
    if (call.server.config.values['cluster-enabled'] && (db.index !== 0 || target.index !== 0)) {
      throw NO_COPY_IN_CLUSTER;
    }
    if (target === db && args.same(1, 2)) throw SAME_OBJECT;
    const e = call.read(1);
    if (e === 0) {
      reply.int(0);
      return;
    }
    const existing = call.writeIn(target, 2);
    if (existing !== 0) {
      if (!replaces) {
        reply.int(0);
        return;
      }
      call.keyspace.removeReplaced(target, existing);
    }
    copyEntry(call, e, target, 2);
    call.dirty++;
    call.changedKey(target, args.view(2), EventClass.Generic, 'copy_to');
    reply.int(1);
  },
};

export const move: CommandSpec = {
  name: 'move',
  summary: 'Moves a key to another database.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'update'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'db', type: 'integer' },
  ],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { args, db, reply } = call;
    if (call.server.config.values['cluster-enabled']) throw NO_MOVE_IN_CLUSTER;
    const target = databaseArgument(call, 2);
    if (target === db) throw SAME_OBJECT;
    const e = call.write(1);
    if (e === 0 || call.writeIn(target, 1) !== 0) {
      reply.int(0);
      return;
    }
    moveEntry(call, e, target, 1);
    call.changed(1, EventClass.Generic, 'move_from');
    call.changedKey(target, args.view(1), EventClass.Generic, 'move_to');
    reply.int(1);
  },
};

function parseOptions(call: Call): { target: Database; replaces: boolean } {
  const { args } = call;
  let target = call.db;
  let replaces = false;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'REPLACE')) replaces = true;
    else if (args.is(i, 'DB') && i + 1 < args.count) target = databaseArgument(call, ++i);
    else throw SYNTAX_ERROR;
  }
  return { target, replaces };
}
