/**
 * The tokens of JSON, as cjson tells them apart.
 *
 * `next` looks at a few thousand characters at most. A token that is longer (a string, a number, a
 * desert of blanks) makes it return Token.More: the caller looks at the time and calls it again.
 *
 *     "abc\u00e9…           plain stretches and escapes of a string go to the sink by turns;
 *      ^  ^                  a string without escapes is cut out of the text as it is
 *      from                  `from`: where the stretch began that isn't in the sink yet
 */
import { NumberReader } from '../../../text/strtod.js';
import type { ByteSink } from './byte-sink.js';

/** The order is that of lua-cjson's enum; More has no name there. */
export const Token = {
  ObjectBegin: 0,
  ObjectEnd: 1,
  ArrayBegin: 2,
  ArrayEnd: 3,
  String: 4,
  Number: 5,
  Boolean: 6,
  Null: 7,
  Colon: 8,
  Comma: 9,
  End: 10,
  Blank: 11,
  Error: 12,
  Unknown: 13,
  More: 14,
} as const;

/** As messages show them. */
export const TOKEN_NAMES = [
  'T_OBJ_BEGIN',
  'T_OBJ_END',
  'T_ARR_BEGIN',
  'T_ARR_END',
  'T_STRING',
  'T_NUMBER',
  'T_BOOLEAN',
  'T_NULL',
  'T_COLON',
  'T_COMMA',
  'T_END',
] as const;

/** What a character begins, or is. */
const KINDS = new Uint8Array(256).fill(Token.Error);
for (const [characters, token] of [
  ['{', Token.ObjectBegin],
  ['}', Token.ObjectEnd],
  ['[', Token.ArrayBegin],
  [']', Token.ArrayEnd],
  [':', Token.Colon],
  [',', Token.Comma],
  ['\0', Token.End],
  [' \t\n\r', Token.Blank],
  ['fiIntN"+-0123456789', Token.Unknown],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = token;
}

/** What a letter behind a backslash stands for; 0: it may not stand there. */
const ESCAPED = new Uint8Array(256);
for (const [letter, byte] of ['""', '\\\\', '//', 'b\b', 't\t', 'n\n', 'f\f', 'r\r']) {
  ESCAPED[letter!.charCodeAt(0)] = byte!.charCodeAt(0);
}

/** Characters that `next` looks at before it comes back. */
const PIECE = 4096;
/** Decimals of so many digits are exact as doubles, and so are these powers of ten. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

const QUOTE = 34;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const LETTER_U = 117;
const LETTER_X = 120;
const LOWER = 0x20;

const NAME_OF_NO_NUMBER = /inf|nan/iy;

/** What `next` is in the middle of. */
const NOTHING = 0;
const IN_STRING = 1;
const IN_NUMBER = 2;

export class JsonTokens {
  /** What the last token has brought. */
  string = '';
  number = 0;
  boolean = false;
  error = '';
  /** Where the last token began; of an error, where it is. */
  index = 0;
  /** Behind the last token. */
  at = 0;

  private text = '';
  private allowsInvalidNumbers = true;
  private inside = NOTHING;
  private from = 0;
  private isInSink = false;
  private readonly reader = new NumberReader();

  constructor(private readonly sink: ByteSink) {}

  begin(text: string, allowsInvalidNumbers: boolean): void {
    this.text = text;
    this.allowsInvalidNumbers = allowsInvalidNumbers;
    this.at = 0;
    this.inside = NOTHING;
  }

  /** Lets go of the text. */
  end(): void {
    this.text = this.string = '';
    this.reader.begin('', 0);
  }

  /** Hot: the next token; More: it is to be called again. */
  next(): number {
    if (this.inside !== NOTHING)
      return this.inside === IN_STRING ? this.inString() : this.inNumber();
    const { text } = this;
    let { at } = this;
    const until = at + PIECE;
    let code = 0;
    let kind: number = Token.Blank;
    for (; at < until; at++) {
      code = at < text.length ? text.charCodeAt(at) : 0;
      kind = KINDS[code]!;
      if (kind !== Token.Blank) break;
    }
    this.index = this.at = at;
    if (kind === Token.Unknown) return this.longToken(code);
    if (kind === Token.Blank) return Token.More;
    if (kind === Token.Error) return this.fail('invalid token', at);
    if (kind !== Token.End) this.at = at + 1;
    return kind;
  }

  private longToken(code: number): number {
    const { text, at } = this;
    if (code === QUOTE) {
      this.inside = IN_STRING;
      this.isInSink = false;
      this.at = this.from = at + 1;
      return this.inString();
    }
    if (code === MINUS || (code >= ZERO && code <= NINE)) {
      if (!this.allowsInvalidNumbers && this.isInvalidNumber()) {
        return this.fail('invalid number', at);
      }
      return this.ordinaryNumber();
    }
    if (text.startsWith('true', at)) return this.word(Token.Boolean, 4);
    if (text.startsWith('false', at)) return this.word(Token.Boolean, 5);
    if (text.startsWith('null', at)) return this.word(Token.Null, 4);
    if (this.allowsInvalidNumbers && this.isInvalidNumber()) return this.anyNumber();
    return this.fail('invalid token', at);
  }

  private word(token: number, length: number): number {
    this.boolean = length === 4;
    this.at += length;
    return token;
  }

  private fail(error: string, index: number): number {
    this.inside = NOTHING;
    this.error = error;
    this.index = index;
    return Token.Error;
  }

  private inString(): number {
    const { text } = this;
    let { at } = this;
    const until = Math.min(at + PIECE, text.length);
    while (at < until) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return this.endString(at);
      if (code === 0) break;
      if (code === BACKSLASH) {
        this.toSink(at);
        at = this.escape(at);
        if (at < 0) return Token.Error;
        this.from = at;
      } else at++;
    }
    this.at = at;
    if (at < text.length && text.charCodeAt(at) !== 0) return Token.More;
    return this.fail('unexpected end of string', at);
  }

  private endString(at: number): number {
    if (this.isInSink) {
      this.toSink(at);
      this.string = this.sink.finish();
    } else this.string = this.text.slice(this.from, at);
    this.inside = NOTHING;
    this.at = at + 1;
    return Token.String;
  }

  private toSink(at: number): void {
    if (!this.isInSink) this.sink.begin();
    this.isInSink = true;
    if (at > this.from) this.sink.string(this.text.slice(this.from, at));
  }

  /** @returns behind the escape; -1: it is none, and `error` is set */
  private escape(at: number): number {
    const letter = this.text.charCodeAt(at + 1);
    if (letter === LETTER_U) return this.unicode(at);
    const byte = ESCAPED[letter];
    if (byte) {
      this.sink.byte(byte);
      return at + 2;
    }
    this.fail('invalid escape code', at);
    return -1;
  }

  private unicode(at: number): number {
    const first = this.hex4(at);
    const isPair = (first & 0xf800) === 0xd800;
    const second = isPair ? this.hex4(at + 6) : 0;
    const isBroken = isPair && ((first & 0x400) !== 0 || (second & ~0x3ff) !== 0xdc00);
    if (first < 0 || isBroken) {
      this.fail('invalid unicode escape code', at);
      return -1;
    }
    this.utf8(isPair ? (((first & 0x3ff) << 10) | (second & 0x3ff)) + 0x10000 : first);
    return isPair ? at + 12 : at + 6;
  }

  /** @param at of a backslash, if it is one @returns -1 if that is not the escape of a code unit */
  private hex4(at: number): number {
    const six = this.text.slice(at, at + 6);
    return /^\\u[\da-fA-F]{4}$/.test(six) ? Number.parseInt(six.slice(2), 16) : -1;
  }

  private utf8(point: number): void {
    const { sink } = this;
    if (point < 0x80) sink.byte(point);
    else if (point < 0x800) sink.byte(0xc0 | (point >> 6));
    else if (point < 0x10000) sink.byte(0xe0 | (point >> 12));
    else {
      sink.byte(0xf0 | (point >> 18));
      sink.byte(0x80 | ((point >> 12) & 0x3f));
    }
    if (point >= 0x800) sink.byte(0x80 | ((point >> 6) & 0x3f));
    if (point >= 0x80) sink.byte(0x80 | (point & 0x3f));
  }

  /** Hot: a decimal of a few digits, without an exponent. */
  private ordinaryNumber(): number {
    const { text } = this;
    const isNegative = text.charCodeAt(this.at) === MINUS;
    const from = isNegative ? this.at + 1 : this.at;
    let at = from;
    let value = 0;
    let digits = 0;
    let pointAt = 0;
    let code = text.charCodeAt(at);
    for (; digits <= EXACT_DIGITS; code = text.charCodeAt(++at)) {
      if (code >= ZERO && code <= NINE) {
        value = value * 10 + code - ZERO;
        digits++;
      } else if (code === POINT && pointAt === 0) pointAt = at;
      else break;
    }
    const last = code | LOWER;
    if (digits === 0 || digits > EXACT_DIGITS || last === LETTER_X || last === 101) {
      return this.anyNumber();
    }
    // Two exact doubles: the division rounds once, to the double nearest to the decimal.
    if (pointAt > 0) value /= POWERS_OF_TEN[at - pointAt - 1]!;
    this.number = isNegative ? -value : value;
    this.at = at;
    return Token.Number;
  }

  private anyNumber(): number {
    this.inside = IN_NUMBER;
    this.reader.begin(this.text, this.at);
    return this.inNumber();
  }

  private inNumber(): number {
    const { reader } = this;
    if (!reader.read(PIECE)) return Token.More;
    if (reader.end === this.at) return this.fail('invalid number', this.at);
    this.inside = NOTHING;
    this.number = reader.value;
    this.at = reader.end;
    return Token.Number;
  }

  /** Whether what stands here, if it is a number for C, is none for JSON. */
  private isInvalidNumber(): boolean {
    const { text } = this;
    const first = text.charCodeAt(this.at);
    if (first === PLUS) return true;
    const at = first === MINUS ? this.at + 1 : this.at;
    const code = text.charCodeAt(at);
    if (code === ZERO) {
      const second = text.charCodeAt(at + 1);
      return (second | LOWER) === LETTER_X || (second >= ZERO && second <= NINE);
    }
    NAME_OF_NO_NUMBER.lastIndex = at;
    return NAME_OF_NO_NUMBER.test(text);
  }
}
