/** The HyperLogLog commands, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { pfadd, pfmerge } from './add.js';
import { pfcount } from './count.js';
import { pfdebug } from './debug.js';
import { pfselftest } from './selftest.js';

export const hyperloglogCommands: readonly CommandSpec[] = [
  pfadd,
  pfcount,
  pfdebug,
  pfmerge,
  pfselftest,
];
