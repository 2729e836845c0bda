/** The built programs, as users run them. RESPD_DIST names another folder than dist. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = process.env.RESPD_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url));

/** The path of a built file. */
export function distFile(name: string): string {
  return join(DIST, name);
}
