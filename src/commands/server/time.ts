/** TIME: the server's clock. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';

const MICROS = 1_000_000;

export const time: CommandSpec = {
  name: 'time',
  summary: "Returns the server's time.",
  since: '2.6.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  tips: ['nondeterministic_output'],
  reply: { tuple: ['bulk', 'bulk'] },
  run({ inScript, server, reply }: Call) {
    // For a script, time stands still.
    const now = inScript ? server.scripting.frozenMicros : server.clock.unixMicros();
    const seconds = Math.floor(now / MICROS);
    reply.array(2);
    reply.bulkInt(seconds);
    reply.bulkInt(now - seconds * MICROS);
  },
};
