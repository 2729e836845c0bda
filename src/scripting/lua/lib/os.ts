/** Lua's os library as far as Redis lets scripts see it: os.clock. */
import type { LuaRuntime } from '../runtime.js';
import { LuaTable } from '../value.js';

/** @param cpuSeconds processor time that this process has used */
export function osLibrary(lua: LuaRuntime, cpuSeconds: () => number): LuaTable {
  const library = new LuaTable();
  library.set('clock', lua.plain('clock', cpuSeconds));
  return library;
}
