/** COMMAND GETKEYS and GETKEYSANDFLAGS: the keys among a command's arguments. */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeyPosition } from '../../server/api/command.js';
import type { Command } from '../../server/api/command-table.js';
import { keyPositions, takesKeys } from '../../server/api/keys.js';
import { replyKeyFlags } from './command-info.js';

const INVALID_COMMAND = new ReplyError('ERR Invalid command specified');
const NO_KEY_ARGUMENTS = new ReplyError('ERR The command has no key arguments');
const WRONG_COUNT = new ReplyError('ERR Invalid number of arguments specified for command');
const INVALID_ARGUMENTS = new ReplyError('ERR Invalid arguments specified for command');

/** Arguments before the command that is asked about. */
const BEFORE = 2;

const ARGUMENTS: readonly ArgSpec[] = [
  { name: 'command', type: 'string' },
  { name: 'arg', type: 'string', optional: true, multiple: true },
];

export const commandGetKeys: CommandSpec = {
  name: 'getkeys',
  summary: 'Finds the keys among the arguments of a command.',
  since: '2.8.13',
  group: 'server',
  complexity: 'O(N) where N is the number of arguments to the command',
  arity: -3,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  args: ARGUMENTS,
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    const { reply } = call;
    const keys = keysAsked(call);
    reply.array(keys.length);
    for (const { index } of keys) replyArgument(call, index);
  },
};

export const commandGetKeysAndFlags: CommandSpec = {
  name: 'getkeysandflags',
  summary: 'Finds the keys among the arguments of a command, and what it does to each.',
  since: '7.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of arguments to the command',
  arity: -3,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  args: ARGUMENTS,
  reply: { arrayOf: { tuple: ['bulk', { setOf: 'status' }] } },
  run(call: Call) {
    const { reply } = call;
    const keys = keysAsked(call);
    reply.array(keys.length);
    for (const { index, flags } of keys) {
      reply.array(2);
      replyArgument(call, index);
      replyKeyFlags(reply, flags);
    }
  },
};

function replyArgument({ args, reply }: Call, index: number): void {
  reply.bulk(args.buf, args.off(BEFORE + index), args.len(BEFORE + index));
}

/** @throws ReplyError when the command that is asked about is none, or has no keys */
function keysAsked(call: Call): readonly KeyPosition[] {
  const asked = askedCommand(call);
  if (asked === undefined) throw INVALID_COMMAND;
  const { spec } = asked;
  if (!takesKeys(spec)) throw NO_KEY_ARGUMENTS;
  const count = call.args.count - BEFORE;
  if (count < asked.minArgs || count > asked.maxArgs) throw WRONG_COUNT;
  const keys = keyPositions(spec, call.args.tail(BEFORE));
  if (keys.length === 0 && !spec.flags.includes('no_mandatory_keys')) throw INVALID_ARGUMENTS;
  return keys;
}

function askedCommand({ args, server }: Call): Command | undefined {
  const command = server.commands.byName(args.text(BEFORE));
  // A name with a bar is none here: the subcommand has an argument of its own.
  if (command === undefined || command.parent !== undefined) return undefined;
  if (command.subcommands === undefined || args.count === BEFORE + 1) return command;
  return command.subcommands.get(args.text(BEFORE + 1).toLowerCase());
}
