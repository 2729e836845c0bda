/**
 * XREADGROUP: entries of streams for one consumer of a group. `>` stands for entries that no
 * consumer of the group has got yet: they become this one's and are pending until acknowledged. Any
 * other ID asks for the consumer's own history: what is pending for it, behind that ID.
 *
 * A consumer that is new is created by reading. What is propagated are the claims that came of it.
 */
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { plus } from '../../keyspace/stream/counter.js';
import { hasEntryBehind } from '../../keyspace/stream/edges.js';
import { EntryCursor } from '../../keyspace/stream/entry-cursor.js';
import { passEntry } from '../../keyspace/stream/lag.js';
import { deliveries, setDeliveries, setDeliveryTime } from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ID_KEY_BYTES, StreamId } from '../../keyspace/stream/stream-id.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { parseId } from './ids.js';
import {
  consumerOf,
  createConsumer,
  groupOf,
  noKeyOrGroup,
  readStream,
  streamAt,
} from './lookup.js';
import {
  propagateClaim,
  propagateConsumer,
  propagateGroupId,
  propagateOnlyEffects,
} from './propagate.js';
import {
  BLOCK_ARG,
  COUNT_ARG,
  parseReadOptions,
  type ReadOptions,
  readKeys,
  STREAMS_ARG,
  streamKeys,
  waitOrNull,
} from './read-options.js';
import { replyEntry, replyId } from './reply.js';

const DOLLAR = new ReplyError(
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this ' +
    'consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just ' +
    'return an empty result set.',
);
const IN_XREADGROUP = ' in XREADGROUP with GROUP option';
const LAST = StreamId.max();

export const xreadgroup: CommandSpec = {
  name: 'xreadgroup',
  summary:
    'Returns new or pending entries of streams for a consumer of a group, or waits for them.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(M) for each stream, where M is the number of entries returned.',
  arity: -7,
  flags: ['blocking', 'write'],
  keys: [streamKeys(4)],
  args: [
    {
      name: 'group-block',
      type: 'block',
      token: 'GROUP',
      args: [
        { name: 'group', type: 'string' },
        { name: 'consumer', type: 'string' },
      ],
    },
    COUNT_ARG,
    BLOCK_ARG,
    { name: 'noack', type: 'pure-token', token: 'NOACK', optional: true },
    STREAMS_ARG,
  ],
  reply: {
    oneOf: [{ mapOf: { arrayOf: 'any' } }, { arrayOf: { tuple: ['bulk', 'any'] } }, 'null'],
  },
  getKeys: readKeys,
  run(call: Call) {
    const options = parseReadOptions(call, true);
    const ids = parseIds(call, options);
    propagateOnlyEffects(call);
    const { reply } = call;
    let begun = NOT_BEGUN;
    let served = 0;
    for (let k = 0; k < options.keys; k++) {
      const read = prepare(call, options, k, ids[k]!);
      if (read === undefined) continue;
      if (served++ === 0) begun = reply.beginDeferred();
      serve(call, read);
    }
    if (served > 0) reply.endDeferred(begun, reply.resp3 ? 'map' : 'array', served);
    else waitOrNull(call, options, true, undefined);
  },
};

const NOT_BEGUN = -1;

/** What is to be read from one stream. */
interface GroupRead {
  readonly key: number;
  readonly options: ReadOptions;
  readonly stream: Stream;
  readonly group: ConsumerGroup;
  readonly consumer: Consumer;
  /** The first ID wanted. */
  readonly start: StreamId;
  readonly isHistory: boolean;
}

/** For each stream the ID behind which to read; undefined for `>`. */
function parseIds(call: Call, options: ReadOptions): (StreamId | undefined)[] {
  const { args } = call;
  const ids: (StreamId | undefined)[] = [];
  for (let k = 0; k < options.keys; k++) {
    const key = options.keysAt + k;
    const i = key + options.keys;
    const stream = readStream(call, key);
    if (stream === undefined || groupOf(call, stream, options.groupAt) === undefined) {
      throw noKeyOrGroup(call, key, options.groupAt, IN_XREADGROUP);
    }
    if (args.is(i, '$')) throw DOLLAR;
    if (args.is(i, '>')) ids.push(undefined);
    else {
      const id = parseId(args, i);
      ids.push(id.isMax ? undefined : id);
    }
  }
  return ids;
}

/** Sees to the consumer. @returns what to read; undefined if the stream has nothing new */
function prepare(
  call: Call,
  options: ReadOptions,
  k: number,
  behind: StreamId | undefined,
): GroupRead | undefined {
  const key = options.keysAt + k;
  readStream(call, key); // Redis looks a second time, and counts it
  const stream = streamAt(call, key);
  const group = groupOf(call, stream, options.groupAt)!;
  let consumer = consumerOf(call, group, options.groupAt + 1);
  if (consumer === undefined) {
    consumer = createConsumer(call, key, group, options.groupAt + 1);
    call.db.settle(stream);
    if (options.noAck) propagateConsumer(call, key, options.groupAt, consumer);
  }
  consumer.seenTime = call.now;
  if (behind === undefined && !hasEntryBehind(stream, group.lastId)) return undefined;
  const start = new StreamId().copyFrom(behind ?? group.lastId);
  start.increment();
  return { key, options, stream, group, consumer, start, isHistory: behind !== undefined };
}

function serve(call: Call, read: GroupRead): void {
  const { args, reply } = call;
  if (!reply.resp3) reply.array(2);
  reply.bulk(args.buf, args.off(read.key), args.len(read.key));
  if (read.isHistory) serveHistory(call, read);
  else serveNew(call, read);
  call.dirty++;
}

/** Delivers entries that no consumer of the group has got. */
function serveNew(call: Call, read: GroupRead): void {
  const { stream, group, consumer, key, options } = read;
  const { count, noAck, groupAt } = options;
  const { reply } = call;
  const begun = reply.beginDeferred();
  cursor.attach(stream).begin(read.start, LAST);
  let n = 0;
  for (; (count === 0 || n < count) && cursor.next(); n++) {
    if (cursor.id.compare(group.lastId) > 0) passEntry(stream, group, cursor.id);
    replyEntry(reply, cursor);
    if (noAck) continue;
    cursor.id.writeKey(idKey, 0);
    const address = group.deliver(idKey, consumer, call.now);
    consumer.activeTime = call.now;
    propagateClaim(call, key, groupAt, stream, group, cursor.id, address);
  }
  reply.endDeferred(begun, 'array', n);
  if (noAck && n > 0) propagateGroupId(call, key, groupAt, group);
  stream.settleHome();
  call.db.settle(stream);
}

/** Delivers entries again that are pending for the consumer. */
function serveHistory(call: Call, read: GroupRead): void {
  const { stream, consumer } = read;
  const { count } = read.options;
  const { arena } = stream.home;
  const { reply } = call;
  const begun = reply.beginDeferred();
  cursor.attach(stream);
  const it = new RaxIterator().attach(consumer.pel);
  read.start.writeKey(idKey, 0);
  let n = 0;
  let ok = it.seekGe(idKey, 0, ID_KEY_BYTES);
  for (; ok && (count === 0 || n < count); ok = it.next(), n++) {
    const id = new StreamId().readKey(it.key, 0);
    if (cursor.begin(id, id).next()) {
      replyEntry(reply, cursor);
      setDeliveryTime(arena, it.value, call.now);
      setDeliveries(arena, it.value, plus(deliveries(arena, it.value), 1));
    } else {
      // Deleted from the stream, and still pending.
      reply.array(2);
      replyId(reply, id);
      reply.nilArray();
    }
  }
  reply.endDeferred(begun, 'array', n);
}

// Scratch: what they hold means nothing between calls.
const cursor = new EntryCursor();
const idKey = new Uint8Array(ID_KEY_BYTES);
