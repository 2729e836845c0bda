import { describe, expect, it } from 'vitest';
import { cjsonLibrary } from '../../../../../src/scripting/lua/lib/cjson.js';
import { LuaError, LuaTable, type LuaValue } from '../../../../../src/scripting/lua/value.js';
import { FakeLua } from '../../../../support/fake-lua.js';

const lua = new FakeLua();
const cjson = cjsonLibrary(lua);
const nothing = cjson.get('null');

function table(...pairs: [LuaValue, LuaValue][]): LuaTable {
  const result = new LuaTable();
  for (const [key, value] of pairs) result.set(key, value);
  return result;
}

function list(...values: LuaValue[]): LuaTable {
  return table(...values.map((value, i): [LuaValue, LuaValue] => [i + 1, value]));
}

function encode(value: LuaValue, library = cjson): LuaValue {
  return lua.run(library, 'encode', value)[0];
}

function decode(text: string, library = cjson): LuaValue {
  return lua.run(library, 'decode', text)[0];
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

describe('cjson.encode', () => {
  it.each<[string, LuaValue]>([
    ['null', undefined],
    ['null', nothing],
    ['true', true],
    ['1', 1],
    ['-0', -0],
    ['0.1', 0.1],
    ['3.1415926535898', Math.PI],
    ['1e+20', 1e20],
    ['"a"', 'a'],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\xff"', '"\\/\b\f\n\r\t\0\x1f\x7f\xff'],
    ['{}', table()],
    ['[1,"a",null]', list(1, 'a', nothing)],
    ['[null,2]', table([2, 2])],
    ['{"a":{"b":[1]}}', table(['a', table(['b', list(1)])])],
    ['{"1":1,"a":2}', table([1, 1], ['a', 2])],
    ['{"0.5":1}', table([0.5, 1])],
    ['{"2147483648":1}', table([2 ** 31, 1])],
  ])('writes %s', (text, value) => {
    expect(encode(value)).toBe(text);
  });

  it.each<[string, LuaValue]>([
    ['Cannot serialise number: must not be NaN or Inf', Infinity],
    ['Cannot serialise function: type not supported', lua.plain('f', () => undefined)],
    ['Cannot serialise boolean: table key must be a number or string', table([true, 1])],
    ['Cannot serialise table: excessively sparse array', table([1, 1], [50, 1])],
  ])('refuses with: %s', (message, value) => {
    expect(errorOf(() => encode(value))).toBe(`user_script:1: ${message}`);
  });

  it('refuses tables that are too deep, such as one that contains itself', () => {
    const loop = table();
    loop.set('me', loop);
    expect(errorOf(() => encode(loop))).toBe(
      'user_script:1: Cannot serialise, excessive nesting (1001)',
    );
  });

  it('wants one argument', () => {
    const message = "user_script:1: bad argument #1 to 'encode' (expected 1 argument)";
    expect(errorOf(() => lua.run(cjson, 'encode'))).toBe(message);
    expect(errorOf(() => lua.run(cjson, 'encode', 1, 2))).toBe(message);
  });

  it('writes long strings in pieces, and says the same however often it is stopped', () => {
    const value = list('é"'.repeat(50_000), table(['k'.repeat(10_000), 1]));
    const whole = encode(value);
    expect(whole).toBe(`["${'é\\"'.repeat(50_000)}",{"${'k'.repeat(10_000)}":1}]`);
    lua.pauseEvery = 1;
    expect(encode(value)).toBe(whole);
    expect(lua.pauses).toBeGreaterThan(10);
    lua.pauseEvery = Number.POSITIVE_INFINITY;
  });

  it('starts afresh when a call has been given up', () => {
    const steps = cjson.get('encode') as unknown as {
      body(...args: LuaValue[]): Iterator<unknown>;
    };
    lua.pauseEvery = 1;
    const givenUp = steps.body(list('x'.repeat(100_000)));
    expect(givenUp.next().done).toBe(false);
    lua.pauseEvery = Number.POSITIVE_INFINITY;
    expect(encode(list(1))).toBe('[1]');
  });

  it('is charged for what it writes before it is written', () => {
    const small = new FakeLua();
    small.memory = 1_000_000;
    const library = cjsonLibrary(small);
    expect(errorOf(() => small.run(library, 'encode', 'x'.repeat(2_000_000)))).toBe(
      'not enough memory',
    );
  });
});

describe('cjson.decode', () => {
  it.each<[string, LuaValue]>([
    ['null', nothing],
    [' true\n', true],
    ['0', 0],
    ['-0.5e1', -5],
    ['12345678.12345678', 12345678.12345678],
    ['0x10', 16],
    ['+1', 1],
    ['007', 7],
    ['-.5', -0.5],
    ['Infinity', Infinity],
    ['1e999', Infinity],
    ['"\\u00e9\\ud83d\\ude00\\n"', '\xc3\xa9\xf0\x9f\x98\x80\n'],
    ['"\\u0000"', '\0'],
    ['12\0 is not seen', 12],
  ])('reads %j', (text, value) => {
    expect(decode(text)).toBe(value);
  });

  it('makes tables of objects and lists', () => {
    const value = decode('{"a":[1,{"b":null}],"c":"d"}') as LuaTable;
    expect((value.get('a') as LuaTable).get(1)).toBe(1);
    expect(((value.get('a') as LuaTable).get(2) as LuaTable).get('b')).toBe(nothing);
    expect(value.get('c')).toBe('d');
  });

  it.each([
    ['', 'Expected value but found T_END at character 1'],
    ['nul', 'Expected value but found invalid token at character 1'],
    ['[1,]', 'Expected value but found T_ARR_END at character 4'],
    ['[1 2]', 'Expected comma or array end but found T_NUMBER at character 4'],
    ['{1:2}', 'Expected object key string but found T_NUMBER at character 2'],
    ['{"a" 1}', 'Expected colon but found T_NUMBER at character 6'],
    ['{"a":1 "b"}', 'Expected comma or object end but found T_STRING at character 8'],
    ['{"a":1,}', 'Expected object key string but found T_OBJ_END at character 8'],
    ['[1] x', 'Expected the end but found invalid token at character 5'],
    ['"abc', 'Expected value but found unexpected end of string at character 5'],
    ['"a\\x"', 'Expected value but found invalid escape code at character 3'],
    ['"\\ud800x"', 'Expected value but found invalid unicode escape code at character 2'],
    ['-', 'Expected value but found invalid number at character 1'],
    ['\0\0', 'JSON parser does not support UTF-16 or UTF-32'],
    ['['.repeat(1001), 'Found too many nested data structures (1001) at character 1001'],
  ])('refuses %j', (text, message) => {
    expect(errorOf(() => decode(text))).toBe(`user_script:1: ${message}`);
  });

  it('reads the same however often it is stopped, within strings and numbers too', () => {
    const digits = '123456789'.repeat(2000);
    const text = `[${' '.repeat(20_000)}"${'x'.repeat(20_000)}\\n${'y'.repeat(20_000)}",0.${digits}]`;
    lua.pauseEvery = 1;
    const value = decode(text) as LuaTable;
    expect(lua.pauses).toBeGreaterThan(10);
    lua.pauseEvery = Number.POSITIVE_INFINITY;
    expect(value.get(1)).toBe(`${'x'.repeat(20_000)}\n${'y'.repeat(20_000)}`);
    expect(value.get(2)).toBe(0.12345678912345678);
  });
});

describe('the options of cjson', () => {
  it('are read when called without arguments, and kept by each table of the library', () => {
    const other = lua.run(cjson, 'new')[0] as LuaTable;
    expect(lua.run(other, 'encode_sparse_array')).toEqual([false, 2, 10]);
    expect(lua.run(other, 'encode_sparse_array', true, 3)).toEqual([true, 3, 10]);
    expect(lua.run(cjson, 'encode_sparse_array')).toEqual([false, 2, 10]);
    expect(lua.run(other, 'encode_max_depth')).toEqual([1000]);
    expect(lua.run(other, 'encode_keep_buffer', 'off')).toEqual([false]);
    expect(other.get('null')).toBe(nothing);
  });

  it('say how sparse arrays are written', () => {
    const other = lua.run(cjson, 'new')[0] as LuaTable;
    lua.run(other, 'encode_sparse_array', true);
    expect(encode(table([50, 1]), other)).toBe('{"50":1}');
    lua.run(other, 'encode_sparse_array', false, 0);
    expect(encode(table([12, 1]), other)).toBe(`[${'null,'.repeat(11)}1]`);
  });

  it('say how many digits numbers have, and what becomes of infinity', () => {
    const other = lua.run(cjson, 'new')[0] as LuaTable;
    lua.run(other, 'encode_number_precision', 3);
    expect(encode(list(Math.PI, 1000, 2.125), other)).toBe('[3.14,1e+03,2.12]');
    expect(lua.run(other, 'encode_invalid_numbers', 'null')).toEqual(['null']);
    expect(encode(list(Infinity, Number.NaN), other)).toBe('[null,null]');
    lua.run(other, 'encode_invalid_numbers', true);
    expect(encode(list(-Infinity, Number.NaN), other)).toBe('[-inf,nan]');
  });

  it('can forbid numbers that are none in JSON', () => {
    const strict = lua.run(cjson, 'new')[0] as LuaTable;
    lua.run(strict, 'decode_invalid_numbers', false);
    const error = (text: string) => errorOf(() => decode(text, strict));
    expect(error('0x10')).toBe(
      'user_script:1: Expected value but found invalid number at character 1',
    );
    expect(error('nan')).toBe(
      'user_script:1: Expected value but found invalid token at character 1',
    );
  });

  it.each<[string, LuaValue[], string]>([
    [
      'encode_max_depth',
      [0],
      "#1 to 'encode_max_depth' (expected integer between 1 and 2147483647)",
    ],
    [
      'encode_sparse_array',
      [true, -1],
      "#1 to 'encode_sparse_array' (expected integer between 0 and 2147483647)",
    ],
    ['encode_keep_buffer', ['maybe'], "#1 to 'encode_keep_buffer' (invalid option 'maybe')"],
    ['decode_max_depth', [1, 2], "#2 to 'decode_max_depth' (found too many arguments)"],
    ['decode_max_depth', ['x'], "#1 to 'decode_max_depth' (number expected, got string)"],
  ])('%s(%j) fails', (name, args, message) => {
    const call = () => lua.run(cjson, name, ...args);
    expect(errorOf(call)).toBe(`user_script:1: bad argument ${message}`);
  });
});
