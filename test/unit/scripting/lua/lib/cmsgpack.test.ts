import { describe, expect, it } from 'vitest';
import { cmsgpackLibrary } from '../../../../../src/scripting/lua/lib/cmsgpack.js';
import { LuaError, LuaTable, type LuaValue } from '../../../../../src/scripting/lua/value.js';
import { FakeLua } from '../../../../support/fake-lua.js';

const lua = new FakeLua();
const cmsgpack = cmsgpackLibrary(lua);

function table(...pairs: [LuaValue, LuaValue][]): LuaTable {
  const result = new LuaTable();
  for (const [key, value] of pairs) result.set(key, value);
  return result;
}

function pack(...args: LuaValue[]): string {
  return Buffer.from(lua.run(cmsgpack, 'pack', ...args)[0] as string, 'latin1').toString('hex');
}

function unpack(hex: string): LuaValue[] {
  return lua.run(cmsgpack, 'unpack', Buffer.from(hex, 'hex').toString('latin1'));
}

function errorOf(call: () => unknown): LuaValue {
  try {
    call();
  } catch (error) {
    if (error instanceof LuaError) return error.value;
    throw error;
  }
  return undefined;
}

describe('cmsgpack.pack', () => {
  it.each<[LuaValue, string]>([
    [undefined, 'c0'],
    [true, 'c3'],
    [false, 'c2'],
    [0, '00'],
    [-0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [65535, 'cdffff'],
    [65536, 'ce00010000'],
    [2 ** 32, 'cf0000000100000000'],
    [-1, 'ff'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32769, 'd2ffff7fff'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    [-(2 ** 63), 'd38000000000000000'],
    [2 ** 63, 'ca5f000000'],
    [1.5, 'ca3fc00000'],
    [0.1, 'cb3fb999999999999a'],
    [Infinity, 'ca7f800000'],
    [Number.NaN, 'cbfff8000000000000'],
    ['', 'a0'],
    ['abc', 'a3616263'],
    ['x'.repeat(32), `d920${'78'.repeat(32)}`],
    ['x'.repeat(256), `da0100${'78'.repeat(256)}`],
    [table(), '90'],
    [table([1, 'a'], [2, true]), '92a161c3'],
    [table([2, 1]), '810201'],
    [table(['a', table([1, 1])]), '81a1619101'],
    [lua.plain('f', () => undefined), 'c0'],
  ])('writes %s as %s', (value, hex) => {
    expect(pack(value)).toBe(hex);
  });

  it('puts several values one behind the other', () => {
    expect(pack(1, 'a', undefined)).toBe('01a161c0');
  });

  it('writes nil for tables that are seventeen deep, such as one that contains itself', () => {
    const loop = table();
    loop.set(1, loop);
    expect(pack(loop)).toBe(`${'91'.repeat(16)}c0`);
  });

  it('wants input', () => {
    expect(errorOf(() => lua.run(cmsgpack, 'pack'))).toBe(
      "user_script:1: bad argument #0 to 'pack' (MessagePack pack needs input.)",
    );
  });

  it('writes the same however often it is stopped', () => {
    const value = table(['list', table()], ['text', 'x'.repeat(100_000)]);
    for (let i = 1; i <= 70_000; i++) (value.get('list') as LuaTable).set(i, i);
    const whole = pack(value);
    lua.pauseEvery = 1;
    expect(pack(value)).toBe(whole);
    expect(lua.pauses).toBeGreaterThan(1000);
    lua.pauseEvery = Number.POSITIVE_INFINITY;
    const [back] = unpack(whole) as [LuaTable];
    expect((back.get('list') as LuaTable).length).toBe(70_000);
    expect(back.get('text')).toBe('x'.repeat(100_000));
  });
});

describe('cmsgpack.unpack', () => {
  it.each<[string, LuaValue[]]>([
    ['', []],
    ['00c0c3ff', [0, undefined, true, -1]],
    ['d1ff38', [-200]],
    ['cfffffffffffffffff', [-1]],
    ['ca3fc00000cb3fb999999999999a', [1.5, 0.1]],
    ['db00000003616263', ['abc']],
  ])('reads %s', (hex, values) => {
    expect(unpack(hex)).toEqual(values);
  });

  it('makes tables of arrays and maps', () => {
    const [value] = unpack('dd00000002de000101a16190') as [LuaTable];
    expect((value.get(1) as LuaTable).get(1)).toBe('a');
    expect((value.get(2) as LuaTable).length).toBe(0);
  });

  it.each([
    ['cc', 'user_script:1: Missing bytes in input.'],
    ['ddffffffff', 'user_script:1: Missing bytes in input.'],
    ['01c4', 'user_script:1: Bad data format in input.'],
    ['81c001', 'table index is nil'],
  ])('refuses %s', (hex, message) => {
    expect(errorOf(() => unpack(hex))).toBe(message);
  });

  it('refuses more values than the stack of a C function holds', () => {
    expect(errorOf(() => unpack('00'.repeat(8000)))).toBe(
      'user_script:1: stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)',
    );
  });
});

describe('cmsgpack.unpack_one and unpack_limit', () => {
  it('say where to go on, -1 at the end', () => {
    expect(lua.run(cmsgpack, 'unpack_one', '\x01\x02')).toEqual([1, 1]);
    expect(lua.run(cmsgpack, 'unpack_one', '\x01\x02', 1)).toEqual([-1, 2]);
    expect(lua.run(cmsgpack, 'unpack_limit', '\x01\x02\x03', 2)).toEqual([2, 1, 2]);
    expect(lua.run(cmsgpack, 'unpack_limit', '\x01\x02\x03', 0, 0)).toEqual([1, 2, 3]);
  });

  it.each<[string, LuaValue[], string]>([
    ['unpack_one', ['abc', -1], 'Invalid request to unpack with offset of -1 and limit of 3.'],
    ['unpack_limit', ['abc', 1, 4], 'Start offset 4 greater than input length 3.'],
    ['unpack_limit', ['abc'], "bad argument #2 to 'unpack_limit' (number expected, got no value)"],
  ])('%s(%j) fails', (name, args, message) => {
    const call = () => lua.run(cmsgpack, name, ...args);
    expect(errorOf(call)).toBe(`user_script:1: ${message}`);
  });
});
