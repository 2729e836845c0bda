/** SORT and SORT_RO, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { sort, sortRo } from './sort.js';

export const sortCommands: readonly CommandSpec[] = [sort, sortRo];
