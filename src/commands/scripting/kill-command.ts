/** SCRIPT KILL and FUNCTION KILL: the same for either kind of script. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { ScriptKind } from '../../server/api/scripting.js';

export function killCommand(kind: ScriptKind, since: string): CommandSpec {
  return {
    group: 'scripting',
    name: 'kill',
    summary: `Ends the ${kind} that runs, if it has not written yet.`,
    since,
    complexity: 'O(1)',
    arity: 2,
    flags: ['noscript', 'allow_busy'],
    tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
    reply: 'OK',
    run({ reply, server }: Call) {
      server.scripting.kill(kind);
      reply.ok();
    },
  };
}
