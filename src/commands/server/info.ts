/** INFO: what the server knows of itself (see server/info for the sections). */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';

export const info: CommandSpec = {
  name: 'info',
  summary: 'Returns the state and statistics of the server.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: -1,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['dangerous'],
  args: [{ name: 'section', type: 'string', multiple: true, optional: true }],
  history: [['7.0.0', 'Several sections can be named.']],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  reply: 'verbatim',
  run({ args, server, reply }: Call) {
    const sections: string[] = [];
    for (let i = 1; i < args.count; i++) sections.push(args.text(i));
    reply.verbatim(server.info.render(sections));
  },
};
