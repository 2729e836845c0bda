/**
 * The numbers that C's strtod and strtold accept, taken apart but not yet rounded.
 *
 *     12   -1.5e3   .5   5.   0x1.8p3   inf   -Infinity
 *
 * Redis hands the text of a float to the C library, so what a float looks like is C's affair: an
 * optional sign, then decimal digits with an optional point and exponent, or hexadecimal ones
 * (whose exponent, after `p`, is a power of two), or a name of infinity, letters in any case. No
 * blanks, and nothing behind. `nan` is a number for C and none for Redis; it is refused here.
 *
 * The expressions are written so that no text makes them backtrack over the same digits twice.
 */

const DECIMAL = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d+))?$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]+(?:\.[\da-f]*)?|\.[\da-f]+)(?:p([+-]?\d+))?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** Exponents stop here: far beyond any number that is neither 0 nor infinite, and still exact. */
const EXPONENT_LIMIT = 1e9;

/** A number as spelled: ±digits × radix^exponent. */
export interface SpelledNumber {
  readonly negative: boolean;
  /** 'infinite' has no digits. */
  readonly kind: 'decimal' | 'hexadecimal' | 'infinite';
  /** All digits without the point and without zeros at either end; '' is zero. */
  readonly digits: string;
  /** Power of 10 (decimal) or 2 (hexadecimal) that scales the digits, read as an integer. */
  readonly exponent: number;
}

/**
 * Takes a number apart.
 *
 * @returns undefined if the whole text is not a number for C, or is `nan`
 */
export function spellNumber(text: string): SpelledNumber | undefined {
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return spelled('decimal', decimal, 1);
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) return spelled('hexadecimal', hexadecimal, 4);
  const infinite = INFINITE.exec(text);
  if (infinite === null) return undefined;
  return { negative: infinite[1] === '-', kind: 'infinite', digits: '', exponent: 0 };
}

/** @param perDigit how much one digit more or less behind the point changes the exponent */
function spelled(
  kind: 'decimal' | 'hexadecimal',
  match: RegExpExecArray,
  perDigit: number,
): SpelledNumber {
  const [, sign, body = '', exponentText = '0'] = match;
  const point = body.indexOf('.');
  const whole = point < 0 ? body : body.slice(0, point);
  const fraction = point < 0 ? '' : body.slice(point + 1);
  const all = whole + fraction;
  const from = leadingZeros(all);
  const to = all.length - trailingZeros(all, from);
  const written = Math.max(-EXPONENT_LIMIT, Math.min(EXPONENT_LIMIT, Number(exponentText)));
  const exponent = written + (all.length - to - fraction.length) * perDigit;
  return { negative: sign === '-', kind, digits: all.slice(from, to), exponent };
}

function leadingZeros(digits: string): number {
  let count = 0;
  while (count < digits.length && digits.charCodeAt(count) === 48) count++;
  return count;
}

/** Zeros at the end, counting back no further than `from`. */
function trailingZeros(digits: string, from: number): number {
  let end = digits.length;
  while (end > from && digits.charCodeAt(end - 1) === 48) end--;
  return digits.length - end;
}
