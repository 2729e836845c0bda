/**
 * The timeout argument of blocking commands, as the moment at which the waiting ends.
 *
 * Seconds may have a fraction and are rounded up to whole milliseconds, so that no timeout but zero
 * becomes "for ever"; XREAD counts in milliseconds from the start.
 */
import { ReplyError } from '../resp/reply-error.js';
import type { Call } from '../server/api/call.js';
import { parseDouble } from '../text/double.js';
import { parseLongDouble } from '../text/longdouble.js';

const NOT_A_FLOAT = new ReplyError('ERR timeout is not a float or out of range');
const NOT_AN_INTEGER = new ReplyError('ERR timeout is not an integer or out of range');
const NEGATIVE = new ReplyError('ERR timeout is negative');
const OUT_OF_RANGE = new ReplyError('ERR timeout is out of range');

/** Unix ms that a signed 64-bit integer cannot hold. */
const TOO_LATE_MS = 2 ** 63;
/** Decimal digits that a double holds for sure: beyond them is rounding, not what was asked for. */
const EXACT_DIGITS = 15;

/**
 * Argument `i` as seconds from now.
 * @returns Unix ms, or 0: for ever
 * @throws ReplyError as Redis words it
 */
export function parseTimeout(call: Call, i: number): number {
  const seconds = parseSeconds(call, i);
  if (Number.isInteger(seconds)) return deadline(call, seconds * 1000);
  return deadline(call, Math.ceil(Number((seconds * 1000).toPrecision(EXACT_DIGITS))));
}

/** As `parseTimeout`, of whole milliseconds. */
export function parseTimeoutMs(call: Call, i: number): number {
  return deadline(call, call.args.int(i, NOT_AN_INTEGER));
}

function deadline(call: Call, timeoutMs: number): number {
  if (timeoutMs < 0) throw NEGATIVE;
  if (timeoutMs === 0) return 0;
  const atMs = call.now + timeoutMs;
  if (atMs >= TOO_LATE_MS) throw OUT_OF_RANGE;
  return atMs;
}

function parseSeconds({ args }: Call, i: number): number {
  const seconds = parseDouble(args.buf, args.off(i), args.len(i));
  if (!Number.isNaN(seconds)) return seconds;
  // Redis reads it with more range than a double has.
  const wide = parseLongDouble(args.text(i));
  if (wide === undefined) throw NOT_A_FLOAT;
  const size = wide.exponent > 0 ? Number.POSITIVE_INFINITY : Number.MIN_VALUE;
  return wide.negative ? -size : size;
}
