/**
 * Made-up programs print the same by lua5.1 and by respd's interpreter, messages of errors included.
 *
 * `LUA_SEED` and `LUA_PROGRAMS` choose others and more; a difference says which.
 */
import { expect, it } from 'vitest';
import { describeWithProgram } from '../../support/programs.js';
import { Random } from '../random.js';
import { ENVIRONMENTS } from './environments.js';
import { OurLua, runByLua51 } from './lua51.js';
import { ProgramMaker } from './programs.js';

const SEED = Number(process.env.LUA_SEED ?? 20_240_501);
const PROGRAMS = Number(process.env.LUA_PROGRAMS ?? (process.env.CI ? 20_000 : 2_000));
const BATCH = 500;

describeWithProgram('lua5.1', 'The language, beside lua5.1', () => {
  it(`prints the same for ${PROGRAMS} programs from seed ${SEED}`, { timeout: 600_000 }, () => {
    const seeds = new Random(SEED);
    const ours = new OurLua();
    for (let done = 0; done < PROGRAMS; done += BATCH) {
      const programs: string[] = [];
      for (let i = 0; i < BATCH; i++) {
        const program = new ProgramMaker(new Random(seeds.uint32())).program();
        // Some as if they had to do with environments: all generators, with frames.
        programs.push(i % 8 === 0 ? `${program}\n-- setfenv` : program);
      }
      const expected = runByLua51(programs);
      programs.forEach((program, i) => {
        const actual = ours.runProgram(program);
        if (actual === expected[i]) return;
        expect(actual, `Program ${done + i} of seed ${SEED}:\n${program}\n`).toBe(expected[i]);
      });
    }
  });

  it('finds the functions that getfenv and setfenv mean', () => {
    const [expected] = runByLua51([ENVIRONMENTS]);
    expect(new OurLua().runProgram(ENVIRONMENTS)).toBe(expected);
  });
});
