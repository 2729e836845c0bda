/** GEOSEARCH and GEOSEARCHSTORE: members of a geo index within a circle or a box. */
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import type { QueryForm } from './query.js';
import { search } from './search.js';
import {
  COUNT,
  KEY,
  LATITUDE,
  LONGITUDE,
  MEMBERS_REPLY,
  ORDER,
  RADIUS,
  UNIT,
  WITH,
} from './specs.js';

const FROM: ArgSpec = {
  name: 'from',
  type: 'oneof',
  args: [
    { name: 'member', type: 'string', token: 'FROMMEMBER' },
    { name: 'fromlonlat', type: 'block', token: 'FROMLONLAT', args: [LONGITUDE, LATITUDE] },
  ],
};
const BY: ArgSpec = {
  name: 'by',
  type: 'oneof',
  args: [
    { name: 'circle', type: 'block', args: [{ ...RADIUS, token: 'BYRADIUS' }, UNIT] },
    {
      name: 'box',
      type: 'block',
      args: [
        { name: 'width', type: 'double', token: 'BYBOX' },
        { name: 'height', type: 'double' },
        UNIT,
      ],
    },
  ],
};

const COMPLEXITY =
  'O(N+log(M)) where N is the number of members in the cells that cover the shape and M the number of members within it';

const SEARCH: QueryForm = {
  source: 1,
  options: 2,
  middle: 'options',
  storeOption: false,
  destination: 0,
};
const SEARCH_STORE: QueryForm = { ...SEARCH, source: 2, options: 3, destination: 1 };
const EVENT = 'geosearchstore';

export const geosearch: CommandSpec = {
  name: 'geosearch',
  summary: 'Finds the members of a geo index within a circle or a box.',
  since: '6.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  arity: -7,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, FROM, BY, ORDER, COUNT, ...WITH],
  history: [['7.0.0', 'Takes units in capitals.']],
  reply: MEMBERS_REPLY,
  run(call: Call) {
    search(call, SEARCH, EVENT);
  },
};

export const geosearchstore: CommandSpec = {
  name: 'geosearchstore',
  summary: 'Stores the members of a geo index within a circle or a box.',
  since: '6.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  arity: -8,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['OW', 'update']), oneKey(['RO', 'access'], 2)],
  args: [
    { name: 'destination', type: 'key', keySpec: 0 },
    { name: 'source', type: 'key', keySpec: 1 },
    FROM,
    BY,
    ORDER,
    COUNT,
    { name: 'storedist', type: 'pure-token', token: 'STOREDIST', optional: true },
  ],
  history: [['7.0.0', 'Takes units in capitals.']],
  reply: 'integer',
  run(call: Call) {
    search(call, SEARCH_STORE, EVENT);
  },
};
