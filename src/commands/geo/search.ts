/**
 * Searches a geo index: all members within a shape, sorted and cut as the query asks for, replied
 * or stored.
 *
 * Cell by cell, the members with scores of that cell are looked at; those outside the shape are
 * left out. What is found is kept as positions in the sorted set, which stay valid until something
 * changes; names are read when they are replied or stored.
 */
import { type Compare, partialSort } from '../../datastructs/partial-sort.js';
import { KindSet } from '../../keyspace/kinds.js';
import { ScoreRange, type Zset } from '../../keyspace/zset/zset.js';
import type { Call } from '../../server/api/call.js';
import { reader, writer } from '../zset/scratch.js';
import { storeZset } from '../zset/store.js';
import { replyCoordinate } from './arguments.js';
import { cellsCovering } from './cover.js';
import { distanceText } from './format.js';
import * as geohash from './geohash.js';
import { parseQuery, type Query, type QueryForm } from './query.js';
import { distanceWithin, OUTSIDE, type Shape } from './shape.js';

/** A member within the shape. */
interface Found {
  /** In the sorted set. */
  readonly position: number;
  readonly score: number;
  /** From the shape's middle. */
  readonly metres: number;
}

/** @param event the notification's name when the result is stored */
export function search(call: Call, form: QueryForm, event: string): void {
  const { args, db, reply } = call;
  const e = call.readKind(form.source, KindSet.Zset);
  const zset = e === 0 ? undefined : reader.open(db, e);
  const query = parseQuery(args, form, zset);
  const found = zset === undefined ? [] : select(findWithin(zset, query), query);
  if (query.destination !== 0) {
    storeFound(call, zset, found, query, event);
    reply.int(found.length);
  } else replyFound(call, zset, found, query);
}

function findWithin(zset: Zset, query: Query): Found[] {
  const shape = query.shape!;
  const limit = query.any ? query.count : Number.POSITIVE_INFINITY;
  const found: Found[] = [];
  for (const cell of cellsCovering(shape)) {
    if (found.length >= limit) break;
    const first = geohash.firstScore(cell);
    const range = new ScoreRange(first, first + geohash.cellScores(cell), false, true);
    collect(zset, range, shape, limit, found);
  }
  return found;
}

/** Adds the members of one cell that are within the shape, until there are `limit`. */
function collect(zset: Zset, range: ScoreRange, shape: Shape, limit: number, found: Found[]): void {
  zset.selectScores(range, false);
  const { count } = zset;
  let position = zset.from;
  for (let i = 0; i < count && found.length < limit; i++) {
    const score = zset.score(position);
    geohash.decode(score);
    const metres = distanceWithin(shape, geohash.longitude, geohash.latitude);
    if (metres !== OUTSIDE) found.push({ position, score, metres });
    position = zset.next(position);
  }
}

/** Sorts and cuts. A count without an order means the nearest ones, unless any will do. */
function select(found: Found[], { order, count, any }: Query): Found[] {
  const isCut = count !== 0 && found.length > count;
  const compare = order === 'none' && count !== 0 && !any ? NEAREST : ORDERS[order];
  if (compare !== undefined) {
    if (isCut) partialSort(found, compare, 0, count - 1);
    else found.sort(compare);
  }
  if (isCut) found.length = count;
  return found;
}

const NEAREST: Compare<Found> = (a, b) =>
  a.metres > b.metres ? 1 : a.metres === b.metres ? 0 : -1;
const ORDERS = {
  none: undefined,
  asc: NEAREST,
  desc: (a: Found, b: Found) => -NEAREST(a, b),
} as const;

function replyFound(
  call: Call,
  zset: Zset | undefined,
  found: readonly Found[],
  query: Query,
): void {
  const { reply } = call;
  const { withDistance, withHash, withCoordinates } = query;
  const fields = 1 + Number(withDistance) + Number(withHash) + Number(withCoordinates);
  reply.array(found.length);
  if (zset === undefined) return;
  const { unitMetres } = query.shape!;
  for (const { position, score, metres } of found) {
    if (fields > 1) reply.array(fields);
    zset.read(position);
    reply.bulk(zset.buf, zset.off, zset.len);
    if (withDistance) reply.bulkText(distanceText(metres / unitMetres));
    if (withHash) replyHash(call, score);
    if (!withCoordinates) continue;
    geohash.decode(score);
    reply.array(2);
    replyCoordinate(reply, geohash.longitude);
    replyCoordinate(reply, geohash.latitude);
  }
}

function replyHash({ reply }: Call, score: number): void {
  const hash = Math.trunc(score);
  if (Number.isSafeInteger(hash)) reply.int(hash);
  else reply.int64(BigInt(hash));
}

function storeFound(
  call: Call,
  zset: Zset | undefined,
  found: readonly Found[],
  query: Query,
  event: string,
): void {
  const { destination, storesDistances } = query;
  // Names are copied out: the index lies in the memory that the result is about to be built in.
  const names = found.map(({ position }) => {
    zset!.read(position);
    return Buffer.from(zset!.buf.subarray(zset!.off, zset!.off + zset!.len));
  });
  const longest = names.reduce((length, name) => Math.max(length, name.length), 0);
  writer.begin(call.db, names.length, longest);
  names.forEach((name, i) => {
    const { score, metres } = found[i]!;
    const stored = storesDistances ? metres / query.shape!.unitMetres : score;
    writer.add(name, 0, name.length, stored);
  });
  storeZset(call, destination, writer, event);
  if (names.length > 0) call.dirty += names.length - 1;
}
