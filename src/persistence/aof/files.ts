/**
 * The file operations that the append-only file needs, so that tests can have a disk of their own: one
 * that fails, tears writes, and forgets what was not synced.
 *
 * All of them are synchronous, but those whose name says "later". They throw what Node throws: an error
 * with `code` ('ENOSPC'); text for users: systemErrorText.
 */
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlink,
  writeSync,
} from 'node:fs';

export type OpenMode =
  | 'read'
  /** To read and to cut off. */
  | 'repair'
  /** Writes go to the end, whatever was cut off before. */
  | 'append'
  /** As append, to a file that is empty at first. */
  | 'fresh';

/** Says how something that was left to other threads has ended. */
export type Done = (error: unknown) => void;

export interface AofFiles {
  /** Makes a folder unless it is there. */
  makeFolder(path: string): void;
  isFolder(path: string): boolean;
  /** Names of what is in a folder, in any order. */
  list(path: string): string[];
  /** Whether there is a regular file. */
  isFile(path: string): boolean;
  /** Size of a file in bytes. */
  sizeOf(path: string): number;
  open(path: string, mode: OpenMode): number;
  /** Size of an open file in bytes. */
  size(fd: number): number;
  /** @returns how many bytes were read; 0 at the end */
  read(fd: number, buf: Uint8Array, off: number, len: number, position: number): number;
  /** @returns how many bytes were written, which may be fewer */
  write(fd: number, buf: Uint8Array, off: number, len: number): number;
  truncate(fd: number, size: number): void;
  /** Has the file's content on the disk. */
  sync(fd: number): void;
  syncLater(fd: number, done: Done): void;
  close(fd: number): void;
  rename(from: string, to: string): void;
  /** Has a folder's entries on the disk: files that are new, or have another name. */
  syncFolder(path: string): void;
  syncFolderLater(path: string, done: Done): void;
  removeLater(path: string, done: Done): void;
}

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  repair: constants.O_RDWR,
  append: APPEND,
  fresh: APPEND | constants.O_TRUNC,
};

/** What file systems answer that can't sync a folder. */
const FOLDER_SYNC_UNKNOWN = new Set(['EISDIR', 'EBADF', 'EINVAL']);

function isFolderSyncUnknown(error: unknown): boolean {
  return FOLDER_SYNC_UNKNOWN.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** The real disk. */
export const nodeAofFiles: AofFiles = {
  makeFolder(path) {
    try {
      mkdirSync(path, { mode: FOLDER_MODE });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!this.isFolder(path)) throw Object.assign(new Error(path), { code: 'ENOTDIR' });
    }
  },
  isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  list: (path) => readdirSync(path),
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  sizeOf: (path) => statSync(path).size,
  open: (path, mode) => openSync(path, FLAGS[mode], FILE_MODE),
  size: (fd) => fstatSync(fd).size,
  read: (fd, buf, off, len, position) => readSync(fd, buf, off, len, position),
  write: (fd, buf, off, len) => writeSync(fd, buf, off, len),
  truncate: (fd, size) => ftruncateSync(fd, size),
  sync: (fd) => fdatasyncSync(fd),
  syncLater: (fd, done) => fdatasync(fd, done),
  close: (fd) => closeSync(fd),
  rename: (from, to) => renameSync(from, to),
  syncFolder(path) {
    let fd = -1;
    try {
      fd = openSync(path, constants.O_RDONLY);
      fsyncSync(fd);
    } catch (error) {
      if (!isFolderSyncUnknown(error)) throw error;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
  },
  syncFolderLater(path, done) {
    const told: Done = (error) => done(isFolderSyncUnknown(error) ? null : error);
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY);
    } catch (error) {
      setImmediate(told, error);
      return;
    }
    fsync(fd, (error) => close(fd, () => told(error)));
  },
  removeLater: (path, done) => unlink(path, done),
};
