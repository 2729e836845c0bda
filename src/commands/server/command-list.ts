/** COMMAND LIST: the names of commands, all or a selection. */
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { Command } from '../../server/api/command-table.js';
import { globMatch } from '../../text/glob.js';

type Filter = (command: Command) => boolean;

export const commandList: CommandSpec = {
  name: 'list',
  summary: 'Returns the names of commands.',
  since: '7.0.0',
  group: 'server',
  complexity: 'O(N) where N is the total number of Redis commands',
  arity: -2,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  args: [
    {
      name: 'filterby',
      type: 'oneof',
      token: 'FILTERBY',
      optional: true,
      args: [
        { name: 'module-name', type: 'string', token: 'MODULE' },
        { name: 'category', type: 'string', token: 'ACLCAT' },
        { name: 'pattern', type: 'pattern', token: 'PATTERN' },
      ],
    },
  ],
  tips: ['nondeterministic_output_order'],
  reply: { arrayOf: 'bulk' },
  run({ args, server, reply }: Call) {
    const matches = filterOf(args);
    const names: string[] = [];
    for (const command of server.commands.all) {
      if (matches(command)) names.push(command.fullName);
      for (const sub of command.subcommands?.values() ?? []) {
        if (matches(sub)) names.push(sub.fullName);
      }
    }
    reply.bulkTexts(names);
  },
};

/** What `FILTERBY kind value` selects; of several, the last counts. @throws SYNTAX_ERROR */
function filterOf(args: Args): Filter {
  let filter: Filter = () => true;
  for (let i = 2; i < args.count; i += 3) {
    // Redis takes FILTERBY as the last three words only.
    if (!args.is(i, 'FILTERBY') || args.count - 1 - i !== 2) throw SYNTAX_ERROR;
    filter = filterBy(args, i + 1, args.bytes(i + 2));
  }
  return filter;
}

function filterBy(args: Args, kind: number, value: Buffer): Filter {
  if (args.is(kind, 'MODULE')) return () => false;
  if (args.is(kind, 'ACLCAT')) {
    const category = value.toString('latin1').toLowerCase();
    return (command) => command.categories.includes(category);
  }
  if (args.is(kind, 'PATTERN')) {
    return ({ fullName }) =>
      globMatch(value, Buffer.from(fullName, 'latin1'), 0, fullName.length, true);
  }
  throw SYNTAX_ERROR;
}
