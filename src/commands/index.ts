/** All commands of a server, in the order COMMAND lists them. */
import type { CommandSpec } from '../server/api/command.js';
import { config } from './config.js';
import { connectionCommands } from './connection/index.js';
import { keyCommands } from './keys/index.js';
import { serverCommands } from './server/index.js';
import { stringCommands } from './string/index.js';

export const allCommands: readonly CommandSpec[] = [
  ...connectionCommands,
  config,
  ...keyCommands,
  ...serverCommands,
  ...stringCommands,
];
