import { describe, expect, it } from 'vitest';
import { LuaRig } from './lua-rig.js';

const run = (source: string) => new LuaRig().run(source);

describe('Values and operators', () => {
  it('reckons in doubles and shows them with 14 digits', () => {
    expect(run('return 1/3, 1e15, 2^53, 10/2, -0.0, 1e100')).toBe(
      '0.33333333333333 1e+15 9.007199254741e+15 5 -0 1e+100',
    );
  });

  it('rounds a tie of the last digit as C does, to even', () => {
    expect(run('return 0.123456789012345, 1000000000000.25, 1000000000000.75')).toBe(
      '0.12345678901234 1000000000000.2 1000000000000.8',
    );
  });

  it('takes the sign of the divisor for %', () => {
    expect(run('return 5 % 3, -5 % 3, 5 % -3, 5.5 % 2')).toBe('2 1 -1 1.5');
  });

  it('turns strings into numbers where it reckons, numbers into strings where it joins', () => {
    expect(run("return '10' + 5, '0x10' * 2, ' 5 ' - 1, 1 .. 2, 10 .. ''")).toBe('15 32 4 12 10');
  });

  it('gives and/or the value that decided', () => {
    expect(run('return nil and 1, false or 2, 0 and 3, 1 or error()')).toBe('nil 2 3 1');
  });

  it('reads numbers of any base', () => {
    expect(
      run("return tonumber('ff', 16), tonumber('z', 36), tonumber('1e1'), tonumber('x')"),
    ).toBe('255 35 10 nil');
  });

  it('keeps names of JavaScript apart from those of the script', () => {
    const names = 'local constructor, this, arguments, eval = 1, 2, 3, 4';
    expect(run(`${names} return constructor + this + arguments + eval`)).toBe('10');
    expect(
      run("local t = {} t.__proto__ = 1 return t.__proto__, t.constructor, t['toString']"),
    ).toBe('1 nil nil');
  });

  it('takes quotes and line ends in strings for what they are', () => {
    expect(run("return 'a\\'; throw 1; //\\n`$(x)`' .. '\\226\\128\\168'")).toBe(
      "a'; throw 1; //\n`$(x)`\xe2\x80\xa8",
    );
  });
});

describe('Functions', () => {
  it('gives each turn of a loop variables of its own', () => {
    const source = `
      local f = {}
      for i = 1, 3 do local j = i * 10 f[i] = function() j = j + i return j end end
      return f[1](), f[1](), f[2](), f[3]()`;
    expect(run(source)).toBe('11 12 22 33');
  });

  it('takes and gives any number of values', () => {
    const source = `
      local function f(...) return select('#', ...), ... end
      local a, b, c = f(nil, nil)
      local t = {f(1, 2), f(1, 2)}
      return a, b, c, #t, (f(9, 9))`;
    expect(run(source)).toBe('2 nil nil 4 2');
  });

  it('has arg where ... is not used', () => {
    expect(run('local function f(...) return arg.n, arg[2] end return f(7, 8, 9)')).toBe('3 8');
  });

  it('returns by calls a million deep without growing', () => {
    const source = `
      local function f(n) if n == 0 then return 'done' end return f(n - 1) end
      local function g(n) for i = 1, 1 do end if n == 0 then return 'done' end return g(n - 1) end
      return f(1000000), g(1000000)`;
    expect(run(source)).toBe('done done');
  });

  it('nests calls 15,000 deep, and ends deeper ones with an error', () => {
    const source = `
      local function sum(n) if n == 0 then return 0 end return n + sum(n - 1) end
      local function slow(n) for i = 1, 1 do end return 1 + slow(n) end
      print(sum(15000)) print(pcall(slow, 1)) print(pcall(function() return 1 + sum(-1) end))`;
    const rig = new LuaRig();
    rig.run(source);
    expect(rig.printed).toEqual([
      '112507500',
      'false\tuser_script:3: stack overflow',
      'false\tuser_script:2: stack overflow',
    ]);
  });

  it('finds its globals where setfenv says', () => {
    const source = `
      local function f() return x end
      local g = setfenv(function() return x end, {x = 'own'})
      x = 'shared'
      setfenv(1, {x = 'mine', f = f})
      return f(), g(), x`;
    expect(run(source)).toBe('shared own mine');
  });

  it('knows the globals of the functions at all levels of the stack', () => {
    const source = `
      local function tag(name, f) return setfenv(f, {name = name, getfenv = getfenv}) end
      local inner = tag('inner', function(n) local env = getfenv(n) return env.name end)
      local lost = tag('lost', function(n) return inner(n) end)
      local outer = tag('outer', function(n) local name = lost(n) return name end)
      local ok, message = pcall(outer, 2)
      return outer(1), outer(3), message, getfenv(1) == _G, pcall(getfenv, 3)`;
    expect(run(source)).toBe(
      'inner outer user_script:3: no function environment for tail call at level 2 true ' +
        "false bad argument #1 to '?' (invalid level)",
    );
  });

  it('begins a plain form anew as a generator when it meets a metamethod', () => {
    const source = `
      local t = setmetatable({}, {__add = function(a, b) for i = 1, 1 do end return b end})
      local count = 0
      local function add(a, b) return a + b end
      for i = 1, 20 do count = count + add(t, 1) end
      return count`;
    expect(run(source)).toBe('20');
  });
});

describe('Tables', () => {
  const keys = (source: string) => {
    return run(
      `${source} local s = '' for k in pairs(t) do s = s .. tostring(k) .. ' ' end return s`,
    );
  };

  it('gives pairs in the order of PUC', () => {
    expect(keys("local t = {} for i = 1, 10 do t['k' .. i] = i end")).toBe(
      'k9 k8 k1 k3 k2 k10 k6 k7 k4 k5 ',
    );
    expect(keys('local t = {one = 1, two = 2, 10, 20, three = 3, [true] = 1, [0.5] = 2}')).toBe(
      '1 2 0.5 true two one three ',
    );
  });

  it('lets pairs be removed while they are gone through', () => {
    expect(
      run('local t = {1, 2, 3, a = 1, b = 2} for k in pairs(t) do t[k] = nil end return next(t)'),
    ).toBe('nil');
  });

  it('measures arrays with holes as PUC does', () => {
    expect(
      run(
        'local t = {1, 2, nil, 4} local u = {1, nil, 3} local v = {n = 1} v[1] = 1 v[2] = 2 v[4] = 4 return #t, #u, #v',
      ),
    ).toBe('4 3 4');
  });
});

describe('Messages', () => {
  const message = (source: string) => run(`return select(2, pcall(function() ${source} end))`);

  it.each([
    ['local x = nil return x.y', "attempt to index local 'x' (a nil value)"],
    ['return foo.bar', "attempt to index global 'foo' (a nil value)"],
    ['foo()', "attempt to call global 'foo' (a nil value)"],
    ['local t = {} t.x.y = 1', "attempt to index field 'x' (a nil value)"],
    ["local s = 'x' s:foo()", "attempt to call method 'foo' (a nil value)"],
    ['return 1 + {}', 'attempt to perform arithmetic on a table value'],
    ['local a return a .. 1', "attempt to concatenate local 'a' (a nil value)"],
    ['return nil < 1', 'attempt to compare nil with number'],
    ['return {} < {}', 'attempt to compare two table values'],
    ['return #5', 'attempt to get length of a number value'],
    ['for i = 1, {} do end', "'for' limit must be a number"],
    ['string.rep()', "bad argument #1 to 'rep' (string expected, got no value)"],
    ["('x'):rep({})", "bad argument #1 to 'rep' (number expected, got table)"],
    ['local t = {} t[nil] = 1', 'table index is nil'],
    ["error('told')", 'told'],
  ])('%s: %s', (source, expected) => {
    expect(message(source)).toBe(`user_script:1: ${expected}`);
  });

  it('tell the place that the level says', () => {
    const source = `
      local function f(level) error('here', level) end
      local function g(level)
        f(level)
      end
      print(pcall(g, 1)) print(pcall(g, 2)) print(pcall(g, 3)) print(pcall(g, 0))
      print(pcall(function() return f(2) end))`;
    const rig = new LuaRig();
    rig.run(source);
    expect(rig.printed).toEqual([
      'false\tuser_script:2: here',
      'false\tuser_script:4: here',
      'false\there',
      'false\there',
      'false\there',
    ]);
  });

  it.each([
    ['x =', "unexpected symbol near '<eof>'"],
    ['if x then', "'end' expected near '<eof>'"],
    ['x = = 1', "unexpected symbol near '='"],
    ["x = 'abc", "unfinished string near '<eof>'"],
    ['x = 1e', "malformed number near '1e'"],
    ['break', "no loop to break near '<eof>'"],
    ['x = [[abc', "unfinished long string near '<eof>'"],
    ['f\n(1)', "ambiguous syntax (function call x new statement) near '('"],
    [`return ${'('.repeat(300)}`, 'chunk has too many syntax levels'],
    ['\x1bLua', "unexpected symbol near 'char(27)'"],
  ])('%j does not compile: %s', (source, expected) => {
    const text = new LuaRig().compileError(source);
    expect(text.replace(/^user_script:\d+: /, '')).toBe(expected);
  });

  it('tell what was begun where', () => {
    expect(new LuaRig().compileError('if x then\n\n')).toBe(
      "user_script:3: 'end' expected (to close 'if' at line 1) near '<eof>'",
    );
  });
});

describe('Coroutines', () => {
  it('give values back and forth', () => {
    const source = `
      local co = coroutine.create(function(a, b)
        local c = coroutine.yield(a + b)
        local d, e = coroutine.yield(c * 2)
        return d + e
      end)
      local r = {}
      for _, v in ipairs({{1, 2}, {10}, {3, 4}, {}}) do
        r[#r + 1] = tostring(select(2, coroutine.resume(co, unpack(v))))
      end
      return table.concat(r, ' '), coroutine.status(co)`;
    expect(run(source)).toBe('3 20 7 cannot resume dead coroutine dead');
  });

  it('yield out of deep recursion, and not out of pcall', () => {
    const source = `
      local function deep(n) if n == 0 then coroutine.yield('deep') return 0 end return 1 + deep(n - 1) end
      local f = coroutine.wrap(function() return deep(500) end)
      local g = coroutine.wrap(function() return pcall(coroutine.yield, 1) end)
      return f(), f(), g()`;
    expect(run(source)).toBe('deep 500 false attempt to yield across metamethod/C-call boundary');
  });
});
