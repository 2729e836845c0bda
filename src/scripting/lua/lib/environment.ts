/**
 * getfenv and setfenv: the table in which a function finds its globals. A function is meant by itself or
 * by its level: 0 is the thread, 1 the caller, 2 its caller (frames.ts).
 */
import { frameAt } from '../frames.js';
import type { Interpreter } from '../interpreter.js';
import { toNumber } from '../operators.js';
import {
  type EnvCell,
  LuaFunction,
  type LuaTable,
  type LuaValue,
  type PlainBody,
} from '../value.js';
import { checkInt, checkTable } from './arguments.js';

export function openEnvironments(
  lua: Interpreter,
  plain: (name: string, body: PlainBody) => void,
): void {
  const cellAt = (level: number): EnvCell | undefined => {
    if (level < 0) throw lua.argError(1, 'level must be non-negative');
    if (level === 0) return undefined;
    const frame = frameAt(lua.frame, level);
    if (frame === 'lost') {
      throw lua.error(`no function environment for tail call at level ${level}`);
    }
    if (frame === undefined) throw lua.argError(1, 'invalid level');
    return frame.cell;
  };

  plain('getfenv', (...args: LuaValue[]) => {
    const [which] = args;
    const cell =
      which instanceof LuaFunction
        ? which.cell
        : cellAt(which === undefined ? 1 : checkInt(lua, which, 1, args.length));
    return cell?.env ?? lua.globals;
  });

  plain('setfenv', (...args: LuaValue[]) => {
    const [which] = args;
    const env: LuaTable = checkTable(lua, args[1], 2, args.length);
    const cell =
      which instanceof LuaFunction ? which.cell : cellAt(checkInt(lua, which, 1, args.length));
    if (!(which instanceof LuaFunction) && toNumber(which) === 0) {
      lua.globals = env;
      return [];
    }
    if (cell === undefined) {
      throw lua.error("'setfenv' cannot change environment of given object");
    }
    cell.env = env;
    return which instanceof LuaFunction ? which : cell.fn;
  });
}
