import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/server/config/directive.js';
import { FileFailure } from '../../../src/server/config/host.js';
import { nodeFiles } from '../../../src/server/config/node-files.js';

let home = '';
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'respd-config-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('files on disk', () => {
  it('are replaced whole, with the mode of a fresh file, and leave nothing beside them', () => {
    const path = join(home, 'redis.conf');
    writeFileSync(path, 'old', { mode: 0o600 });
    expect(nodeFiles(0o027).replace(path, Buffer.from('new'))).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(nodeFiles().list(home)).toEqual(['redis.conf']);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('fail with the words of the system', () => {
    const files = nodeFiles();
    const missing = join(home, 'missing', 'x');
    const failure = new FileFailure('ENOENT', 'No such file or directory');
    expect(files.read(missing)).toEqual(failure);
    expect(files.replace(missing, Buffer.from(''))).toEqual(failure);
    expect(files.tryAppend(missing)).toEqual(failure);
    expect(files.read(home)).toEqual(new FileFailure('EISDIR', 'Is a directory'));
    expect(files.list(missing)).toEqual([]);
  });

  it('lie in directories that are resolved against another one', () => {
    const files = nodeFiles();
    mkdirSync(join(home, 'sub'));
    writeFileSync(join(home, 'file'), '');
    expect(files.resolveDirectory(home, 'sub')).toBe(join(home, 'sub'));
    expect(files.resolveDirectory(join(home, 'sub'), '..')).toBe(home);
    expect(files.resolveDirectory(home, 'nothing')).toEqual(
      new Refusal('No such file or directory'),
    );
    expect(files.resolveDirectory(home, '')).toEqual(new Refusal('No such file or directory'));
    expect(files.resolveDirectory(home, 'file')).toEqual(new Refusal('Not a directory'));
  });
});
