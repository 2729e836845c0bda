import { describe, expect, it } from 'vitest';
import { scriptRunner } from '../../../../support/lua-script.js';

const { run, pauses, lua } = scriptRunner();

describe("Lua's strings", () => {
  it('are indexed by the string library', () => {
    expect(run("return ('x'):rep(3), ('abc'):upper(), #'a\\0b'")).toEqual(['xxx', 'ABC', 3]);
  });

  it('are of bytes: letters beyond ASCII have no case', () => {
    expect(run("return ('\\196\\228\\255\\223aZ'):upper(), ('\\196\\228aZ'):lower()")).toEqual([
      '\xc4\xe4\xff\xdfAZ',
      '\xc4\xe4az',
    ]);
  });

  it('count positions from the end if they are negative, and take numbers for strings', () => {
    expect(run("return ('hello'):sub(-3, -2), string.sub(12345, '2')")).toEqual(['ll', '2345']);
    expect(run("return ('hello'):byte(-1), ('hello'):byte(10)")).toEqual([111]);
  });

  it('name the function and the argument in errors, and do not count self', () => {
    expect(() => run("local x = string.rep('x')")).toThrow(
      "script:1: bad argument #2 to 'rep' (number expected, got no value)",
    );
    expect(() => run("local x = ('x'):rep({})")).toThrow(
      "script:1: bad argument #1 to 'rep' (number expected, got table)",
    );
    expect(() => run('local x = string.char(1, 256)')).toThrow(
      "script:1: bad argument #2 to 'char' (invalid value)",
    );
  });

  it('are no code: what string.dump gives cannot be loaded', () => {
    expect(() => run('string.dump(string.dump)')).toThrow('unable to dump given function');
    expect(run('return loadstring(string.dump(function() end))')[0]).toBeUndefined();
    expect(() => run('string.dump(1)')).toThrow(
      "bad argument #1 to 'dump' (function expected, got number)",
    );
  });

  it('give no more bytes at once than fit a stack of C', () => {
    expect(() => run("local a = ('x'):rep(8000):byte(1, -1)")).toThrow(
      'script:1: stack overflow (string slice too long)',
    );
  });

  it('are repeated, be they long', () => {
    expect(
      run("local s = ('abc'):rep(700001) return #s, s:sub(1048570, 1048580), s:sub(-4)"),
    ).toEqual([2100003, 'abcabcabcab', 'cabc']);
    expect(run("return (('ab'):rep(500000)):rep(3) == ('ab'):rep(1500000)")).toEqual([true]);
  });

  it('that would be too large are refused before they are made', () => {
    expect(() => run("return ('x'):rep(2^31 - 1)")).toThrow(/^not enough memory$/);
    expect(run("return pcall(string.rep, ('x'):rep(1000000), 1000)")).toEqual([
      false,
      'not enough memory',
    ]);
  });

  it('that are long are changed in pieces, between which others are served', () => {
    expect(
      run("local s = ('aB\\228'):rep(10000) return s:upper() == ('AB\\228'):rep(10000)"),
    ).toEqual([true]);
    expect(run("local s = ('abc'):rep(10000) return s:reverse() == ('cba'):rep(10000)")).toEqual([
      true,
    ]);
    expect(pauses("return ('abc'):rep(100000):reverse()")).toBeGreaterThan(5);
  });

  it('have their functions in a table of which gfind is gmatch', () => {
    expect(run('return string.gfind == string.gmatch')).toEqual([true]);
    expect(lua.stringMetatable?.get('__index')).toBe(lua.globals.get('string'));
  });
});
