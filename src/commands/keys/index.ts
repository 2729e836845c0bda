/** The commands for keys of any type, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { copy, move } from './copy.js';
import { dbsize, flushall, flushdb, swapdb } from './databases.js';
import { del, unlink } from './delete.js';
import { dump } from './dump.js';
import { exists, touch, type } from './exists.js';
import { expire, expireat, persist, pexpire, pexpireat } from './expire.js';
import { migrate } from './migrate.js';
import { object } from './object.js';
import { rename, renamenx } from './rename.js';
import { restore, restoreAsking } from './restore.js';
import { keys, randomkey, scan } from './scan.js';
import { expiretime, pexpiretime, pttl, ttl } from './ttl.js';

export const keyCommands: readonly CommandSpec[] = [
  copy,
  del,
  dump,
  exists,
  expire,
  expireat,
  expiretime,
  keys,
  migrate,
  move,
  object,
  persist,
  pexpire,
  pexpireat,
  pexpiretime,
  pttl,
  randomkey,
  rename,
  renamenx,
  restore,
  scan,
  touch,
  ttl,
  type,
  unlink,
  dbsize,
  flushall,
  flushdb,
  restoreAsking,
  swapdb,
];
