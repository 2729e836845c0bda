/**
 * How far an unfinished request has come, for CLIENT LIST: Redis takes whole arguments out of the
 * query buffer as they come (`argv-mem`), and the head of the argument that is under way, so that
 * `qbuf` is what has come of that one. respd leaves all bytes where they are and runs a request from
 * there, so the difference is worked out when it is asked for.
 *
 *     *3\r\n $3\r\nSET\r\n $1\r\nk\r\n $1000000\r\n vvvvvv…
 *            |____arguments: 4 bytes_|            |______ bytes under way
 */

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
/** A longer line is none of a length. */
const LINE_MAX = 32;
/** A client list shall not take long, however many arguments a request has. */
const ARGUMENTS_MAX = 10_000;

export interface Unfinished {
  /** Bytes of whole arguments. */
  readonly argumentBytes: number;
  /** Bytes behind them, but for the line with the length of the argument under way. */
  readonly restBytes: number;
}

/** @param buf holds at [start, end) the beginning of a request and nothing else */
export function unfinishedRequest(buf: Uint8Array, start: number, end: number): Unfinished {
  let at = buf[start] === STAR ? lineEnd(buf, start, end) : -1;
  if (at < 0) return { argumentBytes: 0, restBytes: end - start };
  let argumentBytes = 0;
  for (let i = 0; i < ARGUMENTS_MAX && at < end; i++) {
    const from = buf[at] === DOLLAR ? lineEnd(buf, at, end) : -1;
    if (from < 0) break;
    const length = lengthIn(buf, at + 1, from - 2);
    at = from;
    if (from + length + 2 > end) break;
    argumentBytes += length;
    at = from + length + 2;
  }
  return { argumentBytes, restBytes: end - at };
}

/** @returns the offset behind the line that begins at `at`, -1 if it is not whole */
function lineEnd(buf: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + LINE_MAX);
  for (let i = at + 1; i < limit; i++) if (buf[i] === LF && buf[i - 1] === CR) return i + 1;
  return -1;
}

function lengthIn(buf: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let i = from; i < to; i++) length = length * 10 + buf[i]! - 48;
  return length;
}
