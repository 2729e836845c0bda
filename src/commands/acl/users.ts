/** ACL SETUSER, GETUSER, DELUSER, LIST, USERS, WHOAMI. What rules mean is in server/acl/rules.ts. */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { SelectorDescription } from '../../server/api/acl.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { argumentsFrom } from '../secrets.js';
import { ADMIN, ON_ALL_NODES, OPEN, textsFrom } from './specs.js';

const PER_USER = 'O(N). Where N is the number of configured users.';

export const setUser: CommandSpec = {
  ...ADMIN,
  name: 'setuser',
  summary: 'Makes or changes a user by rules, of which all are applied or none.',
  complexity: 'O(N). Where N is the number of rules provided.',
  arity: -3,
  args: [
    { name: 'username', type: 'string' },
    { name: 'rule', type: 'string', optional: true, multiple: true },
  ],
  history: [
    ['6.2.0', 'Patterns of channels.'],
    ['7.0.0', 'Selectors, and permissions to read or write by key.'],
  ],
  tips: ON_ALL_NODES,
  reply: 'OK',
  secrets: (args) => argumentsFrom(args, 2),
  run({ args, client, reply, server }: Call) {
    server.acl.setUser(args.text(2), textsFrom(args, 3), client);
    reply.ok();
  },
};

export const delUser: CommandSpec = {
  ...ADMIN,
  name: 'deluser',
  summary: 'Deletes users and ends their connections.',
  complexity: 'O(1) amortized time considering the typical user.',
  arity: -3,
  args: [{ name: 'username', type: 'string', multiple: true }],
  tips: ON_ALL_NODES,
  reply: 'integer',
  run({ args, client, reply, server }: Call) {
    reply.int(server.acl.deleteUsers(textsFrom(args, 2), client));
  },
};

export const getUser: CommandSpec = {
  ...ADMIN,
  name: 'getuser',
  summary: "Returns a user's flags, passwords as digests, and rules.",
  complexity:
    'O(N). Where N is the number of password, command and pattern rules that the user has.',
  arity: 3,
  args: [{ name: 'username', type: 'string' }],
  history: [
    ['6.2.0', 'Patterns of channels.'],
    ['7.0.0', 'Selectors; keys and channels as rules and not as lists.'],
  ],
  reply: { oneOf: [{ mapOf: 'any' }, 'null'] },
  run({ args, reply, server }: Call) {
    const user = server.acl.describe(args.text(2));
    if (user === undefined) {
      reply.nil();
      return;
    }
    reply.map(6);
    reply.bulkText('flags');
    reply.set(user.flags.length);
    for (const flag of user.flags) reply.bulkText(flag);
    reply.bulkText('passwords');
    reply.bulkTexts(user.passwords);
    replySelector(reply, user.root);
    reply.bulkText('selectors');
    reply.array(user.selectors.length);
    for (const selector of user.selectors) {
      reply.map(3);
      replySelector(reply, selector);
    }
  },
};

function replySelector(reply: ReplyWriter, selector: SelectorDescription): void {
  for (const field of ['commands', 'keys', 'channels'] as const) {
    reply.bulkText(field);
    reply.bulkText(selector[field]);
  }
}

export const list: CommandSpec = {
  ...ADMIN,
  name: 'list',
  summary: 'Returns all users as lines of a config file.',
  complexity: PER_USER,
  arity: 2,
  reply: { arrayOf: 'bulk' },
  run({ reply, server }: Call) {
    reply.bulkTexts(server.acl.userLines().map((line) => `user ${line}`));
  },
};

export const users: CommandSpec = {
  ...ADMIN,
  name: 'users',
  summary: 'Returns the names of all users.',
  complexity: PER_USER,
  arity: 2,
  reply: { arrayOf: 'bulk' },
  run({ reply, server }: Call) {
    reply.bulkTexts(server.acl.userNames());
  },
};

export const whoAmI: CommandSpec = {
  ...OPEN,
  name: 'whoami',
  summary: "Returns the name of the connection's user.",
  complexity: 'O(1)',
  arity: 2,
  reply: 'bulk',
  run({ client, reply }: Call) {
    reply.bulkText(client.user.name);
  },
};
