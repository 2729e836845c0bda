/**
 * Lua's math library, with math.random as Redis has it (math-random.ts).
 */
import type { LuaRuntime } from '../runtime.js';
import { type LuaFunction, LuaTable, type LuaValue } from '../value.js';
import { checkInt, checkNumber } from './arguments.js';
import { pure } from './finished.js';
import { frexp, ldexp, modf, pow } from './math-parts.js';
import type { LuaRandom } from './math-random.js';

const RADIANS_PER_DEGREE = Math.PI / 180;
const MAX_RANDOM = 2 ** 31 - 1;

/** @param random whoever owns it decides what scripts share */
export function mathLibrary(lua: LuaRuntime, random: LuaRandom): LuaTable {
  const library = new LuaTable();
  const one = (name: string, of: (x: number) => number): void => {
    library.set(name, pure(numberFunction(lua, name, of)));
  };
  const two = (name: string, of: (x: number, y: number) => number): void => {
    library.set(name, pure(twoNumbersFunction(lua, name, of)));
  };
  // In PUC Lua's order, which shows in pairs(math).
  one('abs', Math.abs);
  one('acos', Math.acos);
  one('asin', Math.asin);
  two('atan2', Math.atan2);
  one('atan', Math.atan);
  one('ceil', Math.ceil);
  one('cosh', Math.cosh);
  one('cos', Math.cos);
  one('deg', (x) => x / RADIANS_PER_DEGREE);
  one('exp', Math.exp);
  one('floor', Math.floor);
  two('fmod', (x, y) => x % y);
  library.set(
    'frexp',
    pure(lua.plain('frexp', (...args) => frexp(checkNumber(lua, args[0], 1, args.length)))),
  );
  library.set('ldexp', pure(ldexpFunction(lua)));
  one('log10', Math.log10);
  one('log', Math.log);
  library.set('max', pure(maxFunction(lua)));
  library.set('min', pure(minFunction(lua)));
  library.set(
    'modf',
    pure(lua.plain('modf', (...args) => modf(checkNumber(lua, args[0], 1, args.length)))),
  );
  two('pow', pow);
  one('rad', (x) => x * RADIANS_PER_DEGREE);
  library.set('random', randomFunction(lua, random));
  library.set('randomseed', randomseedFunction(lua, random));
  one('sinh', Math.sinh);
  one('sin', Math.sin);
  one('sqrt', Math.sqrt);
  one('tanh', Math.tanh);
  one('tan', Math.tan);
  library.set('pi', Math.PI);
  library.set('huge', Number.POSITIVE_INFINITY);
  library.set('mod', library.get('fmod'));
  return library;
}

function numberFunction(lua: LuaRuntime, name: string, of: (x: number) => number): LuaFunction {
  return lua.plain(name, (...args: LuaValue[]) => of(checkNumber(lua, args[0], 1, args.length)));
}

/** The second is checked first, as C compilers arrange it; it shows in messages. */
function twoNumbersFunction(
  lua: LuaRuntime,
  name: string,
  of: (x: number, y: number) => number,
): LuaFunction {
  return lua.plain(name, (...args: LuaValue[]) => {
    const y = checkNumber(lua, args[1], 2, args.length);
    return of(checkNumber(lua, args[0], 1, args.length), y);
  });
}

function ldexpFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('ldexp', (...args: LuaValue[]) => {
    const exponent = checkInt(lua, args[1], 2, args.length);
    return ldexp(checkNumber(lua, args[0], 1, args.length), exponent);
  });
}

function maxFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('max', (...args: LuaValue[]) => {
    let greatest = checkNumber(lua, args[0], 1, args.length);
    for (let i = 1; i < args.length; i++) {
      const x = checkNumber(lua, args[i], i + 1, args.length);
      if (x > greatest) greatest = x;
    }
    return greatest;
  });
}

function minFunction(lua: LuaRuntime): LuaFunction {
  return lua.plain('min', (...args: LuaValue[]) => {
    let least = checkNumber(lua, args[0], 1, args.length);
    for (let i = 1; i < args.length; i++) {
      const x = checkNumber(lua, args[i], i + 1, args.length);
      if (x < least) least = x;
    }
    return least;
  });
}

/** A call takes a number from the sequence even if its arguments are wrong. */
function randomFunction(lua: LuaRuntime, random: LuaRandom): LuaFunction {
  return lua.plain('random', (...args: LuaValue[]) => {
    const fraction = (random.next() % MAX_RANDOM) / MAX_RANDOM;
    switch (args.length) {
      case 0:
        return fraction;
      case 1: {
        const high = checkInt(lua, args[0], 1, 1);
        if (high < 1) throw lua.argError(1, 'interval is empty');
        return Math.floor(fraction * high) + 1;
      }
      case 2: {
        const low = checkInt(lua, args[0], 1, 2);
        const high = checkInt(lua, args[1], 2, 2);
        if (low > high) throw lua.argError(2, 'interval is empty');
        // The size of the interval is an int of C, and may wrap around.
        return Math.floor(fraction * ((high - low + 1) | 0)) + low;
      }
      default:
        throw lua.error('wrong number of arguments');
    }
  });
}

function randomseedFunction(lua: LuaRuntime, random: LuaRandom): LuaFunction {
  return lua.plain('randomseed', (...args: LuaValue[]) => {
    random.seed(checkInt(lua, args[0], 1, args.length));
    return [];
  });
}
