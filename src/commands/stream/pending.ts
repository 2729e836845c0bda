/** XPENDING: what is pending in a group, as a summary or entry by entry. */
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { deliveries, deliveryTime } from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ID_KEY_BYTES, StreamId } from '../../keyspace/stream/stream-id.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseEnd, parseStart } from './ids.js';
import { consumerOf, requireGroup } from './lookup.js';
import { replyCounter, replyId } from './reply.js';

export const xpending: CommandSpec = {
  name: 'xpending',
  summary: 'Returns the pending entries of a consumer group, or their number.',
  since: '5.0.0',
  group: 'stream',
  complexity:
    'O(N) where N is the number of entries returned, or passed over with IDLE; without a range ' +
    'O(N) where N is the number of consumers.',
  arity: -3,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'group', type: 'string' },
    {
      name: 'filters',
      type: 'block',
      optional: true,
      args: [
        { name: 'min-idle-time', type: 'integer', token: 'IDLE', optional: true, since: '6.2.0' },
        { name: 'start', type: 'string' },
        { name: 'end', type: 'string' },
        { name: 'count', type: 'integer' },
        { name: 'consumer', type: 'string', optional: true },
      ],
    },
  ],
  history: [['6.2.0', 'Takes `IDLE`, and ranges whose ends are left out.']],
  tips: ['nondeterministic_output'],
  reply: {
    oneOf: [
      { tuple: ['integer', { oneOf: ['bulk', 'null'] }, { oneOf: ['bulk', 'null'] }, 'any'] },
      { arrayOf: { tuple: ['bulk', 'bulk', 'integer', 'integer'] } },
    ],
  },
  run(call: Call) {
    const { args, reply } = call;
    if (args.count !== 3 && (args.count < 6 || args.count > 9)) throw SYNTAX_ERROR;
    const filter = args.count === 3 ? undefined : parseFilter(args);
    const { stream, group } = requireGroup(call, 1, 2);
    if (filter === undefined) {
      replySummary(reply, group);
      return;
    }
    const consumer =
      filter.consumerAt === 0 ? undefined : consumerOf(call, group, filter.consumerAt);
    if (filter.consumerAt !== 0 && consumer === undefined) reply.array(0);
    else replyPending(call, stream, group, consumer, filter);
  },
};

/** Which pending entries are wanted. */
interface Filter {
  readonly minIdleMs: number;
  readonly start: StreamId;
  readonly end: StreamId;
  readonly count: number;
  /** The argument that names the consumer; 0: any. */
  readonly consumerAt: number;
}

function parseFilter(args: Args): Filter {
  let at = 3;
  let minIdleMs = 0;
  if (args.is(3, 'IDLE')) {
    minIdleMs = args.int(4);
    if (args.count < 8) throw SYNTAX_ERROR;
    at = 5;
  }
  const count = args.int(at + 2);
  const start = parseStart(args, at, new StreamId());
  const end = parseEnd(args, at + 1, new StreamId());
  return { minIdleMs, start, end, count, consumerAt: at + 3 < args.count ? at + 3 : 0 };
}

function replySummary(reply: ReplyWriter, group: ConsumerGroup): void {
  reply.array(4);
  reply.int(group.pel.size);
  const it = new RaxIterator().attach(group.pel);
  if (!it.first()) {
    reply.nil();
    reply.nil();
    reply.nilArray();
    return;
  }
  const id = new StreamId();
  replyId(reply, id.readKey(it.key, 0));
  it.last();
  replyId(reply, id.readKey(it.key, 0));
  const begun = reply.beginDeferred();
  let n = 0;
  for (const { name, pel } of group.consumers) {
    if (pel.size === 0) continue;
    reply.array(2);
    reply.bulk(name, 0, name.length);
    reply.bulkInt(pel.size);
    n++;
  }
  reply.endDeferred(begun, 'array', n);
}

function replyPending(
  { now, reply }: Call,
  { home: { arena } }: Stream,
  group: ConsumerGroup,
  consumer: Consumer | undefined,
  { minIdleMs, start, end, count }: Filter,
): void {
  const begun = reply.beginDeferred();
  const it = new RaxIterator().attach((consumer ?? group).pel);
  const key = new Uint8Array(ID_KEY_BYTES);
  start.writeKey(key, 0);
  const id = new StreamId();
  let n = 0;
  for (let ok = it.seekGe(key, 0, ID_KEY_BYTES); ok && n < count; ok = it.next()) {
    if (id.readKey(it.key, 0).compare(end) > 0) break;
    const idleMs = now - deliveryTime(arena, it.value);
    if (minIdleMs !== 0 && idleMs < minIdleMs) continue;
    const { name } = group.ownerOf(it.value)!;
    reply.array(4);
    replyId(reply, id);
    reply.bulk(name, 0, name.length);
    reply.int(Math.max(0, idleMs));
    replyCounter(reply, deliveries(arena, it.value));
    n++;
  }
  reply.endDeferred(begun, 'array', n);
}
