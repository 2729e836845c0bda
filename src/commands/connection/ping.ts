/** PING and ECHO: is anybody there? */
import { wrongArity } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';
import type { CommandSpec } from '../../server/api/command.js';

export const ping: CommandSpec = {
  name: 'ping',
  summary: 'Answers PONG, or with the message given.',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: -1,
  flags: ['fast', 'sentinel'],
  args: [{ name: 'message', type: 'string', optional: true }],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  reply: { oneOf: [{ const: 'PONG' }, 'bulk'] },
  run(call: Call) {
    const { args, client, reply } = call;
    if (args.count > 2) throw wrongArity('ping');
    if ((client.flags & ClientFlag.Pubsub) !== 0 && client.resp === 2) {
      // A RESP2 client in subscribed mode can tell nothing but messages apart, so this is one.
      reply.array(2);
      reply.bulkText('pong');
      if (args.count === 1) reply.bulkText('');
      else reply.bulk(args.buf, args.off(1), args.len(1));
    } else if (args.count === 1) {
      reply.status('PONG');
    } else {
      reply.bulk(args.buf, args.off(1), args.len(1));
    }
  },
};

export const echo: CommandSpec = {
  name: 'echo',
  summary: 'Answers with the message given.',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  args: [{ name: 'message', type: 'string' }],
  reply: 'bulk',
  run(call: Call) {
    const { args, reply } = call;
    reply.bulk(args.buf, args.off(1), args.len(1));
  },
};
