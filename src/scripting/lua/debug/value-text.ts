/**
 * Values as the debugger shows them.
 *
 *     "text"  1.5  nil  {1; 2}  {["a"]=1; ["b"]={}}  "function@0x55d000000040"
 */
import { quoteBytes } from '../../../text/quote.js';
import { formatDouble } from '../lib/format-number.js';
import { Coroutine, LuaFunction, LuaTable, type LuaValue } from '../value.js';

/** As %g. */
const SIX_DIGITS = {
  isLeft: false,
  hasPlus: false,
  hasSpace: false,
  isAlternate: false,
  hasZeros: false,
  width: 0,
  precision: 6,
};
/** Tables within tables are shown so deep. */
const MAX_DEPTH = 10;

/** @param addressOf a value's text as tostring gives it: "function: 0x…" */
export function valueText(
  value: LuaValue,
  addressOf: (value: LuaValue) => string,
  depth = 0,
): string {
  if (depth === MAX_DEPTH) return '<max recursion level reached! Nested table?>';
  switch (typeof value) {
    case 'string':
      return quoteBytes(Buffer.from(value, 'latin1'));
    case 'number':
      return formatDouble(value, 'g', SIX_DIGITS);
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'nil';
    default:
  }
  if (value instanceof LuaTable) return tableText(value, addressOf, depth + 1);
  const address = addressOf(value).replace(/^[^(0]*/, '');
  return `"${kindOf(value)}@${address}"`;
}

function kindOf(value: LuaValue): string {
  if (value instanceof LuaFunction) return 'function';
  return value instanceof Coroutine ? 'thread' : 'userdata';
}

function tableText(table: LuaTable, addressOf: (value: LuaValue) => string, depth: number): string {
  const values: string[] = [];
  const pairs: string[] = [];
  let isList = true;
  for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
    const key = table.keyAt(at);
    if (key !== values.length + 1) isList = false;
    const value = valueText(table.valueAt(at), addressOf, depth);
    values.push(value);
    pairs.push(`[${valueText(key, addressOf, depth)}]=${value}`);
  }
  return `{${(isList ? values : pairs).join('; ')}}`;
}
