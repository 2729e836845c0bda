import { describe, expect, it } from 'vitest';
import { LuaError } from '../../../../src/scripting/lua/value.js';
import { LuaRig } from './lua-rig.js';

describe('A script that runs long', () => {
  it.each([
    ['a loop', 'while true do end'],
    ['a loop within pcall', 'while true do pcall(function() while true do end end) end'],
    ['a comparator', 'table.sort({3, 1, 2}, function() while true do end end)'],
    ['a function that gsub calls', "string.gsub('x', '.', function() while true do end end)"],
    ['a coroutine', 'coroutine.wrap(function() while true do end end)()'],
    ['a metamethod', 'return setmetatable({}, {__index = function() repeat until false end}).x'],
    [
      'recursion that never ends',
      'local function f(n) f(n) f(n) return f(n) end while true do pcall(f) end',
    ],
    [
      'plain recursion',
      'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(60)',
    ],
    [
      'a catastrophic pattern',
      "return string.find(string.rep('a', 50), string.rep('a?', 50) .. string.rep('a', 50))",
    ],
  ])('pauses and is killed in %s', (_what, source) => {
    const run = new LuaRig().start(source);
    for (let i = 0; i < 20; i++) expect(run.resume(() => true)).toBe(false);
    run.kill(new LuaError('killed', true));
    expect(run.isDone).toBe(true);
    expect(run.error?.value).toBe('killed');
    expect(run.resume()).toBe(true);
  });

  it('goes on where it was', () => {
    const rig = new LuaRig();
    const run = rig.start(`
      local s = 0
      for i = 1, 300000 do s = s + i end
      return s, pcall(function() for i = 1, 300000 do s = s - i end return s end)`);
    let pauses = 0;
    while (!run.resume(() => true)) pauses++;
    expect(run.result).toEqual([45000150000, true, 0]);
    expect(pauses).toBeGreaterThan(10);
  });

  it('may put a long text together bit by bit', () => {
    const source = `
      local s, t = string.rep('x', 5000), string.rep('x', 5000)
      for i = 1, 20000 do s = s .. i % 10 t = i % 10 .. t end
      return #s, string.sub(s, -12), string.sub(t, 1, 12), s == string.reverse(t)`;
    expect(new LuaRig().run(source)).toBe('25000 901234567890 098765432109 true');
  });

  it('cannot catch an error that is final', () => {
    const rig = new LuaRig();
    rig.lua.globals.set(
      'die',
      rig.lua.plain('die', () => {
        throw new LuaError('final', true);
      }),
    );
    const script = 'pcall(function() coroutine.wrap(function() pcall(die) end)() end) return 1';
    expect(rig.run(script)).toBe('error: final');
  });

  it('leaves an interpreter that runs the next one', () => {
    const rig = new LuaRig();
    const run = rig.start(
      'local function f() return pcall(function() while true do end end) end f()',
    );
    run.resume(() => true);
    run.kill(new LuaError('killed', true));
    expect(rig.run('return pcall(function() return 1 end)')).toBe('true 1');
  });
});

describe('A script that takes memory', () => {
  /** A heap whose use is what has been counted. */
  const limited = () => {
    let used = 0;
    let collected = 0;
    const rig = new LuaRig({
      memoryLimit: 64 * 1024 * 1024,
      heap: { used: () => (used += 20 * 1024 * 1024), collect: () => void collected++ },
    });
    return { rig, collected: () => collected };
  };

  it.each([
    ['one large string', "return string.rep('x', 1e9)"],
    ['strings that double', "local s = 'x' while true do s = s .. s end"],
    ['tables', 'local t = {} while true do t = {t} end'],
    ['arrays', 'local t = {} local i = 0 while true do i = i + 1 t[i] = i end'],
    ['fields', "local t = {} local i = 0 while true do i = i + 1 t['k' .. i] = i end"],
  ])('gets an error for %s', (_what, source) => {
    const { rig } = limited();
    expect(rig.run(source)).toBe('error: not enough memory');
  });

  it('is charged for repeated texts that it keeps, for they are there as a whole', () => {
    const rig = new LuaRig({ memoryLimit: 64 * 1024 * 1024 });
    const source =
      "local t = {} for i = 1, 500 do t[i] = string.rep('y', 2 ^ 20) end return 'kept'";
    expect(rig.run(source)).toBe('error: not enough memory');
  });

  it('may catch it, and the next script has all of it again', () => {
    const { rig } = limited();
    expect(rig.run("return pcall(string.rep, 'x', 1e9)")).toBe('false not enough memory');
    expect(rig.run("return #string.rep('x', 1e6)")).toBe('1000000');
  });

  it('is not stopped for garbage', () => {
    let collected = 0;
    const heap = {
      used: () => 1000 + (collected > 0 ? 0 : 2 ** 30),
      collect: () => void collected++,
    };
    const rig = new LuaRig({ memoryLimit: 2 ** 20 * 64, heap });
    expect(rig.run('for i = 1, 400000 do local t = {i} end return 1')).toBe('1');
  });
});

describe('A chunk that was compiled before', () => {
  const run = (source: string) => new LuaRig().run(source);

  it('is another function, with variables and globals of its own', () => {
    expect(
      run(`
      local source = 'local n = 0 return function() n = n + 1 return n, y end'
      local a, b = loadstring(source), loadstring(source)
      setfenv(a, {y = 'mine'})
      local f, g = a(), b()
      y = 'all'
      f() f()
      local n, mine = f()
      local m, all = g()
      return a == b, n, mine, m, all`),
    ).toBe('false 3 mine 1 all');
  });

  it('is known by the name that it is given this time', () => {
    expect(
      run(`
      local source = 'local t = nil return t.x'
      local function failure(name) return select(2, pcall(loadstring(source, name))) end
      return failure('=one') .. '; ' .. failure('=two') .. '; ' .. failure('=one')`),
    ).toBe(
      "one:1: attempt to index local 't' (a nil value); " +
        "two:1: attempt to index local 't' (a nil value); " +
        "one:1: attempt to index local 't' (a nil value)",
    );
  });

  it('makes way for others', () => {
    expect(
      run(`
      local sum = 0
      for i = 1, 500 do sum = sum + loadstring('return ' .. i % 250)() end
      return sum, #string.rep('x = 1 ', 60000), loadstring(string.rep('x = 1 ', 200))() == nil`),
    ).toBe('62250 360000 true');
  });
});
