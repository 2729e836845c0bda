/** All commands of a server, in the order COMMAND lists them. */
import type { CommandSpec } from '../server/api/command.js';
import { connectionCommands } from './connection/index.js';
import { stringCommands } from './string/index.js';

export const allCommands: readonly CommandSpec[] = [...connectionCommands, ...stringCommands];
