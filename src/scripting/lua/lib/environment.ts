/**
 * getfenv and setfenv: the table in which a function finds its globals.
 *
 * A level of the stack can be 0 (the thread), 1 (the caller) and 2 (its caller): deeper ones are not
 * known here.
 */
import type { Interpreter } from '../interpreter.js';
import { toNumber } from '../operators.js';
import { type EnvCell, LuaFunction, LuaTable, type LuaValue, type PlainBody } from '../value.js';

export function openEnvironments(
  lua: Interpreter,
  plain: (name: string, body: PlainBody) => void,
): void {
  const levelOf = (value: LuaValue): number => {
    const level = value === undefined ? 1 : toNumber(value);
    if (level === undefined) throw lua.typeError(1, 'number', value, 1);
    if (level < 0) throw lua.argError(1, 'level must be non-negative');
    if (level > lua.levelCount) throw lua.argError(1, 'invalid level');
    return Math.trunc(level);
  };
  /** The cell of the function that an argument means; undefined: it has none that can be set. */
  const find = (value: LuaValue): EnvCell | undefined => {
    if (value instanceof LuaFunction) return value.cell;
    const level = levelOf(value);
    if (level === 1) return lua.cell;
    return level === 2 ? lua.callerCell : undefined;
  };

  plain('getfenv', (which: LuaValue) => find(which)?.env ?? lua.globals);

  plain('setfenv', (which: LuaValue, env: LuaValue) => {
    if (!(env instanceof LuaTable)) throw lua.typeError(2, 'table', env, 2);
    if (!(which instanceof LuaFunction) && toNumber(which) === 0) {
      lua.globals = env;
      return [];
    }
    const cell = find(which);
    if (cell === undefined) {
      throw lua.error("'setfenv' cannot change environment of given object");
    }
    cell.env = env;
    return which instanceof LuaFunction ? which : cell.fn;
  });
}
