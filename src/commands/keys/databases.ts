/**
 * Whole databases: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.
 *
 * Flushing throws a database's memory away as a whole, whatever SYNC or ASYNC says, so it takes
 * well under a millisecond for any number of keys; the cron gives the memory back bit by bit.
 */
import type { Database } from '../../keyspace/database.js';
import { DB_INDEX_OUT_OF_RANGE, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';

const FLUSH_TYPE: ArgSpec = {
  name: 'flush-type',
  type: 'oneof',
  optional: true,
  args: [
    { name: 'async', type: 'pure-token', token: 'ASYNC', since: '4.0.0' },
    { name: 'sync', type: 'pure-token', token: 'SYNC', since: '6.2.0' },
  ],
};
const FLUSH_HISTORY = [
  ['4.0.0', 'Takes `ASYNC`.'],
  ['6.2.0', 'Takes `SYNC`.'],
] as const;
const FLUSH_TIPS = ['request_policy:all_shards', 'response_policy:all_succeeded'] as const;

const NO_SWAP_IN_CLUSTER = new ReplyError('ERR SWAPDB is not allowed in cluster mode');
const BAD_FIRST_INDEX = new ReplyError('ERR invalid first DB index');
const BAD_SECOND_INDEX = new ReplyError('ERR invalid second DB index');

export const dbsize: CommandSpec = {
  name: 'dbsize',
  summary: 'Returns the number of keys in the database.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 1,
  flags: ['readonly', 'fast'],
  categories: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
  reply: 'integer',
  run({ db, reply }: Call) {
    reply.int(db.size);
  },
};

export const flushdb: CommandSpec = {
  name: 'flushdb',
  summary: 'Removes all keys of the database.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1), whatever the number of keys.',
  arity: -1,
  flags: ['write'],
  categories: ['keyspace', 'dangerous'],
  args: [FLUSH_TYPE],
  history: FLUSH_HISTORY,
  tips: FLUSH_TIPS,
  reply: 'OK',
  run(call: Call) {
    flush(call, [call.db], call.db);
  },
};

export const flushall: CommandSpec = {
  name: 'flushall',
  summary: 'Removes all keys of all databases.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of databases.',
  arity: -1,
  flags: ['write'],
  categories: ['keyspace', 'dangerous'],
  args: [FLUSH_TYPE],
  history: FLUSH_HISTORY,
  tips: FLUSH_TIPS,
  reply: 'OK',
  run(call: Call) {
    flush(call, call.keyspace.databases, undefined);
    call.server.persistence.flushed();
  },
};

/** @param told what the observer is told: the one database, or undefined for all */
function flush(call: Call, databases: readonly Database[], told: Database | undefined): void {
  const { keyspace } = call;
  checkFlushType(call);
  const isLazy = flushesLazily(call);
  if (keyspace.observed) keyspace.observer!.flushed(told);
  for (const db of databases) {
    call.dirty += db.size;
    if (isLazy) keyspace.lazyFreed += db.size;
    db.clear();
  }
  propagateAsSent(call);
  call.reply.ok();
}

export const swapdb: CommandSpec = {
  name: 'swapdb',
  summary: 'Exchanges two databases: clients of one see the keys of the other.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of clients.',
  arity: 3,
  flags: ['write', 'fast'],
  categories: ['keyspace', 'dangerous'],
  args: [
    { name: 'index1', type: 'integer' },
    { name: 'index2', type: 'integer' },
  ],
  reply: 'OK',
  run(call: Call) {
    const { args, keyspace } = call;
    if (call.server.config.values['cluster-enabled']) throw NO_SWAP_IN_CLUSTER;
    const first = args.int32(1, BAD_FIRST_INDEX);
    const second = args.int32(2, BAD_SECOND_INDEX);
    const count = keyspace.databases.length;
    if (Math.min(first, second) < 0 || Math.max(first, second) >= count) {
      throw DB_INDEX_OUT_OF_RANGE;
    }
    if (first !== second) swap(call, first, second);
    call.dirty++;
    call.reply.ok();
  },
};

function swap(call: Call, first: number, second: number): void {
  const { keyspace } = call;
  const a = keyspace.databases[first]!;
  const b = keyspace.databases[second]!;
  const own = call.client.db.index;
  if (keyspace.observed) keyspace.observer!.swapped(a, b);
  keyspace.swap(first, second);
  // A client stays with its number, and so gets the other database.
  for (const client of call.server.clients.all()) {
    if (client.db === a) client.db = b;
    else if (client.db === b) client.db = a;
  }
  // Nor does one without a connection, that no list has: of a script, of the append-only file.
  call.client.db = keyspace.databases[own]!;
  call.db = call.client.db;
}

/** @throws ReplyError unless the only argument, if there is one, is SYNC or ASYNC */
function checkFlushType({ args }: Call): void {
  if (args.count === 1) return;
  if (args.count !== 2 || !(args.is(1, 'SYNC') || args.is(1, 'ASYNC'))) throw SYNTAX_ERROR;
}

function flushesLazily({ args, server }: Call): boolean {
  if (args.count === 1) return server.config.values['lazyfree-lazy-user-flush'];
  return args.is(1, 'ASYNC');
}

/** A flush is propagated even if there was nothing to remove. */
function propagateAsSent(call: Call): void {
  if (!call.propagating) return;
  const { args } = call;
  const request: Buffer[] = [];
  for (let i = 0; i < args.count; i++) request.push(args.view(i));
  call.propagateAs(...request);
}
