/** Arguments that nobody but the command may see (passwords), in the slow log and in MONITOR. */
import type { Args } from '../resp/args.js';
import type { Command } from './api/command-table.js';

/** What is shown in their place. */
export const HIDDEN = Buffer.from('(redacted)');
const NONE: readonly number[] = [];

/** The numbers of the request's arguments that are to be hidden. */
export function hiddenArguments(command: Command, args: Args): readonly number[] {
  return command.spec.secrets?.(args) ?? NONE;
}
