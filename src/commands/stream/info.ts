/** XINFO: what a stream, its groups and their consumers are at. */
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { NEVER_ACTIVE } from '../../keyspace/stream/consumer-group.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { NO_SUCH_KEY } from '../../resp/errors.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { badSubcommand } from '../bad-subcommand.js';
import { oneKey } from '../key-specs.js';
import { helpCommand } from '../server/help.js';
import { replyStream, replyStreamFull } from './info-stream.js';
import { groupOf, noGroup, readStream } from './lookup.js';
import { replyId, replyProgress } from './reply.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const DEFAULT_FULL_COUNT = 10;

/** What the subcommands share. */
const FORM = {
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'], 2)],
} as const;

const consumers: CommandSpec = {
  ...FORM,
  name: 'consumers',
  summary: 'Returns the consumers of a group.',
  arity: 4,
  args: [KEY, { name: 'group', type: 'string' }],
  history: [['7.2.0', 'Also returns `inactive`.']],
  tips: ['nondeterministic_output'],
  reply: { arrayOf: { mapOf: 'any' } },
  run(call: Call) {
    const group = groupOf(call, openStream(call), 3);
    if (group === undefined) throw noGroup(call, 2, 3);
    call.reply.array(group.consumers.size);
    for (const consumer of group.consumers) replyConsumer(call, consumer);
  },
};

const groups: CommandSpec = {
  ...FORM,
  name: 'groups',
  summary: 'Returns the consumer groups of a stream.',
  arity: 3,
  args: [KEY],
  history: [['7.0.0', 'Also returns `entries-read` and `lag`.']],
  reply: { arrayOf: { mapOf: 'any' } },
  run(call: Call) {
    const { reply } = call;
    const stream = openStream(call);
    reply.array(stream.groups?.size ?? 0);
    for (const group of stream.groups ?? []) replyGroup(reply, stream, group);
  },
};

const stream: CommandSpec = {
  ...FORM,
  name: 'stream',
  summary: 'Returns what there is to know about a stream.',
  arity: -3,
  args: [
    KEY,
    {
      name: 'full-block',
      type: 'block',
      optional: true,
      args: [
        { name: 'full', type: 'pure-token', token: 'FULL' },
        { name: 'count', type: 'integer', token: 'COUNT', optional: true },
      ],
    },
  ],
  history: [
    ['6.0.0', 'Takes `FULL`.'],
    [
      '7.0.0',
      'Also returns `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, ' +
        '`entries-read` and `lag`.',
    ],
    ['7.2.0', 'Also returns `active-time`; `seen-time` means something else.'],
  ],
  reply: { mapOf: 'any' },
  run(call: Call) {
    const { args, reply } = call;
    const found = openStream(call);
    if (args.count === 3) {
      replyStream(reply, found);
      return;
    }
    if ((args.count !== 4 && args.count !== 6) || !args.is(3, 'FULL')) throw badSubcommand(call);
    let count = DEFAULT_FULL_COUNT;
    if (args.count === 6) {
      if (!args.is(4, 'COUNT')) throw badSubcommand(call);
      const given = args.int(5);
      if (given >= 0) count = given;
    }
    replyStreamFull(reply, found, count);
  },
};

export const xinfo: CommandSpec = {
  name: 'xinfo',
  summary: 'Looks into streams and their consumer groups.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    consumers,
    groups,
    {
      ...helpCommand(
        'XINFO',
        '5.0.0',
        [],
        [
          'CONSUMERS <key> <groupname>',
          '    Show consumers of <groupname>.',
          'GROUPS <key>',
          '    Show the stream consumer groups.',
          'STREAM <key> [FULL [COUNT <count>]',
          '    Show information about the stream.',
        ],
      ),
      group: 'stream',
    },
    stream,
  ],
};

function openStream(call: Call): Stream {
  const found = readStream(call, 2);
  if (found === undefined) throw NO_SUCH_KEY;
  return found;
}

function replyConsumer({ now, reply }: Call, consumer: Consumer): void {
  const { activeTime, name, pel, seenTime } = consumer;
  reply.map(4);
  reply.bulkText('name');
  reply.bulk(name, 0, name.length);
  reply.bulkText('pending');
  reply.int(pel.size);
  reply.bulkText('idle');
  reply.int(Math.max(0, now - seenTime));
  reply.bulkText('inactive');
  reply.int(activeTime === NEVER_ACTIVE ? NEVER_ACTIVE : now - activeTime);
}

function replyGroup(reply: ReplyWriter, found: Stream, group: ConsumerGroup): void {
  reply.map(6);
  reply.bulkText('name');
  reply.bulk(group.name, 0, group.name.length);
  reply.bulkText('consumers');
  reply.int(group.consumers.size);
  reply.bulkText('pending');
  reply.int(group.pel.size);
  reply.bulkText('last-delivered-id');
  replyId(reply, group.lastId);
  replyProgress(reply, found, group);
}
