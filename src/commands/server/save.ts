/** SAVE, BGSAVE and LASTSAVE: snapshots on disk. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';

const SAVE_FAILED = new ReplyError('ERR');
const SAVING_ALREADY = new ReplyError('ERR Background save already in progress');
const REWRITING = new ReplyError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order " +
    'to schedule a BGSAVE whenever possible.',
);

export const save: CommandSpec = {
  name: 'save',
  summary: 'Saves all keys to disk, while everything else waits.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of keys of all databases.',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  reply: 'OK',
  run({ reply, server }: Call) {
    if (server.persistence.isSaving) throw SAVING_ALREADY;
    if (!server.persistence.save()) throw SAVE_FAILED;
    reply.ok();
  },
};

export const bgsave: CommandSpec = {
  name: 'bgsave',
  summary: 'Saves all keys as they are now to disk, in the background.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: -1,
  flags: ['admin', 'noscript', 'no_async_loading'],
  args: [
    { name: 'schedule', type: 'pure-token', token: 'SCHEDULE', optional: true, since: '3.2.2' },
  ],
  history: [['3.2.2', 'Added the `SCHEDULE` option.']],
  reply: {
    oneOf: [{ const: 'Background saving started' }, { const: 'Background saving scheduled' }],
  },
  run({ args, canBlock, reply, server }: Call) {
    const waits = args.count === 2 && args.is(1, 'SCHEDULE');
    if (args.count > 1 && !waits) throw SYNTAX_ERROR;
    switch (server.persistence.saveInBackground(waits, !canBlock)) {
      case 'started':
        reply.status('Background saving started');
        return;
      case 'scheduled':
        reply.status('Background saving scheduled');
        return;
      case 'saving already':
        throw SAVING_ALREADY;
      case 'rewriting':
        throw REWRITING;
      case 'failed':
        throw SAVE_FAILED;
    }
  },
};

export const lastsave: CommandSpec = {
  name: 'lastsave',
  summary: 'Returns when keys were last saved to disk.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  categories: ['admin', 'dangerous'],
  tips: ['nondeterministic_output'],
  reply: 'integer',
  run({ reply, server }: Call) {
    reply.int(Math.floor(server.persistence.lastSaveMs / 1000));
  },
};
