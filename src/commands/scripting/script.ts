/** SCRIPT: the scripts that the server has. */
import { LAZY_FREE_FROM } from '../../keyspace/free-effort.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { helpCommand } from '../server/help.js';
import { FLUSH_MODE, flushesLazily, isFlushMode } from './flush-mode.js';
import { killCommand } from './kill-command.js';

const FLUSH_MODES = new ReplyError('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
const DEBUG_MODES = new ReplyError('ERR Use SCRIPT DEBUG YES/SYNC/NO');

const COMMON = {
  group: 'scripting',
  flags: ['noscript'],
} as const satisfies Partial<CommandSpec>;

const load: CommandSpec = {
  ...COMMON,
  name: 'load',
  summary: 'Has the server keep a script, for EVALSHA.',
  since: '2.6.0',
  complexity: 'O(N) with N being the length in bytes of the script body.',
  arity: 3,
  flags: ['noscript', 'stale'],
  args: [{ name: 'script', type: 'string' }],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  reply: 'bulk',
  run({ args, reply, server }: Call) {
    reply.bulkText(server.scripting.load(args.text(2)));
  },
};

const exists: CommandSpec = {
  ...COMMON,
  name: 'exists',
  summary: 'Tells which of these scripts the server has.',
  since: '2.6.0',
  complexity:
    'O(N) with N being the number of scripts to check (so checking a single script is an O(1) ' +
    'operation).',
  arity: -3,
  args: [{ name: 'sha1', type: 'string', multiple: true }],
  tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
  reply: { arrayOf: 'integer' },
  run({ args, reply, server }: Call) {
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) reply.int(server.scripting.has(args.text(i)) ? 1 : 0);
  },
};

const flush: CommandSpec = {
  ...COMMON,
  name: 'flush',
  summary: 'Has the server forget all scripts.',
  since: '2.6.0',
  complexity: 'O(N) with N being the number of scripts in cache',
  arity: -2,
  args: [{ ...FLUSH_MODE, since: '6.2.0' }],
  history: [['6.2.0', 'Added `ASYNC` and `SYNC`.']],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  reply: 'OK',
  run(call: Call) {
    const { args, keyspace, reply, server } = call;
    if (!isFlushMode(args)) throw FLUSH_MODES;
    const scripts = server.scripting.flush();
    if (flushesLazily(call) && scripts > LAZY_FREE_FROM) keyspace.lazyFreed += scripts;
    reply.ok();
  },
};

const kill = killCommand('script', '2.6.0');

const debug: CommandSpec = {
  ...COMMON,
  name: 'debug',
  summary: 'Has the scripts that this client sends debugged.',
  since: '3.2.0',
  complexity: 'O(1)',
  arity: 3,
  args: [
    {
      name: 'mode',
      type: 'oneof',
      args: [
        { name: 'yes', type: 'pure-token', token: 'YES' },
        { name: 'sync', type: 'pure-token', token: 'SYNC' },
        { name: 'no', type: 'pure-token', token: 'NO' },
      ],
    },
  ],
  reply: 'OK',
  run({ args, reply, server }: Call) {
    if (args.is(2, 'YES')) server.scripting.debug('yes');
    else if (args.is(2, 'SYNC')) server.scripting.debug('sync');
    else if (args.is(2, 'NO')) server.scripting.debug('no');
    else throw DEBUG_MODES;
    reply.ok();
  },
};

const help: CommandSpec = {
  ...helpCommand(
    'SCRIPT',
    '5.0.0',
    [],
    [
      'DEBUG (YES|SYNC|NO)',
      '    Set the debug mode for subsequent scripts executed.',
      'EXISTS <sha1> [<sha1> ...]',
      '    Return information about the existence of the scripts in the script cache.',
      'FLUSH [ASYNC|SYNC]',
      '    Flush the Lua scripts cache. Very dangerous on replicas.',
      '    When called without the optional mode argument, the behavior is determined by the',
      '    lazyfree-lazy-user-flush configuration directive. Valid modes are:',
      '    * ASYNC: Asynchronously flush the scripts cache.',
      '    * SYNC: Synchronously flush the scripts cache.',
      'KILL',
      '    Kill the currently executing Lua script.',
      'LOAD <script>',
      '    Load a script into the scripts cache without executing it.',
    ],
  ),
  group: 'scripting',
};

export const script: CommandSpec = {
  name: 'script',
  summary: 'A container for commands about scripts.',
  since: '2.6.0',
  group: 'scripting',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [debug, exists, flush, help, kill, load],
};
