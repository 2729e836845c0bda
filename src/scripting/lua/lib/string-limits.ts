/** The bound on strings that a library makes. */
import type { LuaRuntime } from '../runtime.js';
import { LuaError } from '../value.js';

/** Longest string that V8 makes; PUC Lua's are bounded by memory alone. */
export const MAX_STRING_LENGTH = 2 ** 29 - 24;

/**
 * To be called before a string of that length is made.
 *
 * @throws LuaError "not enough memory", which as in PUC Lua names no place
 */
export function chargeString(lua: LuaRuntime, length: number): void {
  lua.charge(length);
  if (length > MAX_STRING_LENGTH) throw new LuaError('not enough memory');
}
