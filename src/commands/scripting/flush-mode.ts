/** ASYNC or SYNC, of SCRIPT FLUSH and FUNCTION FLUSH: here, what is dropped is collected in any case. */
import type { Args } from '../../resp/args.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec } from '../../server/api/command.js';

export const FLUSH_MODE: ArgSpec = {
  name: 'flush-type',
  type: 'oneof',
  optional: true,
  args: [
    { name: 'async', type: 'pure-token', token: 'ASYNC' },
    { name: 'sync', type: 'pure-token', token: 'SYNC' },
  ],
};

/** Whether what follows the subcommand is a mode, or nothing. */
export function isFlushMode(args: Args): boolean {
  if (args.count === 2) return true;
  return args.count === 3 && (args.is(2, 'SYNC') || args.is(2, 'ASYNC'));
}

/** Whether it is to be counted as done lazily: said so, or by lazyfree-lazy-user-flush. */
export function flushesLazily({ args, server }: Call): boolean {
  if (args.count === 2) return server.config.values['lazyfree-lazy-user-flush'];
  return args.is(2, 'ASYNC');
}
