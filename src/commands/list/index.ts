/** The list commands. */
import type { CommandSpec } from '../../server/api/command.js';
import { blmove, blmpop, blpop, brpop, brpoplpush } from './blocking.js';
import { linsert, lrem, lset } from './edit.js';
import { lpos } from './lpos.js';
import { lmove, rpoplpush } from './move.js';
import { lmpop, lpop, rpop } from './pop.js';
import { lpush, lpushx, rpush, rpushx } from './push.js';
import { lindex, llen, lrange, ltrim } from './range.js';

export const listCommands: readonly CommandSpec[] = [
  blmove,
  blmpop,
  blpop,
  brpop,
  brpoplpush,
  lindex,
  linsert,
  llen,
  lmove,
  lmpop,
  lpop,
  lpos,
  lpush,
  lpushx,
  lrange,
  lrem,
  lset,
  ltrim,
  rpop,
  rpoplpush,
  rpush,
  rpushx,
];
