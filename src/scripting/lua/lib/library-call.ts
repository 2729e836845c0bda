/** How the functions of a library call functions that scripts hand them. */
import type { LuaRuntime } from '../runtime.js';
import type { LuaFunction, LuaValue, Results } from '../value.js';

/** Steps that a call takes beside those of the function called. */
export const CALL_STEPS = 20;

/**
 * Calls a function at once, without a generator; BAIL if that can't be: `lua.call` does it then.
 *
 * Its name marks a level of the stack: see stack.ts.
 */
export function callFromLibrary(lua: LuaRuntime, fn: LuaFunction, args: LuaValue[]): Results {
  return lua.tryPlain(fn, args);
}
