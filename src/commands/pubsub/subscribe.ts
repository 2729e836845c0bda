/**
 * SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites. They have no reply of their own: for each
 * name the client gets one message (see confirm.ts), also when nothing has changed.
 */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { TopicKind } from '../../server/api/pubsub.js';
import type { Named, Subscriptions } from '../../server/api/subscriptions.js';
import { allKeys } from '../key-specs.js';
import { confirm } from './confirm.js';

const NOT_WHERE_NONE_MAY_WAIT = new ReplyError(
  "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client",
);

const COMMON = {
  group: 'pubsub',
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  reply: 'none',
} as const satisfies Partial<CommandSpec>;

export const subscribe: CommandSpec = {
  ...COMMON,
  name: 'subscribe',
  summary: 'Begins to listen to channels.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of channels to subscribe to.',
  arity: -2,
  flags: [...COMMON.flags, 'sentinel'],
  channels: { first: 1, last: -1, isPattern: false, use: 'subscribe' },
  args: [{ name: 'channel', type: 'string', multiple: true }],
  run: (call) => begin(call, 'channel', 'subscribe'),
};

export const psubscribe: CommandSpec = {
  ...COMMON,
  name: 'psubscribe',
  summary: 'Begins to listen to all channels that match one of these patterns.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of patterns to subscribe to.',
  arity: -2,
  flags: [...COMMON.flags, 'sentinel'],
  channels: { first: 1, last: -1, isPattern: true, use: 'subscribe' },
  args: [{ name: 'pattern', type: 'pattern', multiple: true }],
  run: (call) => begin(call, 'pattern', 'psubscribe'),
};

export const ssubscribe: CommandSpec = {
  ...COMMON,
  name: 'ssubscribe',
  summary: 'Begins to listen to shard channels.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of shard channels to subscribe to.',
  arity: -2,
  keys: [allKeys(['not_key'])],
  channels: { first: 1, last: -1, isPattern: false, use: 'subscribe' },
  args: [{ name: 'shardchannel', type: 'string', multiple: true }],
  run(call) {
    // In a transaction, too, where the other two are let pass for old clients' sake.
    if (!call.canBlock) throw NOT_WHERE_NONE_MAY_WAIT;
    begin(call, 'shard', 'ssubscribe');
  },
};

export const unsubscribe: CommandSpec = {
  ...COMMON,
  name: 'unsubscribe',
  summary: 'Listens to these channels no more, or to none.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of channels to unsubscribe.',
  arity: -1,
  flags: [...COMMON.flags, 'sentinel'],
  channels: { first: 1, last: -1, isPattern: false, use: 'unsubscribe' },
  args: [{ name: 'channel', type: 'string', optional: true, multiple: true }],
  run: (call) => end(call, 'channel', 'unsubscribe', (all) => all.channels),
};

export const punsubscribe: CommandSpec = {
  ...COMMON,
  name: 'punsubscribe',
  summary: 'Listens to channels that match these patterns no more, or to none by pattern.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of patterns to unsubscribe.',
  arity: -1,
  flags: [...COMMON.flags, 'sentinel'],
  channels: { first: 1, last: -1, isPattern: true, use: 'unsubscribe' },
  args: [{ name: 'pattern', type: 'pattern', optional: true, multiple: true }],
  run: (call) => end(call, 'pattern', 'punsubscribe', (all) => all.patterns),
};

export const sunsubscribe: CommandSpec = {
  ...COMMON,
  name: 'sunsubscribe',
  summary: 'Listens to these shard channels no more, or to none.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of shard channels to unsubscribe.',
  arity: -1,
  keys: [allKeys(['not_key'])],
  channels: { first: 1, last: -1, isPattern: false, use: 'unsubscribe' },
  args: [{ name: 'shardchannel', type: 'string', optional: true, multiple: true }],
  run: (call) => end(call, 'shard', 'sunsubscribe', (all) => all.shardChannels),
};

function begin(call: Call, kind: TopicKind, word: string): void {
  const { args, client, server } = call;
  for (let i = 1; i < args.count; i++) {
    const name = args.view(i);
    confirm(call, word, name, server.pubsub.subscribe(client, kind, name));
  }
}

/** @param topicsOf those of this kind */
function end(
  call: Call,
  kind: TopicKind,
  word: string,
  topicsOf: (all: Subscriptions) => ReadonlyMap<string, Named>,
): void {
  const { args, client, server } = call;
  const { pubsub } = server;
  if (args.count > 1) {
    for (let i = 1; i < args.count; i++) {
      const name = args.view(i);
      confirm(call, word, name, pubsub.unsubscribe(client, kind, name));
    }
    return;
  }
  const topics = client.subscriptions && topicsOf(client.subscriptions);
  if (topics === undefined || topics.size === 0) {
    confirm(call, word, undefined, pubsub.countOf(client, kind));
    return;
  }
  for (const { name } of topics.values()) {
    confirm(call, word, name, pubsub.unsubscribe(client, kind, name));
  }
}
