/** The elements that SORT sorts: all of a list, set or sorted set, or a range in its own order. */
import type { Database } from '../../keyspace/database.js';
import { Kind, KindSet } from '../../keyspace/kinds.js';
import { ZsetSkiplist } from '../../keyspace/zset/zset-skiplist.js';
import { cursor, list } from '../list/windows.js';
import { view } from '../set/open.js';
import { reader } from '../zset/scratch.js';
import { ByteTable } from './byte-table.js';

/** Part of a collection in its own order, or in the reverse. */
export interface ElementRange {
  /** Index of the first element, from the end that it begins at. */
  readonly start: number;
  readonly count: number;
  readonly reversed: boolean;
}

/** The kinds that SORT takes. */
export const SORTABLE = KindSet.List | KindSet.Set | KindSet.Zset;

/** How many elements the collection of an entry has; 0 for no entry. */
export function sizeOf(db: Database, e: number): number {
  if (e === 0) return 0;
  if (isOf(db, e, KindSet.List)) return list.open(db, e).length;
  if (isOf(db, e, KindSet.Set)) return view(0).attach(db, e).size;
  return reader.open(db, e).size;
}

/** Copies all elements. */
export function allElements(db: Database, e: number, size: number): ByteTable {
  if (e === 0) return new ByteTable();
  if (isOf(db, e, KindSet.Set)) return setElements(db, e);
  return rangeOfElements(db, e, { start: 0, count: size, reversed: false });
}

/** Copies a range of a list or sorted set. */
export function rangeOfElements(db: Database, e: number, range: ElementRange): ByteTable {
  if (e === 0 || range.count === 0) return new ByteTable();
  return isOf(db, e, KindSet.List) ? listElements(db, e, range) : zsetElements(db, e, range);
}

export function isSet(db: Database, e: number): boolean {
  return e !== 0 && isOf(db, e, KindSet.Set);
}

/**
 * Makes a sorted set a skip list, whatever its size: Redis does so to whatever it sorts, and it
 * shows in OBJECT ENCODING.
 */
export function unpackZset(db: Database, e: number): void {
  if (e === 0 || db.kind(e) !== Kind.ZsetListpack) return;
  const source = reader.open(db, e);
  const { size } = source;
  const members = new ByteTable();
  const scores: number[] = [];
  for (let p = source.first(); p !== 0; p = source.next(p)) {
    source.read(p);
    members.add(source.buf, source.off, source.len);
    scores.push(source.score(p));
  }
  const zset = ZsetSkiplist.create(db.arena, db.hasher, size);
  for (let i = 0; i < size; i++) {
    zset.add(members.buf, members.offs[i]!, members.lens[i]!, scores[i]!);
  }
  db.setObject(e, Kind.ZsetSkiplist, zset, true);
}

function isOf(db: Database, e: number, kinds: number): boolean {
  return ((kinds >>> db.kind(e)) & 1) !== 0;
}

function setElements(db: Database, e: number): ByteTable {
  const elements = new ByteTable();
  const set = view(0).attach(db, e);
  for (set.rewind(); set.next(); ) elements.add(set.buf, set.off, set.len);
  return elements;
}

function listElements(db: Database, e: number, range: ElementRange): ByteTable {
  const { start, count, reversed } = range;
  const elements = new ByteTable();
  list.open(db, e);
  if (!cursor.seek(list, reversed ? list.length - 1 - start : start)) return elements;
  do {
    cursor.read();
    elements.add(cursor.buf, cursor.off, cursor.len);
  } while (elements.count < count && (reversed ? cursor.prev() : cursor.next()));
  return elements;
}

function zsetElements(db: Database, e: number, range: ElementRange): ByteTable {
  const { start, count, reversed } = range;
  const elements = new ByteTable();
  const zset = reader.open(db, e);
  let p = zset.at(reversed ? zset.size - 1 - start : start);
  for (; p !== 0 && elements.count < count; p = reversed ? zset.prev(p) : zset.next(p)) {
    zset.read(p);
    elements.add(zset.buf, zset.off, zset.len);
  }
  return elements;
}
