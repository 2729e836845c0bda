/**
 * The world that a script finds: libraries, `redis`, and globals that it can only read.
 *
 * Scripts share one interpreter. What one could leave behind for another is closed: globals, the
 * tables that they lead to and those tables' metatables are read-only, and a global that is not there
 * is an error and not nil, since it is a forgotten `local` or a slip of the pen.
 *
 * One function is not Lua's own: pcall gives an error table's text, as scripts expect that were written
 * for Redis before 7.
 */
import { openBase } from './lib/base.js';
import { bitLibrary } from './lib/bit.js';
import { cjsonLibrary } from './lib/cjson.js';
import { cmsgpackLibrary } from './lib/cmsgpack.js';
import { openCoroutine } from './lib/coroutine.js';
import { mathLibrary } from './lib/math.js';
import type { LuaRandom } from './lib/math-random.js';
import { osLibrary } from './lib/os.js';
import { stringLibrary } from './lib/string.js';
import { structLibrary } from './lib/struct.js';
import { tableLibrary } from './lib/table.js';
import type { Lua } from './lua.js';
import type { LuaRuntime } from './runtime.js';
import {
  LuaFunction,
  LuaTable,
  type LuaValue,
  type PlainBody,
  type SteppedBody,
  type Steps,
} from './value.js';

/** What the language has and scripts have not. */
const REMOVED = ['print', 'dofile', 'loadfile', 'require', 'module'] as const;

/** Opens the libraries into the interpreter's globals, which are not yet read-only. */
export function openLibraries(lua: Lua, random: LuaRandom, cpuSeconds: () => number): void {
  const { globals } = lua;
  openBase(lua);
  openCoroutine(lua);
  globals.setString('table', tableLibrary(lua));
  globals.setString('string', stringLibrary(lua));
  globals.setString('math', mathLibrary(lua, random));
  globals.setString('os', osLibrary(lua, cpuSeconds));
  globals.setString('cjson', cjsonLibrary(lua));
  globals.setString('struct', structLibrary(lua));
  globals.setString('cmsgpack', cmsgpackLibrary(lua));
  globals.setString('bit', bitLibrary(lua));
  for (const name of REMOVED) globals.setString(name, undefined);
  const pcall = functionOf(globals, 'pcall');
  globals.setString('pcall', lua.stepped('pcall', pcallWithTexts(pcall)));
}

function functionOf(table: LuaTable, name: string): LuaFunction {
  const value = table.getString(name);
  if (!(value instanceof LuaFunction)) throw new Error(`the language has no ${name}`);
  return value;
}

/** pcall, which gives an error table's text instead of the table. */
function pcallWithTexts(pcall: LuaFunction): SteppedBody {
  return function* (...args: LuaValue[]): Steps {
    const results = yield* (pcall.body as SteppedBody)(...args);
    if (!Array.isArray(results) || results[0] !== false) return results;
    const error = results[1];
    if (!(error instanceof LuaTable)) return results;
    const text = error.getString('err');
    return typeof text === 'string' || typeof text === 'number' ? [false, text] : results;
  };
}

/** Has a table complain of names that it does not have. */
export function forbidUnknown(lua: LuaRuntime, table: LuaTable): void {
  const metatable = new LuaTable();
  metatable.setString('__index', lua.plain('__index', unknownGlobal(lua)));
  table.metatable = metatable;
}

function unknownGlobal(lua: LuaRuntime): PlainBody {
  return (...args: LuaValue[]): never => {
    if (args.length !== 2) {
      throw lua.error('Wrong number of arguments to luaProtectedTableError');
    }
    const name = args[1];
    if (typeof name !== 'string' && typeof name !== 'number') {
      throw lua.error('Second argument to luaProtectedTableError must be a string or number');
    }
    const shown = lua.rawToString(name);
    throw lua.error(`Script attempted to access nonexistent global variable '${shown}'`);
  };
}

/** Makes a table read-only, with all that it leads to. */
export function protect(table: LuaTable): void {
  if (table.isReadonly) return;
  table.isReadonly = true;
  for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
    const value = table.valueAt(at);
    if (value instanceof LuaTable) protect(value);
  }
  if (table.metatable !== undefined) protect(table.metatable);
}
