/**
 * MODULE, of a server that has none and can load none: modules are shared libraries in C, made for
 * the inside of Redis. LIST is empty, and the others say what is the matter.
 */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandFlag, CommandSpec } from '../../server/api/command.js';
import { helpCommand } from './help.js';
import { requireAllowed } from './protected-action.js';

const LOADING_FLAGS: readonly CommandFlag[] = [
  'admin',
  'noscript',
  'no_async_loading',
  'protected',
];
const CANNOT_LOAD = 'respd cannot run modules, which are programs in C made for Redis.';

const list: CommandSpec = {
  name: 'list',
  summary: 'Lists the loaded modules.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of loaded modules.',
  arity: 2,
  flags: ['admin', 'noscript'],
  tips: ['nondeterministic_output_order'],
  reply: { arrayOf: 'any' },
  run({ reply }: Call) {
    reply.array(0);
  },
};

const load: CommandSpec = {
  name: 'load',
  summary: 'Loads a module.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: -3,
  flags: LOADING_FLAGS,
  args: [
    { name: 'path', type: 'string' },
    { name: 'arg', type: 'string', optional: true, multiple: true },
  ],
  reply: 'OK',
  run: refuseToLoad,
};

const loadex: CommandSpec = {
  name: 'loadex',
  summary: 'Loads a module with configuration directives of its own.',
  since: '7.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: -3,
  flags: LOADING_FLAGS,
  args: [
    { name: 'path', type: 'string' },
    {
      name: 'configs',
      token: 'CONFIG',
      type: 'block',
      optional: true,
      multiple: true,
      multipleToken: true,
      args: [
        { name: 'name', type: 'string' },
        { name: 'value', type: 'string' },
      ],
    },
    { name: 'args', token: 'ARGS', type: 'string', optional: true, multiple: true },
  ],
  reply: 'OK',
  run: refuseToLoad,
};

const unload: CommandSpec = {
  name: 'unload',
  summary: 'Unloads a module.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 3,
  flags: LOADING_FLAGS,
  args: [{ name: 'name', type: 'string' }],
  reply: 'OK',
  run(call: Call) {
    requireModuleCommand(call);
    const reason = 'no such module with that name';
    call.server.log.warning(`Error unloading module ${call.args.text(2)}: ${reason}`);
    throw new ReplyError(`ERR Error unloading module: ${reason}`);
  },
};

function refuseToLoad(call: Call): void {
  requireModuleCommand(call);
  call.server.log.warning(`Module ${call.args.text(2)} failed to load: ${CANNOT_LOAD}`);
  throw new ReplyError(`ERR Error loading the extension. ${CANNOT_LOAD}`);
}

function requireModuleCommand(call: Call): void {
  requireAllowed(call, 'MODULE', 'enable-module-command');
}

export const module: CommandSpec = {
  name: 'module',
  summary: 'A container for module commands.',
  since: '4.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    helpCommand(
      'MODULE',
      '5.0.0',
      [],
      [
        'LIST',
        '    Return a list of loaded modules.',
        'LOAD <path> [<arg> ...]',
        '    Load a module library from <path>, passing to it any optional arguments.',
        'LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]',
        '    Load a module library from <path>, while passing it module configurations and optional ' +
          'arguments.',
        'UNLOAD <name>',
        '    Unload a module.',
      ],
    ),
    list,
    load,
    loadex,
    unload,
  ],
};
