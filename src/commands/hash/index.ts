/** The commands of group hash. */
import type { CommandSpec } from '../../server/api/command.js';
import { hdel } from './delete.js';
import { hexpire, hexpireat, hpersist, hpexpire, hpexpireat } from './expire.js';
import { hexists, hget, hlen, hmget, hstrlen } from './get.js';
import { hgetall, hkeys, hvals } from './get-all.js';
import { hgetdel, hgetex } from './get-ex.js';
import { hincrby, hincrbyfloat } from './increment.js';
import { hrandfield } from './random.js';
import { hscan } from './scan.js';
import { hmset, hset, hsetnx } from './set.js';
import { hsetex } from './set-ex.js';
import { hexpiretime, hpexpiretime, hpttl, httl } from './ttl.js';

export const hashCommands: readonly CommandSpec[] = [
  hdel,
  hexists,
  hexpire,
  hexpireat,
  hexpiretime,
  hget,
  hgetall,
  hgetdel,
  hgetex,
  hincrby,
  hincrbyfloat,
  hkeys,
  hlen,
  hmget,
  hmset,
  hpersist,
  hpexpire,
  hpexpireat,
  hpexpiretime,
  hpttl,
  hrandfield,
  hscan,
  hset,
  hsetex,
  hsetnx,
  hstrlen,
  httl,
  hvals,
];
