/** Who is connected: CLIENT ID, INFO, LIST, GETNAME, SETNAME, SETINFO. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { type Client, ClientFlag } from '../../server/api/client.js';
import { clientInfo } from '../../server/api/client-info.js';
import type { CommandSpec } from '../../server/api/command.js';
import { untilNul } from '../../text/c-string.js';
import { clientTypeArg, isOfType } from './client-type.js';
import { checkName, isPrintableWord } from './names.js';

const INVALID_ID = new ReplyError('ERR Invalid client ID');

export const clientId: CommandSpec = {
  name: 'id',
  summary: 'Returns the number of this connection.',
  since: '5.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  reply: 'integer',
  run(call: Call) {
    call.reply.int(call.client.id);
  },
};

export const clientInfoCommand: CommandSpec = {
  name: 'info',
  summary: 'Returns what is known of this connection.',
  since: '6.2.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  tips: ['nondeterministic_output'],
  reply: 'verbatim',
  run(call: Call) {
    call.reply.verbatim(`${line(call, call.client)}\n`);
  },
};

export const clientList: CommandSpec = {
  name: 'list',
  summary: 'Lists the open connections, a line each.',
  since: '2.4.0',
  group: 'connection',
  complexity: 'O(N) where N is the number of client connections',
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
  tips: ['nondeterministic_output'],
  args: [
    {
      name: 'client-type',
      type: 'oneof',
      token: 'TYPE',
      optional: true,
      since: '5.0.0',
      args: [
        { name: 'normal', type: 'pure-token', token: 'NORMAL' },
        { name: 'master', type: 'pure-token', token: 'MASTER' },
        { name: 'replica', type: 'pure-token', token: 'REPLICA' },
        { name: 'pubsub', type: 'pure-token', token: 'PUBSUB' },
      ],
    },
    {
      name: 'client-id',
      type: 'integer',
      token: 'ID',
      optional: true,
      multiple: true,
      since: '6.2.0',
    },
  ],
  history: [
    ['2.8.12', 'The `id` field.'],
    ['5.0.0', 'The `TYPE` filter.'],
    ['6.0.0', 'The `user` field.'],
    ['6.2.0', 'The fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and the `ID` filter.'],
    ['7.0.0', 'The fields `resp`, `multi-mem`, `rbs` and `rbp`.'],
    ['7.0.3', 'The `ssub` field.'],
  ],
  reply: 'verbatim',
  run(call: Call) {
    let text = '';
    for (const client of listed(call)) text += `${line(call, client)}\n`;
    call.reply.verbatim(text);
  },
};

/** The clients that CLIENT LIST's arguments ask for. @throws ReplyError */
function listed(call: Call): Iterable<Client> {
  const { args, server } = call;
  if (args.count === 2) return server.clients.all();
  if (args.count === 4 && args.is(2, 'TYPE')) {
    const type = clientTypeArg(args, 3);
    return [...server.clients.all()].filter((client) => isOfType(client, type));
  }
  if (args.count > 3 && args.is(2, 'ID')) {
    const found: Client[] = [];
    for (let i = 3; i < args.count; i++) {
      const client = server.clients.byId(args.int(i, INVALID_ID));
      if (client !== undefined) found.push(client);
    }
    return found;
  }
  throw SYNTAX_ERROR;
}

function line(call: Call, client: Client): string {
  if (client !== call.client) return clientInfo(client, call.now);
  const { args, command, reply } = call;
  let argumentBytes = 0;
  for (let i = 0; i < args.count; i++) argumentBytes += args.len(i);
  return clientInfo(client, call.now, {
    // What a transaction runs is EXEC's.
    name: (client.flags & ClientFlag.Multi) === 0 ? command.fullName : 'exec',
    argumentBytes,
    replyBytes: reply.size,
  });
}

export const clientGetname: CommandSpec = {
  name: 'getname',
  summary: 'Returns the name of this connection.',
  since: '2.6.9',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { client, reply } = call;
    if (client.name === '') reply.nil();
    else reply.bulkText(client.name);
  },
};

export const clientSetname: CommandSpec = {
  name: 'setname',
  summary: 'Gives this connection a name.',
  since: '2.6.9',
  group: 'connection',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  args: [{ name: 'connection-name', type: 'string' }],
  reply: 'OK',
  run(call: Call) {
    const name = call.args.text(2);
    checkName(name);
    call.client.name = name;
    call.reply.ok();
  },
};

export const clientSetinfo: CommandSpec = {
  name: 'setinfo',
  summary: 'Tells which client library this connection uses.',
  since: '7.2.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 4,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  args: [
    {
      name: 'attr',
      type: 'oneof',
      args: [
        { name: 'libname', type: 'string', token: 'LIB-NAME' },
        { name: 'libver', type: 'string', token: 'LIB-VER' },
      ],
    },
  ],
  reply: 'OK',
  run(call: Call) {
    const { args, client, reply } = call;
    const isName = args.is(2, 'LIB-NAME');
    if (!isName && !args.is(2, 'LIB-VER')) {
      throw new ReplyError(`ERR Unrecognized option '${untilNul(args.text(2))}'`);
    }
    const value = args.text(3);
    if (!isPrintableWord(value)) {
      throw new ReplyError(
        `ERR ${args.text(2)} cannot contain spaces, newlines or special characters.`,
      );
    }
    if (isName) client.libName = value;
    else client.libVer = value;
    reply.ok();
  },
};
