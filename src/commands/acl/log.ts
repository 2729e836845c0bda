/** ACL LOG: what was refused to whom. */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { AclLogEntry } from '../../server/api/acl.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { badSubcommand } from '../bad-subcommand.js';
import { ADMIN } from './specs.js';

/** How many entries are shown to who asks for no number. */
const SHOWN = 10;

export const log: CommandSpec = {
  ...ADMIN,
  name: 'log',
  summary: 'Returns what ACL has refused of late, newest first, or forgets it.',
  complexity: 'O(N) with N being the number of entries shown.',
  arity: -2,
  args: [
    {
      name: 'operation',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'count', type: 'integer' },
        { name: 'reset', type: 'pure-token', token: 'RESET' },
      ],
    },
  ],
  history: [['7.2.0', 'Entry ids, and when entries were made and changed.']],
  reply: { oneOf: ['OK', { arrayOf: { mapOf: 'any' } }] },
  run(call: Call) {
    const { args, now, reply, server } = call;
    if (args.count > 3) throw badSubcommand(call);
    if (args.count === 3 && args.is(2, 'RESET')) {
      server.acl.clearLog();
      reply.ok();
      return;
    }
    const count = args.count === 3 ? Math.max(0, args.int(2)) : SHOWN;
    const entries = server.acl.logEntries().slice(0, count);
    reply.array(entries.length);
    for (const entry of entries) replyEntry(reply, entry, now);
  },
};

function replyEntry(reply: ReplyWriter, entry: AclLogEntry, nowMs: number): void {
  const number = (name: string, value: number) => {
    reply.bulkText(name);
    reply.int(value);
  };
  const text = (name: string, value: string) => {
    reply.bulkText(name);
    reply.bulkText(value);
  };
  reply.map(10);
  number('count', entry.count);
  text('reason', entry.reason);
  text('context', entry.context);
  text('object', entry.object);
  text('username', entry.username);
  reply.bulkText('age-seconds');
  reply.double((nowMs - entry.updatedMs) / 1000);
  text('client-info', entry.clientInfo);
  number('entry-id', entry.id);
  number('timestamp-created', entry.createdMs);
  number('timestamp-last-updated', entry.updatedMs);
}
