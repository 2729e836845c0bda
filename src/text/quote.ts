/**
 * Redis's quoting: bytes shown between double quotes, and a line of quoted words taken apart.
 *
 * The two are each other's inverse. quoteBytes makes any bytes printable ASCII (MONITOR, the slow
 * log, CONFIG REWRITE, DEBUG); splitArgs reads what people type on one line (inline commands,
 * config files, ACL files):
 *
 *     set  "a\x00b\n"  'it\'s'  foo"bar"      ->  [set] [a NUL b LF] [it's] [foobar]
 *
 * Inside double quotes `\n \r \t \b \a` and `\xHH` have their C meaning, and a backslash before
 * anything else stands for that byte. Inside single quotes only `\'` is special. A quoted part may
 * begin in the middle of a word but always ends it, so a closing quote must be followed by a blank
 * or the end of the line. As Redis works on C strings, a NUL byte ends the line.
 *
 * Source: sdscatrepr and sdssplitargs in Redis's sds.c.
 */

const BACKSLASH = 92;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const LOWER_X = 120;

/** What each byte looks like between quotes, by its value. */
const QUOTED: readonly string[] = Array.from({ length: 256 }, (_, byte) => quotedByte(byte));

function quotedByte(byte: number): string {
  const char = String.fromCharCode(byte);
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x07': '\\a', '\b': '\\b' }[char];
  if (short !== undefined) return short;
  if (byte === BACKSLASH || byte === DOUBLE_QUOTE) return `\\${char}`;
  if (byte >= 0x20 && byte < 0x7f) return char;
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** The bytes as printable ASCII between double quotes, as MONITOR and the slow log show them. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (let i = 0; i < bytes.length; i++) text += QUOTED[bytes[i]!];
  return `${text}"`;
}

/** Bytes that C's isspace calls blank: tab, LF, VT, FF, CR, space. */
function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

/** Bytes that end a word outside quotes. VT and FF separate words, yet do not end one. */
function endsWord(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

/** The value of a hexadecimal digit, or -1. */
function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** What a backslash and this byte stand for between double quotes. */
function unescaped(byte: number): number {
  switch (byte) {
    case 110: // n
      return 10;
    case 114: // r
      return 13;
    case 116: // t
      return 9;
    case 98: // b
      return 8;
    case 97: // a
      return 7;
    default:
      return byte;
  }
}

/** Reads the words of one line; a word never gets longer than its spelling. */
class WordReader {
  private readonly line: Uint8Array;
  private readonly end: number;
  private readonly word: Uint8Array;
  private at = 0;
  private length = 0;

  constructor(line: Uint8Array) {
    this.line = line;
    const nul = line.indexOf(0);
    this.end = nul < 0 ? line.length : nul;
    this.word = new Uint8Array(this.end);
  }

  /** Moves to the next word; false at the end of the line. */
  hasNext(): boolean {
    while (this.at < this.end && isBlank(this.line[this.at]!)) this.at++;
    return this.at < this.end;
  }

  /** The next word, or undefined if its quotes are unbalanced. */
  next(): Uint8Array | undefined {
    this.length = 0;
    while (this.at < this.end) {
      const byte = this.line[this.at++]!;
      if (byte === DOUBLE_QUOTE) return this.finish(this.readDoubleQuoted());
      if (byte === SINGLE_QUOTE) return this.finish(this.readSingleQuoted());
      if (endsWord(byte)) break;
      this.word[this.length++] = byte;
    }
    return this.finish(true);
  }

  private finish(isBalanced: boolean): Uint8Array | undefined {
    return isBalanced ? this.word.slice(0, this.length) : undefined;
  }

  /** Reads to the closing double quote; false if there is none, or something sticks to it. */
  private readDoubleQuoted(): boolean {
    while (this.at < this.end) {
      const byte = this.line[this.at++]!;
      if (byte === DOUBLE_QUOTE) return this.isAtWordEnd();
      const isEscape = byte === BACKSLASH && this.at < this.end;
      this.word[this.length++] = isEscape ? this.readEscape() : byte;
    }
    return false;
  }

  /** Reads what follows a backslash: `xHH` or one byte. */
  private readEscape(): number {
    const byte = this.line[this.at]!;
    if (byte === LOWER_X && this.at + 2 < this.end) {
      const high = hexValue(this.line[this.at + 1]!);
      const low = hexValue(this.line[this.at + 2]!);
      if (high >= 0 && low >= 0) {
        this.at += 3;
        return high * 16 + low;
      }
    }
    this.at++;
    return unescaped(byte);
  }

  /** Reads to the closing single quote; false if there is none, or something sticks to it. */
  private readSingleQuoted(): boolean {
    while (this.at < this.end) {
      const byte = this.line[this.at++]!;
      if (byte === SINGLE_QUOTE) return this.isAtWordEnd();
      if (byte === BACKSLASH && this.at < this.end && this.line[this.at] === SINGLE_QUOTE) {
        this.at++;
        this.word[this.length++] = SINGLE_QUOTE;
      } else {
        this.word[this.length++] = byte;
      }
    }
    return false;
  }

  private isAtWordEnd(): boolean {
    return this.at >= this.end || isBlank(this.line[this.at]!);
  }
}

/**
 * Takes a line apart into words, quotes resolved.
 *
 * @param line bytes, or a latin1 string (one character per byte)
 * @returns the words, each in a buffer of its own; none for a blank line; undefined if the quotes
 *   are unbalanced or a closing quote is followed by something else than a blank
 */
export function splitArgs(line: Uint8Array | string): Uint8Array[] | undefined {
  const reader = new WordReader(typeof line === 'string' ? Buffer.from(line, 'latin1') : line);
  const words: Uint8Array[] = [];
  while (reader.hasNext()) {
    const word = reader.next();
    if (word === undefined) return undefined;
    words.push(word);
  }
  return words;
}
