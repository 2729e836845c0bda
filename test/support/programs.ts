/** Other programs that tests use: where they are, and ports for them. */
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** The path of a program, looked up in PATH; undefined when there is none. */
export function findProgram(name: string, env = process.env): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, file))
    .find(isExecutable);
}

/** As `describe`, for tests that need a program: left out where it is missing, but not in CI. */
export function describeWithProgram(name: string, title: string, tests: () => void): void {
  const isMissing = findProgram(name) === undefined && !process.env.CI;
  describe.skipIf(isMissing)(title, tests);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A TCP port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
