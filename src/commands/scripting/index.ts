/** Scripts and functions. */
import type { CommandSpec } from '../../server/api/command.js';
import { evalCommands } from './eval.js';
import { functionCommand } from './function.js';
import { script } from './script.js';

export const scriptingCommands: readonly CommandSpec[] = [...evalCommands, functionCommand, script];
