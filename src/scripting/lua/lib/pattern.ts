/**
 * Lua's patterns, compiled: a pattern is a sequence of items, and each becomes one instruction.
 *
 *     pattern   "^(%a+)%s*=%s*(.-)$"           (the ^ is not compiled: `isAnchored`)
 *     code      OPEN  PLUS %a  CLOSE  STAR %s  CHAR =  STAR %s  OPEN  MINUS any  CLOSE  AT_END
 *
 * There is neither alternation nor repetition of groups, so the code has no jumps, and what the
 * matcher has to remember in order to backtrack is at most one thing per item (pattern-matcher.ts).
 *
 * Lua 5.1 reads the pattern while it matches: a malformed item is an error only when the matcher
 * comes to it ("b[" finds nothing in "aaa", and fails in "b"). So an error is an instruction too.
 * For the same reason a pattern is compiled only as far as matching gets, MORE standing for the
 * rest: a pattern of a megabyte costs nothing before it is used.
 *
 * A pattern ends at its first zero byte, as C's strings do. A class of bytes is a table of 256
 * flags. (Behaviour: Lua 5.1 reference manual 5.4.1, and lua5.1 itself where that is silent.)
 */
import { ANY_BYTE, addClass, byteSet } from './pattern-class.js';

/** What an instruction does. It is followed by one operand, or by none where nothing is said. */
export const Op = {
  /** One byte: its code. */
  CHAR: 0,
  /** Any one byte. */
  ANY: 1,
  /** One byte of a class: index in `sets`, here and below. */
  SET: 2,
  /** Class, then ?, *, + or -. */
  OPTIONAL: 3,
  STAR: 4,
  PLUS: 5,
  MINUS: 6,
  /** Begins a capture. */
  OPEN: 7,
  /** A capture of the position. */
  POSITION: 8,
  /** Ends the capture begun last. */
  CLOSE: 9,
  /** %bxy: x * 256 + y. */
  BALANCE: 10,
  /** %f and a class. */
  FRONTIER: 11,
  /** %1: index of the capture from 0. */
  BACK_REFERENCE: 12,
  /** $ at the end of the pattern. */
  AT_END: 13,
  /** The pattern's end. */
  MATCHED: 14,
  /** Malformed from here on: index in `messages`. */
  ERROR: 15,
  /** Not compiled yet from here on. */
  MORE: 16,
} as const;

/** Cells per instruction. */
export const OP_SIZE = 2;

/** Instructions that are compiled at a time. */
const STEP = 64;

const SPECIALS = /[\^$*+?.([%-]/;

const PERCENT = 37;
const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const MINUS_SIGN = 45;
const ZERO = 48;
const NINE = 57;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const CARET = 94;
const DOLLAR = 36;
const LOWER_B = 98;
const LOWER_F = 102;

const messages = [
  "malformed pattern (ends with '%')",
  "malformed pattern (missing ']')",
  'unbalanced pattern',
  "missing '[' after '%f' in pattern",
] as const;
const ENDS_WITH_PERCENT = 0;
const MISSING_BRACKET = 1;
const UNBALANCED = 2;
const MISSING_OPEN_BRACKET = 3;

const QUANTIFIERS = new Map<string, number>([
  ['?', Op.OPTIONAL],
  ['*', Op.STAR],
  ['+', Op.PLUS],
  ['-', Op.MINUS],
]);

export class Pattern {
  /** Whether it begins with ^: it matches at the first position only. */
  readonly isAnchored: boolean;
  /** Whether it has no special character: string.find searches for it as it is. */
  readonly isPlain: boolean;
  /** Whether each of its bytes matches itself (string.find takes a lone `)` for that too). */
  readonly isLiteral: boolean;
  /** The pattern as far as it counts: to its first zero byte. */
  readonly text: string;
  code = new Int32Array(16);
  readonly sets: Uint8Array[] = [];
  /** What a match must begin with, if that is one byte of a class; undefined: anything. */
  first: Uint8Array | undefined;

  /** How far the text is compiled, and the code written. */
  private at: number;
  private codeLength = 0;
  private readonly setsByText = new Map<string, number>();

  constructor(pattern: string) {
    const zero = pattern.indexOf('\0');
    this.text = zero < 0 ? pattern : pattern.slice(0, zero);
    this.isPlain = !SPECIALS.test(this.text);
    this.isLiteral = this.isPlain && this.text !== '' && !this.text.includes(')');
    this.isAnchored = this.text.charCodeAt(0) === CARET;
    this.at = this.isAnchored ? 1 : 0;
    this.compileMore();
    this.first = this.firstBytes();
  }

  /** Text of an error that the instruction ERROR names. */
  message(index: number): string {
    return messages[index]!;
  }

  /** Replaces MORE, the last instruction, by what comes next. */
  compileMore(): void {
    if (this.codeLength > 0) this.codeLength -= OP_SIZE;
    for (let i = 0; i < STEP; i++) {
      if (!this.compileItem()) return;
    }
    this.emit(Op.MORE, 0);
  }

  /** @returns whether the pattern goes on behind it */
  private compileItem(): boolean {
    const { text, at } = this;
    if (at >= text.length) return this.emitLast(Op.MATCHED, 0);
    switch (text.charCodeAt(at)) {
      case OPEN_PAREN: {
        const isPosition = text.charCodeAt(at + 1) === CLOSE_PAREN;
        this.at += isPosition ? 2 : 1;
        return this.emit(isPosition ? Op.POSITION : Op.OPEN, 0);
      }
      case CLOSE_PAREN:
        this.at++;
        return this.emit(Op.CLOSE, 0);
      case DOLLAR:
        if (at + 1 === text.length) return this.emitLast(Op.AT_END, 0);
        return this.compileSingle();
      case PERCENT:
        return this.compileEscape(text.charCodeAt(at + 1));
      default:
        return this.compileSingle();
    }
  }

  /** An item that begins with %. @param next what follows; NaN: nothing */
  private compileEscape(next: number): boolean {
    const { text, at } = this;
    if (next === LOWER_B) {
      if (at + 4 > text.length) return this.emitLast(Op.ERROR, UNBALANCED);
      this.at += 4;
      return this.emit(Op.BALANCE, text.charCodeAt(at + 2) * 256 + text.charCodeAt(at + 3));
    }
    if (next === LOWER_F) {
      if (text.charCodeAt(at + 2) !== OPEN_BRACKET) {
        return this.emitLast(Op.ERROR, MISSING_OPEN_BRACKET);
      }
      const end = this.setEnd(at + 2);
      if (end < 0) return this.emitLast(Op.ERROR, MISSING_BRACKET);
      this.at = end;
      return this.emit(Op.FRONTIER, this.setIndex(text.slice(at + 2, end)));
    }
    if (next >= ZERO && next <= NINE) {
      this.at += 2;
      return this.emit(Op.BACK_REFERENCE, next - ZERO - 1);
    }
    if (at + 1 >= text.length) return this.emitLast(Op.ERROR, ENDS_WITH_PERCENT);
    return this.compileSingle();
  }

  /** One byte or class, and the quantifier behind it. */
  private compileSingle(): boolean {
    const { text, at } = this;
    const first = text.charCodeAt(at);
    const end = first === OPEN_BRACKET ? this.setEnd(at) : first === PERCENT ? at + 2 : at + 1;
    if (end < 0) return this.emitLast(Op.ERROR, MISSING_BRACKET);
    const single = text.slice(at, end);
    const quantifier = QUANTIFIERS.get(text[end] ?? '');
    this.at = end;
    if (quantifier !== undefined) {
      this.at++;
      return this.emit(quantifier, this.setIndex(single));
    }
    if (single === '.') return this.emit(Op.ANY, 0);
    if (single.length === 1) return this.emit(Op.CHAR, first);
    return this.emit(Op.SET, this.setIndex(single));
  }

  /** Position behind the ] of a set that begins at `at`; -1: there is none. */
  private setEnd(at: number): number {
    const { text } = this;
    let i = at + 1;
    if (text.charCodeAt(i) === CARET) i++;
    // A ] that comes first is one of the set's characters.
    do {
      if (i >= text.length) return -1;
      i += text.charCodeAt(i) === PERCENT && i + 1 < text.length ? 2 : 1;
    } while (text.charCodeAt(i) !== CLOSE_BRACKET);
    return i + 1;
  }

  /** Index in `sets` of the class that an item without quantifier spells. */
  private setIndex(single: string): number {
    let index = this.setsByText.get(single);
    if (index === undefined) {
      index = this.sets.push(bytesOf(single)) - 1;
      this.setsByText.set(single, index);
    }
    return index;
  }

  private firstBytes(): Uint8Array | undefined {
    const operand = this.code[1]!;
    switch (this.code[0]) {
      case Op.CHAR:
        return byteSet(operand);
      case Op.SET:
      case Op.PLUS:
        return this.sets[operand];
      default:
        return undefined;
    }
  }

  private emit(op: number, operand: number): true {
    if (this.codeLength === this.code.length) {
      const longer = new Int32Array(this.code.length * 2);
      longer.set(this.code);
      this.code = longer;
    }
    this.code[this.codeLength++] = op;
    this.code[this.codeLength++] = operand;
    return true;
  }

  private emitLast(op: number, operand: number): false {
    this.emit(op, operand);
    return false;
  }
}

/** The bytes that a single item matches: `x`, `.`, `%a` or `[^a-z%d]`. */
function bytesOf(single: string): Uint8Array {
  if (single === '.') return ANY_BYTE;
  if (single.charCodeAt(0) === OPEN_BRACKET && single.length > 1) return bytesOfSet(single);
  if (single.length === 1) return byteSet(single.charCodeAt(0));
  const bytes = new Uint8Array(256);
  addClass(bytes, single.charCodeAt(1));
  return bytes;
}

function bytesOfSet(set: string): Uint8Array {
  const bytes = new Uint8Array(256);
  const isComplement = set.charCodeAt(1) === CARET;
  const end = set.length - 1;
  for (let i = isComplement ? 2 : 1; i < end; i++) {
    const byte = set.charCodeAt(i);
    if (byte === PERCENT) addClass(bytes, set.charCodeAt(++i));
    else if (set.charCodeAt(i + 1) === MINUS_SIGN && i + 2 < end) {
      i += 2;
      bytes.fill(1, byte, Math.max(byte, set.charCodeAt(i) + 1));
    } else bytes[byte] = 1;
  }
  if (isComplement) for (let byte = 0; byte < 256; byte++) bytes[byte]! ^= 1;
  return bytes;
}

/** Patterns that are kept compiled. */
const CACHE_LIMIT = 200;
/** Longer patterns are not kept. */
const CACHED_LENGTH_LIMIT = 100;

/** Compiled patterns by text: scripts use few, and use them again and again. */
export class PatternCache {
  private readonly patterns = new Map<string, Pattern>();

  get(text: string): Pattern {
    return this.patterns.get(text) ?? this.compile(text);
  }

  private compile(text: string): Pattern {
    const pattern = new Pattern(text);
    if (text.length > CACHED_LENGTH_LIMIT) return pattern;
    if (this.patterns.size >= CACHE_LIMIT) this.patterns.clear();
    this.patterns.set(text, pattern);
    return pattern;
  }
}
