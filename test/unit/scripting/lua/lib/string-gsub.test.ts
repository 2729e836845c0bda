import { describe, expect, it } from 'vitest';
import { scriptRunner } from '../../../../support/lua-script.js';

const { run, pauses } = scriptRunner();

describe('string.gsub', () => {
  it('replaces by a string, in which %0 to %9 stand for the match and its captures', () => {
    expect(run("return ('hello world'):gsub('o', '0')")).toEqual(['hell0 w0rld', 2]);
    expect(run("return ('hello'):gsub('(l)(.)', '<%0:%2%1%%>')")).toEqual(['he<ll:ll%>o', 1]);
    expect(run("return ('abc'):gsub('%w', '%1')")).toEqual(['abc', 3]);
  });

  it('replaces by what a table or a function gives, or leaves the match as it is', () => {
    expect(run("return ('$a $b $c'):gsub('%$(%w)', {a = 1, b = false})")).toEqual(['1 $b $c', 3]);
    expect(
      run("return ('abc'):gsub('%w', function(c) if c == 'b' then return 'B' end end)"),
    ).toEqual(['aBc', 3]);
    expect(
      run(
        "return ('abc'):gsub('%w', setmetatable({}, {__index = function(_, k) return k .. k end}))",
      ),
    ).toEqual(['aabbcc', 3]);
  });

  it('may be called by the function that it calls', () => {
    const source =
      "return ('a-b'):gsub('%w', function(c) return (c:gsub('.', function(d) return d:rep(2) end)) end)";
    expect(run(source)).toEqual(['aa-bb', 2]);
  });

  it('matches between the bytes too, but not behind a match that ended there', () => {
    expect(run("return ('abc'):gsub('', '-')")).toEqual(['-a-b-c-', 4]);
    expect(run("return ('abc'):gsub('%w*', 'x')")).toEqual(['xx', 2]);
  });

  it('stops after as many as it is told, and at once if the pattern is anchored', () => {
    expect(run("return ('aaa'):gsub('a', 'b', 2)")).toEqual(['bba', 2]);
    expect(run("return ('aaa'):gsub('a', 'b', -1)")).toEqual(['aaa', 0]);
    expect(run("return ('aaa'):gsub('^a', 'b')")).toEqual(['baa', 1]);
  });

  it('says what it cannot put in', () => {
    expect(() => run("return (('a'):gsub('a', function() return {} end))")).toThrow(
      'script:1: invalid replacement value (a table)',
    );
    expect(() => run("return (('a'):gsub(')', 'x'))")).toThrow('script:1: invalid pattern capture');
    expect(() => run("return (('a'):gsub('a', '%2'))")).toThrow('script:1: invalid capture index');
    expect(() => run("return (('a'):gsub('a'))")).toThrow(
      "bad argument #2 to 'gsub' (string/function/table expected)",
    );
  });

  it('lets others be served, and the function may yield to a coroutine', () => {
    expect(pauses("return (('ab'):rep(50000):gsub('b', '%0%0'))")).toBeGreaterThan(0);
    expect(pauses("return (('ab'):rep(50000):gsub('b', function() end))")).toBeGreaterThan(0);
  });

  it('runs out of memory before the process does', () => {
    const small = scriptRunner({ memoryLimit: 64 * 1024 * 1024 });
    const bomb = "return (('x'):rep(100000):gsub('', ('y'):rep(100000)))";
    expect(() => small.run(bomb)).toThrow('not enough memory');
  });
});
