/** The first and last entries of a stream, and whether a given one is there. */
import { EntryCursor } from './entry-cursor.js';
import type { Stream } from './stream.js';
import { StreamId } from './stream-id.js';

const MIN = new StreamId();
const MAX = StreamId.max();

// Scratch: what it looks at means nothing between calls.
const cursor = new EntryCursor();
const lastEntry = new StreamId();

/** The last entry's ID. @param id where it goes; 0-0 if there is none */
export function lastEntryId(stream: Stream, id: StreamId): StreamId {
  cursor.attach(stream).beginReverse(MIN, MAX);
  return cursor.next() ? id.copyFrom(cursor.id) : id.setZero();
}

/** The first entry's ID, deleted ones left out. @returns the greatest ID if there is none */
export function firstEntryId(stream: Stream, id: StreamId): StreamId {
  cursor.attach(stream).begin(MIN, MAX);
  return cursor.next() ? id.copyFrom(cursor.id) : id.setMax();
}

/** As `firstEntryId`, of an entry that may only be marked as deleted. */
export function firstKeptId(stream: Stream, id: StreamId): StreamId {
  cursor.attach(stream).begin(MIN, MAX).withDeleted();
  return cursor.next() ? id.copyFrom(cursor.id) : id.setMax();
}

/** Brings the stream's own note of its first entry up to date. */
export function updateFirstId(stream: Stream): void {
  if (stream.length === 0) stream.firstId.setZero();
  else firstEntryId(stream, stream.firstId);
}

/** Whether there is an entry behind this ID. */
export function hasEntryBehind(stream: Stream, id: StreamId): boolean {
  if (stream.length === 0 || stream.lastId.compare(id) <= 0) return false;
  return stream.lastIdIsThere || lastEntryId(stream, lastEntry).compare(id) > 0;
}

/** Whether an entry with this ID is in the stream. */
export function hasEntry(stream: Stream, id: StreamId): boolean {
  return cursor.attach(stream).begin(id, id).next();
}

/**
 * Deletes an entry: marks it, and notes its ID as the greatest one deleted if it is.
 * @returns whether it was there
 */
export function deleteEntry(stream: Stream, id: StreamId): boolean {
  cursor.attach(stream).begin(id, id);
  if (!cursor.next()) return false;
  if (id.compare(stream.lastId) === 0) stream.lastIdIsThere = false;
  stream.markDeleted(cursor.address, cursor.key, cursor.flagsAt);
  if (id.compare(stream.maxDeletedId) > 0) stream.maxDeletedId.copyFrom(id);
  return true;
}
