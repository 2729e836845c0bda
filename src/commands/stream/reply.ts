/** Entries, IDs and counters as replies. */
import { type ConsumerGroup, ENTRIES_READ_UNKNOWN } from '../../keyspace/stream/consumer-group.js';
import type { Counter } from '../../keyspace/stream/counter.js';
import { EntryCursor } from '../../keyspace/stream/entry-cursor.js';
import { groupLag } from '../../keyspace/stream/lag.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ID_TEXT_BYTES, type StreamId } from '../../keyspace/stream/stream-id.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';

/** An entry: its ID, and its fields and values in one array. */
export function replyEntry(reply: ReplyWriter, at: EntryCursor): void {
  const { lp, fields } = at;
  reply.array(2);
  replyId(reply, at.id);
  reply.array(2 * fields);
  for (let i = 0; i < fields; i++) {
    at.readField();
    reply.bulk(lp.buf, lp.off, lp.len);
    at.readValue();
    reply.bulk(lp.buf, lp.off, lp.len);
  }
}

/** The entries from `start` to `end` as an array. @param count at most so many; 0: all */
export function replyRange(
  reply: ReplyWriter,
  stream: Stream,
  start: StreamId,
  end: StreamId,
  count: number,
): void {
  cursor.attach(stream).begin(start, end);
  replyFound(reply, stream, isAll(stream, start, end), count);
}

/** As `replyRange`, the last entry first. */
export function replyReverse(
  reply: ReplyWriter,
  stream: Stream,
  start: StreamId,
  end: StreamId,
  count: number,
): void {
  cursor.attach(stream).beginReverse(start, end);
  replyFound(reply, stream, isAll(stream, start, end), count);
}

/** Whether all entries are within a range: then their number is known before they are read. */
function isAll(stream: Stream, start: StreamId, end: StreamId): boolean {
  return start.compare(stream.firstId) <= 0 && end.compare(stream.lastId) >= 0;
}

/** Replies what the cursor has before it. */
function replyFound(reply: ReplyWriter, stream: Stream, isWhole: boolean, count: number): void {
  if (isWhole) {
    const n = count === 0 ? stream.length : Math.min(count, stream.length);
    reply.array(n);
    for (let i = 0; i < n && cursor.next(); i++) replyEntry(reply, cursor);
    return;
  }
  const begun = reply.beginDeferred();
  let n = 0;
  for (; (count === 0 || n < count) && cursor.next(); n++) replyEntry(reply, cursor);
  reply.endDeferred(begun, 'array', n);
}

export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.bulk(text, 0, id.writeText(text, 0));
}

export function replyCounter(reply: ReplyWriter, n: Counter): void {
  if (typeof n === 'number') reply.int(n);
  else reply.int64(n);
}

/** `entries-read` and `lag`. */
export function replyProgress(reply: ReplyWriter, stream: Stream, group: ConsumerGroup): void {
  reply.bulkText('entries-read');
  if (group.entriesRead === ENTRIES_READ_UNKNOWN) reply.nil();
  else replyCounter(reply, group.entriesRead);
  reply.bulkText('lag');
  const lag = groupLag(stream, group);
  if (lag === undefined) reply.nil();
  else replyCounter(reply, lag);
}

// Scratch: what they hold means nothing between calls.
const cursor = new EntryCursor();
const text = new Uint8Array(ID_TEXT_BYTES);
