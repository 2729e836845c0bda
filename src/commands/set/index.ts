/** The set commands. */
import type { CommandSpec } from '../../server/api/command.js';
import { sdiff, sdiffstore, sunion, sunionstore } from './combine.js';
import { sinter, sintercard, sinterstore } from './intersect.js';
import { sadd, scard, sismember, smismember, smove, srem } from './members.js';
import { spop, srandmember } from './random.js';
import { smembers, sscan } from './read.js';

export const setCommands: readonly CommandSpec[] = [
  sadd,
  scard,
  sdiff,
  sdiffstore,
  sinter,
  sintercard,
  sinterstore,
  sismember,
  smembers,
  smismember,
  smove,
  spop,
  srandmember,
  srem,
  sscan,
  sunion,
  sunionstore,
];
