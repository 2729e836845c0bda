/**
 * The table `coroutine`. What its functions ask for is done by the driver: see run.ts.
 */
import { Resume, YieldValues } from '../call.js';
import { BOTTOM } from '../frames.js';
import type { Interpreter } from '../interpreter.js';
import { placedError } from '../placed-error.js';
import { Coroutine, LuaFunction, LuaTable, type LuaValue, type Steps } from '../value.js';

export function openCoroutine(lua: Interpreter): void {
  const library = new LuaTable();
  const create = (args: LuaValue[]): Coroutine => {
    const body = args[0];
    if (body instanceof LuaFunction && body.cell !== undefined) {
      return new Coroutine(body, lua.globals, lua.frame === undefined ? undefined : BOTTOM);
    }
    throw lua.argError(1, 'Lua function expected');
  };
  const check = (value: LuaValue): Coroutine => {
    if (value instanceof Coroutine) return value;
    throw lua.argError(1, 'coroutine expected');
  };

  library.set(
    'create',
    lua.plain('create', (...args: LuaValue[]) => create(args)),
  );
  library.set(
    'status',
    lua.plain('status', (value: LuaValue) => check(value).status),
  );
  library.set(
    'running',
    lua.plain('running', () => lua.run?.coroutine),
  );
  library.set(
    'resume',
    lua.stepped('resume', function* (...args: LuaValue[]): Steps {
      return yield* resume(lua, check(args[0]), args.slice(1));
    }),
  );
  library.set(
    'wrap',
    lua.plain('wrap', (...args: LuaValue[]) => {
      const coroutine = create(args);
      return lua.stepped('wrap', function* (...values: LuaValue[]): Steps {
        const results = yield* resume(lua, coroutine, values);
        if (results[0] === true) return results.slice(1);
        const error = results[1];
        if (typeof error !== 'string' && typeof error !== 'number') throw placedError(lua, error);
        throw lua.error(lua.rawToString(error));
      });
    }),
  );
  library.set(
    'yield',
    lua.stepped('yield', function* (...values: LuaValue[]): Steps {
      if (lua.run?.coroutine === undefined || lua.libraryDepth > 0) {
        throw placedError(lua, 'attempt to yield across metamethod/C-call boundary');
      }
      return (yield new YieldValues(values)) as LuaValue[];
    }),
  );
  lua.globals.set('coroutine', library);
}

function* resume(lua: Interpreter, coroutine: Coroutine, args: LuaValue[]): Steps<LuaValue[]> {
  if (coroutine.status !== 'suspended') {
    return [false, `cannot resume ${coroutine.status} coroutine`];
  }
  lua.charge(1000);
  return (yield new Resume(coroutine, args)) as LuaValue[];
}
