/** The stream commands, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { xack } from './ack.js';
import { xadd } from './add.js';
import { xautoclaim, xclaim } from './claim.js';
import { xgroup } from './group.js';
import { xinfo } from './info.js';
import { xpending } from './pending.js';
import { xlen, xrange, xrevrange } from './range.js';
import { xread } from './read.js';
import { xreadgroup } from './read-group.js';
import { xdel, xsetid, xtrim } from './trim.js';

export const streamCommands: readonly CommandSpec[] = [
  xack,
  xadd,
  xautoclaim,
  xclaim,
  xdel,
  xgroup,
  xinfo,
  xlen,
  xpending,
  xrange,
  xread,
  xreadgroup,
  xrevrange,
  xsetid,
  xtrim,
];
