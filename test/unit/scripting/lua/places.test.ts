/** Where errors were raised, as the client is told, and where a script was that is killed. */
import { describe, expect, it } from 'vitest';
import { LuaRig } from './lua-rig.js';

/** "@user_script:1" for the error with which a script ends. */
function placeOf(source: string): string {
  const run = new LuaRig().start(source);
  run.resume();
  const place = run.error?.place;
  return place === undefined ? 'nowhere' : `${place.source}:${place.line}`;
}

describe('An error that nobody catches tells its place', () => {
  it.each([
    ['if its message does', 'local x\nreturn x.y', '@user_script:2'],
    ['if it is a table', 'error({})', '@user_script:1'],
    [
      'where error was called, whatever level it names',
      'local function f()\nerror("x", 2) end\nf()',
      '@user_script:2',
    ],
    [
      'where a coroutine was resumed that has failed',
      'coroutine.wrap(function()\nerror({}) end)()',
      '@user_script:2',
    ],
    ['where there is no coroutine to yield', '\ncoroutine.yield()', '@user_script:2'],
    ['where a library refuses a key', '\nrawset({}, nil, 1)', '@user_script:2'],
    ['by the name of its chunk', "loadstring('error({})', '=name')()", '=name:1'],
    ['by the source of a chunk without a name', "loadstring('error({})')()", 'error({}):1'],
  ])('%s', (_when, source, expected) => {
    expect(placeOf(source)).toBe(expected);
  });

  it('with keys that are constants once PUC has computed them', () => {
    expect(new LuaRig().run("local t = {} t[2 ^ 53 and ('a')]()")).toBe(
      "error: user_script:1: attempt to call field 'a' (a nil value)",
    );
  });

  it('with names as C prints them, up to a zero byte', () => {
    expect(new LuaRig().run("local t = {} t['a\\0b']()")).toBe(
      "error: user_script:1: attempt to call field 'a' (a nil value)",
    );
  });
});

describe('A script that pauses knows where', () => {
  it.each([
    ['a loop', '\nwhile true do end', 2],
    ['a loop of some lines', 'local i = 0\nwhile true do\ni = i + 1\nend', 3],
    ['a loop that counts', 'local s = 0\nfor i = 1, 1e15 do\ns = s + i\nend', 2],
    ['a repeat', 'repeat\nuntil\nfalse', 3],
    [
      'a function of a library',
      '\nstring.find(string.rep("a", 50), string.rep("a?", 50) .. string.rep("a", 50))',
      2,
    ],
  ])('in %s', (_what, source, line) => {
    const run = new LuaRig().start(source);
    for (let i = 0; i < 3; i++) run.resume(() => true);
    expect(run.pausedAt?.line).toBe(line);
  });
});

describe('load', () => {
  it('gives nil and the message if its reader fails', () => {
    expect(new LuaRig().run("return load(function() error('x') end)")).toBe('nil user_script:1: x');
  });
});
