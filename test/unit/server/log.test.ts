import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog } from '../../../src/server/log.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'respd-log-'));
  file = join(directory, 'respd.log');
});
afterEach(() => rmSync(directory, { recursive: true }));

const lines = () => readFileSync(file, 'utf8').split('\n').slice(0, -1);

describe('The log', () => {
  it('has lines as Redis writes them, from its level on', () => {
    const log = openLog({ file, format: 'redis', level: 'notice', role: () => 'S' });
    log.verbose('not told');
    log.notice('Ready to accept connections');
    log.warning('something\nis wrong');
    log.setLevel('nothing');
    log.warning('not told');
    log.setLevel('debug');
    log.debug('told');
    const head = `${process.pid}:S \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{3}`;
    expect(lines()).toEqual([
      expect.stringMatching(new RegExp(`^${head} \\* Ready to accept connections$`)),
      expect.stringMatching(new RegExp(`^${head} # something$`)),
      'is wrong',
      expect.stringMatching(new RegExp(`^${head} \\. told$`)),
    ]);
  });

  it('is JSON, line by line, where that is wanted, and from when on', () => {
    const log = openLog({ file, format: 'redis', level: 'verbose' });
    log.notice('as Redis');
    log.setFormat('json');
    log.debug('not told');
    log.verbose('a "quoted"\nline');
    log.warning('last');
    const [first, ...rest] = lines();
    expect(first).toMatch(/ \* as Redis$/);
    expect(rest.map((line) => JSON.parse(line))).toEqual([
      { level: 25, time: expect.any(Number), pid: process.pid, msg: 'a "quoted"\nline' },
      { level: 40, time: expect.any(Number), pid: process.pid, msg: 'last' },
    ]);
  });

  it('goes to a new file when the old one is moved away', () => {
    const log = openLog({ file, format: 'redis', level: 'notice' });
    log.notice('one');
    renameSync(file, `${file}.1`);
    log.notice('two');
    expect(lines()).toEqual([expect.stringMatching(/two$/)]);
  });

  it('can not be opened where there is no folder', () => {
    const open = () => openLog({ file: join(file, 'none'), format: 'redis', level: 'notice' });
    expect(open).toThrow('ENOENT');
  });
});
