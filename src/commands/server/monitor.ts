/** MONITOR: has a client told of every command (see server/monitors.ts). */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';
import type { CommandSpec } from '../../server/api/command.js';

const CANNOT_STREAM = new ReplyError("ERR MONITOR isn't allowed for DENY BLOCKING client");

export const monitor: CommandSpec = {
  name: 'monitor',
  summary: 'Shows every command that the server runs, as it runs.',
  since: '1.0.0',
  group: 'server',
  complexity: '',
  arity: 1,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  reply: 'OK',
  run({ canBlock, client, reply, server }: Call) {
    // A transaction or script has to end with its reply: nothing can follow.
    if (!canBlock) throw CANNOT_STREAM;
    // As in Redis, a second MONITOR gets no answer.
    if ((client.flags & ClientFlag.Replica) !== 0) return;
    server.monitors.add(client);
    reply.ok();
  },
};
