/** CLIENT KILL: ends connections, one by its address or all that pass the filters. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { AclUser, Client } from '../../server/api/client.js';
import type { CommandSpec } from '../../server/api/command.js';
import { untilNul } from '../../text/c-string.js';
import { type ClientType, clientTypeArg, isOfType } from './client-type.js';

const NO_SUCH_CLIENT = new ReplyError('ERR No such client');
const INVALID_ID = new ReplyError('ERR client-id should be greater than 0');

export const clientKill: CommandSpec = {
  name: 'kill',
  summary: 'Ends connections.',
  since: '2.4.0',
  group: 'connection',
  complexity: 'O(N) where N is the number of client connections',
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
  args: [
    {
      name: 'filter',
      type: 'oneof',
      args: [
        { name: 'old-format', type: 'string', display: 'ip:port', deprecatedSince: '2.8.12' },
        {
          name: 'new-format',
          type: 'oneof',
          multiple: true,
          args: [
            { name: 'client-id', type: 'integer', token: 'ID', optional: true, since: '2.8.12' },
            {
              name: 'client-type',
              type: 'oneof',
              token: 'TYPE',
              optional: true,
              since: '2.8.12',
              args: [
                { name: 'normal', type: 'pure-token', token: 'NORMAL' },
                { name: 'master', type: 'pure-token', token: 'MASTER', since: '3.2.0' },
                { name: 'slave', type: 'pure-token', token: 'SLAVE' },
                { name: 'replica', type: 'pure-token', token: 'REPLICA', since: '5.0.0' },
                { name: 'pubsub', type: 'pure-token', token: 'PUBSUB' },
              ],
            },
            { name: 'username', type: 'string', token: 'USER', optional: true },
            { name: 'addr', type: 'string', display: 'ip:port', token: 'ADDR', optional: true },
            {
              name: 'laddr',
              type: 'string',
              display: 'ip:port',
              token: 'LADDR',
              optional: true,
              since: '6.2.0',
            },
            {
              name: 'skipme',
              type: 'oneof',
              token: 'SKIPME',
              optional: true,
              args: [
                { name: 'yes', type: 'pure-token', token: 'YES' },
                { name: 'no', type: 'pure-token', token: 'NO' },
              ],
            },
          ],
        },
      ],
    },
  ],
  history: [
    ['2.8.12', 'The form with filters.'],
    ['2.8.12', 'The `ID` filter.'],
    ['3.2.0', 'Type `master`.'],
    ['5.0.0', 'Type `replica`, of which `slave` is the older name.'],
    ['6.2.0', 'The `LADDR` filter.'],
  ],
  reply: { oneOf: ['OK', 'integer'] },
  run(call: Call) {
    const { args, reply } = call;
    if (args.count > 3) {
      reply.int(kill(call, parseFilter(call)));
      return;
    }
    if (kill(call, { addr: args.text(2), sparesCaller: false }) === 0) throw NO_SUCH_CLIENT;
    reply.ok();
  },
};

/** All that is set must hold. */
interface Filter {
  id?: number;
  type?: ClientType;
  user?: AclUser;
  addr?: string;
  laddr?: string;
  /** SKIPME */
  sparesCaller: boolean;
}

function parseFilter(call: Call): Filter {
  const { args } = call;
  const filter: Filter = { sparesCaller: true };
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 >= args.count) throw SYNTAX_ERROR;
    if (args.is(i, 'ID')) {
      filter.id = args.intWithin(i + 1, 1, Number.MAX_VALUE, INVALID_ID, INVALID_ID);
    } else if (args.is(i, 'TYPE')) {
      filter.type = clientTypeArg(args, i + 1);
    } else if (args.is(i, 'ADDR')) {
      filter.addr = args.text(i + 1);
    } else if (args.is(i, 'LADDR')) {
      filter.laddr = args.text(i + 1);
    } else if (args.is(i, 'USER')) {
      filter.user = userArg(call, i + 1);
    } else if (args.is(i, 'SKIPME')) {
      filter.sparesCaller = args.is(i + 1, 'YES');
      if (!filter.sparesCaller && !args.is(i + 1, 'NO')) throw SYNTAX_ERROR;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return filter;
}

function userArg({ args, server }: Call, i: number): AclUser {
  const user = server.acl.user(args.text(i));
  if (user === undefined) throw new ReplyError(`ERR No such user '${untilNul(args.text(i))}'`);
  return user;
}

function passes(client: Client, filter: Filter): boolean {
  if (filter.addr !== undefined && client.addr !== filter.addr) return false;
  if (filter.laddr !== undefined && client.laddr !== filter.laddr) return false;
  if (filter.type !== undefined && !isOfType(client, filter.type)) return false;
  if (filter.id !== undefined && client.id !== filter.id) return false;
  return filter.user === undefined || client.user === filter.user;
}

/** @returns how many were killed; the caller's own connection ends after the reply */
function kill(call: Call, filter: Filter): number {
  let killed = 0;
  for (const client of [...call.server.clients.all()]) {
    const isCaller = client === call.client;
    if ((isCaller && filter.sparesCaller) || !passes(client, filter)) continue;
    client.close(isCaller);
    killed++;
  }
  return killed;
}
