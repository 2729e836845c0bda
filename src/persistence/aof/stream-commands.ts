/**
 * A stream as the commands that make it anew: entries under their own IDs, then its counters, then
 * each group with what is pending for whom.
 *
 *     XADD key ID field value …                                     for every entry
 *     XSETID key lastID ENTRIESADDED n MAXDELETEDID ID
 *     XGROUP CREATE key group lastID ENTRIESREAD n                  for every group
 *     XCLAIM key group consumer 0 ID TIME ms RETRYCOUNT n JUSTID FORCE
 *     XGROUP CREATECONSUMER key group consumer                      for those with nothing pending
 *
 * When consumers were last seen is in none of them and gets lost, as it does with Redis.
 */
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { EntryCursor } from '../../keyspace/stream/entry-cursor.js';
import { deliveries, deliveryTime } from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import type { Steps } from '../rdb/walk-collections.js';
import type { CommandTarget } from './collection-commands.js';
import { commandHead, wordsOf } from './command-writer.js';

const XADD = wordsOf('XADD');
const XADD_7 = commandHead(7, 'XADD');
/** Adds an entry and trims it away: an empty stream is left. */
const NO_ENTRIES = wordsOf('MAXLEN', '0', '0-1', 'x', 'y');
const XSETID = commandHead(7, 'XSETID');
const ENTRIES_ADDED = wordsOf('ENTRIESADDED');
const MAX_DELETED_ID = wordsOf('MAXDELETEDID');
const XGROUP_CREATE = commandHead(7, 'XGROUP', 'CREATE');
const ENTRIES_READ = wordsOf('ENTRIESREAD');
const XGROUP_CREATE_CONSUMER = commandHead(5, 'XGROUP', 'CREATECONSUMER');
const XCLAIM = commandHead(12, 'XCLAIM');
const ZERO = wordsOf('0');
const TIME = wordsOf('TIME');
const RETRY_COUNT = wordsOf('RETRYCOUNT');
const JUST_ID_FORCE = wordsOf('JUSTID', 'FORCE');

export function* streamCommands(target: CommandTarget, stream: Stream): Steps {
  const { writer } = target;
  if (stream.length > 0) yield* entryAdds(target, stream);
  else {
    writer.raw(XADD_7);
    target.writeKey();
    writer.raw(NO_ENTRIES);
  }
  writer.raw(XSETID);
  target.writeKey();
  writer.id(stream.lastId);
  writer.raw(ENTRIES_ADDED);
  writer.integer(stream.entriesAdded);
  writer.raw(MAX_DELETED_ID);
  writer.id(stream.maxDeletedId);
  if (stream.groups === undefined) return;
  for (const group of [...stream.groups]) yield* groupCommands(target, stream, group);
}

function* entryAdds(target: CommandTarget, stream: Stream): Steps {
  const { limit, writer } = target;
  const { id, lp } = cursor;
  const from = new StreamId();
  const end = StreamId.max();
  cursor.attach(stream).begin(from, end);
  while (cursor.next()) {
    const { fields } = cursor;
    writer.count(3 + 2 * fields);
    writer.raw(XADD);
    target.writeKey();
    writer.id(id);
    for (let i = 0; i < fields; i++) {
      cursor.readField();
      writer.bulk(lp.buf, lp.off, lp.len);
      cursor.readValue();
      writer.bulk(lp.buf, lp.off, lp.len);
    }
    if (writer.out.length < limit.at) continue;
    // Blocks may move meanwhile, and others use the cursor.
    if (!from.copyFrom(id).increment()) return;
    yield;
    cursor.attach(stream).begin(from, end);
  }
}

function* groupCommands(target: CommandTarget, stream: Stream, group: ConsumerGroup): Steps {
  const { limit, writer } = target;
  writer.raw(XGROUP_CREATE);
  target.writeKey();
  writer.bulk(group.name, 0, group.name.length);
  writer.id(group.lastId);
  writer.raw(ENTRIES_READ);
  writer.integer(group.entriesRead);
  for (const consumer of [...group.consumers]) {
    if (consumer.pel.size > 0) {
      yield* claims(target, stream, group, consumer);
      continue;
    }
    writer.raw(XGROUP_CREATE_CONSUMER);
    target.writeKey();
    writer.bulk(group.name, 0, group.name.length);
    writer.bulk(consumer.name, 0, consumer.name.length);
    if (writer.out.length >= limit.at) yield;
  }
}

function* claims(
  target: CommandTarget,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
): Steps {
  const { limit, writer } = target;
  const id = new StreamId();
  const it = new RaxIterator().attach(consumer.pel);
  let more = it.first();
  while (more) {
    const { arena } = stream.home;
    id.readKey(it.key, 0);
    writer.raw(XCLAIM);
    target.writeKey();
    writer.bulk(group.name, 0, group.name.length);
    writer.bulk(consumer.name, 0, consumer.name.length);
    writer.raw(ZERO);
    writer.id(id);
    writer.raw(TIME);
    writer.integer(deliveryTime(arena, it.value));
    writer.raw(RETRY_COUNT);
    writer.integer(deliveries(arena, it.value));
    writer.raw(JUST_ID_FORCE);
    if (writer.out.length < limit.at) more = it.next();
    else {
      const at = it.key.slice(0, it.len);
      yield;
      more = it.attach(consumer.pel).seekGt(at, 0, at.length);
    }
  }
}

/** Its content means nothing between two steps. */
const cursor = new EntryCursor();
