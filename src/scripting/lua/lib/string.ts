/**
 * Lua's string library, but for searching (string-find.ts), string.gsub and string.format.
 *
 * Strings are of bytes, so that what JavaScript knows of letters beyond ASCII must not show: upper
 * and lower change A to Z alone, as C does in the "C" locale.
 */
import { BAIL } from '../call.js';
import { type LuaRuntime, PAUSE } from '../runtime.js';
import { type LuaFunction, LuaTable, type LuaValue, type Results, type Steps } from '../value.js';
import { checkFunction, checkInt, checkInteger, checkString, optInteger } from './arguments.js';
import { pure, quickFunction } from './finished.js';
import { PatternCache } from './pattern.js';
import { MatcherPool } from './pattern-matcher.js';
import { findFunction, gmatchFunction, matchFunction, type Patterns } from './string-find.js';
import { formatFunction } from './string-format.js';
import { gsubFunction } from './string-gsub.js';
import { chargeString } from './string-limits.js';

/** Values that a C function may put on PUC Lua's stack, its arguments included. */
const STACK_LIMIT = 8000;

/** Strings up to here are changed at once, longer ones in pieces of that length. */
const PIECE_LENGTH = 8192;
/** Bytes that string.rep makes in the time of a step. */
const REPEATED_PER_STEP = 64;

/** Repeated texts are made in one piece if they are so long, and of pieces if longer. */
const FLAT_FROM = 512;
const FLAT_LENGTH = 1024 * 1024;

/** Makes the library, and makes it what strings are indexed by: ('x'):rep(3). */
export function stringLibrary(lua: LuaRuntime): LuaTable {
  const patterns: Patterns = { cache: new PatternCache(), pool: new MatcherPool(lua) };
  const gmatch = gmatchFunction(lua, patterns);
  const library = new LuaTable();
  // In PUC Lua's order, which shows in pairs(string).
  library.set('byte', pure(byteFunction(lua)));
  library.set('char', pure(charFunction(lua)));
  library.set('dump', pure(dumpFunction(lua)));
  library.set('find', findFunction(lua, patterns));
  library.set('format', pure(formatFunction(lua)));
  library.set('gfind', gmatch);
  library.set('gmatch', gmatch);
  library.set('gsub', gsubFunction(lua, patterns));
  library.set('len', pure(lenFunction(lua)));
  library.set('lower', mapFunction(lua, 'lower', lower));
  library.set('match', matchFunction(lua, patterns));
  library.set('rep', pure(repFunction(lua)));
  library.set('reverse', mapFunction(lua, 'reverse', reversed, true));
  library.set('sub', pure(subFunction(lua)));
  library.set('upper', mapFunction(lua, 'upper', upper));
  lua.stringMetatable = new LuaTable();
  lua.stringMetatable.set('__index', library);
  return library;
}

function lenFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain(
    'len',
    (...args: LuaValue[]) => checkString(lua, args[0], 1, args.length).length,
  );
}

/** Hot: as short as can be for numbers that are small integers. */
function subFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('sub', (...args: LuaValue[]) => {
    const text = checkString(lua, args[0], 1, args.length);
    const start = checkInteger(lua, args[1], 2, args.length);
    const end = args[2] === undefined ? -1 : checkInteger(lua, args[2], 3, args.length);
    const from = start > 0 ? start - 1 : start < 0 ? Math.max(start + text.length, 0) : 0;
    const to = end < 0 ? end + text.length + 1 : Math.min(end, text.length);
    return from < to ? text.substring(from, to) : '';
  });
}

function byteFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('byte', (...args: LuaValue[]) => {
    const text = checkString(lua, args[0], 1, args.length);
    const start = position(optInteger(lua, args[1], 2, 1), text.length);
    const end = position(optInteger(lua, args[2], 3, start), text.length);
    const first = Math.max(start, 1);
    const last = Math.min(end, text.length);
    if (first === last) return text.charCodeAt(first - 1);
    if (first > last) return [];
    if (last - first + 1 + args.length > STACK_LIMIT) {
      throw lua.error('stack overflow (string slice too long)');
    }
    const bytes: number[] = [];
    for (let i = first; i <= last; i++) bytes.push(text.charCodeAt(i - 1));
    return bytes;
  });
}

/** A position counted from the front; negative ones count from the end. */
function position(given: number, length: number): number {
  return given >= 0 ? given : Math.max(given + length + 1, 0);
}

function charFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('char', (...args: LuaValue[]) => {
    let text = '';
    for (let i = 0; i < args.length; i++) {
      const code = checkInt(lua, args[i], i + 1, args.length);
      if (code < 0 || code > 255) throw lua.argError(i + 1, 'invalid value');
      text += String.fromCharCode(code);
    }
    return text;
  });
}

/** How bytecode begins, which is refused wherever it is loaded. */
const BYTECODE = '\x1bLua';

function dumpFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('dump', (...args: LuaValue[]) => {
    // What nothing reads needs no content: only that functions of libraries have none is told.
    const { env } = checkFunction(lua, args[0], 1, args.length);
    if (env === undefined) throw lua.error('unable to dump given function');
    return BYTECODE;
  });
}

function repFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('rep', (...args: LuaValue[]) => {
    const text = checkString(lua, args[0], 1, args.length);
    const times = checkInt(lua, args[1], 2, args.length);
    if (times <= 0 || text === '') return '';
    const length = text.length * times;
    chargeString(lua, length);
    if (length > PIECE_LENGTH) lua.spend(length / REPEATED_PER_STEP);
    return length < FLAT_FROM ? text.repeat(times) : repeated(lua, text, times);
  });
}

/**
 * V8 makes `repeat` of halves that are put together, and keeps a tree of some twenty of them until
 * somebody looks at a character. A script that gathers such texts would fill the heap with parts, which
 * live on and which its collector copies, instead of with bytes.
 */
function repeated(lua: LuaRuntime, text: string, times: number): string {
  const count = Math.max(1, Math.floor(FLAT_LENGTH / text.length));
  const piece = text.repeat(Math.min(times, count));
  // A look at a character; what comes of it must be used, or V8 leaves it out.
  lua.charge(piece.charCodeAt(0) & 1);
  return times <= count ? piece : piece.repeat(times / count) + text.repeat(times % count);
}

/**
 * A function that goes over all bytes of a string, whole or, if it is long, in pieces.
 *
 * @param isBackward whether it begins with the last piece
 */
function mapFunction(
  lua: LuaRuntime,
  name: string,
  map: (text: string) => string,
  isBackward = false,
): LuaFunction {
  const quick = (...args: LuaValue[]): Results => {
    const text = checkString(lua, args[0], 1, args.length);
    if (text.length > PIECE_LENGTH) return BAIL;
    lua.charge(text.length);
    return map(text);
  };
  const slow = function* (...args: LuaValue[]): Steps {
    const text = checkString(lua, args[0], 1, args.length);
    chargeString(lua, text.length);
    let out = '';
    for (let from = 0; from < text.length; from += PIECE_LENGTH) {
      const part = map(text.slice(from, from + PIECE_LENGTH));
      out = isBackward ? part + out : out + part;
      if (lua.spend(PIECE_LENGTH)) yield PAUSE;
    }
    return out;
  };
  return pure(quickFunction(lua, name, quick, slow));
}

const BEYOND_ASCII = /[\x80-\xff]/;

function lower(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text.toLowerCase();
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upper(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text.toUpperCase();
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function reversed(text: string): string {
  return Buffer.from(text, 'latin1').reverse().toString('latin1');
}
