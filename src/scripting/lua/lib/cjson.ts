/**
 * The library cjson of Redis's scripts: JSON text and Lua's values (lua-cjson 2.1.0).
 *
 *     {"a":[1,null]}   <->   {a = {1, cjson.null}}
 *
 * Null is a value of its own in Lua, since a nil would take its key out of a table. An empty table
 * becomes `{}`: nothing tells that it was meant as a list. What encode and decode allow is a set of
 * options (JsonOptions) that belongs to the table `cjson`; `cjson.new()` gives another table with
 * options of its own. The options stay as they are set when a script ends, as in Redis.
 *
 * Encoding (cjson-encoder.ts) and decoding (cjson-decoder.ts) are loops over a stack of their own,
 * that stop and go on; here is the face of them, and the options.
 */
import { untilNul } from '../../../text/c-string.js';
import type { LuaRuntime } from '../runtime.js';
import { LuaTable, type LuaValue, type PlainBody, type Results, Userdata } from '../value.js';
import { checkInt, checkString } from './arguments.js';
import { ByteSink } from './byte-sink.js';
import { JsonDecoder } from './cjson-decoder.js';
import { JsonEncoder } from './cjson-encoder.js';
import { InvalidNumbers, JsonOptions } from './cjson-options.js';
import { inSteps } from './in-steps.js';

const INT_MAX = 2 ** 31 - 1;
const MAX_PRECISION = 14;

const SWITCH = ['off', 'on'];
const INVALID_NUMBERS = ['off', 'on', 'null'];

/** What all tables of the library in one interpreter share. */
interface Shared {
  readonly nothing: Userdata;
  readonly sink: ByteSink;
}

export function cjsonLibrary(lua: LuaRuntime): LuaTable {
  return newTable(lua, {
    nothing: new Userdata('userdata', undefined, true),
    sink: new ByteSink(lua),
  });
}

function newTable(lua: LuaRuntime, shared: Shared): LuaTable {
  const options = new JsonOptions();
  const table = new LuaTable();
  addConversions(lua, shared, options, table);
  addOptions(lua, options, table);
  const add = (name: string, body: PlainBody) => table.set(name, lua.plain(name, body));
  add('new', () => newTable(lua, shared));
  table.set('null', shared.nothing);
  table.set('_NAME', 'cjson');
  table.set('_VERSION', '2.1.0');
  return table;
}

function addConversions(lua: LuaRuntime, shared: Shared, options: JsonOptions, to: LuaTable): void {
  const encoder = new JsonEncoder(lua, options, shared.sink, shared.nothing);
  const decoder = new JsonDecoder(lua, options, shared.sink, shared.nothing);
  const encode = lua.stepped('encode', (...args: LuaValue[]) => {
    if (args.length !== 1) throw lua.argError(1, 'expected 1 argument');
    encoder.begin(args[0]);
    return inSteps(lua, encoder);
  });
  const decode = lua.stepped('decode', (...args: LuaValue[]) => {
    if (args.length !== 1) throw lua.argError(1, 'expected 1 argument');
    decoder.begin(checkString(lua, args[0], 1, 1));
    return inSteps(lua, decoder);
  });
  to.set('encode', encode);
  to.set('decode', decode);
}

function addOptions(lua: LuaRuntime, options: JsonOptions, to: LuaTable): void {
  const add = (name: string, most: number, body: (args: LuaValue[]) => Results) => {
    const checked = (...args: LuaValue[]) => {
      if (args.length > most) throw lua.argError(most + 1, 'found too many arguments');
      return body(args);
    };
    to.set(name, lua.plain(name, checked));
  };
  const integer = (value: LuaValue, n: number, now: number, min: number, max: number) =>
    integerOption(lua, value, n, now, min, max);
  add('encode_sparse_array', 3, ([convert, ratio, safe]) => {
    options.sparseConvert = choice(lua, convert, 1, Number(options.sparseConvert), SWITCH) === 1;
    options.sparseRatio = integer(ratio, 2, options.sparseRatio, 0, INT_MAX);
    options.sparseSafe = integer(safe, 3, options.sparseSafe, 0, INT_MAX);
    return [options.sparseConvert, options.sparseRatio, options.sparseSafe];
  });
  add('encode_max_depth', 1, ([depth]) => {
    return (options.encodeMaxDepth = integer(depth, 1, options.encodeMaxDepth, 1, INT_MAX));
  });
  add('decode_max_depth', 1, ([depth]) => {
    return (options.decodeMaxDepth = integer(depth, 1, options.decodeMaxDepth, 1, INT_MAX));
  });
  add('encode_number_precision', 1, ([digits]) => {
    return (options.precision = integer(digits, 1, options.precision, 1, MAX_PRECISION));
  });
  // Nothing here has a buffer of its own to keep.
  add('encode_keep_buffer', 1, ([keep]) => {
    options.keepBuffer = choice(lua, keep, 1, Number(options.keepBuffer), SWITCH) === 1;
    return options.keepBuffer;
  });
  add('encode_invalid_numbers', 1, ([how]) => {
    const now = choice(lua, how, 1, options.encodeInvalidNumbers, INVALID_NUMBERS);
    options.encodeInvalidNumbers = now;
    return now === InvalidNumbers.Null ? 'null' : now === InvalidNumbers.Allow;
  });
  add('decode_invalid_numbers', 1, ([allow]) => {
    options.decodeInvalidNumbers =
      choice(lua, allow, 1, Number(options.decodeInvalidNumbers), SWITCH) === 1;
    return options.decodeInvalidNumbers;
  });
}

/** Which of `words` an argument names (a boolean: off and on); nil leaves it as it is `now`. */
function choice(
  lua: LuaRuntime,
  value: LuaValue,
  n: number,
  now: number,
  words: readonly string[],
): number {
  if (value === undefined) return now;
  if (typeof value === 'boolean') return Number(value);
  const word = untilNul(checkString(lua, value, n, n));
  const index = words.indexOf(word);
  if (index < 0) throw lua.argError(n, `invalid option '${word}'`);
  return index;
}

function integerOption(
  lua: LuaRuntime,
  value: LuaValue,
  n: number,
  now: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return now;
  const integer = checkInt(lua, value, n, n);
  if (integer >= min && integer <= max) return integer;
  // Whichever argument it is: cjson always blames the first.
  throw lua.argError(1, `expected integer between ${min} and ${max}`);
}
