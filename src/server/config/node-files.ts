/**
 * `ConfigFiles` on the real disk.
 *
 * A file is replaced the way Redis does it: a new file beside it is written and forced to disk,
 * given the mode a fresh file would have, renamed over the old one, and the directory is forced to
 * disk, so that after a power cut either the old or the new content is there. All of it is
 * synchronous: it happens at the start and in CONFIG REWRITE, which answers when it is done.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { platform } from 'node:os';
import { dirname, resolve } from 'node:path';
import { systemErrorText } from '../../text/system-error.js';
import { Refusal } from './directive.js';
import { type ConfigFiles, FileFailure } from './host.js';

const FRESH_FILE_MODE = 0o644;
const PRIVATE_FILE_MODE = 0o600;

/** The failure that an error thrown by node:fs stands for. */
export function fileFailure(error: unknown): FileFailure {
  const { code = 'EIO' } = error as NodeJS.ErrnoException;
  return new FileFailure(code, systemErrorText(error));
}

function attempt<Result>(action: () => Result): Result | FileFailure {
  try {
    return action();
  } catch (error) {
    return fileFailure(error);
  }
}

/** The real disk. `umask` is the process's, which the mode of a replaced file respects. */
export function nodeFiles(umask = 0o022): ConfigFiles {
  return {
    read: (path) => attempt(() => readFileSync(path)),
    list: (directory) => {
      const names = attempt(() => readdirSync(directory));
      return names instanceof FileFailure ? [] : names;
    },
    exists: existsSync,
    tryAppend: (path) => {
      const opened = attempt(() => closeSync(openSync(path, 'a')));
      return opened instanceof FileFailure ? opened : undefined;
    },
    replace: (path, content) => {
      const replaced = attempt(() => replaceFile(path, content, FRESH_FILE_MODE & ~umask));
      return replaced instanceof FileFailure ? replaced : undefined;
    },
    resolveDirectory: (base, path) => {
      const found = attempt(() => usableDirectory(resolve(base, path), path));
      return found instanceof FileFailure ? new Refusal(found.reason) : found;
    },
  };
}

function usableDirectory(path: string, given: string): string {
  // chdir("") fails in C, where resolve() would take it for the base.
  if (given === '') throw Object.assign(new Error(given), { code: 'ENOENT' });
  const real = realpathSync(path);
  if (!statSync(real).isDirectory()) throw Object.assign(new Error(real), { code: 'ENOTDIR' });
  accessSync(real, constants.X_OK);
  return real;
}

function replaceFile(path: string, content: Uint8Array, mode: number): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const file = openSync(temporary, 'wx', PRIVATE_FILE_MODE);
  try {
    try {
      writeFileSync(file, content);
      fsyncSync(file);
      if (platform() !== 'win32') fchmodSync(file, mode);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    attempt(() => unlinkSync(temporary));
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes a rename last. Windows neither can nor needs to. */
function syncDirectory(path: string): void {
  if (platform() === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
