/**
 * Runs programs by lua5.1 and by respd's interpreter, and gives back what each has printed.
 *
 * Both sides have the same harness, in Lua: it runs one program with globals of its own, gathers what
 * it prints, and the message with which it ends.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBase } from '../../../src/scripting/lua/lib/base.js';
import { openCoroutine } from '../../../src/scripting/lua/lib/coroutine.js';
import { mathLibrary } from '../../../src/scripting/lua/lib/math.js';
import { LuaRandom } from '../../../src/scripting/lua/lib/math-random.js';
import { stringLibrary } from '../../../src/scripting/lua/lib/string.js';
import { tableLibrary } from '../../../src/scripting/lua/lib/table.js';
import { Lua } from '../../../src/scripting/lua/lua.js';
import type { LuaFunction, LuaTable } from '../../../src/scripting/lua/value.js';

const HARNESS = `
local tostring, pcall, concat, select, error, pairs, globals =
  tostring, pcall, table.concat, select, error, pairs, _G
local function run(source)
  local out, count, env = {}, 0, {}
  for k, v in pairs(globals) do env[k] = v end
  env._G = env
  env.counted = 0
  env.print = function(...)
    count = count + 1
    if count > 3000 then error('too much output') end
    local parts = {}
    for i = 1, select('#', ...) do parts[i] = tostring((select(i, ...))) end
    out[#out + 1] = concat(parts, '\\t')
  end
  local f, message = compiled(source, env)
  if not f then
    out[#out + 1] = 'does not compile: ' .. message
  else
    local ok, e = pcall(f)
    if not ok then out[#out + 1] = 'error: ' .. tostring(e) end
  end
  return concat(out, '\\n')
end
`;
/** … and to compile a program that has these globals. */
const COMPILED = `
local loadstring, setfenv = loadstring, setfenv
local function compiled(source, env)
  local f, message = loadstring(source, '=p')
  if f then setfenv(f, env) end
  return f, message
end
`;
/** What the outputs of two programs have between them; no program prints it. */
const END = '\x01--\x02\n';

/** A literal of Lua; no byte of a program can end it. */
function literal(text: string): string {
  const escaped = text.replace(
    /[^A-Za-z0-9 ]/g,
    (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}

/** Addresses differ, and so does the sign of what is not a number: V8 does not keep it. */
function normalized(output: string): string {
  return output
    .replace(/(table|function|thread|userdata): (builtin: )?(0x)?[0-9a-f]+/g, '$1: ADDRESS')
    .replace(/-nan/g, 'nan');
}

/** @throws Error when lua5.1 fails as such */
export function runByLua51(programs: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'respd-lua51-'));
  try {
    const script = join(folder, 'programs.lua');
    const calls = programs.map(
      (program) => `do io.write(run(${literal(program)}), '\\001--\\002\\n') end`,
    );
    // A function of Lua has room for so many constants.
    const parts: string[] = [];
    for (let i = 0; i < calls.length; i += 200) {
      parts.push(`do local function part()\n${calls.slice(i, i + 200).join('\n')}\nend part() end`);
    }
    writeFileSync(script, `${COMPILED}${HARNESS}${parts.join('\n')}\n`, 'latin1');
    const { stdout, stderr } = spawnSync('lua5.1', [script], {
      encoding: 'latin1',
      maxBuffer: 2 ** 28,
    });
    if (stderr !== '') throw new Error(`lua5.1: ${stderr}`);
    return stdout.split(END).slice(0, -1).map(normalized);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** respd's interpreter with the harness in it. */
export class OurLua {
  private readonly lua = new Lua();
  private readonly run: LuaFunction;

  constructor() {
    const { lua } = this;
    openBase(lua);
    openCoroutine(lua);
    lua.globals.set('string', stringLibrary(lua));
    lua.globals.set('table', tableLibrary(lua));
    lua.globals.set('math', mathLibrary(lua, new LuaRandom()));
    // In Lua it would have to do with environments, and so all programs would: they would lose their
    // plain forms.
    const compiled = lua.plain('compiled', (source: string, env: LuaTable) => {
      try {
        return lua.compile(source, '=p', env);
      } catch (error) {
        return [undefined, lua.asLuaError(error).value];
      }
    });
    const harness = `local compiled = ...\n${HARNESS} return run`;
    const start = lua.start(lua.compile(harness, '=harness'), [compiled]);
    start.resume();
    this.run = start.result[0] as LuaFunction;
  }

  runProgram(program: string): string {
    const { lua } = this;
    const run = lua.start(this.run, [program]);
    let slices = 0;
    // Programs end; one that does not is a fault of the interpreter.
    if (!run.resume(() => ++slices > 2000)) return 'does not end';
    if (run.error !== undefined) return `fails: ${lua.rawToString(run.error.value)}`;
    return normalized(lua.rawToString(run.result[0]));
  }
}
