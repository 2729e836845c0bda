/** Raw access to a table's elements by any integer; tables that may not be written. */
import { placedError } from '../placed-error.js';
import type { LuaRuntime } from '../runtime.js';
import type { LuaTable, LuaValue } from '../value.js';

export function rawGet(table: LuaTable, i: number): LuaValue {
  return i >= 1 ? table.getIndex(i) : table.get(i);
}

export function rawSet(table: LuaTable, i: number, value: LuaValue): void {
  if (i >= 1) table.setIndex(i, value);
  else table.set(i, value);
}

/** @throws LuaError if scripts may not change the table. It names no place: Lua says so in C. */
export function checkWritable(lua: LuaRuntime, table: LuaTable): void {
  if (table.isReadonly) throw placedError(lua, 'Attempt to modify a readonly table');
}
