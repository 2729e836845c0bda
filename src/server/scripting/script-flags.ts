/** What a script has said of itself, as bits, and what follows for the command that runs it. */
import { SCRIPT_FLAGS } from '../../scripting/engine.js';
import { CommandBit } from '../api/command-table.js';

/** The first ones are in the order of SCRIPT_FLAGS. */
export const ScriptFlag = {
  NoWrites: 1 << 0,
  AllowOom: 1 << 1,
  AllowStale: 1 << 2,
  NoCluster: 1 << 3,
  AllowCrossSlotKeys: 1 << 4,
  /** It has said nothing: no `#!`. What it may do shows with each command. */
  Undeclared: 1 << 5,
} as const;

/** @param names of SCRIPT_FLAGS */
export function scriptFlagBits(names: readonly string[]): number {
  let bits = 0;
  for (const name of names) bits |= 1 << (SCRIPT_FLAGS as readonly string[]).indexOf(name);
  return bits;
}

/** The names of flags. */
export function scriptFlagNames(bits: number): readonly string[] {
  return SCRIPT_FLAGS.filter((_, i) => (bits & (1 << i)) !== 0);
}

/**
 * Bits of the command that runs a script (CommandBit), as the script makes them: whether it writes,
 * needs memory, may run on a stale replica.
 */
export function commandBitsOf(commandBits: number, flags: number): number {
  if ((flags & ScriptFlag.Undeclared) !== 0) return commandBits;
  let bits =
    commandBits &
    ~(CommandBit.Stale | CommandBit.DenyOom | CommandBit.Write | CommandBit.MayReplicate);
  if ((flags & (ScriptFlag.AllowOom | ScriptFlag.NoWrites)) === 0) bits |= CommandBit.DenyOom;
  if ((flags & ScriptFlag.NoWrites) === 0) bits |= CommandBit.Write;
  if ((flags & ScriptFlag.AllowStale) !== 0) bits |= CommandBit.Stale;
  return bits;
}
