/**
 * What generated code calls besides the operators.
 */
import type { Interpreter } from '../interpreter.js';
import { toNumber } from '../operators.js';
import { errorAt } from '../placed-error.js';
import type { Shape } from '../shape.js';
import type { Site } from '../site.js';
import {
  type EnvCell,
  LuaError,
  LuaFunction,
  LuaTable,
  type LuaValue,
  type PlainBody,
  type SteppedBody,
} from '../value.js';

/** Bytes that a table is counted for, and each of its items. */
const TABLE_BYTES = 120;
const ITEM_BYTES = 16;

/**
 * Makes a function of its two forms.
 * @param isOwn whether it has the cell to itself
 */
export function makeFunction(
  cell: EnvCell,
  isPure: boolean,
  isOwn: boolean,
  body: SteppedBody,
  raw: PlainBody | undefined,
): LuaFunction {
  const fn = new LuaFunction(body, true, '');
  fn.cell = cell;
  fn.raw = raw;
  fn.isPure = isPure;
  if (isOwn) cell.fn = fn;
  return fn;
}

export function newTable(rt: Interpreter): LuaTable {
  rt.charged += TABLE_BYTES;
  return new LuaTable();
}

export function sizedTable(rt: Interpreter, arraySize: number, hashSize: number): LuaTable {
  rt.charged += TABLE_BYTES + ITEM_BYTES * (arraySize + hashSize);
  const table = new LuaTable();
  table.presize(arraySize, hashSize);
  return table;
}

/** A constructor's names, and the shape to which they lead. */
export class Record {
  shape: Shape | undefined = undefined;
  constructor(readonly keys: readonly string[]) {}
}

/** {a = .., b = ..} */
export function makeRecord(rt: Interpreter, record: Record, values: LuaValue[]): LuaTable {
  const { keys } = record;
  rt.charged += TABLE_BYTES + ITEM_BYTES * keys.length;
  const table = new LuaTable();
  let isWhole = true;
  for (let i = 0; i < values.length; i++) if (values[i] === undefined) isWhole = false;
  if (isWhole && record.shape !== undefined) {
    table.fill(record.shape, values);
    return table;
  }
  table.presize(0, keys.length);
  for (let i = 0; i < keys.length; i++) table.setString(keys[i], values[i]);
  if (isWhole && table.slots.length === keys.length && table.shape.keys.length === keys.length) {
    record.shape = table.shape;
  }
  return table;
}

/** Items of a constructor, from index `from` + 1 on. */
export function setItems(
  rt: Interpreter,
  table: LuaTable,
  from: number,
  values: LuaValue[],
  isLast = false,
): void {
  rt.charge(ITEM_BYTES * values.length);
  if (isLast) table.growArray(from + values.length);
  for (let i = 0; i < values.length; i++) table.setIndex(from + i + 1, values[i]);
}

/** {[key] = value} */
export function setItem(
  rt: Interpreter,
  table: LuaTable,
  key: LuaValue,
  value: LuaValue,
  site: Site,
): void {
  if (key === undefined) throw errorAt(site, 'table index is nil');
  if (Number.isNaN(key)) throw errorAt(site, 'table index is NaN');
  rt.charged += ITEM_BYTES;
  table.set(key, value);
}

/** The variable `arg`. */
export function argTable(values: LuaValue[]): LuaTable {
  const table = new LuaTable();
  table.presize(values.length, 1);
  for (let i = 0; i < values.length; i++) table.setIndex(i + 1, values[i]);
  table.setString('n', values.length);
  return table;
}

/** A number that a loop begins, ends or goes on by. */
export function forNumber(value: LuaValue, what: string, site: Site): number {
  const number = toNumber(value);
  if (number === undefined) throw errorAt(site, `'for' ${what} must be a number`);
  return number;
}

/** Where a loop over pairs goes on, after keys have moved. */
export function positionBehind(table: LuaTable, key: LuaValue): number {
  if (key === undefined) return 0;
  const position = table.positionOf(key);
  if (position < 0) throw new LuaError("invalid key to 'next'");
  return position + 1;
}
