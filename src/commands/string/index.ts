/** The string commands, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { get, getdel, getex } from './get.js';
import { decr, decrby, incr, incrby } from './increment.js';
import { incrbyfloat } from './increment-float.js';
import { lcs } from './lcs.js';
import { mget, mset, msetnx } from './multi-key.js';
import { append, getrange, setrange, strlen, substr } from './range.js';
import { getset, psetex, set, setex, setnx } from './set.js';

export const stringCommands: readonly CommandSpec[] = [
  append,
  decr,
  decrby,
  get,
  getdel,
  getex,
  getrange,
  getset,
  incr,
  incrby,
  incrbyfloat,
  lcs,
  mget,
  mset,
  msetnx,
  psetex,
  set,
  setex,
  setnx,
  setrange,
  strlen,
  substr,
];
