/**
 * respd-check-aof says what redis-check-aof says, and ends with the same code: on good files, on files
 * cut anywhere, on files with any byte changed.
 *
 * CHECK_AOF_RUNS sets how many random files are compared; REDIS_CHECK_AOF names the real program.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { nodeAofFiles } from '../../src/persistence/aof/files.js';
import { Args } from '../../src/resp/args.js';
import { runCheckAof } from '../../src/tools/check-aof/command.js';
import { reportRdb } from '../../src/tools/check-rdb/report.js';
import { findProgram } from '../support/programs.js';

const PROGRAM = fileURLToPath(new URL('../../dist/check-aof.js', import.meta.url));
const REAL = process.env.REDIS_CHECK_AOF ?? findProgram('redis-check-aof', process.env);
const RUNS = Number(process.env.CHECK_AOF_RUNS ?? 150);

const dir = mkdtempSync(join(tmpdir(), 'respd-check-aof-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Result {
  code: number | null;
  out: string;
}

/** Runs ours in this process, in the folder `dir`. */
function ours(args: string[], answer = ''): Result {
  let out = '';
  const print = (text: string): void => {
    out += text;
  };
  const rdbHost = { files: nodeAofFiles, now: Date.now, random: Math.random, print };
  const before = process.cwd();
  process.chdir(dir);
  try {
    const code = runCheckAof(args, {
      files: nodeAofFiles,
      isTerminal: false,
      print,
      ask: () => answer.slice(0, 1),
      checkRdb(fd) {
        const { bytes, isFine } = reportRdb(rdbHost, fd, args.at(-1)!);
        return isFine ? bytes : undefined;
      },
      logLine: (text) => `1:C 01 Jan 2026 00:00:00.000 # ${text}`,
    });
    return { code, out };
  } finally {
    process.chdir(before);
  }
}

function real(args: string[], answer = ''): Result {
  const { status, stdout } = spawnSync(REAL!, args, { cwd: dir, input: answer });
  return { code: status, out: stdout.toString('latin1') };
}

/** What can't be the same: process, time, the program's name, bytes that C reads beyond a line's end. */
function comparable({ code, out }: Result): Result {
  return {
    code,
    out: out
      // redis-check-rdb ends as a server would.
      .replace(/^\d+:C .* Terminating server after rdb file reading failure\.\n/m, '')
      .replace(/ reading offset \d+(, function at rdb\.c:\d+)?/, '')
      .replace(/^\d+:C .*? # /gm, 'LOG ')
      .replace(/^Usage: .*/m, 'Usage')
      .replace(/(got: 00)[0-9a-f]+/, '$1'),
  };
}

function write(name: string, content: Uint8Array | string): void {
  writeFileSync(join(dir, name), content, typeof content === 'string' ? 'latin1' : undefined);
}

function command(...words: string[]): string {
  return Args.from(words).encode().toString('latin1');
}

function expectSame(args: string[], answer = ''): void {
  expect(comparable(ours(args, answer))).toEqual(comparable(real(args, answer)));
}

const words = fc.array(
  fc.oneof(
    fc.constantFrom('SET', 'MULTI', 'EXEC', 'multi', 'k', '', 'a\r\nb', '\0'),
    fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  ),
  { minLength: 1, maxLength: 4 },
);
const item = fc.oneof(
  { weight: 6, arbitrary: words.map((w) => command(...w)) },
  { weight: 2, arbitrary: fc.constantFrom(command('MULTI'), command('EXEC')) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 300 }).map((ts) => `#TS:${ts}\r\n`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '#\n',
      '#TS:x\r\n',
      '*0\r\n',
      '*-1\r\n',
      '*\r\n',
      '* 1\r\n$1\r\na\r\n',
      '*1\n',
      '*1\r\n$-1\r\n',
      '$',
      '*1\r\n$99999999999\r\n',
      '*1\r\n$9223372036854775807\r\n',
      '*1\r\n$99999999999999999999\r\n',
      '*9999999\r\n',
      '#'.repeat(1500),
      `*${'1'.repeat(200)}`,
      'x',
      '\n',
      `*1${' '.repeat(130)}\r\n`,
    ),
  },
);
const damage = fc.option(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.integer({ min: 0, max: 255 }),
  }),
);
const cut = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
const content = fc.record({ items: fc.array(item, { maxLength: 6 }), damage, cut }).map((made) => {
  let bytes = Buffer.from(made.items.join(''), 'latin1');
  if (made.damage && bytes.length > 0) {
    bytes[Math.min(bytes.length - 1, Math.floor(made.damage.at * bytes.length))] = made.damage.byte;
  }
  if (made.cut !== null) bytes = bytes.subarray(0, Math.round(made.cut * bytes.length));
  return bytes;
});

describe.skipIf(REAL === undefined && !process.env.CI)('as redis-check-aof', () => {
  test('any file, good or damaged, gets the same answer', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        write('a.aof', bytes);
        expectSame(['a.aof']);
      }),
      { numRuns: RUNS, seed: 5 },
    );
  });

  test('--fix leaves the same file', () => {
    fc.assert(
      fc.property(content, fc.constantFrom('y\n', 'Y', 'n\n', ''), (bytes, answer) => {
        write('a.aof', bytes);
        const mine = comparable(ours(['--fix', 'a.aof'], answer));
        const kept = readFileSync(join(dir, 'a.aof'));
        write('a.aof', bytes);
        expect(mine).toEqual(comparable(real(['--fix', 'a.aof'], answer)));
        expect(kept).toEqual(readFileSync(join(dir, 'a.aof')));
      }),
      { numRuns: RUNS, seed: 6 },
    );
  });

  test('--truncate-to-timestamp leaves the same file', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: -1, max: 300 }), (bytes, seconds) => {
        const args = ['--truncate-to-timestamp', String(seconds), 'a.aof'];
        write('a.aof', bytes);
        const mine = comparable(ours(args));
        const kept = readFileSync(join(dir, 'a.aof'));
        write('a.aof', bytes);
        expect(mine).toEqual(comparable(real(args)));
        expect(kept).toEqual(readFileSync(join(dir, 'a.aof')));
      }),
      { numRuns: RUNS, seed: 7 },
    );
  });

  test('RDB data in front are checked, too', () => {
    const rdb = Buffer.concat([
      Buffer.from('REDIS0009\xfe\0\0\x01k\x01v\xff', 'latin1'),
      Buffer.alloc(8),
    ]);
    const commands = Buffer.from(command('SET', 'a', 'b'));
    for (const bytes of [
      rdb,
      Buffer.concat([rdb, commands]),
      Buffer.concat([rdb, commands]).subarray(0, -3),
      rdb.subarray(0, -5),
      Buffer.concat([rdb.subarray(0, 12), commands]),
    ]) {
      write('a.aof', bytes);
      expectSame(['a.aof']);
      const mine = comparable(ours(['--fix', 'a.aof'], 'y'));
      write('a.aof', bytes);
      expect(mine).toEqual(comparable(real(['--fix', 'a.aof'], 'y')));
    }
  });

  test('a manifest has all of its files checked, and only the last one mended', () => {
    fc.assert(
      fc.property(
        fc.array(content, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (files, fixes) => {
          const lines = files.map((bytes, i) => {
            write(`f${i}`, bytes);
            return `file f${i} seq ${i + 1} type ${i === 0 ? 'b' : 'i'}\n`;
          });
          write('m.manifest', lines.join(''));
          const args = [...(fixes ? ['--fix'] : []), 'm.manifest'];
          const mine = comparable(ours(args, 'y'));
          const kept = files.map((_, i) => readFileSync(join(dir, `f${i}`)));
          files.forEach((bytes, i) => {
            write(`f${i}`, bytes);
          });
          expect(mine).toEqual(comparable(real(args, 'y')));
          expect(kept).toEqual(files.map((_, i) => readFileSync(join(dir, `f${i}`))));
        },
      ),
      { numRuns: RUNS, seed: 8 },
    );
  });

  test('any manifest, good or damaged, gets the same answer', () => {
    const line = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('f0', 'f1', '"f0"', 'none', 'a/b', '"a b"', "'f1'", '""', 'ü'),
          fc.constantFrom('1', '2', '-3', '0', 'x', '5x', ' 7', '99999999999999'),
          fc.constantFrom('b', 'i', 'h', 'x', 'base', '""'),
        )
        .map(([name, seq, type]) => `file ${name} seq ${seq} type ${type}\n`),
      fc.constantFrom(
        '# note\n',
        '\n',
        'file f0 seq 1\n',
        'FILE f0 SEQ 9 Type i\n',
        'file f0 seq 3 type i more 1\n',
        'type h seq 1 file x\n',
        `# ${'x'.repeat(1100)}\n`,
        `file ${'x'.repeat(1100)} seq 1 type h\n`,
        'file "f0 seq 1 type b\n',
        'file f0 seq 1 type b',
        '  file f1 seq 4 type i  \r\n',
        'file f1 seq 4 type i odd\n',
        'file f\0 seq 1 type b\n',
      ),
    );
    write('f0', command('SET', 'a', 'b'));
    write('f1', command('DEL', 'a'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
        // 7.0 and 7.2 differ in what else they take for a manifest.
        fc.pre(lines[0]?.startsWith('file') ?? true);
        write('m.manifest', Buffer.from(lines.join('')));
        expectSame(['m.manifest']);
      }),
      { numRuns: RUNS, seed: 9 },
    );
  });

  test('what can not be read, or is asked for wrongly', () => {
    write('a.aof', command('PING'));
    write('gone.manifest', 'file nothing seq 1 type b\n');
    for (const args of [
      [],
      ['none'],
      ['.'],
      ['--fix'],
      ['--fix', 'none'],
      ['--what', 'a.aof'],
      ['a', 'b', 'c', 'd'],
      ['gone.manifest'],
      ['--truncate-to-timestamp', 'x', 'a.aof'],
      ['--truncate-to-timestamp', '1x', 'a.aof'],
      ['--truncate-to-timestamp', '', 'a.aof'],
      ['--truncate-to-timestamp', '99999999999999999999', 'a.aof'],
    ]) {
      expectSame(args);
    }
  });
});

describe('the program', () => {
  test('checks a file, and adds a summary if asked', () => {
    write('s.aof', command('SELECT', '0') + command('set', 'k', 'v') + command('SET', 'k', 'w'));
    const out = execFileSync(process.execPath, [PROGRAM, '--summary', 's.aof'], {
      cwd: dir,
      encoding: 'utf8',
    });
    expect(out).toMatch(/^AOF s\.aof is valid$/m);
    expect(out).toMatch(/^SET +2 +54$/m);
    expect(out).toMatch(/^SELECT +1 +23$/m);
  });

  test('ends with 1 when something is wrong', () => {
    write('w.aof', 'nonsense');
    const { status } = spawnSync(process.execPath, [PROGRAM, 'w.aof'], { cwd: dir });
    expect(status).toBe(1);
  });
});
