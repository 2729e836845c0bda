/**
 * C's strtod on a text of bytes: the longest beginning of it that is a number.
 *
 *     12   -1.5e3   .5   5.   +0x1.8p3   Infinity   nan(0x7)      12abc -> 12   1e+ -> 1   0x -> 0
 *
 * What number-syntax.ts takes apart must be a number from end to end; here the number ends where it
 * ends, and the caller goes on behind it. A number may be longer than the time there is, a hundred
 * million digits sent by a stranger: so it is read in pieces, and of all its digits only as many
 * are kept as can tell two doubles apart.
 *
 *     sign | digits . digits e exponent        MIDDLES: where two doubles meet there are at most 767
 *            `-- kept: 800 significant --'     decimal digits; behind 800 only "any more?" counts
 */
import { hexToDouble } from './double.js';

/** Longer numbers are shortened to so many significant digits, and one for the rest of them. */
const KEPT_DIGITS = 800;
const KEPT_HEX_DIGITS = 20;
/** Exponents stop here: texts have far fewer digits than it would take to make up for it. */
const EXPONENT_LIMIT = 1e12;
/** How many characters `strtod` reads before it looks whether there are more. */
const PIECE = 65_536;

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const LOWER = 0x20;

const INFINITE = /inf(?:inity)?/iy;
const NOT_A_NUMBER = /nan(?:\(\w{0,64}\))?/iy;

const WHOLE = 0;
const FRACTION = 1;
const EXPONENT = 2;
const DONE = 3;

export class NumberReader {
  /** The number; meaningless if `end` is where it began. */
  value = 0;
  /** Where the number ends, and what is behind it begins. */
  end = 0;

  private text = '';
  private at = 0;
  private phase = DONE;
  private isHex = false;
  private isNegative = false;
  private digitsFrom = 0;
  /** Position behind the last digit before the exponent. */
  private digitsEnd = 0;
  /** -1: there is no point. */
  private pointAt = -1;
  /** Position of the first and the last digit that is not 0; -1: there is none. */
  private firstDigit = -1;
  private lastDigit = -1;
  private digitCount = 0;
  private exponent = 0;
  private exponentSign = 1;

  /** Starts at `from`, where blanks are no part of a number. */
  begin(text: string, from: number): void {
    this.text = text;
    this.end = from;
    this.value = 0;
    let at = from;
    const sign = text.charCodeAt(at);
    this.isNegative = sign === MINUS;
    if (sign === MINUS || sign === PLUS) at++;
    const first = text.charCodeAt(at);
    if (first > 0x39) this.readName(at);
    else this.beginDigits(at);
  }

  private readName(at: number): void {
    this.phase = DONE;
    INFINITE.lastIndex = at;
    NOT_A_NUMBER.lastIndex = at;
    if (INFINITE.test(this.text)) {
      this.value = this.isNegative ? -Infinity : Infinity;
      this.end = INFINITE.lastIndex;
    } else if (NOT_A_NUMBER.test(this.text)) {
      this.value = Number.NaN;
      this.end = NOT_A_NUMBER.lastIndex;
    }
  }

  private beginDigits(at: number): void {
    this.isHex =
      this.text.charCodeAt(at) === ZERO &&
      (this.text.charCodeAt(at + 1) | LOWER) === 0x78 &&
      /^\.?[\da-f]/i.test(this.text.slice(at + 2, at + 4));
    this.at = this.digitsFrom = this.digitsEnd = this.isHex ? at + 2 : at;
    this.phase = WHOLE;
    this.pointAt = this.firstDigit = this.lastDigit = -1;
    this.digitCount = this.exponent = 0;
    this.exponentSign = 1;
  }

  /**
   * Reads on.
   *
   * @param limit how many characters at most
   * @returns whether that was all; then `value` and `end` are known
   */
  read(limit: number): boolean {
    const until = Math.min(this.at + limit, this.text.length);
    while (this.phase !== DONE) {
      if (this.phase === EXPONENT) this.readExponent(until);
      else this.readDigits(until);
      if (this.at < this.text.length && this.at >= until) return false;
      this.nextPhase();
    }
    return true;
  }

  private readDigits(until: number): void {
    const { text, isHex } = this;
    let at = this.at;
    const from = at;
    for (; at < until; at++) {
      const code = text.charCodeAt(at);
      if (!isDigit(code) && !(isHex && isHexLetter(code))) break;
      if (code === ZERO) continue;
      if (this.firstDigit < 0) this.firstDigit = at;
      this.lastDigit = at;
    }
    this.digitCount += at - from;
    this.at = at;
  }

  private readExponent(until: number): void {
    let at = this.at;
    for (; at < until; at++) {
      const code = this.text.charCodeAt(at);
      if (!isDigit(code)) break;
      this.exponent = Math.min(this.exponent * 10 + code - ZERO, EXPONENT_LIMIT);
    }
    this.at = at;
  }

  /** At the first character that doesn't belong to the phase. */
  private nextPhase(): void {
    const { text, at } = this;
    const code = text.charCodeAt(at);
    if (this.phase !== EXPONENT) this.digitsEnd = at;
    if (this.phase === WHOLE && code === POINT) {
      this.pointAt = at;
      this.at = this.digitsEnd = at + 1;
      this.phase = FRACTION;
    } else if (this.phase !== EXPONENT && (code | LOWER) === (this.isHex ? 0x70 : 0x65)) {
      this.beginExponent(at + 1);
    } else this.finish();
  }

  /** @param at behind the letter, which is no part of the number if there is no digit behind it */
  private beginExponent(at: number): void {
    const sign = this.text.charCodeAt(at);
    const digitAt = sign === PLUS || sign === MINUS ? at + 1 : at;
    if (isDigit(this.text.charCodeAt(digitAt))) {
      this.exponentSign = sign === MINUS ? -1 : 1;
      this.at = digitAt;
      this.phase = EXPONENT;
    } else this.finish();
  }

  private finish(): void {
    const hasExponent = this.phase === EXPONENT;
    this.phase = DONE;
    if (this.digitCount === 0) return;
    this.end = hasExponent ? this.at : this.digitsEnd;
    this.value = this.isNegative ? -this.magnitude() : this.magnitude();
  }

  private magnitude(): number {
    const { text, digitsFrom, end, firstDigit, lastDigit } = this;
    if (firstDigit < 0) return 0;
    if (!this.isHex && end - digitsFrom <= KEPT_DIGITS) return Number(text.slice(digitsFrom, end));
    const kept = this.isHex ? KEPT_HEX_DIGITS : KEPT_DIGITS;
    let digits = text
      .slice(firstDigit, Math.min(lastDigit + 1, firstDigit + kept))
      .replace('.', '');
    if (lastDigit >= firstDigit + kept) digits += '1';
    const exponent = this.exponentSign * this.exponent;
    const places = this.power(firstDigit) - digits.length + 1;
    if (this.isHex) return hexToDouble(digits, places * 4 + exponent);
    return Number(`${digits}e${places + exponent}`);
  }

  /** The power that the digit at a position counts: 0 is the one in front of the point. */
  private power(at: number): number {
    const pointAt = this.pointAt < 0 ? this.digitsEnd : this.pointAt;
    return at < pointAt ? pointAt - 1 - at : pointAt - at;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

function isHexLetter(code: number): boolean {
  const lower = code | LOWER;
  return lower >= 0x61 && lower <= 0x66;
}

/** Reads the number at `from` at once, however long it is; see NumberReader for what it says. */
export function strtod(reader: NumberReader, text: string, from: number): void {
  reader.begin(text, from);
  while (!reader.read(PIECE));
}
