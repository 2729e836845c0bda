/** Who speaks, and in which version of the protocol: AUTH and HELLO. */
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { REDIS_VERSION } from '../../server/api/version.js';
import { untilNul } from '../../text/c-string.js';
import { argumentsFrom } from '../secrets.js';
import { checkName } from './names.js';

const DEFAULT_USER = 'default';

const WRONG_PASSWORD = new ReplyError(
  'WRONGPASS invalid username-password pair or user is disabled.',
);
const NO_PASSWORD_SET = new ReplyError(
  'ERR AUTH <password> called without any password configured for the default user. ' +
    'Are you sure your configuration is correct?',
);
const NOT_A_VERSION = new ReplyError('ERR Protocol version is not an integer or out of range');
const UNKNOWN_VERSION = new ReplyError('NOPROTO unsupported protocol version');
const HELLO_NEEDS_AUTH = new ReplyError(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
    '<proto> AUTH <user> <pass> option can be used to authenticate the client and select the ' +
    'RESP protocol version at the same time',
);

export const auth: CommandSpec = {
  name: 'auth',
  summary: 'Authenticates the connection.',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(N) where N is the number of passwords defined for the user',
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'sentinel', 'allow_busy'],
  args: [
    { name: 'username', type: 'string', optional: true, since: '6.0.0' },
    { name: 'password', type: 'string' },
  ],
  history: [['6.0.0', 'Users with names (ACL).']],
  reply: 'OK',
  secrets: (args) => argumentsFrom(args, 1),
  run(call: Call) {
    const { args, reply, server } = call;
    if (args.count > 3) throw SYNTAX_ERROR;
    if (args.count === 3) {
      authenticate(call, args.text(1), args.view(2));
    } else {
      if (server.acl.defaultNeedsNoPassword) throw NO_PASSWORD_SET;
      authenticate(call, DEFAULT_USER, args.view(1));
    }
    reply.ok();
  },
};

export const hello: CommandSpec = {
  name: 'hello',
  summary: 'Begins a session: protocol version, authentication, name.',
  since: '6.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: -1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'sentinel', 'allow_busy'],
  args: [
    {
      name: 'arguments',
      type: 'block',
      optional: true,
      args: [
        { name: 'protover', type: 'integer' },
        {
          name: 'auth',
          type: 'block',
          token: 'AUTH',
          optional: true,
          args: [
            { name: 'username', type: 'string' },
            { name: 'password', type: 'string' },
          ],
        },
        { name: 'clientname', type: 'string', token: 'SETNAME', optional: true },
      ],
    },
  ],
  history: [['6.2.0', 'Without arguments it tells what the connection is set to.']],
  reply: { mapOf: 'any' },
  secrets: credentialsOfHello,
  run(call: Call) {
    const { args, client, reply } = call;
    const version = args.count > 1 ? args.int(1, NOT_A_VERSION) : client.resp;
    if (version !== 2 && version !== 3) throw UNKNOWN_VERSION;
    const options = parseHello(call);
    if (options.auth > 0) authenticate(call, args.text(options.auth), args.view(options.auth + 1));
    if (!client.authenticated) throw HELLO_NEEDS_AUTH;
    if (options.name !== undefined) client.name = options.name;
    client.resp = version;
    reply.resp3 = version === 3;
    replyWithServer(call);
  },
};

/** Names and passwords behind each AUTH, whatever else may be wrong. */
function credentialsOfHello(args: Args): readonly number[] {
  const found: number[] = [];
  for (let i = 2; i < args.count; i++) {
    if (!args.is(i, 'AUTH')) continue;
    for (const secret of [i + 1, i + 2]) if (secret < args.count) found.push(secret);
    i += 2;
  }
  return found;
}

interface HelloOptions {
  /** Where AUTH's user name stands; 0: no AUTH. */
  auth: number;
  name: string | undefined;
}

function parseHello(call: Call): HelloOptions {
  const { args } = call;
  const options: HelloOptions = { auth: 0, name: undefined };
  for (let i = 2; i < args.count; i++) {
    const more = args.count - 1 - i;
    if (more >= 2 && args.is(i, 'AUTH')) {
      options.auth = i + 1;
      i += 2;
    } else if (more >= 1 && args.is(i, 'SETNAME')) {
      options.name = args.text(i + 1);
      checkName(options.name);
      i++;
    } else {
      throw new ReplyError(`ERR Syntax error in HELLO option '${untilNul(args.text(i))}'`);
    }
  }
  return options;
}

function replyWithServer(call: Call): void {
  const { client, reply, server } = call;
  reply.map(7);
  reply.bulkText('server');
  reply.bulkText('redis');
  reply.bulkText('version');
  reply.bulkText(REDIS_VERSION);
  reply.bulkText('proto');
  reply.int(client.resp);
  reply.bulkText('id');
  reply.int(client.id);
  reply.bulkText('mode');
  reply.bulkText(server.config.values['cluster-enabled'] ? 'cluster' : 'standalone');
  reply.bulkText('role');
  reply.bulkText('master');
  reply.bulkText('modules');
  reply.array(0);
}

/** Makes the client this user. @throws ReplyError if name or password is wrong */
function authenticate(call: Call, name: string, password: Uint8Array): void {
  const { args, canBlock, client, command, server } = call;
  const context = canBlock ? 'toplevel' : 'multi';
  const attempt = { name, password, command, object: args.text(0), context } as const;
  if (!server.acl.authenticate(client, attempt)) throw WRONG_PASSWORD;
}
