/**
 * Lua's values as JSON, as cjson writes them.
 *
 * A table is a list if all its keys are positive integers (holes become null), else an object; that
 * takes a walk over its keys before the first byte is written. Strings are bytes: what is not ASCII
 * goes through untouched, valid UTF-8 or not. Metamethods are not asked.
 *
 *     {"a":[1,{"b":…     three tables that are being written; of each: what it is (list or object),
 *     ^    ^  ^          the position of its next pair or index, and where a list ends
 *
 * `run` is a loop over that stack (Frame) and not a recursion, so that it can stop anywhere: within a
 * list of a million numbers, within one long string, while it looks at the keys of a table.
 */
import { formatG } from '../../../text/format-g.js';
import type { LuaRuntime } from '../runtime.js';
import { type LuaError, LuaTable, type LuaValue, typeName, type Userdata } from '../value.js';
import type { ByteSink } from './byte-sink.js';
import { MAX_C_STACK } from './c-stack.js';
import { InvalidNumbers, type JsonOptions } from './cjson-options.js';

/** Characters of a string that are written at once. */
const PIECE = 2048;
/** Work between two looks at the time, in values or keys. */
const BATCH = 64;
/** What a value and its share of the table costs, in steps of Lua. */
const STEPS_PER_VALUE = 4;
/** What costs as much as a value does. */
const CHARS_PER_VALUE = 32;
const KEYS_PER_VALUE = 4;

/** The longest escape, `\u001f`. */
const MAX_ESCAPE_BYTES = 6;
const INT_MAX = 2 ** 31 - 1;
/** What C makes of a number too big for an int. */
const INT_MIN = -(2 ** 31);

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
/** The opening ones; those that close come two later. */
const BRACKET = 91;
const BRACE = 123;
const BACKSLASH = 92;
const ZERO = 48;
const LETTER_U = 117;
const HEX = Buffer.from('0123456789abcdef');

/** By byte: 0 if it stands for itself, else the letter behind the backslash; `u` for \u00xx. */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(LETTER_U, 0, 32);
ESCAPES[127] = LETTER_U;
for (const [byte, letter] of ['""', '\\\\', '//', '\bb', '\tt', '\nn', '\ff', '\rr']) {
  ESCAPES[byte!.charCodeAt(0)] = letter!.charCodeAt(0);
}

/** What a table is at. */
const SCANNING = 0;
const LIST = 1;
const OBJECT = 2;
/** An object whose key is written, and its value is not. */
const OBJECT_VALUE = 3;

/** A table that is being written. */
class Frame {
  state = SCANNING;
  /** Of the next pair; of a list, the next index. */
  position = 0;
  /** Last index of a list; while scanning, the greatest so far; of an object, pairs so far. */
  end = 0;
  keyCount = 0;

  constructor(
    readonly table: LuaTable,
    /** That of the table around it. */
    readonly outer: Frame | undefined,
    readonly depth: number,
  ) {}
}

export class JsonEncoder {
  private frame: Frame | undefined = undefined;
  /** Values that lua-cjson would have on its stack. */
  private slots = 1;

  /** A long string that is being written, and how far. */
  private text: string | undefined = undefined;
  private textAt = 0;
  /** Work done since time was looked at. */
  private work = 0;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly options: JsonOptions,
    private readonly sink: ByteSink,
    private readonly nothing: Userdata,
  ) {}

  /** Then `run` until it has returned true, then `finish`. */
  begin(value: LuaValue): void {
    this.forget();
    this.sink.begin();
    this.work = 0;
    this.slots = 1;
    this.value(value);
  }

  finish(): string {
    this.forget();
    return this.sink.finish();
  }

  /** Steps that were not yet spent. */
  get steps(): number {
    return this.work * STEPS_PER_VALUE;
  }

  /** So that no table is kept alive; after a failure there may be some. */
  private forget(): void {
    this.frame = undefined;
    this.text = undefined;
  }

  /** @returns false if it is time to pause */
  run(): boolean {
    for (;;) {
      const { frame } = this;
      if (this.text !== undefined) this.continueText(this.text);
      else if (frame === undefined) return true;
      else if (frame.state === LIST) this.nextElement(frame);
      else if (frame.state === SCANNING) this.scan(frame);
      else this.nextPair(frame);
      if (++this.work >= BATCH) {
        const { steps } = this;
        this.work = 0;
        if (this.lua.spend(steps)) return false;
      }
    }
  }

  private nextElement(frame: Frame): void {
    const index = frame.position;
    if (index > frame.end) this.close(frame, BRACKET + 2);
    else {
      if (index > 1) this.sink.byte(COMMA);
      frame.position = index + 1;
      this.value(frame.table.getIndex(index));
    }
  }

  private nextPair(frame: Frame): void {
    const { table } = frame;
    if (frame.state === OBJECT) {
      const position = table.seek(frame.position);
      if (position < 0) {
        this.close(frame, BRACE + 2);
        return;
      }
      if (frame.end++ > 0) this.sink.byte(COMMA);
      frame.position = position;
      frame.state = OBJECT_VALUE;
      this.key(table.keyAt(position));
      // A long key goes first.
      if (this.text !== undefined) return;
    }
    this.sink.byte(COLON);
    frame.state = OBJECT;
    this.value(table.valueAt(frame.position++));
  }

  private key(key: LuaValue): void {
    if (typeof key === 'string') this.string(key);
    else if (typeof key === 'number') {
      this.sink.byte(QUOTE);
      this.number(key);
      this.sink.byte(QUOTE);
    } else throw this.refusal(key, 'table key must be a number or string');
  }

  private value(value: LuaValue): void {
    if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number') this.number(value);
    else if (value instanceof LuaTable) this.open(value);
    else if (value === undefined || value === this.nothing) this.sink.string('null');
    else if (typeof value === 'boolean') this.sink.string(value ? 'true' : 'false');
    else throw this.refusal(value, 'type not supported');
  }

  private number(n: number): void {
    this.sink.string(Number.isFinite(n) ? formatG(n, this.options.precision) : this.noNumber(n));
  }

  /** Infinity and NaN. */
  private noNumber(n: number): string {
    const how = this.options.encodeInvalidNumbers;
    if (how === InvalidNumbers.Refuse) throw this.refusal(n, 'must not be NaN or Inf');
    return how === InvalidNumbers.Null ? 'null' : formatG(n, this.options.precision);
  }

  private string(text: string): void {
    if (text.length > PIECE) {
      this.text = text;
      this.textAt = 0;
      this.sink.byte(QUOTE);
      return;
    }
    this.sink.reserve(text.length * MAX_ESCAPE_BYTES + 2);
    const { sink } = this;
    sink.buffer[sink.n++] = QUOTE;
    this.escape(text, 0, text.length);
    sink.buffer[sink.n++] = QUOTE;
  }

  private continueText(text: string): void {
    const from = this.textAt;
    const to = Math.min(from + PIECE, text.length);
    this.sink.reserve((to - from) * MAX_ESCAPE_BYTES + 1);
    this.escape(text, from, to);
    this.textAt = to;
    if (to < text.length) return;
    this.text = undefined;
    this.sink.byte(QUOTE);
  }

  /** Hot. There must be room. */
  private escape(text: string, from: number, to: number): void {
    const { buffer } = this.sink;
    let n = this.sink.n;
    for (let i = from; i < to; i++) {
      const byte = text.charCodeAt(i);
      const letter = ESCAPES[byte]!;
      if (letter === 0) {
        buffer[n++] = byte;
        continue;
      }
      buffer[n++] = BACKSLASH;
      buffer[n++] = letter;
      if (letter !== LETTER_U) continue;
      buffer[n++] = ZERO;
      buffer[n++] = ZERO;
      buffer[n++] = HEX[byte >> 4]!;
      buffer[n++] = HEX[byte & 15]!;
    }
    this.sink.n = n;
    this.work += ((to - from) / CHARS_PER_VALUE) | 0;
  }

  private open(table: LuaTable): void {
    const { frame } = this;
    if (frame !== undefined) this.slots += slotsWithin(frame);
    const depth = frame === undefined ? 1 : frame.depth + 1;
    if (depth > this.options.encodeMaxDepth || this.slots + 3 > MAX_C_STACK) {
      throw this.lua.error(`Cannot serialise, excessive nesting (${depth})`);
    }
    this.frame = new Frame(table, frame, depth);
  }

  private close(frame: Frame, bracket: number): void {
    this.sink.byte(bracket);
    this.frame = frame.outer;
    if (frame.outer !== undefined) this.slots -= slotsWithin(frame.outer);
  }

  /** Looks at some more keys, to see whether the table is a list. */
  private scan(frame: Frame): void {
    const { table } = frame;
    let at = frame.position;
    const until = frame.keyCount + BATCH;
    while (frame.keyCount < until) {
      at = table.seek(at);
      if (at < 0) {
        this.scanned(frame);
        return;
      }
      const key = table.keyAt(at++);
      if (typeof key !== 'number' || key < 1 || Math.floor(key) !== key) {
        this.beginObject(frame);
        return;
      }
      if (key > frame.end) frame.end = key <= INT_MAX ? key : INT_MIN;
      frame.keyCount++;
    }
    frame.position = at;
    this.work += BATCH / KEYS_PER_VALUE;
  }

  /** All keys are positive integers. */
  private scanned(frame: Frame): void {
    const { sparseRatio, sparseSafe, sparseConvert } = this.options;
    const { end, keyCount } = frame;
    const isSparse = sparseRatio > 0 && end > Math.imul(keyCount, sparseRatio) && end > sparseSafe;
    if (isSparse && !sparseConvert) throw this.refusal(frame.table, 'excessively sparse array');
    if (isSparse || end <= 0) this.beginObject(frame);
    else {
      this.sink.byte(BRACKET);
      frame.state = LIST;
      frame.position = 1;
    }
  }

  private beginObject(frame: Frame): void {
    this.sink.byte(BRACE);
    frame.state = OBJECT;
    frame.position = 0;
    frame.end = 0;
  }

  private refusal(value: LuaValue, reason: string): LuaError {
    return this.lua.error(`Cannot serialise ${typeName(value)}: ${reason}`);
  }
}

/** What lua-cjson has on its stack for a table while it is at a value in it: maybe a key, the value. */
function slotsWithin(frame: Frame): number {
  return frame.state === LIST ? 1 : 2;
}
