/** `ConfigFiles` in memory: a test says which files there are. */
import { posix } from 'node:path';
import { Config } from '../../../src/server/config/config.js';
import { Refusal } from '../../../src/server/config/directive.js';
import { type ConfigFiles, FileFailure } from '../../../src/server/config/host.js';

const NO_FILE = new FileFailure('ENOENT', 'No such file or directory');
export const HOME = '/home';

export class MemoryFiles implements ConfigFiles {
  readonly contents: Map<string, string>;
  readonly appended: string[] = [];

  constructor(contents: Readonly<Record<string, string>> = {}) {
    this.contents = new Map(Object.entries(contents));
  }

  read(path: string): Uint8Array | FileFailure {
    const content = this.contents.get(path);
    return content === undefined ? NO_FILE : Buffer.from(content);
  }

  list(directory: string): readonly string[] {
    const prefix = directory.endsWith('/') ? directory : `${directory}/`;
    const inside = [...this.contents.keys()].filter((path) => path.startsWith(prefix));
    return [...new Set(inside.map((path) => path.slice(prefix.length).split('/')[0] as string))];
  }

  exists(path: string): boolean {
    return this.contents.has(path) || this.list(path).length > 0;
  }

  tryAppend(path: string): FileFailure | undefined {
    if (path.includes('forbidden')) return new FileFailure('EACCES', 'Permission denied');
    this.appended.push(path);
    return undefined;
  }

  replace(path: string, content: Uint8Array): FileFailure | undefined {
    if (path.includes('forbidden')) return new FileFailure('EACCES', 'Permission denied');
    this.contents.set(path, Buffer.from(content).toString());
    return undefined;
  }

  resolveDirectory(base: string, path: string): string | Refusal {
    if (path.includes('missing')) return new Refusal('No such file or directory');
    return posix.resolve(base, path);
  }
}

/** A configuration of defaults. */
export function makeConfig(warnings: string[] = []): Config {
  return new Config({
    workingDirectory: HOME,
    directories: new MemoryFiles(),
    warn: (text) => warnings.push(text),
  });
}
