/** CONFIG: the configuration, read, changed and written back while the server runs. */
import type { Args } from '../resp/args.js';
import { NO_CONFIG_FILE, SYNTAX_ERROR } from '../resp/errors.js';
import { ReplyError } from '../resp/reply-error.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { Call } from '../server/api/call.js';
import type { CommandFlag, CommandSpec } from '../server/api/command.js';
import { type Config, isSensitive } from '../server/api/config.js';
import { answerWith } from './answer.js';

const ADMIN_FLAGS: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];
const ON_ALL_NODES = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

const HELP_LINES = [
  'CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'GET <pattern>',
  '    Return parameters matching the glob-like <pattern> and their values.',
  'SET <directive> <value>',
  '    Set the configuration <directive> to <value>.',
  'RESETSTAT',
  '    Reset statistics reported by the INFO command.',
  'REWRITE',
  '    Rewrite the configuration file.',
  'HELP',
  '    Print this help.',
];

const get: CommandSpec = {
  name: 'get',
  summary: 'Returns the effective values of configuration parameters.',
  since: '2.0.0',
  group: 'server',
  complexity: 'O(N) when N is the number of configuration parameters provided',
  arity: -3,
  flags: ADMIN_FLAGS,
  args: [{ name: 'parameter', type: 'string', multiple: true }],
  history: [['7.0.0', 'Added the ability to pass multiple pattern parameters in one call']],
  reply: { mapOf: 'bulk' },
  run({ args, server, reply }: Call) {
    const patterns: string[] = [];
    for (let i = 2; i < args.count; i++) patterns.push(args.text(i));
    const found = server.config.getLatin1(patterns);
    reply.map(found.length);
    for (const [name, text] of found) {
      reply.bulkText(name);
      reply.bulkText(text);
    }
  },
};

const set: CommandSpec = {
  name: 'set',
  summary: 'Sets configuration parameters in-flight.',
  since: '2.0.0',
  group: 'server',
  complexity: 'O(N) when N is the number of configuration parameters provided',
  arity: -4,
  flags: ADMIN_FLAGS,
  args: [
    {
      name: 'data',
      type: 'block',
      multiple: true,
      args: [
        { name: 'parameter', type: 'string' },
        { name: 'value', type: 'string' },
      ],
    },
  ],
  history: [['7.0.0', 'Added the ability to set multiple parameters in one call.']],
  tips: ON_ALL_NODES,
  reply: 'OK',
  secrets: sensitiveValues,
  run(call: Call) {
    const { args, client, server } = call;
    if (args.count % 2 !== 0) throw SYNTAX_ERROR;
    const pairs: [string, string][] = [];
    for (let i = 2; i < args.count; i += 2) pairs.push([args.text(i), args.text(i + 1)]);
    const origin = { isLocal: client.isLocal, atOnce: !call.canBlock };
    answerWith(call, server.config.setLatin1(pairs, origin), answerSet);
  },
};

/** The values of directives that hold secrets. */
function sensitiveValues(args: Args): readonly number[] {
  const found: number[] = [];
  for (let i = 3; i < args.count; i += 2) if (isSensitive(args.text(i - 1))) found.push(i);
  return found;
}

type SetResult = Awaited<ReturnType<Config['setLatin1']>>;

function answerSet(reply: ReplyWriter, { error }: SetResult): void {
  if (error === undefined) reply.ok();
  else reply.error(error);
}

const resetstat: CommandSpec = {
  name: 'resetstat',
  summary: "Resets the server's statistics.",
  since: '2.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ADMIN_FLAGS,
  tips: ON_ALL_NODES,
  reply: 'OK',
  run({ server, reply }: Call) {
    server.stats.reset();
    server.commands.resetStats();
    reply.ok();
  },
};

const rewrite: CommandSpec = {
  name: 'rewrite',
  summary: 'Persists the effective configuration to file.',
  since: '2.8.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ADMIN_FLAGS,
  tips: ON_ALL_NODES,
  reply: 'OK',
  run({ server, reply }: Call) {
    const { config, log } = server;
    if (config.rewriter === undefined) {
      throw NO_CONFIG_FILE;
    }
    const failure = config.rewriter(false);
    if (failure !== undefined) {
      log.warning(`CONFIG REWRITE failed: ${failure.reason}`);
      throw new ReplyError(`ERR Rewriting config file: ${failure.reason}`);
    }
    log.notice('CONFIG REWRITE executed with success.');
    reply.ok();
  },
};

const help: CommandSpec = {
  name: 'help',
  summary: 'Returns helpful text about the different subcommands.',
  since: '5.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale'],
  reply: { arrayOf: 'status' },
  run({ reply }: Call) {
    reply.statuses(HELP_LINES);
  },
};

export const config: CommandSpec = {
  name: 'config',
  summary: 'A container for server configuration commands.',
  since: '2.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [get, help, resetstat, rewrite, set],
};
