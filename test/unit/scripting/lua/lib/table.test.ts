import { describe, expect, it } from 'vitest';
import { LuaTable } from '../../../../../src/scripting/lua/value.js';
import { scriptRunner } from '../../../../support/lua-script.js';

const { run, pauses, lua } = scriptRunner();

describe("Lua's tables", () => {
  it('take elements in and give them back', () => {
    expect(
      run('local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) return unpack(t)'),
    ).toEqual([0, 1, 2, 3]);
    expect(run('local t = {1, 2, 3} return table.remove(t), table.remove(t, 1), #t, t[1]')).toEqual(
      [3, 1, 1, 2],
    );
    expect(run('return select("#", table.remove({}))')).toEqual([0]);
    expect(() => run('table.insert({}, 1, 2, 3)')).toThrow(
      "script:1: wrong number of arguments to 'insert'",
    );
  });

  it('are joined', () => {
    expect(
      run(
        "return table.concat({1, 'a', 2.5}, ', '), table.concat({}, 'x'), table.concat({1, 2, 3}, '', 2, 3)",
      ),
    ).toEqual(['1, a, 2.5', '', '23']);
    expect(() => run('table.concat({1, {}})')).toThrow(
      "invalid value (table) at index 2 in table for 'concat'",
    );
    expect(
      run("local t = {} for i = 1, 1501 do t[i] = i % 10 end return #table.concat(t, ', ')"),
    ).toEqual([4501]);
  });

  it('are counted and visited as Lua 5.0 did', () => {
    expect(run('return table.getn({1, 2}), table.maxn({[10] = 1, [2.5] = 1, x = 1})')).toEqual([
      2, 10,
    ]);
    expect(
      run('return table.foreachi({5, 6, 7}, function(i, v) if v == 6 then return i end end)'),
    ).toEqual([2]);
    expect(run('return table.foreach({x = 1}, function(k, v) return k .. v end)')).toEqual(['x1']);
    expect(() => run('table.setn({}, 1)')).toThrow("'setn' is obsolete");
  });

  it('that are read-only stay as they are, and the message names no place', () => {
    const fixed = new LuaTable();
    fixed.setIndex(1, 'b');
    fixed.setIndex(2, 'a');
    fixed.isReadonly = true;
    lua.globals.setString('fixed', fixed);
    for (const call of [
      'insert(fixed, 1)',
      'insert(fixed, 1, 1)',
      'remove(fixed)',
      'sort(fixed)',
    ]) {
      expect(() => run(`table.${call}`)).toThrow(/^Attempt to modify a readonly table$/);
    }
  });

  it('that are large are worked on in strides, between which others are served', () => {
    const filled = 'local t = {} for i = 1, 20000 do t[i] = -i end';
    expect(run(`${filled} table.insert(t, 2, 'x') return #t, t[1], t[2], t[3], t[20001]`)).toEqual([
      20001,
      -1,
      'x',
      -2,
      -20000,
    ]);
    expect(run(`${filled} local x = table.remove(t, 2) return x, #t, t[2], t[19999]`)).toEqual([
      -2, 19999, -3, -20000,
    ]);
    expect(pauses(`${filled} for i = 1, 10 do table.insert(t, 1, i) end`)).toBeGreaterThan(0);
    expect(pauses(`${filled} table.sort(t)`)).toBeGreaterThan(0);
    expect(pauses(`${filled} table.sort(t, function(a, b) return a < b end)`)).toBeGreaterThan(0);
  });
});

describe('table.sort', () => {
  it('sorts numbers and strings, and anything by an order function', () => {
    expect(run('local t = {3, 1, 2} table.sort(t) return unpack(t)')).toEqual([1, 2, 3]);
    expect(run("local t = {'b', 'a\\0', 'a'} table.sort(t) return unpack(t)")).toEqual([
      'a',
      'a\0',
      'b',
    ]);
    expect(
      run(
        'local t = {{2}, {1}} table.sort(t, function(a, b) return a[1] < b[1] end) return t[1][1]',
      ),
    ).toEqual([1]);
  });

  it('leaves equal elements in the order in which quicksort does', () => {
    const source = `
      local t = {}
      for i = 1, 12 do t[i] = {i % 3, i} end
      table.sort(t, function(a, b) return a[1] < b[1] end)
      for i = 1, 12 do t[i] = t[i][2] end
      return table.concat(t, ' ')`;
    expect(run(source)).toEqual(['12 9 3 6 1 4 7 10 2 8 11 5']);
  });

  it('notices an order that cannot be, and what cannot be compared', () => {
    expect(() => run('table.sort({3, 1, 2, 4, 5}, function() return true end)')).toThrow(
      'script:1: invalid order function for sorting',
    );
    expect(() => run("table.sort({1, 'x'})")).toThrow(/^attempt to compare string with number$/);
    expect(() => run('table.sort({1, 2}, 1)')).toThrow(
      "bad argument #2 to 'sort' (function expected, got number)",
    );
  });
});
