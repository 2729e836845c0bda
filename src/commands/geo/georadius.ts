/**
 * GEORADIUS, GEORADIUSBYMEMBER and their forms that only read: what GEOSEARCH and GEOSEARCHSTORE
 * have come for. The destination of a stored result stands behind STORE or STOREDIST.
 */
import type { Args } from '../../resp/args.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeyPosition, KeySpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import type { QueryForm } from './query.js';
import { search } from './search.js';
import {
  COUNT,
  COUNT_SINCE,
  KEY,
  LATITUDE,
  LONGITUDE,
  MEMBERS_REPLY,
  ORDER,
  RADIUS,
  UNIT,
  WITH,
} from './specs.js';

const MEMBER: ArgSpec = { name: 'member', type: 'string' };
const STORE: ArgSpec = {
  name: 'store',
  type: 'oneof',
  optional: true,
  args: [
    { name: 'storekey', type: 'key', token: 'STORE', display: 'key', keySpec: 1 },
    { name: 'storedistkey', type: 'key', token: 'STOREDIST', display: 'key', keySpec: 2 },
  ],
};

const COMPLEXITY =
  'O(N+log(M)) where N is the number of members in the cells that cover the circle and M the number of members in the index';
const UNITS_IN_CAPITALS = ['7.0.0', 'Takes units in capitals.'] as const;
const ANY_FOR_COUNT = ['6.2.0', 'Takes `ANY` behind `COUNT`.'] as const;

const RADIUS_RO: QueryForm = {
  source: 1,
  options: 6,
  middle: 'coordinates',
  storeOption: false,
  destination: 0,
};
const RADIUS_STORE: QueryForm = { ...RADIUS_RO, storeOption: true };
const BY_MEMBER_RO: QueryForm = { ...RADIUS_RO, options: 5, middle: 'member' };
const BY_MEMBER_STORE: QueryForm = { ...BY_MEMBER_RO, storeOption: true };
const EVENT = 'georadiusstore';

export const georadius: CommandSpec = {
  name: 'georadius',
  summary: 'Finds the members of a geo index within a circle, and replies or stores them.',
  since: '3.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  arity: -6,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RO', 'access']), storeKey('STORE', 6), storeKey('STOREDIST', 6)],
  args: [KEY, LONGITUDE, LATITUDE, RADIUS, UNIT, ...WITH, COUNT_SINCE, ORDER, STORE],
  history: [ANY_FOR_COUNT, UNITS_IN_CAPITALS],
  deprecated: {
    since: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
  },
  docFlags: ['deprecated'],
  reply: { oneOf: [MEMBERS_REPLY, 'integer'] },
  getKeys: radiusKeys,
  run(call: Call) {
    search(call, RADIUS_STORE, EVENT);
  },
};

export const georadiusRo: CommandSpec = {
  name: 'georadius_ro',
  summary: 'Finds the members of a geo index within a circle.',
  since: '3.2.10',
  group: 'geo',
  complexity: COMPLEXITY,
  arity: -6,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, LONGITUDE, LATITUDE, RADIUS, UNIT, ...WITH, COUNT_SINCE, ORDER],
  history: [ANY_FOR_COUNT],
  deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument' },
  docFlags: ['deprecated'],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    search(call, RADIUS_RO, EVENT);
  },
};

export const georadiusbymember: CommandSpec = {
  name: 'georadiusbymember',
  summary:
    'Finds the members of a geo index within a circle around one of them, and replies or stores them.',
  since: '3.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RO', 'access']), storeKey('STORE', 5), storeKey('STOREDIST', 5)],
  args: [KEY, MEMBER, RADIUS, UNIT, ...WITH, COUNT, ORDER, STORE],
  history: [UNITS_IN_CAPITALS],
  deprecated: {
    since: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
  },
  docFlags: ['deprecated'],
  reply: { oneOf: [MEMBERS_REPLY, 'integer'] },
  getKeys: radiusKeys,
  run(call: Call) {
    search(call, BY_MEMBER_STORE, EVENT);
  },
};

export const georadiusbymemberRo: CommandSpec = {
  name: 'georadiusbymember_ro',
  summary: 'Finds the members of a geo index within a circle around one of them.',
  since: '3.2.10',
  group: 'geo',
  complexity: COMPLEXITY,
  arity: -5,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, MEMBER, RADIUS, UNIT, ...WITH, COUNT, ORDER],
  deprecated: {
    since: '6.2.0',
    replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments',
  },
  docFlags: ['deprecated'],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    search(call, BY_MEMBER_RO, EVENT);
  },
};

function storeKey(keyword: string, from: number): KeySpec {
  return {
    flags: ['OW', 'update'],
    begin: { keyword, from },
    find: { lastKey: 0, step: 1, limit: 0 },
  };
}

/** The index, and the last destination that is named, where the key specs cannot tell. */
function radiusKeys(args: Args): readonly KeyPosition[] {
  const keys: KeyPosition[] = [{ index: 1, flags: [] }];
  for (let i = 5; i + 1 < args.count; i++) {
    if (!args.is(i, 'STORE') && !args.is(i, 'STOREDIST')) continue;
    keys[1] = { index: i + 1, flags: [] };
    i++;
  }
  return keys;
}
