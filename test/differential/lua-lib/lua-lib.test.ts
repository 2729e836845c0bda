/**
 * Lua's own libraries against lua5.1: the same calls to both, results and messages compared.
 *
 * RESPD_LUA_LIB_CASES and RESPD_LUA_LIB_SEED make a longer run, or another.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scriptRunner } from '../../support/lua-script.js';
import { describeWithProgram } from '../../support/programs.js';
import { Random } from '../random.js';
import {
  type CaseMaker,
  formatCase,
  patternCase,
  programOf,
  simpleCase,
  sortCase,
} from './cases.js';

const COUNT = Number(process.env.RESPD_LUA_LIB_CASES ?? 3000);
const SEED = Number(process.env.RESPD_LUA_LIB_SEED ?? 1);

/** Differences that are shown. */
const SHOWN = 10;

describeWithProgram('lua5.1', 'the libraries of Lua', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'respd-lua-lib-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const makers: [string, CaseMaker, number][] = [
    ['find, match, gmatch and gsub', patternCase, COUNT],
    ['format', formatCase, COUNT],
    ['the other functions', simpleCase, COUNT],
    ['sort', sortCase, COUNT / 3],
  ];
  it.each(makers)('give the same results and messages as in lua5.1: %s', (_name, make, count) => {
    const random = new Random(SEED);
    const calls = Array.from({ length: count }, () => make(random));
    const program = programOf(calls);
    const expected = runReal(folder, program);
    const actual = runOurs(program);
    const differences = calls.flatMap((call, i) =>
      isAlike(actual[i], expected[i]) ? [] : [{ call, expected: expected[i], actual: actual[i] }],
    );
    expect(differences.slice(0, SHOWN), `seed ${SEED}`).toEqual([]);
  });
});

/** NaN's sign, which JavaScript doesn't know, is left out of it, and so is the room it takes. */
function isAlike(actual = '', expected = ''): boolean {
  return withoutNan(actual) === withoutNan(expected);
}

function withoutNan(line: string): string {
  return line.replace(/(?:-|\\2d)?nan/gi, 'nan');
}

function runReal(folder: string, program: string): string[] {
  writeFileSync(join(folder, 'script'), `OUT = print\n${program.trimStart()}`, 'latin1');
  const output = execFileSync('lua5.1', ['script'], {
    cwd: folder,
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  return output.trimEnd().split('\n');
}

function runOurs(program: string): string[] {
  const { lua, run } = scriptRunner();
  const lines: string[] = [];
  const out = lua.plain('OUT', (line: string) => {
    lines.push(line);
    return [];
  });
  lua.globals.setString('OUT', out);
  run(program);
  return lines;
}
