import type { CommandSpec } from '../../server/api/command.js';
import { command } from './command.js';
import { debug } from './debug.js';
import { info } from './info.js';
import { lolwut } from './lolwut.js';
import { memory } from './memory.js';
import { shutdown } from './shutdown.js';
import { time } from './time.js';

/** Commands about the server itself (see also CONFIG in commands/config.ts). */
export const serverCommands: readonly CommandSpec[] = [
  command,
  debug,
  info,
  lolwut,
  memory,
  shutdown,
  time,
];
