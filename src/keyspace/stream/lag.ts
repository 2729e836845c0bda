/**
 * How far a consumer group is behind its stream.
 *
 * A group counts the entries that it has passed (`entriesRead`), as the stream counts those that it
 * was ever given (`entriesAdded`): the difference is the lag. But where an entry in between has been
 * deleted, nobody knows how many there were, and the count can be told only for some places: the
 * stream's end, its first entry, and what is before that.
 *
 * Source: https://redis.io/docs/latest/commands/xinfo-groups/#consumer-group-lag
 */
import { type ConsumerGroup, ENTRIES_READ_UNKNOWN } from './consumer-group.js';
import { type Counter, minus, plus } from './counter.js';
import type { Stream } from './stream.js';
import type { StreamId } from './stream-id.js';

/** Entries that are yet to be delivered; undefined if that can't be known. */
export function groupLag(stream: Stream, group: ConsumerGroup): Counter | undefined {
  if (stream.entriesAdded === 0) return 0;
  if (group.entriesRead !== ENTRIES_READ_UNKNOWN && !hasDeletedFrom(stream, group.lastId)) {
    return minus(stream.entriesAdded, group.entriesRead);
  }
  const read = entriesUpTo(stream, group.lastId);
  return read === ENTRIES_READ_UNKNOWN ? undefined : minus(stream.entriesAdded, read);
}

/** Has the group pass an entry, which is behind all that it passed before. */
export function passEntry(stream: Stream, group: ConsumerGroup, id: StreamId): void {
  if (group.entriesRead !== ENTRIES_READ_UNKNOWN && !hasDeletedFrom(stream, id)) {
    group.entriesRead = plus(group.entriesRead, 1);
  } else if (stream.entriesAdded !== 0) {
    group.entriesRead = entriesUpTo(stream, id);
  }
  group.lastId.copyFrom(id);
}

/** Whether an entry with this ID or one above it has been deleted, of those still to be passed. */
function hasDeletedFrom(stream: Stream, id: StreamId): boolean {
  const { maxDeletedId } = stream;
  if (stream.length === 0 || maxDeletedId.isZero) return false;
  if (stream.firstId.compare(maxDeletedId) > 0) return false;
  return id.compare(maxDeletedId) <= 0;
}

/** How many entries were added up to this ID, or ENTRIES_READ_UNKNOWN. */
export function entriesUpTo(stream: Stream, id: StreamId): Counter {
  const { entriesAdded, maxDeletedId, firstId } = stream;
  if (entriesAdded === 0) return 0;
  const toLast = id.compare(stream.lastId);
  if (toLast === 0 || (stream.length === 0 && toLast < 0)) return entriesAdded;
  if (toLast > 0) return ENTRIES_READ_UNKNOWN;
  if (maxDeletedId.isZero || maxDeletedId.compare(firstId) < 0) {
    const toFirst = id.compare(firstId);
    if (toFirst < 0) return minus(entriesAdded, stream.length);
    if (toFirst === 0) return plus(minus(entriesAdded, stream.length), 1);
  }
  return ENTRIES_READ_UNKNOWN;
}
