/** SHUTDOWN: ends the server. */
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { ShutdownOptions } from '../../server/api/server.js';

const MUST_NOT_WAIT = new ReplyError(
  "ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client",
);

export const shutdown: CommandSpec = {
  name: 'shutdown',
  summary: 'Saves the data set, if so configured, and ends the server.',
  since: '1.0.0',
  group: 'server',
  complexity:
    'O(N) when saving, where N is the total number of keys in all databases when saving data, ' +
    'otherwise O(1)',
  arity: -1,
  flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'sentinel', 'allow_busy'],
  args: [
    {
      name: 'save-selector',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'nosave', type: 'pure-token', token: 'NOSAVE' },
        { name: 'save', type: 'pure-token', token: 'SAVE' },
      ],
    },
    { name: 'now', type: 'pure-token', token: 'NOW', optional: true, since: '7.0.0' },
    { name: 'force', type: 'pure-token', token: 'FORCE', optional: true, since: '7.0.0' },
    { name: 'abort', type: 'pure-token', token: 'ABORT', optional: true, since: '7.0.0' },
  ],
  history: [['7.0.0', 'Added `NOW`, `FORCE` and `ABORT`.']],
  reply: { oneOf: ['OK', 'none'] },
  run({ args, canBlock, client, server }: Call) {
    const options = parseOptions(args);
    if (options === 'abort') {
      server.lifecycle.abortShutdown(client);
      return;
    }
    if (!options.now && !canBlock) throw MUST_NOT_WAIT;
    const { busyError } = server.scripting;
    if (options.save !== false && busyError !== undefined) throw new ReplyError(busyError);
    server.lifecycle.shutdown(options, client);
  },
};

/** @throws SYNTAX_ERROR for words that are none, or don't go together */
function parseOptions(args: Args): ShutdownOptions | 'abort' {
  const options: ShutdownOptions = { now: false, force: false };
  let abort = false;
  for (let i = 1; i < args.count; i++) {
    if (args.is(i, 'SAVE') && options.save !== false) options.save = true;
    else if (args.is(i, 'NOSAVE') && options.save !== true) options.save = false;
    else if (args.is(i, 'NOW')) options.now = true;
    else if (args.is(i, 'FORCE')) options.force = true;
    else if (args.is(i, 'ABORT')) abort = true;
    else throw SYNTAX_ERROR;
  }
  if (!abort) return options;
  if (options.save !== undefined || options.now || options.force) throw SYNTAX_ERROR;
  return 'abort';
}
