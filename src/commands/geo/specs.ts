/** What the declarations of several geo commands have in common. */
import type { ArgSpec, ReplySchema } from '../../server/api/command.js';

export const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
export const LONGITUDE: ArgSpec = { name: 'longitude', type: 'double' };
export const LATITUDE: ArgSpec = { name: 'latitude', type: 'double' };
export const RADIUS: ArgSpec = { name: 'radius', type: 'double' };

export const UNIT: ArgSpec = {
  name: 'unit',
  type: 'oneof',
  args: [
    { name: 'm', type: 'pure-token', token: 'M' },
    { name: 'km', type: 'pure-token', token: 'KM' },
    { name: 'ft', type: 'pure-token', token: 'FT' },
    { name: 'mi', type: 'pure-token', token: 'MI' },
  ],
};

export const ORDER: ArgSpec = {
  name: 'order',
  type: 'oneof',
  optional: true,
  args: [
    { name: 'asc', type: 'pure-token', token: 'ASC' },
    { name: 'desc', type: 'pure-token', token: 'DESC' },
  ],
};

const ANY: ArgSpec = { name: 'any', type: 'pure-token', token: 'ANY', optional: true };

export const COUNT: ArgSpec = countBlock(ANY);
/** As `COUNT`, of a command that is older than `ANY`. */
export const COUNT_SINCE: ArgSpec = countBlock({ ...ANY, since: '6.2.0' });

export const WITH: readonly ArgSpec[] = [
  { name: 'withcoord', type: 'pure-token', token: 'WITHCOORD', optional: true },
  { name: 'withdist', type: 'pure-token', token: 'WITHDIST', optional: true },
  { name: 'withhash', type: 'pure-token', token: 'WITHHASH', optional: true },
];

/** Longitude and latitude, as texts in RESP2. */
export const COORDINATES: ReplySchema = {
  oneOf: [{ tuple: ['bulk', 'bulk'] }, { tuple: ['double', 'double'] }],
};

/** Members, alone or with what the options ask for. */
export const MEMBERS_REPLY: ReplySchema = {
  oneOf: [
    { arrayOf: 'bulk' },
    { arrayOf: { arrayOf: { oneOf: ['bulk', 'integer', COORDINATES] } } },
  ],
};

function countBlock(any: ArgSpec): ArgSpec {
  return {
    name: 'count-block',
    type: 'block',
    optional: true,
    args: [{ name: 'count', type: 'integer', token: 'COUNT' }, any],
  };
}
