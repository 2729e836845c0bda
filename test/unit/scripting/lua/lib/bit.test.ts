import { describe, expect, it } from 'vitest';
import { bitLibrary } from '../../../../../src/scripting/lua/lib/bit.js';
import type { LuaError, LuaValue } from '../../../../../src/scripting/lua/value.js';
import { FakeLua } from '../../../../support/fake-lua.js';

const lua = new FakeLua();
const bit = bitLibrary(lua);

describe('the library bit', () => {
  it.each<[string, LuaValue[], LuaValue]>([
    ['tobit', [0xffffffff], -1],
    ['tobit', [-0], 0],
    ['tobit', [0.5], 0],
    ['tobit', [1.5], 2],
    ['tobit', [2.5], 2],
    ['tobit', [2 ** 40 + 1], 1],
    ['tobit', [2 ** 53 + 2], 1],
    ['tobit', [Infinity], 0],
    ['tobit', [Number.NaN], 0],
    ['tobit', ['0x7fffffff'], 0x7fffffff],
    ['bnot', [0], -1],
    ['band', [0xff, 0x0f, 0x3c], 0x0c],
    ['bor', [1, 2, 4], 7],
    ['bxor', [0xa5a5f0f0, 0xaa55ff00], 0x0ff00ff0],
    ['lshift', [1, 31], -(2 ** 31)],
    ['lshift', [1, 32], 1],
    ['rshift', [-1, 0], -1],
    ['rshift', [-1, 28], 15],
    ['arshift', [-256, 8], -1],
    ['rol', [0x12345678, 12], 0x45678123],
    ['ror', [0x12345678, 0], 0x12345678],
    ['bswap', [0x12345678], 0x78563412],
    ['tohex', [1], '00000001'],
    ['tohex', [-1, 4], 'ffff'],
    ['tohex', [-1, -4], 'FFFF'],
    ['tohex', [255, 0], ''],
    ['tohex', [255, 100], '000000ff'],
  ])('%s(%j) is %j', (name, args, result) => {
    expect(lua.run(bit, name, ...args)).toEqual([result]);
  });

  it.each<[string, LuaValue[], string]>([
    ['tobit', [], "#1 to 'tobit' (number expected, got no value)"],
    ['band', [1, undefined, true], "#3 to 'band' (number expected, got boolean)"],
    ['lshift', [1, 'x'], "#2 to 'lshift' (number expected, got string)"],
    ['tohex', [1, undefined], "#2 to 'tohex' (number expected, got nil)"],
  ])('%s(%j) fails', (name, args, message) => {
    let failure: unknown;
    try {
      lua.run(bit, name, ...args);
    } catch (error) {
      failure = (error as LuaError).value;
    }
    expect(failure).toBe(`user_script:1: bad argument ${message}`);
  });
});
