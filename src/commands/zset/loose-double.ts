/**
 * Doubles where Redis asks C's strtod alone, without the checks of other commands: the ends of score
 * ranges. There blanks may stand in front, no text at all is 0, a number too big is infinite, one
 * too small is 0, and what stands behind a NUL byte is not seen.
 */
import { untilNul } from '../../text/c-string.js';
import { parseDouble } from '../../text/double.js';
import { spellNumber } from '../../text/number-syntax.js';

const LEADING_BLANKS = /^[ \t\n\v\f\r]+/;

/** @returns NaN if the text is no number */
export function parseLooseDouble(buf: Uint8Array, off: number, len: number): number {
  const strict = parseDouble(buf, off, len);
  if (!Number.isNaN(strict)) return strict;
  const whole = Buffer.from(buf.buffer, buf.byteOffset + off, len).toString('latin1');
  const text = untilNul(whole);
  if (text === '') return 0;
  const trimmed = text.replace(LEADING_BLANKS, '');
  const bytes = Buffer.from(trimmed, 'latin1');
  const value = parseDouble(bytes, 0, bytes.length);
  if (!Number.isNaN(value)) return value;
  const spelled = spellNumber(trimmed);
  if (spelled === undefined) return Number.NaN;
  // A number beyond what a double holds, at either end.
  const bitsPerDigit = spelled.kind === 'hexadecimal' ? 4 : 1;
  const size = spelled.digits.length * bitsPerDigit + spelled.exponent > 0 ? Infinity : 0;
  return spelled.negative ? -size : size;
}
