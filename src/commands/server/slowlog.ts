/** SLOWLOG: the commands that have taken long (see server/slowlog.ts). */
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { SlowLogEntry } from '../../server/api/slowlog.js';
import { badSubcommand } from '../bad-subcommand.js';
import { helpCommand } from './help.js';

const DEFAULT_COUNT = 10;
/** Asks for all entries. */
const ALL = -1;
const BAD_COUNT = new ReplyError('ERR count should be greater than or equal to -1');

const COMMON = {
  since: '2.2.12',
  group: 'server',
  arity: 2,
  flags: ['admin', 'loading', 'stale'],
} as const satisfies Partial<CommandSpec>;

const get: CommandSpec = {
  ...COMMON,
  name: 'get',
  summary: 'Returns the newest entries of the slow log.',
  complexity: 'O(N) where N is the number of entries returned',
  arity: -2,
  args: [{ name: 'count', type: 'integer', optional: true }],
  history: [['4.0.0', "The client's address and name are told, too."]],
  tips: ['request_policy:all_nodes', 'nondeterministic_output'],
  reply: {
    arrayOf: {
      tuple: ['integer', 'integer', 'integer', { arrayOf: 'bulk' }, 'bulk', 'bulk'],
    },
  },
  run(call: Call) {
    const { args, reply, server } = call;
    if (args.count > 3) throw badSubcommand(call);
    let count = DEFAULT_COUNT;
    if (args.count === 3) {
      count = args.intWithin(2, ALL, Number.POSITIVE_INFINITY, BAD_COUNT, BAD_COUNT);
      if (count === ALL) count = server.slowLog.length;
    }
    const entries = server.slowLog.newest(count);
    reply.array(entries.length);
    for (const entry of entries) replyEntry(reply, entry);
  },
};

function replyEntry(reply: ReplyWriter, entry: SlowLogEntry): void {
  reply.array(6);
  reply.int(entry.id);
  reply.int(entry.timeSec);
  reply.int(entry.usec);
  reply.array(entry.args.length);
  for (const arg of entry.args) reply.bulk(arg, 0, arg.length);
  reply.bulkText(entry.addr);
  reply.bulkText(entry.clientName);
}

const len: CommandSpec = {
  ...COMMON,
  name: 'len',
  summary: 'Returns how many entries the slow log has.',
  complexity: 'O(1)',
  tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
  reply: 'integer',
  run({ reply, server }: Call) {
    reply.int(server.slowLog.length);
  },
};

const reset: CommandSpec = {
  ...COMMON,
  name: 'reset',
  summary: 'Empties the slow log.',
  complexity: 'O(N) where N is the number of entries in the slowlog',
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  reply: 'OK',
  run({ reply, server }: Call) {
    server.slowLog.reset();
    reply.ok();
  },
};

export const slowlog: CommandSpec = {
  name: 'slowlog',
  summary: 'Commands about the slow log.',
  since: '2.2.12',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    get,
    len,
    reset,
    helpCommand(
      'SLOWLOG',
      '6.2.0',
      [],
      [
        'GET [<count>]',
        '    Return the newest <count> entries (10 if not given, all if -1), newest first:',
        '    id, Unix time, microseconds taken, arguments, client address, client name.',
        'LEN',
        '    Return the number of entries.',
        'RESET',
        '    Remove all entries.',
      ],
    ),
  ],
};
