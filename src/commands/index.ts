/** All commands of a server, in the order COMMAND lists them. */
import type { CommandSpec } from '../server/api/command.js';
import { bitmapCommands } from './bitmap/index.js';
import { config } from './config.js';
import { connectionCommands } from './connection/index.js';
import { hyperloglogCommands } from './hyperloglog/index.js';
import { keyCommands } from './keys/index.js';
import { serverCommands } from './server/index.js';
import { stringCommands } from './string/index.js';

export const allCommands: readonly CommandSpec[] = [
  ...bitmapCommands,
  ...connectionCommands,
  config,
  ...hyperloglogCommands,
  ...keyCommands,
  ...serverCommands,
  ...stringCommands,
];
