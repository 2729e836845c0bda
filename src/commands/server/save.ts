/** SAVE and LASTSAVE: snapshots on disk. */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';

const SAVE_FAILED = new ReplyError('ERR');

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
    if (!server.persistence.save()) throw SAVE_FAILED;
    reply.ok();
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
