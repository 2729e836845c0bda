/**
 * Errors that know where they were raised. If nobody catches one, the client is told: "… script:
 * <name>, on @user_script:1."
 *
 * Most messages begin with their place as well ("user_script:1: …"), as Lua has it; what is raised as
 * a table, or by a function that is written in C there, does not.
 */
import type { LuaRuntime } from './runtime.js';
import type { Site } from './site.js';
import { LuaError, type LuaValue } from './value.js';

/** An error that is raised by the function of a library that is running. */
export function placedError(lua: Pick<LuaRuntime, 'place'>, value: LuaValue): LuaError {
  return new LuaError(value, false, lua.place());
}

/** An error of an operator; its message begins with the place. */
export function errorAt(site: Site | undefined, message: string): LuaError {
  if (site === undefined || site.line === 0) return new LuaError(message);
  return new LuaError(site.position + message, false, site);
}
