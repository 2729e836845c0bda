/**
 * How many files the system lets this process open, which bounds `maxclients`: a client is a socket,
 * a socket a file. Node raises the limit itself as far as it may, so it only has to be looked up;
 * where it can't be (no /proc), any number is taken.
 */
import { readFileSync } from 'node:fs';

/** Files for all else: listening sockets, data files, the log. */
export const RESERVED_FILES = 32;

/** The system's limit. */
export function openFileLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Why `maxclients` can't be this number, in Redis's words; undefined: it can. */
export function maxClientsRefusal(maxClients: number): string | undefined {
  const most = openFileLimit() - RESERVED_FILES;
  if (maxClients <= most) return undefined;
  return (
    'The operating system is not able to handle the specified number of clients, ' +
    `try with ${most}`
  );
}
