/** ACL CAT, DRYRUN, GENPASS: questions that change nothing. */
import { wrongArity } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { Command } from '../../server/api/command-table.js';
import { untilNul } from '../../text/c-string.js';
import { badSubcommand } from '../bad-subcommand.js';
import { ADMIN, OPEN } from './specs.js';

const GENPASS_BITS = 256;
const GENPASS_MAX_BITS = 4096;
const BAD_BITS = new ReplyError(
  'ERR ACL GENPASS argument must be the number of bits for the output password, a positive number ' +
    `up to ${GENPASS_MAX_BITS}`,
);
/** Longest part of a category's name that is quoted back. */
const QUOTED_MAX = 128;
/** Arguments before the command that DRYRUN is about. */
const BEFORE_COMMAND = 3;

export const cat: CommandSpec = {
  ...OPEN,
  name: 'cat',
  summary: 'Returns the categories of commands, or the commands of one.',
  complexity: 'O(1) since the categories and commands are a fixed set.',
  arity: -2,
  args: [{ name: 'category', type: 'string', optional: true }],
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    const { args, reply, server } = call;
    if (args.count > 3) throw badSubcommand(call);
    if (args.count === 2) {
      reply.bulkTexts(server.acl.categories);
      return;
    }
    const commands = server.acl.commandsOf(args.text(2));
    if (commands === undefined) {
      const name = untilNul(args.text(2)).slice(0, QUOTED_MAX);
      throw new ReplyError(`ERR Unknown category '${name}'`);
    }
    reply.bulkTexts(commands);
  },
};

export const dryRun: CommandSpec = {
  ...ADMIN,
  name: 'dryrun',
  summary: 'Tells whether a user may run a command, without running it.',
  since: '7.0.0',
  complexity: 'O(1).',
  arity: -4,
  args: [
    { name: 'username', type: 'string' },
    { name: 'command', type: 'string' },
    { name: 'arg', type: 'string', optional: true, multiple: true },
  ],
  reply: { oneOf: ['OK', 'bulk'] },
  run(call: Call) {
    const { args, reply, server } = call;
    const user = args.text(2);
    if (!server.acl.hasUser(user)) {
      throw new ReplyError(`ERR User '${untilNul(user)}' not found`);
    }
    const command = askedCommand(call);
    const request = args.tail(BEFORE_COMMAND);
    if (request.count < command.minArgs || request.count > command.maxArgs) {
      throw wrongArity(command.fullName);
    }
    const refusal = server.acl.explainRefusal(user, command, request);
    if (refusal === undefined) reply.ok();
    else reply.bulkText(refusal);
  },
};

function askedCommand({ args, server }: Call): Command {
  const command = server.commands.byName(args.text(BEFORE_COMMAND));
  // A name with a bar is none here: a subcommand is an argument of its own.
  const top = command?.parent === undefined ? command : undefined;
  const found =
    top?.subcommands === undefined || args.count === BEFORE_COMMAND + 1
      ? top
      : top.subcommands.get(args.text(BEFORE_COMMAND + 1).toLowerCase());
  if (found !== undefined) return found;
  throw new ReplyError(`ERR Command '${untilNul(args.text(BEFORE_COMMAND))}' not found`);
}

export const genPass: CommandSpec = {
  ...OPEN,
  name: 'genpass',
  summary: 'Returns a new password of random hexadecimal digits.',
  complexity: 'O(1)',
  arity: -2,
  args: [{ name: 'bits', type: 'integer', optional: true }],
  reply: 'bulk',
  run(call: Call) {
    const { args, reply, server } = call;
    if (args.count > 3) throw badSubcommand(call);
    const bits = args.count === 3 ? args.int(2) : GENPASS_BITS;
    if (bits <= 0 || bits > GENPASS_MAX_BITS) throw BAD_BITS;
    const digits = Math.ceil(bits / 4);
    reply.bulkText(server.randomHex(Math.ceil(digits / 2)).slice(0, digits));
  },
};
