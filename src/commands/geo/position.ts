/** GEOPOS, GEOHASH and GEODIST: where members are, and how far from each other. */
import { KindSet } from '../../keyspace/kinds.js';
import type { Zset } from '../../keyspace/zset/zset.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { reader } from '../zset/scratch.js';
import { replyCoordinate, unitArgument } from './arguments.js';
import { distance } from './distance.js';
import { distanceText } from './format.js';
import * as geohash from './geohash.js';
import { COORDINATES, KEY, UNIT } from './specs.js';

const MEMBERS: ArgSpec = { name: 'member', type: 'string', optional: true, multiple: true };

export const geopos: CommandSpec = {
  name: 'geopos',
  summary: 'Returns the longitudes and latitudes of members of a geo index.',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(1) for each member asked for.',
  arity: -2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, MEMBERS],
  reply: { arrayOf: { oneOf: ['null', COORDINATES] } },
  run(call: Call) {
    const { args, reply } = call;
    const zset = openIndex(call);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      if (!locate(call, zset, i)) {
        reply.nilArray();
        continue;
      }
      reply.array(2);
      replyCoordinate(reply, geohash.longitude);
      replyCoordinate(reply, geohash.latitude);
    }
  },
};

export const geohashCommand: CommandSpec = {
  name: 'geohash',
  summary: 'Returns the geohashes of members of a geo index, as they are usually written.',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(1) for each member asked for.',
  arity: -2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, MEMBERS],
  reply: { arrayOf: { oneOf: ['bulk', 'null'] } },
  run(call: Call) {
    const { args, reply } = call;
    const zset = openIndex(call);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      if (!locate(call, zset, i)) reply.nil();
      else reply.bulkText(geohash.geohashText(geohash.longitude, geohash.latitude));
    }
  },
};

export const geodist: CommandSpec = {
  name: 'geodist',
  summary: 'Returns the distance between two members of a geo index.',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(1)',
  arity: -4,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    KEY,
    { name: 'member1', type: 'string' },
    { name: 'member2', type: 'string' },
    { ...UNIT, optional: true },
  ],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args, reply } = call;
    if (args.count > 5) throw SYNTAX_ERROR;
    const unitMetres = args.count === 5 ? unitArgument(args, 4) : 1;
    const zset = openIndex(call);
    if (!locate(call, zset, 2)) {
      reply.nil();
      return;
    }
    const { longitude, latitude } = geohash;
    if (!locate(call, zset, 3)) {
      reply.nil();
      return;
    }
    const metres = distance(longitude, latitude, geohash.longitude, geohash.latitude);
    reply.bulkText(distanceText(metres / unitMetres));
  },
};

/** The sorted set of argument 1; undefined: there is none. */
function openIndex(call: Call): Zset | undefined {
  const e = call.readKind(1, KindSet.Zset);
  return e === 0 ? undefined : reader.open(call.db, e);
}

/** Decodes the place of the member in argument `i`. @returns whether there is such a member */
function locate({ args }: Call, zset: Zset | undefined, i: number): boolean {
  const p = zset === undefined ? 0 : zset.find(args.buf, args.off(i), args.len(i));
  if (p === 0) return false;
  geohash.decode(zset!.score(p));
  return true;
}
