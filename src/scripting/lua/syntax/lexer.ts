/**
 * Source text to tokens, one ahead of the parser. Source is bytes, one per code unit.
 */
import { stringToNumber } from '../number-text.js';
import { LuaError } from '../value.js';

const KEYWORDS = new Set(
  (
    'and break do else elseif end false for function if in local nil not or repeat return then ' +
    'true until while'
  ).split(' '),
);

/** A token's type: 'name', 'string', 'number', 'eof', else its own text. */
export interface Token {
  readonly type: string;
  /** Of names and strings. */
  readonly text: string;
  readonly number: number;
}

const NEWLINE = /[\n\r]/;

export class Lexer {
  token: Token = { type: 'eof', text: '', number: 0 };
  /** Line of the token, and of the one before it. */
  line = 1;
  lastLine = 1;
  private ahead: Token | undefined = undefined;
  private at = 0;
  /** What PUC's buffer holds: the text of the token that was read last, as messages show it. */
  private buffer = '';

  constructor(
    private readonly source: string,
    private readonly chunkName: string,
  ) {}

  next(): void {
    this.lastLine = this.line;
    if (this.ahead !== undefined) {
      this.token = this.ahead;
      this.ahead = undefined;
    } else {
      this.token = this.read();
    }
  }

  /** Type of the token behind the current one. */
  peek(): string {
    this.ahead ??= this.read();
    return this.ahead.type;
  }

  /** @param near type of a token that the message names; undefined: none */
  error(message: string, near: string | undefined): LuaError {
    const where = `${this.chunkName}:${this.line}: ${message}`;
    // PUC names no token whose number is 0, and that of a NUL is.
    const isNamed = near !== undefined && near !== '\0';
    return new LuaError(isNamed ? `${where} near '${this.show(near)}'` : where);
  }

  private show(type: string): string {
    if (type === 'name' || type === 'string' || type === 'number') {
      const end = this.buffer.indexOf('\0');
      return end < 0 ? this.buffer : this.buffer.slice(0, end);
    }
    return tokenText(type);
  }

  private read(): Token {
    for (;;) {
      const c = this.source[this.at];
      switch (c) {
        case undefined:
          return simple('eof');
        case '\n':
        case '\r':
          this.endLine();
          continue;
        case '-':
          if (this.source[this.at + 1] !== '-') return this.take(1);
          this.skipComment();
          continue;
        case '[':
          return this.readBracket();
        case '=':
        case '<':
        case '>':
        case '~':
          return this.take(this.source[this.at + 1] === '=' ? 2 : 1);
        case '"':
        case "'":
          return this.readString(c);
        case '.':
          return this.readDots();
        case ' ':
        case '\t':
        case '\v':
        case '\f':
          this.at++;
          continue;
        default:
          if (c >= '0' && c <= '9') return this.readNumber(this.at);
          return /[A-Za-z_]/.test(c) ? this.readName() : this.take(1);
      }
    }
  }

  private take(length: number): Token {
    const type = this.source.slice(this.at, this.at + length);
    this.at += length;
    return simple(type);
  }

  private endLine(): void {
    const first = this.source[this.at++];
    const second = this.source[this.at];
    if ((second === '\n' || second === '\r') && second !== first) this.at++;
    this.line++;
  }

  private skipComment(): void {
    this.at += 2;
    if (this.source[this.at] === '[') {
      const level = this.bracketLevel();
      if (level >= 0) {
        this.readLong(level, true);
        return;
      }
    }
    while (this.at < this.source.length && !NEWLINE.test(this.source[this.at])) this.at++;
  }

  /** How many `=` there are in `[==[` here; negative: it is no such bracket, -1 if it has none. */
  private bracketLevel(): number {
    let at = this.at + 1;
    while (this.source[at] === '=') at++;
    const level = at - this.at - 1;
    return this.source[at] === this.source[this.at] ? level : -level - 1;
  }

  private readBracket(): Token {
    const level = this.bracketLevel();
    if (level >= 0) return { type: 'string', text: this.readLong(level, false), number: 0 };
    if (level === -1) return this.take(1);
    this.buffer = this.source.slice(this.at, this.at - level);
    this.at -= level;
    throw this.error('invalid long string delimiter', 'string');
  }

  private readLong(level: number, isComment: boolean): string {
    const begin = this.at;
    this.at += level + 2;
    if (NEWLINE.test(this.source[this.at] ?? '')) this.endLine();
    let text = '';
    let from = this.at;
    for (;;) {
      const c = this.source[this.at];
      if (c === undefined) {
        throw this.error(isComment ? 'unfinished long comment' : 'unfinished long string', 'eof');
      }
      if (c === '\n' || c === '\r') {
        text += `${this.source.slice(from, this.at)}\n`;
        this.endLine();
        from = this.at;
      } else if (c === '[' && level === 0 && this.source[this.at + 1] === '[') {
        throw this.error('nesting of [[...]] is deprecated', '[');
      } else if (c === ']' && this.bracketLevel() === level) {
        text += this.source.slice(from, this.at);
        this.at += level + 2;
        if (!isComment)
          this.buffer =
            this.source.slice(begin, begin + level + 2) +
            text +
            this.source.slice(this.at - level - 2, this.at);
        return text;
      } else {
        this.at++;
      }
    }
  }

  private readString(quote: string): Token {
    this.at++;
    let text = '';
    for (;;) {
      const c = this.source[this.at];
      this.buffer = quote + text;
      if (c === undefined) throw this.error('unfinished string', 'eof');
      if (c === '\n' || c === '\r') throw this.error('unfinished string', 'string');
      if (c === quote) {
        this.at++;
        this.buffer += quote;
        return { type: 'string', text, number: 0 };
      }
      if (c === '\\') text += this.readEscape();
      else {
        const from = this.at++;
        while (isOrdinary(this.source.charCodeAt(this.at), quote)) this.at++;
        text += this.source.slice(from, this.at);
      }
    }
  }

  private readEscape(): string {
    const c = this.source[this.at + 1];
    if (c === undefined) {
      this.at++;
      return '';
    }
    if (c === '\n' || c === '\r') {
      this.at++;
      this.endLine();
      return '\n';
    }
    const digits = /^\d{1,3}/.exec(this.source.slice(this.at + 1, this.at + 4))?.[0];
    if (digits !== undefined) {
      this.at += 1 + digits.length;
      if (Number(digits) > 255) throw this.error('escape sequence too large', 'string');
      return String.fromCharCode(Number(digits));
    }
    this.at += 2;
    const at = 'abfnrtv'.indexOf(c);
    return at < 0 ? c : '\x07\b\f\n\r\t\v'[at];
  }

  private readDots(): Token {
    if (this.source[this.at + 1] === '.')
      return this.take(this.source[this.at + 2] === '.' ? 3 : 2);
    const digit = this.source[this.at + 1];
    if (digit >= '0' && digit <= '9') return this.readNumber(this.at);
    return this.take(1);
  }

  private readNumber(from: number): Token {
    const { source } = this;
    while (/[\d.]/.test(source[this.at] ?? '')) this.at++;
    if (/[eE]/.test(source[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(source[this.at] ?? '')) this.at++;
    }
    while (/\w/.test(source[this.at] ?? '')) this.at++;
    this.buffer = source.slice(from, this.at);
    const number = stringToNumber(this.buffer);
    if (number === undefined) throw this.error('malformed number', 'number');
    return { type: 'number', text: '', number };
  }

  private readName(): Token {
    const from = this.at;
    while (isNamePart(this.source.charCodeAt(this.at))) this.at++;
    const text = this.source.slice(from, this.at);
    this.buffer = text;
    return KEYWORDS.has(text) ? simple(text) : { type: 'name', text, number: 0 };
  }
}

function isOrdinary(code: number, quote: string): boolean {
  // NaN at the end of the source, which is none.
  return code >= 0 && code !== 10 && code !== 13 && code !== 92 && code !== quote.charCodeAt(0);
}

function isNamePart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95
  );
}

function simple(type: string): Token {
  return { type, text: '', number: 0 };
}

/** A type of token as messages show it. */
export function tokenText(type: string): string {
  if (type === 'eof' || type === 'name' || type === 'string' || type === 'number')
    return `<${type}>`;
  const code = type.charCodeAt(0);
  return type.length === 1 && (code < 32 || code === 127) ? `char(${code})` : type;
}
