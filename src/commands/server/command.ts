/** COMMAND: what commands there are and what is known of each, from their declarations. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { commandDocs } from './command-docs.js';
import { commandInfo, replyCommandInfo } from './command-info.js';
import { commandGetKeys, commandGetKeysAndFlags } from './command-keys.js';
import { commandList } from './command-list.js';
import { helpCommand } from './help.js';

const count: CommandSpec = {
  name: 'count',
  summary: 'Counts the commands.',
  since: '2.8.13',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  reply: 'integer',
  run({ server, reply }: Call) {
    reply.int(server.commands.all.length);
  },
};

const help = helpCommand(
  'COMMAND',
  '5.0.0',
  ['connection'],
  [
    '(no subcommand)',
    '    Return what COMMAND INFO tells of all commands.',
    'COUNT',
    '    Return how many commands there are.',
    'LIST',
    '    Return the names of all commands.',
    'INFO [<command-name> ...]',
    '    Return arity, flags, keys and ACL categories of commands (default: all).',
    'DOCS [<command-name> ...]',
    '    Return the documentation of commands (default: all).',
    'GETKEYS <full-command>',
    '    Return the keys among the arguments of a command.',
    'GETKEYSANDFLAGS <full-command>',
    '    Return these keys, each with what the command does to it.',
  ],
);

export const command: CommandSpec = {
  name: 'command',
  summary: 'Describes all commands.',
  since: '2.8.13',
  group: 'server',
  complexity: 'O(N) where N is the total number of Redis commands',
  arity: -1,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  tips: ['nondeterministic_output_order'],
  reply: { arrayOf: 'any' },
  subcommands: [
    count,
    commandInfo,
    commandGetKeys,
    commandGetKeysAndFlags,
    commandList,
    commandDocs,
    help,
  ],
  run({ server, reply }: Call) {
    reply.array(server.commands.all.length);
    for (const each of server.commands.all) replyCommandInfo(reply, each);
  },
};
