/** The bitmap commands, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { bitfield, bitfieldRo } from './bitfield.js';
import { bitop } from './bitop.js';
import { bitcount, bitpos } from './scan.js';
import { getbit, setbit } from './single.js';

export const bitmapCommands: readonly CommandSpec[] = [
  bitcount,
  bitfield,
  bitfieldRo,
  bitop,
  bitpos,
  getbit,
  setbit,
];
