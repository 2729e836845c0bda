/**
 * Functions of libraries that change nothing: plain forms of Lua's functions (call.ts) may call them,
 * and be begun anew afterwards.
 */
import { LuaFunction, LuaTable } from '../value.js';

const PURE: Record<string, string> = {
  string: 'byte char find format len lower match rep reverse sub upper',
  table: 'concat getn maxn',
  math:
    'abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp ldexp log log10 max min ' +
    'mod modf pow rad sin sinh sqrt tan tanh',
  bit: 'arshift band bnot bor bswap bxor lshift rol ror rshift tobit tohex',
};

/** Marks those that are plain. */
export function markPure(globals: LuaTable): void {
  for (const [library, names] of Object.entries(PURE)) {
    const table = globals.getString(library);
    if (!(table instanceof LuaTable)) continue;
    for (const name of names.split(' ')) {
      const fn = table.getString(name);
      if (fn instanceof LuaFunction && !fn.isStepped) fn.isPure = true;
    }
  }
}
