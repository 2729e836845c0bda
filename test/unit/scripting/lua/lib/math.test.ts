import { describe, expect, it } from 'vitest';
import { LuaRandom } from '../../../../../src/scripting/lua/lib/math-random.js';
import { scriptRunner } from '../../../../support/lua-script.js';

const { run } = scriptRunner();

describe("Lua's math", () => {
  it('takes numbers apart and puts them together', () => {
    expect(run('return math.frexp(10)')).toEqual([0.625, 4]);
    expect(run('return math.frexp(2^-1074)')).toEqual([0.5, -1073]);
    expect(run('return math.ldexp(0.625, 4), math.ldexp(1, -1074), math.ldexp(1, 5000)')).toEqual([
      10,
      5e-324,
      Number.POSITIVE_INFINITY,
    ]);
    expect(run('return math.modf(-3.25)')).toEqual([-3, -0.25]);
    expect(run('return math.modf(math.huge)')).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('has powers of ten that are what is written', () => {
    expect(
      run('return math.pow(10, 23) == 1e23, math.pow(10, -5) == 1e-5, math.pow(1, 0/0)'),
    ).toEqual([true, true, 1]);
  });

  it('takes strings for numbers, and checks the second of two arguments first', () => {
    expect(run("return math.max('3', 2), math.fmod(-5, '3'), math.mod == math.fmod")).toEqual([
      3,
      -2,
      true,
    ]);
    expect(() => run("local x = math.pow('x')")).toThrow(
      "bad argument #2 to 'pow' (number expected, got no value)",
    );
  });
});

describe('math.random', () => {
  it('gives the numbers that Redis gives', () => {
    const { run } = scriptRunner();
    const source = 'return tostring(math.random()), math.random(100), math.random(-5, 5)';
    expect(run(source)).toEqual(['0.39646477363839', 85, -2]);
    expect(run(source)).toEqual(['0.44658343468168', 32, 4]);
    expect(
      run(
        `math.randomseed(0) ${source.replace('tostring', "string.format('%.17g',").replace('(math.random())', ' math.random())')}`,
      ),
    ).toEqual(['0.1708280361121651', 75, -4]);
  });

  it('goes on where the script before has left it, if they share a generator', () => {
    const random = new LuaRandom(0);
    const first = [random.next(), random.next()];
    random.seed(0);
    expect([random.next(), random.next()]).toEqual(first);
  });

  it('refuses intervals without numbers', () => {
    expect(() => run('local x = math.random(0)')).toThrow(
      "bad argument #1 to 'random' (interval is empty)",
    );
    expect(() => run('local x = math.random(2, 1)')).toThrow(
      "bad argument #2 to 'random' (interval is empty)",
    );
    expect(() => run('local x = math.random(1, 2, 3)')).toThrow('wrong number of arguments');
  });
});

describe('os.clock', () => {
  it('is the processor time that is handed in', () => {
    expect(scriptRunner({}, () => 1.5).run('return os.clock()')).toEqual([1.5]);
  });
});
