import { describe, expect, it } from 'vitest';
import { scriptRunner } from '../../../../support/lua-script.js';

const { run, pauses } = scriptRunner();

describe("Lua's patterns", () => {
  it('find a place, its captures, and positions as captures', () => {
    expect(run("return ('key = value'):find('^(%w+)%s*=%s*(%w+)$')")).toEqual([
      1,
      11,
      'key',
      'value',
    ]);
    expect(run("return ('hello'):match('()ll()')")).toEqual([3, 5]);
    expect(run("return ('abc'):find('b', 1, true), ('a.c'):find('.', 2, true)")).toEqual([2, 2, 2]);
  });

  it('know classes, sets, repetitions, balanced text, frontiers and references', () => {
    expect(run("return ('  trim me '):match('^%s*(.-)%s*$')")).toEqual(['trim me']);
    expect(run("return ('f(a(b)c)d'):match('%b()')")).toEqual(['(a(b)c)']);
    expect(run("return ('THE (quick) fox'):find('%f[%a]%a+%f[%A]', 5)")).toEqual([6, 10]);
    expect(run(`return ([[say "it's" now]]):match([[(["'])(.-)%1]])`)).toEqual(['"', "it's"]);
    expect(run("return ('x-]^y'):gsub('[]^-]', '.')")).toEqual(['x...y', 3]);
  });

  it('end at their first zero byte, unless they are searched as they are', () => {
    expect(run("return ('a\\0b'):match('a\\0c+')")).toEqual(['a']);
    expect(run("return ('a\\0b'):find('\\0b')")).toEqual([2, 3]);
  });

  it('that are malformed are so only where matching comes to it', () => {
    expect(run("return ('abc'):find('x[')")).toEqual([undefined]);
    expect(() => run("return ('abc'):find('b[')")).toThrow("malformed pattern (missing ']')");
    expect(() => run("return ('abc'):find('b%')")).toThrow("malformed pattern (ends with '%')");
    expect(() => run("return ('abc'):find('%f')")).toThrow("missing '[' after '%f' in pattern");
    expect(() => run("return ('abc'):find('%b')")).toThrow('unbalanced pattern');
    expect(() => run("return ('abc'):find('a.)')")).toThrow('invalid pattern capture');
    expect(() => run("return ('abc'):find('(a')")).toThrow('unfinished capture');
    expect(() => run("return ('abc'):find('%1')")).toThrow('invalid capture index');
    expect(() => run("return ('abc'):find(('()'):rep(33))")).toThrow('too many captures');
  });

  it('may be longer than what is compiled at once', () => {
    expect(
      run("local s = ('abc'):rep(500) return s:find('^' .. ('a%l?[c]'):rep(500) .. '$')"),
    ).toEqual([1, 1500]);
  });

  it('are gone through by gmatch, where ^ stands for itself', () => {
    const words =
      "local r = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do r[#r+1] = k .. v end";
    expect(run(`${words} return unpack(r)`)).toEqual(['a1', 'b2']);
    expect(run("local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n")).toEqual([4]);
    expect(run("return ('a^b'):gmatch('^b')()")).toEqual(['^b']);
  });

  it('that take for ever let others be served meanwhile', () => {
    expect(pauses("return (('a'):rep(60)):find('.-.-.-b')")).toBeGreaterThan(0);
    expect(pauses("return (('a'):rep(200000)):find('^(.*)b%1')")).toBeGreaterThan(0);
    expect(pauses("return (('('):rep(200000)):find('^%b()')")).toBeGreaterThan(0);
    expect(
      pauses("return (('ab'):rep(200000)):find(('ab'):rep(5000) .. 'c', 1, true)"),
    ).toBeGreaterThan(0);
  });

  it('give the same wherever they are interrupted', () => {
    const source = `
      local s = ('ab(c)'):rep(3000)
      local n = 0
      for a in s:gmatch('%b()') do n = n + #a end
      return n, s:match('^(.-)x'), #s:match('^(.*)b'), s:find('(a)(.*)%1b%(c%)$'), (s:gsub('%p', ''))
    `;
    const whole = run(source);
    expect(pauses(source)).toBeGreaterThan(0);
    expect(whole.slice(0, 3)).toEqual([9000, undefined, 14996]);
    expect(whole[3]).toBe(1);
  });
});
