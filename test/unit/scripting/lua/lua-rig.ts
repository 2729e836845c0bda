/** An interpreter with the language's own libraries, for tests. */
import { openBase } from '../../../../src/scripting/lua/lib/base.js';
import { openCoroutine } from '../../../../src/scripting/lua/lib/coroutine.js';
import { mathLibrary } from '../../../../src/scripting/lua/lib/math.js';
import { LuaRandom } from '../../../../src/scripting/lua/lib/math-random.js';
import { stringLibrary } from '../../../../src/scripting/lua/lib/string.js';
import { tableLibrary } from '../../../../src/scripting/lua/lib/table.js';
import { Lua, type LuaOptions } from '../../../../src/scripting/lua/lua.js';
import type { LuaRun } from '../../../../src/scripting/lua/run.js';
import type { LuaValue } from '../../../../src/scripting/lua/value.js';

export class LuaRig {
  readonly lua: Lua;
  readonly printed: string[] = [];

  constructor(options: LuaOptions = {}) {
    this.lua = new Lua(options);
    const { lua } = this;
    openBase(lua, { print: (line) => this.printed.push(line) });
    openCoroutine(lua);
    lua.globals.set('string', stringLibrary(lua));
    lua.globals.set('table', tableLibrary(lua));
    lua.globals.set('math', mathLibrary(lua, new LuaRandom()));
  }

  start(source: string, args: LuaValue[] = []): LuaRun {
    return this.lua.start(this.lua.compile(source, '@user_script'), args);
  }

  /** What a script returns, each value as tostring gives it; an error instead: its text. */
  run(source: string, args: LuaValue[] = []): string {
    const run = this.start(source, args);
    run.resume();
    if (run.error !== undefined) return `error: ${this.lua.rawToString(run.error.value)}`;
    return run.result.map((value) => this.lua.rawToString(value)).join(' ');
  }

  /** The message with which a source does not compile. */
  compileError(source: string): string {
    try {
      this.lua.compile(source, '@user_script');
    } catch (error) {
      return this.lua.rawToString((error as { value: LuaValue }).value);
    }
    return 'compiles';
  }
}
