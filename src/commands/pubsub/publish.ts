/** PUBLISH and SPUBLISH: a message to all who listen now. */
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';

export const publish: CommandSpec = {
  name: 'publish',
  summary: 'Sends a message to all who listen to a channel.',
  since: '2.0.0',
  group: 'pubsub',
  complexity:
    'O(N+M) where N is the number of clients subscribed to the receiving channel and M is the ' +
    'total number of subscribed patterns (by any client).',
  arity: 3,
  flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate', 'sentinel'],
  channels: { first: 1, last: 1, isPattern: false, use: 'publish' },
  args: [
    { name: 'channel', type: 'string' },
    { name: 'message', type: 'string' },
  ],
  reply: 'integer',
  run({ args, reply, server }) {
    reply.int(server.pubsub.publish(args, 1, 2));
  },
};

export const spublish: CommandSpec = {
  name: 'spublish',
  summary: 'Sends a message to all who listen to a shard channel.',
  since: '7.0.0',
  group: 'pubsub',
  complexity: 'O(N) where N is the number of clients subscribed to the receiving shard channel.',
  arity: 3,
  flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
  keys: [oneKey(['not_key'])],
  channels: { first: 1, last: 1, isPattern: false, use: 'publish' },
  args: [
    { name: 'shardchannel', type: 'string' },
    { name: 'message', type: 'string' },
  ],
  reply: 'integer',
  run({ args, reply, server }) {
    reply.int(server.pubsub.publishShard(args, 1, 2));
  },
};
