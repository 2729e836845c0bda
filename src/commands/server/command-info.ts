/**
 * COMMAND INFO: arity, flags, keys, ACL categories and hints of commands.
 *
 * The reply's shape is the one that clients parse since Redis 2.8, with what 7.0 added behind it:
 *
 *     name, arity, flags, first key, last key, step, categories, tips, key specs, subcommands
 *
 * Source: https://redis.io/docs/latest/commands/command/
 */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandFlag, CommandSpec, KeyFlag, KeySpec } from '../../server/api/command.js';
import type { Command } from '../../server/api/command-table.js';

/** Flags that are told, in this order; the others are the server's own business. */
const TOLD_FLAGS: readonly (CommandFlag | 'movablekeys')[] = [
  'write',
  'readonly',
  'denyoom',
  'module',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
];

const KEY_FLAGS: readonly KeyFlag[] = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
];

export const commandInfo: CommandSpec = {
  name: 'info',
  summary: 'Describes one, several or all commands.',
  since: '2.8.13',
  group: 'server',
  complexity: 'O(N) where N is the number of commands to look up',
  arity: -2,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  args: [{ name: 'command-name', type: 'string', optional: true, multiple: true }],
  history: [['7.0.0', 'Without arguments, describes all commands.']],
  tips: ['nondeterministic_output_order'],
  reply: { arrayOf: 'any' },
  run({ args, server, reply }: Call) {
    if (args.count === 2) {
      reply.array(server.commands.all.length);
      for (const command of server.commands.all) replyCommandInfo(reply, command);
      return;
    }
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const command = server.commands.byName(args.text(i));
      if (command === undefined) reply.nil();
      else replyCommandInfo(reply, command);
    }
  },
};

/** One command's description, its subcommands' inside. */
export function replyCommandInfo(reply: ReplyWriter, command: Command): void {
  const { spec } = command;
  reply.array(10);
  reply.bulkText(command.fullName);
  reply.int(spec.arity);
  statusSet(reply, toldFlags(command));
  reply.int(command.keyFirst);
  reply.int(command.keyLast);
  reply.int(command.keyStep);
  statusSet(
    reply,
    command.categories.map((category) => `@${category}`),
  );
  const tips = spec.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
  const keys = spec.keys ?? [];
  reply.set(keys.length);
  for (const key of keys) replyKeySpec(reply, key);
  replySubcommands(reply, command);
}

/** What a command does to a key, as a set of statuses. */
export function replyKeyFlags(reply: ReplyWriter, flags: readonly KeyFlag[]): void {
  statusSet(
    reply,
    KEY_FLAGS.filter((flag) => flags.includes(flag)),
  );
}

function toldFlags({ spec, movableKeys }: Command): readonly string[] {
  return TOLD_FLAGS.filter((flag) =>
    flag === 'movablekeys' ? movableKeys : spec.flags.includes(flag),
  );
}

function statusSet(reply: ReplyWriter, texts: readonly string[]): void {
  reply.set(texts.length);
  for (const text of texts) reply.status(text);
}

function replySubcommands(reply: ReplyWriter, { subcommands }: Command): void {
  if (subcommands === undefined) {
    reply.set(0);
    return;
  }
  reply.array(subcommands.size);
  for (const sub of subcommands.values()) replyCommandInfo(reply, sub);
}

function replyKeySpec(reply: ReplyWriter, key: KeySpec): void {
  reply.map(key.notes === undefined ? 3 : 4);
  if (key.notes !== undefined) {
    reply.bulkText('notes');
    reply.bulkText(key.notes);
  }
  reply.bulkText('flags');
  replyKeyFlags(reply, key.flags);
  reply.bulkText('begin_search');
  replyBegin(reply, key.begin);
  reply.bulkText('find_keys');
  replyFind(reply, key.find);
}

function replyBegin(reply: ReplyWriter, begin: KeySpec['begin']): void {
  if (begin === 'unknown') typedSpec(reply, 'unknown', []);
  else if ('index' in begin) typedSpec(reply, 'index', [['index', begin.index]]);
  else {
    typedSpec(reply, 'keyword', [
      ['keyword', begin.keyword],
      ['startfrom', begin.from],
    ]);
  }
}

function replyFind(reply: ReplyWriter, find: KeySpec['find']): void {
  if (find === 'unknown') typedSpec(reply, 'unknown', []);
  else if ('lastKey' in find) {
    typedSpec(reply, 'range', [
      ['lastkey', find.lastKey],
      ['keystep', find.step],
      ['limit', find.limit],
    ]);
  } else {
    typedSpec(reply, 'keynum', [
      ['keynumidx', find.keyNumIndex],
      ['firstkey', find.firstKey],
      ['keystep', find.step],
    ]);
  }
}

/** `{ type, spec: { … } }` */
function typedSpec(
  reply: ReplyWriter,
  type: string,
  spec: readonly (readonly [string, string | number])[],
): void {
  reply.map(2);
  reply.bulkText('type');
  reply.bulkText(type);
  reply.bulkText('spec');
  reply.map(spec.length);
  for (const [name, value] of spec) {
    reply.bulkText(name);
    if (typeof value === 'number') reply.int(value);
    else reply.bulkText(value);
  }
}
