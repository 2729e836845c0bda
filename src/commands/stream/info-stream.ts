/** XINFO STREAM, and with FULL all of it: entries, groups, what is pending. */
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { EntryCursor } from '../../keyspace/stream/entry-cursor.js';
import { deliveries, deliveryTime } from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import { replyCounter, replyEntry, replyId, replyProgress, replyRange } from './reply.js';

const FIRST = new StreamId();
const LAST = StreamId.max();

export function replyStream(reply: ReplyWriter, stream: Stream): void {
  reply.map(10);
  replyCommon(reply, stream);
  reply.bulkText('groups');
  reply.int(stream.groups?.size ?? 0);
  const cursor = new EntryCursor().attach(stream);
  reply.bulkText('first-entry');
  replyOne(reply, cursor.begin(FIRST, LAST));
  reply.bulkText('last-entry');
  replyOne(reply, cursor.beginReverse(FIRST, LAST));
}

/** @param count at most so many of each: entries, pending entries; 0: all */
export function replyStreamFull(reply: ReplyWriter, stream: Stream, count: number): void {
  reply.map(9);
  replyCommon(reply, stream);
  reply.bulkText('entries');
  replyRange(reply, stream, FIRST, LAST, count);
  reply.bulkText('groups');
  reply.array(stream.groups?.size ?? 0);
  for (const group of stream.groups ?? []) replyGroup(reply, stream, group, count);
}

function replyCommon(reply: ReplyWriter, stream: Stream): void {
  reply.bulkText('length');
  reply.int(stream.length);
  reply.bulkText('radix-tree-keys');
  reply.int(stream.nodes.size);
  reply.bulkText('radix-tree-nodes');
  reply.int(stream.nodes.nodes);
  reply.bulkText('last-generated-id');
  replyId(reply, stream.lastId);
  reply.bulkText('max-deleted-entry-id');
  replyId(reply, stream.maxDeletedId);
  reply.bulkText('entries-added');
  replyCounter(reply, stream.entriesAdded);
  reply.bulkText('recorded-first-entry-id');
  replyId(reply, stream.firstId);
}

function replyOne(reply: ReplyWriter, cursor: EntryCursor): void {
  if (cursor.next()) replyEntry(reply, cursor);
  else reply.nil();
}

function replyGroup(reply: ReplyWriter, stream: Stream, group: ConsumerGroup, count: number): void {
  reply.map(7);
  reply.bulkText('name');
  reply.bulk(group.name, 0, group.name.length);
  reply.bulkText('last-delivered-id');
  replyId(reply, group.lastId);
  replyProgress(reply, stream, group);
  reply.bulkText('pel-count');
  reply.int(group.pel.size);
  reply.bulkText('pending');
  replyPending(reply, stream, group, undefined, count);
  reply.bulkText('consumers');
  reply.array(group.consumers.size);
  for (const consumer of group.consumers) {
    replyConsumer(reply, stream, group, consumer, count);
  }
}

function replyConsumer(
  reply: ReplyWriter,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
  count: number,
): void {
  const { activeTime, name, pel, seenTime } = consumer;
  reply.map(5);
  reply.bulkText('name');
  reply.bulk(name, 0, name.length);
  reply.bulkText('seen-time');
  reply.int(seenTime);
  reply.bulkText('active-time');
  reply.int(activeTime);
  reply.bulkText('pel-count');
  reply.int(pel.size);
  reply.bulkText('pending');
  replyPending(reply, stream, group, consumer, count);
}

/** A list of pending entries. @param consumer whose; undefined: the group's, which says whose */
function replyPending(
  reply: ReplyWriter,
  { home: { arena } }: Stream,
  group: ConsumerGroup,
  consumer: Consumer | undefined,
  count: number,
): void {
  const { pel } = consumer ?? group;
  const n = count === 0 ? pel.size : Math.min(count, pel.size);
  reply.array(n);
  const it = new RaxIterator().attach(pel);
  const id = new StreamId();
  let ok = it.first();
  for (let i = 0; ok && i < n; i++, ok = it.next()) {
    reply.array(consumer === undefined ? 4 : 3);
    replyId(reply, id.readKey(it.key, 0));
    if (consumer === undefined) {
      const { name } = group.ownerOf(it.value)!;
      reply.bulk(name, 0, name.length);
    }
    reply.int(deliveryTime(arena, it.value));
    replyCounter(reply, deliveries(arena, it.value));
  }
}
