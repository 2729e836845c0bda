/**
 * Entry IDs as arguments: `1526919030474-55`, or only its first part; in ranges also `-` and `+`
 * for the least and greatest, and `(` before an ID that is itself left out.
 *
 * Each part is read as C's strtoull does, which takes blanks, a sign and leading zeros too.
 */
import { StreamId } from '../../keyspace/stream/stream-id.js';
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import { untilNul } from '../../text/c-string.js';

export const INVALID_ID = new ReplyError(
  'ERR Invalid stream ID specified as stream command argument',
);
const INVALID_START = new ReplyError('ERR invalid start ID for the interval');
const INVALID_END = new ReplyError('ERR invalid end ID for the interval');

/** What a missing second part means. */
export const FIRST_SEQ = 0;
export const LAST_SEQ = 1;

/** Longest text that may be an ID. */
const TEXT_MAX = 127;
/** Digits of a part that a number holds exactly. */
const EXACT_DIGITS = 15;
const MAX_PART = 2n ** 64n - 1n;
const WORD = 0x100000000;

const DASH = 45;
const PLUS = 43;
const OPEN = 40;
const STAR = 42;
const ZERO = 48;

/** Argument `i` as an ID. @throws ReplyError also for `-` and `+` */
export function parseId(args: Args, i: number, id = new StreamId()): StreamId {
  if (!readId(args.buf, args.off(i), args.len(i), FIRST_SEQ, id)) throw INVALID_ID;
  return id;
}

/** Whether argument `i` is an ID, and that ID. */
export function tryId(args: Args, i: number, id: StreamId): boolean {
  return readId(args.buf, args.off(i), args.len(i), FIRST_SEQ, id);
}

/** As `parseId`, where `-` and `+` stand for the least and the greatest ID. */
export function parseAnyId(args: Args, i: number, id: StreamId): StreamId {
  return readAny(args, i, FIRST_SEQ, id);
}

/**
 * The ID of an entry to be added, of which the second part may be `*`.
 * @returns whether the second part is given
 */
export function parseNewId(args: Args, i: number, id: StreamId): boolean {
  const { buf } = args;
  const off = args.off(i);
  const len = args.len(i);
  if (len > 2 && len <= TEXT_MAX && buf[off + len - 1] === STAR && buf[off + len - 2] === DASH) {
    if (buf.indexOf(DASH, off) === off + len - 2) {
      if (!readMs(buf, off, len - 2, id)) throw INVALID_ID;
      id.seqHigh = 0;
      id.seqLow = 0;
      return false;
    }
  }
  parseId(args, i, id);
  return true;
}

/** Argument `i` as the lower end of a range. */
export function parseStart(args: Args, i: number, id: StreamId): StreamId {
  if (!isExclusive(args, i)) return readAny(args, i, FIRST_SEQ, id);
  if (!readId(args.buf, args.off(i) + 1, args.len(i) - 1, FIRST_SEQ, id)) throw INVALID_ID;
  if (!id.increment()) throw INVALID_START;
  return id;
}

/** Argument `i` as the upper end of a range. */
export function parseEnd(args: Args, i: number, id: StreamId): StreamId {
  if (!isExclusive(args, i)) return readAny(args, i, LAST_SEQ, id);
  if (!readId(args.buf, args.off(i) + 1, args.len(i) - 1, LAST_SEQ, id)) throw INVALID_ID;
  if (!id.decrement()) throw INVALID_END;
  return id;
}

function isExclusive(args: Args, i: number): boolean {
  return args.len(i) > 1 && args.buf[args.off(i)] === OPEN;
}

function readAny(args: Args, i: number, missingSeq: number, id: StreamId): StreamId {
  const { buf } = args;
  const off = args.off(i);
  if (args.len(i) === 1) {
    if (buf[off] === DASH) return id.setZero();
    if (buf[off] === PLUS) return id.setMax();
  }
  if (!readId(buf, off, args.len(i), missingSeq, id)) throw INVALID_ID;
  return id;
}

/** Reads an ID. @returns whether it is one */
function readId(
  buf: Uint8Array,
  off: number,
  len: number,
  missingSeq: number,
  id: StreamId,
): boolean {
  if (len > TEXT_MAX) return false;
  let dash = off;
  while (dash < off + len && buf[dash] !== DASH && buf[dash] !== 0) dash++;
  if (!readMs(buf, off, dash - off, id)) return false;
  if (dash === off + len || buf[dash] === 0) {
    id.seqHigh = missingSeq === LAST_SEQ ? WORD - 1 : 0;
    id.seqLow = id.seqHigh;
    return true;
  }
  const seqLen = off + len - dash - 1;
  const seq = readDigits(buf, dash + 1, seqLen);
  if (seq >= 0) {
    id.seqLow = seq % WORD;
    id.seqHigh = (seq - id.seqLow) / WORD;
    return true;
  }
  const big = readLong(buf, dash + 1, seqLen);
  if (big !== undefined) id.setSeq(big);
  return big !== undefined;
}

function readMs(buf: Uint8Array, off: number, len: number, id: StreamId): boolean {
  const ms = readDigits(buf, off, len);
  if (ms >= 0) {
    id.msLow = ms % WORD;
    id.msHigh = (ms - id.msLow) / WORD;
    return true;
  }
  const big = readLong(buf, off, len);
  if (big !== undefined) id.setMs(big);
  return big !== undefined;
}

/** A number of a few digits and nothing else; -1 for anything else. */
function readDigits(buf: Uint8Array, off: number, len: number): number {
  if (len === 0 || len > EXACT_DIGITS) return -1;
  let value = 0;
  for (let i = off; i < off + len; i++) {
    const digit = buf[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** What strtoull makes of a text, if it takes all of it. */
function readLong(buf: Uint8Array, off: number, len: number): bigint | undefined {
  const text = untilNul(Buffer.from(buf.subarray(off, off + len)).toString('latin1'));
  const match = /^[ \t-\r]*([+-]?)(\d+)$/.exec(text);
  if (match === null) return undefined;
  // A canonical negative number is refused; one spelled otherwise wraps round, as in C.
  if (/^-[1-9]/.test(text) && BigInt(text) >= -(2n ** 63n)) return undefined;
  const magnitude = BigInt(match[2]!);
  if (magnitude > MAX_PART) return undefined;
  return match[1] === '-' ? BigInt.asUintN(64, -magnitude) : magnitude;
}
