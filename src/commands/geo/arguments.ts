/** Arguments of geo commands: coordinates, units, sizes; and how coordinates are replied. */
import type { Zset } from '../../keyspace/zset/zset.js';
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import { coordinateText, errorText } from './format.js';
import * as geohash from './geohash.js';
import type { Place } from './shape.js';

const UNKNOWN_UNIT = new ReplyError('ERR unsupported unit provided. please use M, KM, FT, MI');
const NO_SUCH_MEMBER = new ReplyError('ERR could not decode requested zset member');

/** Arguments `i` and `i + 1` as longitude and latitude. @throws ReplyError when not on the map */
export function placeArgument(args: Args, i: number): Place {
  const longitude = args.double(i);
  const latitude = args.double(i + 1);
  if (!geohash.isOnMap(longitude, latitude)) {
    const pair = `${errorText(longitude)},${errorText(latitude)}`;
    throw new ReplyError(`ERR invalid longitude,latitude pair ${pair}`);
  }
  return { longitude, latitude };
}

/** Where the member in argument `i` is. @throws ReplyError when there is no such member */
export function memberPlace(zset: Zset, args: Args, i: number): Place {
  const p = zset.find(args.buf, args.off(i), args.len(i));
  if (p === 0) throw NO_SUCH_MEMBER;
  geohash.decode(zset.score(p));
  const { longitude, latitude } = geohash;
  return { longitude, latitude };
}

/** Argument `i` as a unit, in metres. @throws ReplyError when it is none */
export function unitArgument(args: Args, i: number): number {
  if (args.is(i, 'M')) return 1;
  if (args.is(i, 'KM')) return 1000;
  if (args.is(i, 'FT')) return 0.3048;
  if (args.is(i, 'MI')) return 1609.34;
  throw UNKNOWN_UNIT;
}

/** Replies a coordinate: a double in RESP3, spelled the same as in RESP2. */
export function replyCoordinate(reply: ReplyWriter, degrees: number): void {
  const text = coordinateText(degrees);
  if (!reply.resp3) {
    reply.bulkText(text);
    return;
  }
  const line = Buffer.from(`,${text}\r\n`, 'latin1');
  reply.raw(line, 0, line.length);
}
