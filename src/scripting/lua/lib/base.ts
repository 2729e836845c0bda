/**
 * The functions of Lua that belong to no table: assert, error, pcall, pairs, tostring, ...
 */
import { first, NO_VALUES } from '../call.js';
import type { Interpreter, Iterators } from '../interpreter.js';
import { stringToNumber, stringToUnsigned } from '../number-text.js';
import { metatableOf } from '../operators.js';
import { placedError } from '../placed-error.js';
import {
  LuaError,
  LuaFunction,
  LuaTable,
  type LuaValue,
  type PlainBody,
  type Results,
  type SteppedBody,
  type Steps,
  typeName,
  Userdata,
} from '../value.js';
import { checkInt, checkString, checkTable } from './arguments.js';
import { openEnvironments } from './environment.js';
import { checkWritable } from './table-access.js';

/** As many values as a function of C may return. */
const MAX_UNPACK = 8000;

export interface BaseOptions {
  /** Where print writes: a line without its end. */
  print?: (line: string) => void;
}

export function openBase(lua: Interpreter, options: BaseOptions = {}): void {
  const { globals } = lua;
  const plain = (name: string, body: PlainBody, isPure = false) => {
    const fn = lua.plain(name, body);
    fn.isPure = isPure;
    globals.set(name, fn);
    return fn;
  };
  const stepped = (name: string, body: SteppedBody) => globals.set(name, lua.stepped(name, body));

  globals.set('_G', globals);
  globals.set('_VERSION', 'Lua 5.1');
  openErrors(lua, plain, stepped);
  openConversions(lua, plain, stepped, options);
  openTables(lua, plain);
  openChunks(lua, plain, stepped);
  openEnvironments(lua, plain);
  lua.iterators = openIteration(lua, plain);
}

type Plain = (name: string, body: PlainBody, isPure?: boolean) => LuaFunction;
type Stepped = (name: string, body: SteppedBody) => void;

function openErrors(lua: Interpreter, plain: Plain, stepped: Stepped): void {
  plain('assert', (...args: LuaValue[]) => {
    if (args.length === 0) throw lua.argError(1, 'value expected');
    if (args[0] !== undefined && args[0] !== false) return args;
    const message = args[1];
    if (message === undefined) throw lua.error('assertion failed!');
    if (typeof message === 'string') throw lua.error(message);
    if (typeof message === 'number') throw lua.error(lua.rawToString(message));
    throw lua.typeError(2, 'string', message, args.length);
  });
  plain('error', (value: LuaValue, level: LuaValue) => {
    const n = level === undefined ? 1 : checkInt(lua, level, 2, 2);
    if ((typeof value !== 'string' && typeof value !== 'number') || n <= 0) {
      throw placedError(lua, value);
    }
    if (n === 1) throw lua.error(lua.rawToString(value));
    throw placedError(lua, lua.where(n) + lua.rawToString(value));
  });
  stepped('pcall', function* (...args: LuaValue[]): Steps {
    if (args.length === 0) throw lua.argError(1, 'value expected');
    return yield* guarded(lua, args[0], args.slice(1), undefined);
  });
  stepped('xpcall', function* (...args: LuaValue[]): Steps {
    if (args.length < 2) throw lua.argError(2, 'value expected');
    return yield* guarded(lua, args[0], [], (error) => lua.call(args[1], error));
  });
}

/** Calls a function and gives back true and its results, or false and the error. */
function* guarded(
  lua: Interpreter,
  callee: LuaValue,
  args: LuaValue[],
  handler: ((error: LuaValue) => Steps) | undefined,
): Steps {
  const { depth, frame, libraryDepth } = lua;
  try {
    const results = yield* lua.call(callee, ...args);
    return Array.isArray(results) ? [true, ...results] : [true, results];
  } catch (thrown) {
    const error = lua.asLuaError(thrown);
    if (error.isFinal) throw error;
    lua.depth = depth;
    lua.libraryDepth = libraryDepth;
    const result =
      handler === undefined
        ? error.value
        : yield* handled(lua, handler, error.value, depth, libraryDepth);
    lua.frame = frame;
    return [false, result];
  }
}

function* handled(
  lua: Interpreter,
  handler: (error: LuaValue) => Steps,
  error: LuaValue,
  depth: number,
  libraryDepth: number,
): Steps<LuaValue> {
  try {
    return first(yield* handler(error));
  } catch (thrown) {
    const second = lua.asLuaError(thrown);
    if (second.isFinal) throw second;
    lua.depth = depth;
    lua.libraryDepth = libraryDepth;
    return 'error in error handling';
  }
}

function openConversions(
  lua: Interpreter,
  plain: Plain,
  stepped: Stepped,
  options: BaseOptions,
): void {
  plain(
    'type',
    (...args: LuaValue[]) => {
      if (args.length === 0) throw lua.argError(1, 'value expected');
      return typeName(args[0]);
    },
    true,
  );
  plain('tonumber', (...args: LuaValue[]) => toNumber(lua, args), true);
  stepped('tostring', function* (...args: LuaValue[]): Steps {
    if (args.length === 0) throw lua.argError(1, 'value expected');
    return yield* toText(lua, args[0]);
  });
  stepped('print', function* (...args: LuaValue[]): Steps {
    const texts: string[] = [];
    for (const value of args) {
      const text = yield* toText(lua, value);
      if (typeof text !== 'string') throw lua.error("'tostring' must return a string to 'print'");
      texts.push(text);
    }
    options.print?.(texts.join('\t'));
    return NO_VALUES;
  });
}

/** As tostring: what __tostring gives is given on, whatever it is. */
function* toText(lua: Interpreter, value: LuaValue): Steps<LuaValue> {
  const handler = metatableOf(lua, value)?.getString('__tostring');
  if (handler === undefined) return lua.rawToString(value);
  return first(yield* lua.call(handler, value));
}

function toNumber(lua: Interpreter, args: LuaValue[]): LuaValue {
  const value = args[0];
  const base = args[1] === undefined ? 10 : checkInt(lua, args[1], 2, args.length);
  if (base === 10) {
    if (typeof value === 'number') return value;
    if (typeof value === 'string') return stringToNumber(value);
    if (args.length === 0) throw lua.argError(1, 'value expected');
    return undefined;
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw lua.typeError(1, 'string', value, args.length);
  }
  if (!(base >= 2 && base <= 36)) throw lua.argError(2, 'base out of range');
  return stringToUnsigned(lua.rawToString(value), base);
}

function openTables(lua: Interpreter, plain: Plain): void {
  plain(
    'rawequal',
    (...args: LuaValue[]) => {
      if (args.length < 2) throw lua.argError(args.length + 1, 'value expected');
      return args[0] === args[1];
    },
    true,
  );
  plain(
    'rawget',
    (...args: LuaValue[]) => {
      const table = checkTable(lua, args[0], 1, args.length);
      if (args.length < 2) throw lua.argError(2, 'value expected');
      return table.get(args[1]);
    },
    true,
  );
  plain('rawset', (...args: LuaValue[]) => {
    const table = checkTable(lua, args[0], 1, args.length);
    if (args.length < 3) throw lua.argError(args.length + 1, 'value expected');
    checkWritable(lua, table);
    const key = args[1];
    if (key === undefined) throw placedError(lua, 'table index is nil');
    if (Number.isNaN(key)) throw placedError(lua, 'table index is NaN');
    lua.charge(32);
    table.set(key, args[2]);
    return table;
  });
  plain('setmetatable', (...args: LuaValue[]) => {
    const table = checkTable(lua, args[0], 1, args.length);
    const metatable = args[1];
    if (args.length < 2 || (metatable !== undefined && !(metatable instanceof LuaTable))) {
      throw lua.argError(2, 'nil or table expected');
    }
    if (table.metatable?.getString('__metatable') !== undefined) {
      throw lua.error('cannot change a protected metatable');
    }
    checkWritable(lua, table);
    table.metatable = metatable;
    return table;
  });
  plain(
    'getmetatable',
    (...args: LuaValue[]) => {
      if (args.length === 0) throw lua.argError(1, 'value expected');
      const metatable = metatableOf(lua, args[0]);
      return metatable?.getString('__metatable') ?? metatable;
    },
    true,
  );
  plain('unpack', (...args: LuaValue[]) => {
    const [, from, to] = args;
    const source = checkTable(lua, args[0], 1, args.length);
    const begin = from === undefined ? 1 : checkInt(lua, from, 2, 3);
    const end = to === undefined ? source.length : checkInt(lua, to, 3, 3);
    if (begin > end) return NO_VALUES;
    if (!(end - begin + 1 < MAX_UNPACK)) throw lua.error('too many results to unpack');
    lua.spend(end - begin + 1);
    const values: LuaValue[] = [];
    for (let i = begin; i <= end; i++) values.push(source.getIndex(i));
    return values;
  });
  plain('select', (...args: LuaValue[]) => select(lua, args), true);
  openProxies(lua, plain);
}

function select(lua: Interpreter, args: LuaValue[]): Results {
  const which = args[0];
  if (typeof which === 'string' && which[0] === '#') return args.length - 1;
  const n = checkInt(lua, which, 1, args.length);
  const from = n < 0 ? args.length + n : n;
  if (from < 1) throw lua.argError(1, 'index out of range');
  return args.slice(from);
}

/** newproxy: a userdata, alone or with a metatable, of its own or another's. */
function openProxies(lua: Interpreter, plain: Plain): void {
  const metatables = new WeakSet<LuaTable>();
  plain('newproxy', (model: LuaValue) => {
    if (model === undefined || model === false) return new Userdata('proxy');
    if (model === true) {
      const metatable = new LuaTable();
      metatables.add(metatable);
      return new Userdata('proxy', metatable);
    }
    const metatable = model instanceof Userdata ? model.metatable : undefined;
    if (metatable === undefined || !metatables.has(metatable)) {
      throw lua.argError(1, 'boolean or proxy expected');
    }
    return new Userdata('proxy', metatable);
  });
}

function openIteration(lua: Interpreter, plain: Plain): Iterators {
  const next = plain(
    'next',
    (...args: LuaValue[]) => {
      const table = checkTable(lua, args[0], 1, args.length);
      let position = 0;
      if (args[1] !== undefined) {
        position = table.positionOf(args[1]) + 1;
        if (position === 0) throw placedError(lua, "invalid key to 'next'");
      }
      position = table.seek(position);
      return position < 0 ? undefined : [table.keyAt(position), table.valueAt(position)];
    },
    true,
  );
  const ipairsStep = lua.plain('ipairs_step', (...args: LuaValue[]) => {
    const n = checkInt(lua, args[1], 2, args.length) + 1;
    const value = checkTable(lua, args[0], 1, args.length).getIndex(n);
    return value === undefined ? NO_VALUES : [n, value];
  });
  plain(
    'pairs',
    (...args: LuaValue[]) => [next, checkTable(lua, args[0], 1, args.length), undefined],
    true,
  );
  plain(
    'ipairs',
    (...args: LuaValue[]) => [ipairsStep, checkTable(lua, args[0], 1, args.length), 0],
    true,
  );
  return { next, ipairs: ipairsStep };
}

function openChunks(lua: Interpreter, plain: Plain, stepped: Stepped): void {
  const load = (source: string, name: string): Results => {
    try {
      return lua.compile(source, name);
    } catch (error) {
      if (error instanceof LuaError && !error.isFinal) return [undefined, error.value];
      throw error;
    }
  };
  plain('loadstring', (...args: LuaValue[]) => {
    const source = checkString(lua, args[0], 1, args.length);
    return load(source, args[1] === undefined ? source : checkString(lua, args[1], 2, args.length));
  });
  stepped('load', function* (...args: LuaValue[]): Steps {
    const reader = args[0];
    if (!(reader instanceof LuaFunction)) {
      throw lua.typeError(1, 'function', reader, args.length);
    }
    const name = args[1] === undefined ? '=(load)' : checkString(lua, args[1], 2, args.length);
    let source = '';
    for (;;) {
      const piece = yield* protectedPiece(lua, reader);
      if (piece instanceof LuaError) return [undefined, piece.value];
      if (piece === undefined || piece === '') return load(source, name);
      if (typeof piece !== 'string' && typeof piece !== 'number') {
        return [undefined, 'reader function must return a string'];
      }
      source += lua.rawToString(piece);
      lua.charge(source.length);
    }
  });
  plain('collectgarbage', (option: LuaValue = 'collect', arg: LuaValue = 0) => {
    const known = ['stop', 'restart', 'collect', 'count', 'step', 'setpause', 'setstepmul'];
    const name = checkString(lua, option, 1, 1);
    if (!known.includes(name)) throw lua.argError(1, `invalid option '${name}'`);
    checkInt(lua, arg, 2, 2);
    // What a script could do with the numbers is nothing: the collector is V8's.
    if (name === 'count') return lua.memoryInUse() / 1024;
    if (name === 'step') return true;
    return name === 'setpause' || name === 'setstepmul' ? 200 : 0;
  });
  plain('gcinfo', () => Math.floor(lua.memoryInUse() / 1024));
}

/** What the reader of `load` gives, or the error with which it fails. */
function* protectedPiece(lua: Interpreter, reader: LuaFunction): Steps<LuaValue | LuaError> {
  const { depth, frame, libraryDepth } = lua;
  try {
    return first(yield* lua.call(reader));
  } catch (thrown) {
    const error = lua.asLuaError(thrown);
    if (error.isFinal) throw error;
    lua.depth = depth;
    lua.libraryDepth = libraryDepth;
    lua.frame = frame;
    return error;
  }
}
