/**
 * Tells a tail that a crash has torn from a length that was damaged.
 *
 *     *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9000000\r\nv\r\n*3\r\n$3\r\nSET ...  end of file
 *                              ^ was $1: all that follows seems to be one value, cut short
 *
 * To cut such a file back there would throw away commands that are fine. A torn tail has none behind its
 * beginning, unless a value that holds commands is torn within: that is refused as well, for a person to
 * decide. Redis cuts in both cases.
 */
import { AofReader, type ReadAt } from './reader.js';

/** How far behind the place it is looked for commands, in bytes. */
const LOOK_BYTES = 1024 * 1024;
/** So many places that look like a command's beginning are tried. */
const TRIES_MAX = 16;
/** So many commands in a row are no chance. */
const COMMANDS = 3;
const BEGINNING = Buffer.from('\r\n*');

/** @param offset where the command begins that has no end @param size the file's, in bytes */
export function hidesCommands(read: ReadAt, offset: number, size: number): boolean {
  const window = Buffer.allocUnsafeSlow(Math.min(LOOK_BYTES, size - offset));
  const got = read(window, 0, window.length, offset);
  const tail = window.subarray(0, got);
  let at = 0;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const found = tail.indexOf(BEGINNING, at);
    if (found < 0) return false;
    at = found + 2;
    if (holdsCommands(new AofReader(read, offset + at, size))) return true;
  }
  return false;
}

function holdsCommands(reader: AofReader): boolean {
  for (let i = 0; i < COMMANDS; i++) if (!reader.next()) return false;
  return true;
}
