/** What a connection is set to: SELECT a database, RESET to how it began, QUIT. */
import { DB_INDEX_OUT_OF_RANGE } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';
import type { CommandSpec } from '../../server/api/command.js';

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;
const NOT_AN_INT = new ReplyError(
  `ERR value is out of range, value must between ${INT_MIN} and ${INT_MAX}`,
);
const NOT_IN_CLUSTER_MODE = new ReplyError('ERR SELECT is not allowed in cluster mode');
const NOT_A_NORMAL_CLIENT = new ReplyError('ERR can only reset normal client connections');

/** What RESET takes back. The library's name and version stay: they are still true. */
const RESET_FLAGS =
  ClientFlag.Monitor |
  ClientFlag.ReplyOff |
  ClientFlag.ReplySkipNext |
  ClientFlag.NoEvict |
  ClientFlag.NoTouch;

export const select: CommandSpec = {
  name: 'select',
  summary: 'Chooses the database that this connection works on.',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  args: [{ name: 'index', type: 'integer' }],
  reply: 'OK',
  run(call: Call) {
    const { args, client, keyspace, reply, server } = call;
    const index = args.intWithin(1, INT_MIN, INT_MAX, NOT_AN_INT);
    if (index !== 0 && server.config.values['cluster-enabled']) throw NOT_IN_CLUSTER_MODE;
    const db = keyspace.databases[index];
    if (db === undefined) throw DB_INDEX_OUT_OF_RANGE;
    client.db = db;
    reply.ok();
  },
};

export const reset: CommandSpec = {
  name: 'reset',
  summary: 'Sets the connection back to how it was when it was made.',
  since: '6.2.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  reply: { const: 'RESET' },
  run(call: Call) {
    const { client, keyspace, reply, server } = call;
    const isMonitor = (client.flags & ClientFlag.Monitor) !== 0;
    const special = isMonitor ? ClientFlag.Master : ClientFlag.Master | ClientFlag.Replica;
    if ((client.flags & special) !== 0) throw NOT_A_NORMAL_CLIENT;
    server.tracking.disable(client);
    server.transactions.reset(client);
    server.pubsub.forget(client);
    server.monitors.remove(client);
    client.flags &= ~RESET_FLAGS;
    client.db = keyspace.databases[0]!;
    client.name = '';
    client.resp = 2;
    server.acl.resetClient(client);
    reply.resp3 = false;
    reply.status('RESET');
  },
};

export const quit: CommandSpec = {
  name: 'quit',
  summary: 'Closes the connection once it has answered.',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: -1,
  flags: ['allow_busy', 'noscript', 'loading', 'stale', 'fast', 'no_auth'],
  deprecated: { since: '7.2.0', replacedBy: 'just closing the connection' },
  docFlags: ['deprecated'],
  reply: 'OK',
  run(call: Call) {
    call.reply.ok();
    call.client.close(true);
  },
};
