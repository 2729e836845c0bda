/** What the declarations of several sorted set commands have in common. */
import type { ArgSpec, KeySpec, ReplySchema } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';

export const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
export const KEYS: ArgSpec = { name: 'key', type: 'key', keySpec: 0, multiple: true };
export const NUMKEYS: ArgSpec = { name: 'numkeys', type: 'integer' };
export const MEMBER: ArgSpec = { name: 'member', type: 'string' };

export const WITHSCORES: ArgSpec = {
  name: 'withscores',
  type: 'pure-token',
  token: 'WITHSCORES',
  optional: true,
};

export const LIMIT: ArgSpec = {
  name: 'limit',
  type: 'block',
  token: 'LIMIT',
  optional: true,
  args: [
    { name: 'offset', type: 'integer' },
    { name: 'count', type: 'integer' },
  ],
};

export const COUNT: ArgSpec = { name: 'count', type: 'integer', token: 'COUNT', optional: true };

/** ZMPOP's and BZMPOP's end to pop from. */
export const WHERE: ArgSpec = {
  name: 'where',
  type: 'oneof',
  args: [
    { name: 'min', type: 'pure-token', token: 'MIN' },
    { name: 'max', type: 'pure-token', token: 'MAX' },
  ],
};

/** Which arguments are members, for warming: see MemberWarmer. */
export const ONE_MEMBER = { first: 2, step: 1 << 20 };
export const THIRD_MEMBER = { first: 3, step: 1 << 20 };
export const MEMBERS = { first: 2, step: 1 };
/** `score member [score member …]`, without options. */
export const PAIRS = { first: 3, step: 2 };

export const READ_KEY: KeySpec = oneKey(['RO', 'access']);

/** Members, alone or with their scores: flat in RESP2, pairs in RESP3. */
export const MEMBERS_REPLY: ReplySchema = {
  oneOf: [
    { arrayOf: 'bulk' },
    { arrayOf: { oneOf: ['bulk', 'double'] } },
    { arrayOf: { tuple: ['bulk', 'double'] } },
  ],
};
