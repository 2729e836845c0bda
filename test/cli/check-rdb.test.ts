/**
 * respd-check-rdb says what redis-check-rdb says, and ends with the same code: on good files, on files
 * cut anywhere, on files with any bit changed.
 *
 * CHECK_RDB_RUNS sets how many damaged files are compared; REDIS_CHECK_RDB names the real program.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeAofFiles } from '../../src/persistence/aof/files.js';
import { runCheckRdb } from '../../src/tools/check-rdb/command.js';
import { distFile } from '../support/dist.js';
import { findProgram } from '../support/programs.js';
import { writeRdb } from '../support/rdb-file.js';
import { seeded } from '../support/seeded.js';
import { fullRig } from '../unit/persistence/rdb-support.js';

const PROGRAM = distFile('check-rdb.js');
const REAL = process.env.REDIS_CHECK_RDB ?? findProgram('redis-check-rdb');
const RUNS = Number(process.env.CHECK_RDB_RUNS ?? 25);
/** The version that Redis 7.0 knows. */
const VERSION = 10;
const NOW = 1_700_000_000_000;

const dir = mkdtempSync(join(tmpdir(), 'respd-check-rdb-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Result {
  code: number | null;
  out: string;
  err?: string;
}

/** Runs ours in this process. */
function ours(...args: string[]): Result {
  let out = '';
  let err = '';
  const code = runCheckRdb(args, {
    files: nodeAofFiles,
    isTerminal: false,
    version: () => '1.2.3',
    now: () => NOW,
    random: Math.random,
    print: (text) => {
      out += text;
    },
    printError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

function write(content: Uint8Array, name = 'file.rdb'): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** Before 7.2 it took two things for what they are not, and had no names of newer types. */
const IS_OLD =
  REAL !== undefined && / 7\.0\./.test(spawnSync(REAL, ['-v']).stdout.toString('latin1'));
const NEWER = new Set(['functions before their time', 'a value of an old module']);

const LENGTH_ENCODING = 'Unknown length encoding N in rdbLoadLen()';

/**
 * What can't be the same: lines of source, and what is not known of streams that end early, where
 * redis-check-rdb names what it was reading.
 */
function comparable({ code, out }: Result): Result {
  return {
    code,
    out: out
      .replace(/^\d+:C .*? # .*\n/gm, '')
      .replace(/ reading offset \d+(, function at rdb\.c:\d+)?/g, '')
      .replace(/(Reading type \d+) \(.*\)/g, IS_OLD ? '$1' : '$&')
      .replace(/Unknown length encoding \d in rdbLoadLen\(\)/, LENGTH_ENCODING)
      .replace(
        /Internal error in RDB -> Stream .*(loading failed.*|short read .*)/,
        'Unexpected EOF reading RDB file',
      ),
  };
}

function bytes(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number'
        ? Buffer.from([part])
        : typeof part === 'string'
          ? Buffer.from(part, 'latin1')
          : part,
    ),
  );
}

/** A short string. */
function text(of: string): Buffer {
  return bytes(of.length, of);
}

const NO_SUM = Buffer.alloc(8);
const KEY = bytes(0, text('k'), text('v'));
const MODULE_ID = bytes(0x81, Buffer.from('1122334455667788', 'hex'));

const FILES: Readonly<Record<string, Buffer>> = {
  'nothing at all': bytes(),
  'half a signature': bytes('RED'),
  'another signature': bytes('RADIS0009', 0xff),
  'a version of zero': bytes('REDIS0000', 0xff, NO_SUM),
  'a version to come': bytes('REDIS0099', 0xff, NO_SUM),
  'a version of letters': bytes('REDISabcd', 0xff, NO_SUM),
  'no end': bytes('REDIS0009', 0xfe, 0, KEY),
  'no checksum': bytes('REDIS0009', 0xfe, 0, KEY, 0xff, NO_SUM),
  'half a checksum': bytes('REDIS0009', 0xfe, 0, KEY, 0xff, 1, 2, 3),
  'another checksum': bytes('REDIS0009', 0xfe, 0, KEY, 0xff, 1, 2, 3, 4, 5, 6, 7, 8),
  'a version without checksums': bytes('REDIS0004', 0xfe, 0, KEY, 0xff),
  'something behind the end': bytes('REDIS0009', 0xff, NO_SUM, 'rest'),
  'a great database': bytes('REDIS0009', 0xfe, 0x81, Buffer.alloc(8, 0x7f), KEY, 0xff, NO_SUM),
  'sizes of tables': bytes('REDIS0009', 0xfe, 0, 0xfb, 0x40, 200, 1, KEY, 0xff, NO_SUM),
  'a time in seconds': bytes('REDIS0009', 0xfd, 1, 0, 0, 0, KEY, 0xff, NO_SUM),
  'half a time in seconds': bytes('REDIS0009', 0xfd, 1, 0),
  'a time in milliseconds': bytes('REDIS0009', 0xfc, Buffer.alloc(8, 0x7f), KEY, 0xff, NO_SUM),
  'half a time in milliseconds': bytes('REDIS0009', 0xfc, 1, 0, 0, 0),
  'a time that is none': bytes('REDIS0009', 0xfc, Buffer.alloc(8, 0xff), KEY, 0xff, NO_SUM),
  'idle time': bytes('REDIS0009', 0xf8, 0x80, 0, 0, 1, 0, KEY, 0xff, NO_SUM),
  'half an idle time': bytes('REDIS0009', 0xf8, 0x80, 0, 0),
  frequency: bytes('REDIS0009', 0xf9, 255, KEY, 0xff, NO_SUM),
  'no frequency': bytes('REDIS0009', 0xf9),
  notes: bytes('REDIS0009', 0xfa, text('a\0b'), text('\xff'), 0xfa, 2, 'ab', 0xc0, 7, 0xff, NO_SUM),
  'a long note': bytes('REDIS0009', 0xfa, text('a'), 0x47, 0xd0, 'x'.repeat(2000), 0xff, NO_SUM),
  'half a note': bytes('REDIS0009', 0xfa, text('name'), 10, 'val'),
  'functions before their time': bytes('REDIS0009', 0xf6, text('x'), 0xff, NO_SUM),
  'half a library': bytes('REDIS0010', 0xf5, 50, '#!lua'),
  'data of a module': bytes('REDIS0009', 0xf7, MODULE_ID, 2, 1, 2, 5, 5, 1, 'x', 0, 0xff, NO_SUM),
  'half the data of a module': bytes('REDIS0009', 0xf7, MODULE_ID, 2),
  'odd data of a module': bytes('REDIS0009', 0xf7, MODULE_ID, 1, 1, 0),
  'a value of a module': bytes(
    'REDIS0009',
    bytes(7, text('k'), MODULE_ID, 2, 9, 3, 'abcd', 4, 'abcdefgh', 0),
    bytes(0xff, NO_SUM),
  ),
  'a value of an old module': bytes('REDIS0009', 6, text('k'), MODULE_ID, 0xff, NO_SUM),
  'an unknown type': bytes('REDIS0009', KEY, 8, text('k'), text('v'), 0xff, NO_SUM),
  'an unknown opcode': bytes('REDIS0009', 0xf0, 0xff, NO_SUM),
  'half a key': bytes('REDIS0009', KEY, 0, 10, 'abc'),
  'a key without a value': bytes('REDIS0009', KEY, 0, text('a\0b')),
  'half a value': bytes('REDIS0009', KEY, 0, text('k'), 30, 'abc'),
  'half a long length': bytes('REDIS0009', KEY, 0, text('k'), 0x80, 0, 0),
  'half a set': bytes('REDIS0009', KEY, 2, text('k'), 3, text('a'), text('b')),
  'a member twice': bytes('REDIS0009', KEY, 2, text('k'), 2, text('a'), text('a'), 0xff, NO_SUM),
  'a score that is no number': bytes(
    bytes('REDIS0009', 5, text('k'), 1, text('a')),
    bytes(Buffer.from('000000000000f87f', 'hex'), 0xff, NO_SUM),
  ),
  'a list of nothing sane': bytes('REDIS0010', 18, text('k'), 1, 2, text('abcdefg'), 0xff, NO_SUM),
  'odd compression': bytes('REDIS0009', 0, text('k'), 0xc3, 3, 30, 'abc', 0xff, NO_SUM),
  'an odd kind of string': bytes('REDIS0009', 0, text('k'), 0xc7, 0xff, NO_SUM),
  'no length': bytes('REDIS0009', 0xfe, 0x82, 0xff, NO_SUM),
};

describe.skipIf(REAL === undefined && !process.env.CI)('as redis-check-rdb', () => {
  let whole: Buffer;

  beforeAll(() => {
    whole = writeRdb(fullRig().keyspace, { version: VERSION });
  });

  function real(path: string): Result {
    const { status, stdout } = spawnSync(REAL!, [path]);
    return { code: status, out: stdout.toString('latin1') };
  }

  test.each(Object.keys(FILES).filter((name) => !IS_OLD || !NEWER.has(name)))(
    'a file with %s',
    (name) => {
      const path = write(FILES[name]!);
      expect(comparable(ours(path))).toEqual(comparable(real(path)));
    },
  );

  test('a file with everything', () => {
    const path = write(whole);
    const result = ours(path);
    expect(result.code).toBe(0);
    expect(result.out).toBe(real(path).out);
  });

  test('files that are missing, or folders', () => {
    mkdirSync(join(dir, 'folder'), { recursive: true });
    for (const name of ['missing', 'folder']) {
      const path = join(dir, name);
      const { code, err, out } = ours(path);
      expect({ code, out }).toEqual(real(path));
      expect(err).toMatch(/^respd-check-rdb: .*: (No such file or directory|Is a directory)\n$/);
    }
  });

  test('files that were cut off', () => {
    const random = seeded(1);
    for (let i = 0; i < RUNS; i++) {
      const path = write(whole.subarray(0, random(whole.length)));
      expect(comparable(ours(path)), `run ${i}`).toEqual(comparable(real(path)));
    }
  });

  test('files with a bit changed', () => {
    const random = seeded(2);
    for (let i = 0; i < RUNS; i++) {
      const damaged = Buffer.from(whole);
      const at = random(whole.length);
      damaged[at] = damaged[at]! ^ (1 << random(8));
      const path = write(damaged);
      const theirs = comparable(real(path));
      // Types that came later.
      if (/Invalid object type: (2[0-5]|244)$/m.test(theirs.out)) continue;
      // Redis takes the first byte of a string that has no length for a small length.
      const mine = comparable(ours(path));
      if (mine.out.includes(LENGTH_ENCODING)) expect(theirs.code, `run ${i}`).toBe(1);
      else expect(mine, `run ${i}`).toEqual(theirs);
    }
  });
});

describe('what is in a file', () => {
  let path: string;

  beforeAll(() => {
    path = write(writeRdb(fullRig().keyspace, { version: VERSION }), 'full.rdb');
  });

  test('is told by type when asked for, behind everything else', () => {
    const plain = ours(path).out;
    const { code, out } = ours('--summary', path);
    expect(code).toBe(0);
    expect(out.startsWith(plain)).toBe(true);
    const lines = out.slice(plain.length).trimEnd().split('\n');
    expect(lines.slice(0, 8).map((line) => line.replace(/ +/g, ' '))).toMatchInlineSnapshot(`
      [
        "type keys elements bytes expires expired",
        "string 48 48 80398 1 0",
        "list 5 5036 61927 1 0",
        "set 8 3558 22561 0 0",
        "zset 4 3038 59562 0 0",
        "hash 5 5030 146183 1 0",
        "stream 4 448 11384 0 0",
        "all 74 17158 382015 3 0",
      ]
    `);
  });

  test('is told to programs as JSON', () => {
    const { code, out } = ours('--json', path);
    expect(code).toBe(0);
    const json = JSON.parse(out);
    expect(json).toMatchObject({
      file: path,
      ok: true,
      version: VERSION,
      checksum: 'right',
      aux: { 'redis-ver': '7.0.15' },
    });
    expect(json.types.list).toMatchObject({ keys: 5 });
    expect(json.types.zset.elements).toBeGreaterThan(3000);
    expect(json.error).toBeUndefined();
    const sum = Object.values<{ bytes: number }>(json.types).reduce((n, { bytes }) => n + bytes, 0);
    expect(json.bytes - sum).toBeLessThan(100);
  });

  test('and what is wrong with it', () => {
    const cut = write(readFileSync(path).subarray(0, 1000), 'cut.rdb');
    const { code, out } = ours('--json', cut);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      error: {
        reason: 'Unexpected EOF reading RDB file',
        doing: 'read-object-value',
        key: expect.any(String),
        type: expect.any(String),
        offset: expect.any(Number),
      },
    });
    expect(JSON.parse(ours('--json', join(dir, 'missing')).out)).toMatchObject({
      ok: false,
      error: { reason: 'No such file or directory' },
    });
  });

  test('of hashes whose fields have deadlines, too', () => {
    const rig = fullRig();
    rig.run('HPEXPIREAT hash:odd 1800000000000 FIELDS 1 -0');
    rig.run('HPEXPIREAT hash:big 1800000000000 FIELDS 1 field:1');
    const { out } = ours('--json', write(writeRdb(rig.keyspace)));
    const { encodings, ok, version } = JSON.parse(out);
    expect({ ok, version }).toEqual({ ok: true, version: 12 });
    expect(encodings).toMatchObject({ 'hash-metadata': 1, 'hash-listpack-ex': 1 });
  });

  test('does not include collections without members, which are no error', () => {
    const file = bytes('REDIS0009', 2, text('k'), 0, KEY, 0xff, NO_SUM);
    const { code, out } = ours('--json', write(file));
    expect(code).toBe(0);
    expect(JSON.parse(out).types).toMatchObject({ set: { keys: 1, elements: 0 } });
  });
});

describe('the program', () => {
  function program(...args: string[]): Result {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args]);
    return { code: status, out: String(stdout), err: String(stderr) };
  }

  test('checks a file', () => {
    const path = write(FILES['no checksum']!);
    expect(program(path)).toEqual({ code: 0, out: ours(path).out, err: '' });
  });

  test('says how to use it, and which one it is', () => {
    const usage = 'Usage: respd-check-rdb [--summary|--json] <rdb-file-name>\n';
    expect(program()).toEqual({ code: 1, out: '', err: usage });
    expect(program('a', 'b')).toEqual({ code: 1, out: '', err: usage });
    expect(program('-v').out).toMatch(/^respd-check-rdb \d+\.\d+\.\d+\n$/);
  });
});
