/**
 * The library bit of Redis's scripts: operations on 32 bits (Lua BitOp 1.0.2).
 *
 * A number becomes 32 bits by being rounded to the nearest integer, ties to even, of which the low
 * half is kept; results are signed. BitOp rounds by adding 2^52 + 2^51 and taking the low bits of
 * the double, so that a number of 2^51 and more gives what is left of it there: the same is done
 * here. A string that spells a number will do for one.
 */
import { stringToNumber } from '../number-text.js';
import type { LuaRuntime } from '../runtime.js';
import { LuaTable, type LuaValue, type PlainBody } from '../value.js';
import { pure } from './finished.js';

const ROUNDER = 2 ** 52 + 2 ** 51;

/** To see the bits of a double; little-endian or not, the low half is where 1 leaves only zeros. */
const scratch = new Float64Array([1]);
const halves = new Uint32Array(scratch.buffer);
const LOW = halves[0] === 0 ? 0 : 1;

function toBits(n: number): number {
  const integer = n | 0;
  if (integer === n) return integer;
  if (Number.isNaN(n)) return 0;
  scratch[0] = n + ROUNDER;
  return halves[LOW]! | 0;
}

export function bitLibrary(lua: LuaRuntime): LuaTable {
  const library = new LuaTable();
  const add = (name: string, body: PlainBody) => library.set(name, pure(lua.plain(name, body)));

  /** Argument n of a call with `count` of them. */
  const bits = (value: LuaValue, n: number, count: number): number => {
    if (typeof value === 'number') return toBits(value);
    const number = typeof value === 'string' ? stringToNumber(value) : undefined;
    if (number === undefined) throw lua.typeError(n, 'number', value, count);
    return toBits(number);
  };
  const unary = (name: string, operation: (b: number) => number) => {
    add(name, (...args: LuaValue[]) => operation(bits(args[0], 1, args.length)));
  };
  const shift = (name: string, operation: (b: number, n: number) => number) => {
    add(name, (...args: LuaValue[]) => {
      const b = bits(args[0], 1, args.length);
      return operation(b, bits(args[1], 2, args.length) & 31);
    });
  };
  const fold = (name: string, operation: (a: number, b: number) => number) => {
    add(name, (...args: LuaValue[]) => {
      const count = args.length;
      let result = bits(args[0], 1, count);
      // From the last one on: of several that are no numbers, BitOp names the last.
      for (let i = count - 1; i > 0; i--) result = operation(result, bits(args[i], i + 1, count));
      return result;
    });
  };

  unary('tobit', (b) => b);
  unary('bnot', (b) => ~b);
  unary('bswap', (b) => (b >>> 24) | ((b >>> 8) & 0xff00) | ((b & 0xff00) << 8) | (b << 24));
  fold('band', (a, b) => a & b);
  fold('bor', (a, b) => a | b);
  fold('bxor', (a, b) => a ^ b);
  shift('lshift', (b, n) => b << n);
  shift('rshift', (b, n) => (b >>> n) | 0);
  shift('arshift', (b, n) => b >> n);
  shift('rol', (b, n) => (b << n) | (b >>> (32 - n)));
  shift('ror', (b, n) => (b >>> n) | (b << (32 - n)));
  add('tohex', (...args: LuaValue[]) => {
    const b = bits(args[0], 1, args.length);
    return toHex(b, args.length < 2 ? MAX_DIGITS : bits(args[1], 2, args.length));
  });
  return library;
}

const MAX_DIGITS = 8;

/** @param digits how many of the low digits; negative: in capitals */
function toHex(b: number, digits: number): string {
  const count = Math.min(Math.abs(digits), MAX_DIGITS);
  const hex = (b >>> 0)
    .toString(16)
    .padStart(MAX_DIGITS, '0')
    .slice(MAX_DIGITS - count);
  return digits < 0 ? hex.toUpperCase() : hex;
}
