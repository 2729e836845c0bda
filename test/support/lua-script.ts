/** Runs a text of Lua with all libraries: for tests of the language's libraries. */
import { LuaRandom } from '../../src/scripting/lua/lib/math-random.js';
import { Lua, type LuaOptions } from '../../src/scripting/lua/lua.js';
import { openLibraries } from '../../src/scripting/lua/sandbox.js';
import type { LuaValue } from '../../src/scripting/lua/value.js';

export interface Script {
  lua: Lua;
  /** Runs a text to its end. @throws Error with Lua's message */
  run(source: string): LuaValue[];
  /** Runs a text that pauses as often as it can. @returns how often that was */
  pauses(source: string): number;
}

export function scriptRunner(options: LuaOptions = {}, cpuSeconds = () => 0): Script {
  const lua = new Lua(options);
  openLibraries(lua, new LuaRandom(), cpuSeconds);
  const runWith = (source: string, isTime: () => boolean): [LuaValue[], number] => {
    const run = lua.start(lua.compile(source, '@script'));
    let pauses = 0;
    while (!run.resume(isTime)) pauses++;
    if (run.error !== undefined) throw new Error(lua.rawToString(run.error.value));
    return [run.result, pauses];
  };
  return {
    lua,
    run: (source) => runWith(source, () => false)[0],
    pauses: (source) => runWith(source, () => true)[1],
  };
}
