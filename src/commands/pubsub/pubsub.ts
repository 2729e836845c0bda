/** PUBSUB: what is listened to, and by how many. */
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import type { TopicKind } from '../../server/api/pubsub.js';
import { globMatch } from '../../text/glob.js';
import { badSubcommand } from '../bad-subcommand.js';
import { helpCommand } from '../server/help.js';

const COMMON = {
  group: 'pubsub',
  flags: ['pubsub', 'loading', 'stale'],
} as const satisfies Partial<CommandSpec>;

const PATTERN: readonly ArgSpec[] = [{ name: 'pattern', type: 'pattern', optional: true }];

const channels: CommandSpec = {
  ...COMMON,
  name: 'channels',
  summary: 'Lists the channels that somebody listens to.',
  since: '2.8.0',
  complexity:
    'O(N) where N is the number of active channels, and assuming constant time pattern matching ' +
    '(relatively short channels and patterns)',
  arity: -2,
  args: PATTERN,
  reply: { arrayOf: 'bulk' },
  run: (call) => list(call, 'channel'),
};

const shardchannels: CommandSpec = {
  ...COMMON,
  name: 'shardchannels',
  summary: 'Lists the shard channels that somebody listens to.',
  since: '7.0.0',
  complexity:
    'O(N) where N is the number of active shard channels, and assuming constant time pattern ' +
    'matching (relatively short shard channels).',
  arity: -2,
  args: PATTERN,
  reply: { arrayOf: 'bulk' },
  run: (call) => list(call, 'shard'),
};

const numsub: CommandSpec = {
  ...COMMON,
  name: 'numsub',
  summary: 'Counts who listens to these channels, patterns aside.',
  since: '2.8.0',
  complexity: 'O(N) for the NUMSUB subcommand, where N is the number of requested channels',
  arity: -2,
  args: [{ name: 'channel', type: 'string', optional: true, multiple: true }],
  reply: { arrayOf: 'any' },
  run: (call) => count(call, 'channel'),
};

const shardnumsub: CommandSpec = {
  ...COMMON,
  name: 'shardnumsub',
  summary: 'Counts who listens to these shard channels.',
  since: '7.0.0',
  complexity:
    'O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels',
  arity: -2,
  args: [{ name: 'shardchannel', type: 'string', optional: true, multiple: true }],
  reply: { arrayOf: 'any' },
  run: (call) => count(call, 'shard'),
};

const numpat: CommandSpec = {
  ...COMMON,
  name: 'numpat',
  summary: 'Counts the patterns that somebody listens to.',
  since: '2.8.0',
  complexity: 'O(1)',
  arity: 2,
  reply: 'integer',
  run({ reply, server }) {
    reply.int(server.pubsub.topics('pattern').size);
  },
};

const help = helpCommand(
  'PUBSUB',
  '6.2.0',
  [],
  [
    'CHANNELS [<pattern>]',
    "    Return the currently active channels matching a <pattern> (default: '*').",
    'NUMPAT',
    '    Return number of subscriptions to patterns.',
    'NUMSUB [<channel> ...]',
    '    Return the number of subscribers for the specified channels, excluding',
    '    pattern subscriptions(default: no channels).',
    'SHARDCHANNELS [<pattern>]',
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    'SHARDNUMSUB [<shardchannel> ...]',
    '    Return the number of subscribers for the specified shard level channel(s)',
  ],
);

export const pubsub: CommandSpec = {
  name: 'pubsub',
  summary: 'Looks at who listens to what.',
  since: '2.8.0',
  group: 'pubsub',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    channels,
    { ...help, group: 'pubsub', categories: ['-pubsub'] },
    numpat,
    numsub,
    shardchannels,
    shardnumsub,
  ],
};

function list(call: Call, kind: TopicKind): void {
  const { args, reply, server } = call;
  const topics = server.pubsub.topics(kind);
  if (args.count > 3) throw badSubcommand(call);
  if (args.count === 2) {
    reply.array(topics.size);
    for (const { name } of topics.values()) reply.bulk(name, 0, name.length);
    return;
  }
  const pattern = args.view(2);
  const begun = reply.beginDeferred();
  let n = 0;
  for (const { name } of topics.values()) {
    if (!globMatch(pattern, name, 0, name.length)) continue;
    reply.bulk(name, 0, name.length);
    n++;
  }
  reply.endDeferred(begun, 'array', n);
}

function count({ args, reply, server }: Call, kind: TopicKind): void {
  const topics = server.pubsub.topics(kind);
  reply.array((args.count - 2) * 2);
  for (let i = 2; i < args.count; i++) {
    reply.bulk(args.buf, args.off(i), args.len(i));
    reply.int(topics.get(args.text(i))?.subscribers.size ?? 0);
  }
}
