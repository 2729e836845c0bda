/**
 * The arguments of library functions, read as PUC Lua's luaL_check* do: a number serves where a
 * string is expected and a string that spells a number where a number is; integers are what C's
 * casts on x86-64 make of a double.
 *
 * `n` is the argument's position from 1, `count` how many were given: they tell "no value" from nil
 * in messages. Callers test for the expected type first, so that these are off the hot path.
 */
import { stringToNumber } from '../number-text.js';
import type { LuaRuntime } from '../runtime.js';
import { LuaFunction, LuaTable, type LuaValue } from '../value.js';

const TWO_63 = 2 ** 63;

export function checkString(lua: LuaRuntime, value: LuaValue, n: number, count: number): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return lua.rawToString(value);
  throw lua.typeError(n, 'string', value, count);
}

export function checkNumber(lua: LuaRuntime, value: LuaValue, n: number, count: number): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    const number = stringToNumber(value);
    if (number !== undefined) return number;
  }
  throw lua.typeError(n, 'number', value, count);
}

/** A 64-bit integer, as a double. */
export function checkInteger(lua: LuaRuntime, value: LuaValue, n: number, count: number): number {
  return toInt64(checkNumber(lua, value, n, count));
}

export function optInteger(lua: LuaRuntime, value: LuaValue, n: number, fallback: number): number {
  return value === undefined ? fallback : checkInteger(lua, value, n, n);
}

/** A 32-bit integer: the low half of the 64-bit one. */
export function checkInt(lua: LuaRuntime, value: LuaValue, n: number, count: number): number {
  return toInt32(checkNumber(lua, value, n, count));
}

export function optInt(lua: LuaRuntime, value: LuaValue, n: number, fallback: number): number {
  return value === undefined ? fallback : checkInt(lua, value, n, n);
}

export function checkTable(lua: LuaRuntime, value: LuaValue, n: number, count: number): LuaTable {
  if (value instanceof LuaTable) return value;
  throw lua.typeError(n, 'table', value, count);
}

export function checkFunction(
  lua: LuaRuntime,
  value: LuaValue,
  n: number,
  count: number,
): LuaFunction {
  if (value instanceof LuaFunction) return value;
  throw lua.typeError(n, 'function', value, count);
}

/** C's (int64_t) of a double on x86-64: what doesn't fit, and NaN, becomes the least integer. */
export function toInt64(value: number): number {
  if (value >= -TWO_63 && value < TWO_63) return Math.trunc(value) + 0;
  return -TWO_63;
}

/** C's (int)(int64_t) of a double. */
export function toInt32(value: number): number {
  if (value >= -TWO_63 && value < TWO_63) return value | 0;
  return 0;
}
