import { describe, expect, it } from 'vitest';
import { structLibrary } from '../../../../../src/scripting/lua/lib/struct.js';
import { LuaError, type LuaValue } from '../../../../../src/scripting/lua/value.js';
import { FakeLua } from '../../../../support/fake-lua.js';

const lua = new FakeLua();
const struct = structLibrary(lua);

function pack(...args: LuaValue[]): string {
  return Buffer.from(lua.run(struct, 'pack', ...args)[0] as string, 'latin1').toString('hex');
}

function unpack(format: string, hex: string, ...rest: LuaValue[]): LuaValue[] {
  const data = Buffer.from(hex, 'hex').toString('latin1');
  return lua.run(struct, 'unpack', format, data, ...rest);
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

describe('struct.pack', () => {
  it.each<[LuaValue[], string]>([
    [['bBhH', -1, 255, -2, 258], 'fffffeff0201'],
    [['>hHl', -2, 258, 1], 'fffe01020000000000000001'],
    [['<i3>i3', 1, 1], '010000000001'],
    [['i', '10'], '0a000000'],
    [['I16', -1], `${'ff'.repeat(8)}${'00'.repeat(8)}`],
    [['f>d', 1.5, 0.1], '0000c03f3fb999999999999a'],
    [['sx', 'ab'], '61620000'],
    [['cc2c0', 'ab', 'cd', 'ef'], '6163646566'],
    [['c0', 12], '3132'],
    [['!bi', 1, 2], '0100000002000000'],
    [['!2bi', 1, 2], '010002000000'],
    [['b i', 1, 2], '0102000000'],
    [['L', 2 ** 64], '0000000000000000'],
    [['L', 1e300], '0000000000000000'],
    [['l', -1e300], '0000000000000080'],
    [['b\0b', 1], '01'],
  ])('packs %j', (args, hex) => {
    expect(pack(...args)).toBe(hex);
  });

  it.each<[LuaValue[], string]>([
    [[], "bad argument #1 to 'pack' (string expected, got no value)"],
    [['i'], "bad argument #2 to 'pack' (number expected, got nil)"],
    [['c3', 'ab'], "bad argument #3 to 'pack' (string too short)"],
    [['z'], "bad argument #1 to 'pack' (invalid format option 'z')"],
    [['i33', 1], 'integral size 33 is larger than limit of 32'],
    [['c99999999999', 1], 'integral size overflow'],
    [['!3'], 'alignment 3 is not a power of 2'],
  ])('refuses %j', (args, message) => {
    const call = () => lua.run(struct, 'pack', ...args);
    expect(errorOf(call)).toBe(`user_script:1: ${message}`);
  });
});

describe('struct.unpack', () => {
  it.each<[string, string, LuaValue[]]>([
    ['bB', 'ffff', [-1, 255, 3]],
    ['>hH', 'fffe0102', [-2, 258, 5]],
    ['l', 'ffffffffffffffff', [-1, 9]],
    ['L', 'ffffffffffffffff', [2 ** 64, 9]],
    ['>i7', 'ffffffffffffff', [-1, 8]],
    ['i9', '313233343536373839', [-79, 10]],
    ['f>d', '0000c03f3fb999999999999a', [1.5, 0.1, 13]],
    ['ss', '616200630000', ['ab', 'c', 6]],
    ['Bc0b', '0261627f', ['ab', 127, 5]],
    ['', '61', [1]],
  ])('unpacks %s', (format, hex, values) => {
    expect(unpack(format, hex)).toEqual(values);
  });

  it('begins where it is told to, counted from 1', () => {
    expect(unpack('b', '010203', 3)).toEqual([3, 4]);
    expect(errorOf(() => unpack('b', '01', 0))).toBe(
      "user_script:1: bad argument #3 to 'unpack' (offset must be 1 or greater)",
    );
    expect(errorOf(() => unpack('b', '01', -1))).toBe(
      "user_script:1: bad argument #2 to 'unpack' (data string too short)",
    );
  });

  it.each([
    ['i', '010203', "bad argument #2 to 'unpack' (data string too short)"],
    ['s', '6162', 'unfinished string in data'],
    ['c0', '6162', "format 'c0' needs a previous size"],
    ['bc0', '0561', "bad argument #2 to 'unpack' (data string too short)"],
  ])('refuses %s', (format, hex, message) => {
    expect(errorOf(() => unpack(format, hex))).toBe(`user_script:1: ${message}`);
  });
});

describe('struct.size', () => {
  it.each<[string, number]>([
    ['', 0],
    ['bhlT', 19],
    ['!bl', 16],
    ['c10x', 11],
    // Letters that mean nothing are no error here.
    ['zb', 1],
  ])('of %s is %i', (format, size) => {
    expect(lua.run(struct, 'size', format)).toEqual([size]);
  });

  it('is refused for what has none', () => {
    const error = (format: string) => errorOf(() => lua.run(struct, 'size', format));
    expect(error('s')).toBe(
      "user_script:1: bad argument #1 to 'size' (option 's' has no fixed size)",
    );
    expect(error('c0')).toBe(
      "user_script:1: bad argument #1 to 'size' (option 'c0' has no fixed size)",
    );
    expect(error('%')).toBe("user_script:1: bad argument #1 to 'size' (invalid format option '%')");
  });
});

describe('a format of any length', () => {
  it('can be stopped in', () => {
    lua.pauseEvery = 1;
    expect(lua.run(struct, 'size', 'x'.repeat(10_000))).toEqual([10_000]);
    expect(lua.pauses).toBeGreaterThan(100);
    expect(pack('x'.repeat(10_000))).toBe('00'.repeat(10_000));
    expect(lua.pauses).toBeGreaterThan(100);
    lua.pauseEvery = Number.POSITIVE_INFINITY;
  });
});
