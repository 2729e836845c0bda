/**
 * Lua's table library, but for table.sort (table-sort.ts). All of it is raw: no metamethod is called.
 *
 * What moves or visits many elements does so in strides, between which it may pause.
 */
import { BAIL, first, NO_VALUES } from '../call.js';
import { type LuaRuntime, PAUSE } from '../runtime.js';
import {
  type LuaFunction,
  LuaTable,
  type LuaValue,
  type Results,
  type Steps,
  typeName,
} from '../value.js';
import { checkFunction, checkInt, checkString, checkTable, optInt } from './arguments.js';
import { pure, quickFunction } from './finished.js';
import { CALL_STEPS, callFromLibrary } from './library-call.js';
import { chargeString } from './string-limits.js';
import { checkWritable, rawGet, rawSet } from './table-access.js';
import { sortFunction } from './table-sort.js';

/** Elements that are moved or visited at once. */
const STRIDE = 500;

/** Elements that are not worth counting. */
const FEW = 16;

/** What an element adds to a table, at most. */
const ELEMENT_BYTES = 16;

export function tableLibrary(lua: LuaRuntime): LuaTable {
  const library = new LuaTable();
  // In PUC Lua's order, which shows in pairs(table).
  library.set('concat', concatFunction(lua));
  library.set('foreach', foreachFunction(lua));
  library.set('foreachi', foreachiFunction(lua));
  library.set('getn', pure(getnFunction(lua)));
  library.set('maxn', pure(maxnFunction(lua)));
  library.set('insert', insertFunction(lua));
  library.set('remove', removeFunction(lua));
  library.set('setn', setnFunction(lua));
  library.set('sort', sortFunction(lua));
  return library;
}

function getnFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain(
    'getn',
    (...args: LuaValue[]) => checkTable(lua, args[0], 1, args.length).length,
  );
}

function setnFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('setn', (...args: LuaValue[]) => {
    checkTable(lua, args[0], 1, args.length);
    throw lua.error("'setn' is obsolete");
  });
}

function insertFunction(lua: LuaRuntime): LuaFunction {
  const quick = (...args: LuaValue[]): Results => {
    const table = checkTable(lua, args[0], 1, args.length);
    const end = table.length + 1;
    if (args.length === 2) {
      checkWritable(lua, table);
      table.setIndex(end, args[1]);
      lua.charge(ELEMENT_BYTES);
      return NO_VALUES;
    }
    if (args.length !== 3) throw lua.error("wrong number of arguments to 'insert'");
    const at = checkInt(lua, args[1], 2, 3);
    if (end - at > STRIDE) return BAIL;
    checkWritable(lua, table);
    moveUp(table, at, end);
    rawSet(table, at, args[2]);
    lua.charge(ELEMENT_BYTES);
    if (end - at > FEW) lua.spend(end - at);
    return NO_VALUES;
  };
  const slow = function* (...args: LuaValue[]): Steps {
    const table = checkTable(lua, args[0], 1, args.length);
    const at = checkInt(lua, args[1], 2, 3);
    checkWritable(lua, table);
    for (let to = table.length + 1; to > at; to -= STRIDE) {
      lua.charge(ELEMENT_BYTES);
      moveUp(table, Math.max(at, to - STRIDE), to);
      if (lua.spend(STRIDE)) yield PAUSE;
    }
    rawSet(table, at, args[2]);
    return NO_VALUES;
  };
  return quickFunction(lua, 'insert', quick, slow);
}

/** Moves the elements `from` … `to` - 1 one further. */
function moveUp(table: LuaTable, from: number, to: number): void {
  for (let i = to; i > from; i--) rawSet(table, i, rawGet(table, i - 1));
}

function removeFunction(lua: LuaRuntime): LuaFunction {
  const quick = (...args: LuaValue[]): Results => {
    const table = checkTable(lua, args[0], 1, args.length);
    const end = table.length;
    const at = optInt(lua, args[1], 2, end);
    if (at < 1 || at > end) return NO_VALUES;
    if (end - at > STRIDE) return BAIL;
    checkWritable(lua, table);
    const value = table.getIndex(at);
    moveDown(table, at, end);
    table.setIndex(end, undefined);
    if (end - at > FEW) lua.spend(end - at);
    return value;
  };
  const slow = function* (...args: LuaValue[]): Steps {
    const table = checkTable(lua, args[0], 1, args.length);
    const end = table.length;
    const at = optInt(lua, args[1], 2, end);
    checkWritable(lua, table);
    const value = table.getIndex(at);
    for (let from = at; from < end; from += STRIDE) {
      moveDown(table, from, Math.min(from + STRIDE, end));
      if (lua.spend(STRIDE)) yield PAUSE;
    }
    table.setIndex(end, undefined);
    return value;
  };
  return quickFunction(lua, 'remove', quick, slow);
}

/** Moves the elements `from` + 1 … `to` one back. */
function moveDown(table: LuaTable, from: number, to: number): void {
  for (let i = from; i < to; i++) table.setIndex(i, table.getIndex(i + 1));
}

/** What table.concat is to join. */
interface Joint {
  readonly table: LuaTable;
  readonly separator: string;
  readonly first: number;
  readonly last: number;
}

function concatFunction(lua: LuaRuntime): LuaFunction {
  const read = (args: LuaValue[]): Joint => {
    const separator = args[1] === undefined ? '' : checkString(lua, args[1], 2, args.length);
    const table = checkTable(lua, args[0], 1, args.length);
    const first = optInt(lua, args[2], 3, 1);
    const last = args[3] === undefined ? table.length : checkInt(lua, args[3], 4, 4);
    return { table, separator, first, last };
  };
  const quick = (...args: LuaValue[]): Results => {
    const { table, separator, first, last } = read(args);
    const count = last - first + 1;
    if (count > STRIDE) return BAIL;
    if (count <= 0) return '';
    if (count > FEW) lua.spend(count);
    return concatFew(lua, table, separator, first, last);
  };
  const slow = (...args: LuaValue[]): Steps => concatMany(lua, read(args));
  return pure(quickFunction(lua, 'concat', quick, slow));
}

function concatFew(
  lua: LuaRuntime,
  table: LuaTable,
  separator: string,
  first: number,
  last: number,
): string {
  let text = piece(lua, table, first);
  for (let i = first + 1; i <= last; i++) text += separator + piece(lua, table, i);
  chargeString(lua, text.length);
  return text;
}

function* concatMany(lua: LuaRuntime, { table, separator, first, last }: Joint): Steps {
  let text = '';
  let pieces: string[] = [];
  for (let i = first; i <= last; i++) {
    pieces.push(piece(lua, table, i));
    if (pieces.length < STRIDE && i < last) continue;
    const part = pieces.join(separator);
    const joined = i - first < STRIDE ? '' : separator;
    chargeString(lua, text.length + joined.length + part.length);
    text += joined + part;
    pieces = [];
    if (lua.spend(STRIDE)) yield PAUSE;
  }
  return text;
}

function piece(lua: LuaRuntime, table: LuaTable, i: number): string {
  const value = rawGet(table, i);
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return lua.rawToString(value);
  throw lua.error(`invalid value (${typeName(value)}) at index ${i} in table for 'concat'`);
}

function maxnFunction(lua: LuaRuntime): LuaFunction {
  return lua.stepped('maxn', function* (...args: LuaValue[]) {
    const table = checkTable(lua, args[0], 1, args.length);
    let greatest = 0;
    let visited = 0;
    for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
      const key = table.keyAt(at);
      if (typeof key === 'number' && key > greatest) greatest = key;
      if (++visited % STRIDE === 0 && lua.spend(STRIDE)) yield PAUSE;
    }
    return greatest;
  });
}

function foreachFunction(lua: LuaRuntime): LuaFunction {
  return lua.stepped('foreach', function* (...args: LuaValue[]) {
    const table = checkTable(lua, args[0], 1, args.length);
    const callback = checkFunction(lua, args[1], 2, args.length);
    for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
      const value = yield* visit(lua, callback, table.keyAt(at), table.valueAt(at));
      if (value !== undefined) return value;
    }
    return NO_VALUES;
  });
}

function foreachiFunction(lua: LuaRuntime): LuaFunction {
  return lua.stepped('foreachi', function* (...args: LuaValue[]) {
    const table = checkTable(lua, args[0], 1, args.length);
    const end = table.length;
    const callback = checkFunction(lua, args[1], 2, args.length);
    for (let i = 1; i <= end; i++) {
      const value = yield* visit(lua, callback, i, table.getIndex(i));
      if (value !== undefined) return value;
    }
    return NO_VALUES;
  });
}

/** Calls what table.foreach and foreachi were given for a pair. */
function* visit(
  lua: LuaRuntime,
  callback: LuaFunction,
  key: LuaValue,
  value: LuaValue,
): Steps<LuaValue> {
  if (lua.spend(CALL_STEPS)) yield PAUSE;
  let results = callFromLibrary(lua, callback, [key, value]);
  if (results === BAIL) results = yield* lua.call(callback, key, value);
  return first(results);
}
