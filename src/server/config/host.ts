/**
 * What configuration needs from the world: files, and a place for warnings. Handed in, so that
 * tests need no disk and a server inside another program touches nothing of its process.
 */
import type { DirectoryResolver } from './directive.js';

/** Files as configuration uses them. Paths are absolute. */
export interface ConfigFiles extends DirectoryResolver {
  /** The file's bytes, or why it cannot be read. */
  read(path: string): Uint8Array | FileFailure;
  /** The names in a directory, in any order; none when it cannot be read. */
  list(directory: string): readonly string[];
  exists(path: string): boolean;
  /** Whether the file can be opened for appending (it is made if it is not there). */
  tryAppend(path: string): FileFailure | undefined;
  /** Puts new content in a file's place: whole or not at all, even over a power cut. */
  replace(path: string, content: Uint8Array): FileFailure | undefined;
}

/** Why a file operation failed. */
export class FileFailure {
  constructor(
    /** Node's code, such as ENOENT. */
    readonly code: string,
    /** The system's words for it, as C's strerror gives them. */
    readonly reason: string,
  ) {}
}

/** What a Config is built with. */
export interface ConfigHost {
  /** The absolute directory that the default of `dir` stands for. */
  readonly workingDirectory: string;
  readonly directories: DirectoryResolver;
  /** Takes what an administrator should read, in Redis's words. */
  warn?(text: string): void;
}

/** Writes all values into the config file (`forceAll`: defaults too), or says why it cannot. */
export type ConfigRewriter = (forceAll: boolean) => FileFailure | undefined;
