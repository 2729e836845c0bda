/**
 * JSON as Lua's values, as cjson reads it.
 *
 * The text is a row of tokens; what the decoder expects next is its state, and the tables that are
 * open stand on a stack:
 *
 *     { "a" : [ 1 ,        state: an element or ']'      stack: {a = (here)}, {1}
 *
 * It is a loop and not a recursion, so that it can stop anywhere, within one long string or number
 * too. cjson reads more than JSON: numbers are whatever C's strtod takes (hexadecimal, infinity,
 * nan, zeros in front); control characters may stand in strings; a NUL byte is the end of the text.
 * Strings stay bytes, and \u escapes become UTF-8.
 *
 * The messages name tokens by the names of lua-cjson's enum: "T_OBJ_END".
 */
import type { LuaRuntime } from '../runtime.js';
import { type LuaError, LuaTable, type LuaValue, type Userdata } from '../value.js';
import type { ByteSink } from './byte-sink.js';
import { MAX_C_STACK } from './c-stack.js';
import type { JsonOptions } from './cjson-options.js';
import { JsonTokens, TOKEN_NAMES, Token } from './cjson-tokens.js';

/** Tokens between two looks at the time. */
const BATCH = 128;
/** What a token costs, in steps of Lua. */
const STEPS_PER_TOKEN = 3;
/** Memory of a table, and of an entry in one. */
const TABLE_BYTES = 192;
const VALUE_BYTES = 40;

/** What comes next. */
const VALUE = 0;
const ELEMENT_OR_END = 1;
const KEY_OR_END = 2;
const KEY = 3;
const COLON = 4;
const COMMA_OR_OBJECT_END = 5;
const COMMA_OR_ARRAY_END = 6;
const END = 7;
/** As messages call it. */
const EXPECTED = [
  'value',
  'value',
  'object key string',
  'object key string',
  'colon',
  'comma or object end',
  'comma or array end',
  'the end',
];

/** The token that closes a table there; none closes it at once behind a comma or a colon. */
const CLOSING = [
  Token.More,
  Token.ArrayEnd,
  Token.ObjectEnd,
  Token.More,
  Token.More,
  Token.ObjectEnd,
  Token.ArrayEnd,
];

/** A table that is open. */
class Frame {
  readonly table = new LuaTable();
  /** Of an object: the key of the value that comes. */
  key = '';

  constructor(
    /** Of a list: the index of its last element; -1: it is an object. */
    public index: number,
    /** That of the table around it. */
    readonly outer: Frame | undefined,
    readonly depth: number,
  ) {}
}

export class JsonDecoder {
  private readonly tokens: JsonTokens;
  private frame: Frame | undefined = undefined;
  private state = VALUE;
  private result: LuaValue = undefined;
  /** Values that lua-cjson would have on its stack. */
  private slots = 1;
  /** Tokens since time was looked at, and memory taken since. */
  private work = 0;
  private bytes = 0;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly options: JsonOptions,
    sink: ByteSink,
    private readonly nothing: Userdata,
  ) {
    this.tokens = new JsonTokens(sink);
  }

  /** Then `run` until it has returned true, then `finish`. */
  begin(text: string): void {
    this.forget();
    if (text.length >= 2 && (text.charCodeAt(0) === 0 || text.charCodeAt(1) === 0)) {
      throw this.lua.error('JSON parser does not support UTF-16 or UTF-32');
    }
    this.tokens.begin(text, this.options.decodeInvalidNumbers);
    this.state = VALUE;
    this.slots = 1;
    this.work = this.bytes = 0;
  }

  finish(): LuaValue {
    const { result } = this;
    this.lua.charge(this.bytes);
    this.forget();
    return result;
  }

  /** Steps that were not yet spent. */
  get steps(): number {
    return this.work * STEPS_PER_TOKEN;
  }

  /** So that nothing is kept alive; after a failure there may be some. */
  private forget(): void {
    this.frame = undefined;
    this.result = undefined;
    this.tokens.end();
  }

  /** @returns false if it is time to pause */
  run(): boolean {
    for (;;) {
      const token = this.tokens.next();
      if (token === Token.More) this.work = BATCH;
      else if (this.state === END) return this.end(token);
      else this.accept(token);
      if (++this.work < BATCH) continue;
      const { steps, bytes } = this;
      this.work = this.bytes = 0;
      this.lua.charge(bytes);
      if (this.lua.spend(steps)) return false;
    }
  }

  private end(token: number): boolean {
    if (token !== Token.End) throw this.unexpected(token);
    return true;
  }

  private accept(token: number): void {
    const { state } = this;
    if (token === CLOSING[state]) this.close(this.frame!);
    else if (state === VALUE || state === ELEMENT_OR_END) this.value(token);
    else if (state === KEY || state === KEY_OR_END) this.beginPair(token);
    else if (token === (state === COLON ? Token.Colon : Token.Comma)) {
      this.state = state === COMMA_OR_OBJECT_END ? KEY : VALUE;
    } else throw this.unexpected(token);
  }

  private beginPair(token: number): void {
    if (token !== Token.String) throw this.unexpected(token);
    this.frame!.key = this.tokens.string;
    this.state = COLON;
  }

  private value(token: number): void {
    const { tokens } = this;
    if (token === Token.String) this.put(tokens.string);
    else if (token === Token.Number) this.put(tokens.number);
    else if (token === Token.ObjectBegin) this.open(3, -1, KEY_OR_END);
    else if (token === Token.ArrayBegin) this.open(2, 0, ELEMENT_OR_END);
    else if (token === Token.Boolean) this.put(tokens.boolean);
    else if (token === Token.Null) this.put(this.nothing);
    else throw this.unexpected(token);
  }

  /** A value is complete. */
  private put(value: LuaValue): void {
    const { frame } = this;
    this.bytes += VALUE_BYTES;
    if (frame === undefined) {
      this.result = value;
      this.state = END;
    } else if (frame.index < 0) {
      frame.table.setString(frame.key, value);
      this.state = COMMA_OR_OBJECT_END;
    } else {
      frame.table.setIndex(++frame.index, value);
      this.state = COMMA_OR_ARRAY_END;
    }
  }

  /** @param slots that lua-cjson wants to have on its stack */
  private open(slots: number, index: number, state: number): void {
    const { frame } = this;
    if (frame !== undefined) this.slots += slotsWithin(frame);
    const depth = frame === undefined ? 1 : frame.depth + 1;
    if (depth > this.options.decodeMaxDepth || this.slots + slots > MAX_C_STACK) {
      const message = `Found too many nested data structures (${depth})`;
      throw this.lua.error(`${message} at character ${this.tokens.at}`);
    }
    this.bytes += TABLE_BYTES;
    this.frame = new Frame(index, frame, depth);
    this.state = state;
  }

  private close(frame: Frame): void {
    this.frame = frame.outer;
    if (frame.outer !== undefined) this.slots -= slotsWithin(frame.outer);
    this.put(frame.table);
  }

  private unexpected(token: number): LuaError {
    const { tokens } = this;
    const found = token === Token.Error ? tokens.error : TOKEN_NAMES[token];
    const message = `Expected ${EXPECTED[this.state]} but found ${found}`;
    return this.lua.error(`${message} at character ${tokens.index + 1}`);
  }
}

/** What lua-cjson has on its stack for a table while it is at a value in it: it, maybe the key. */
function slotsWithin(frame: Frame): number {
  return frame.index < 0 ? 2 : 1;
}
