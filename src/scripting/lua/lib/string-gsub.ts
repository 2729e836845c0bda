/**
 * string.gsub.
 *
 * The result grows as a string of JavaScript does by +=, from pieces of the source and what replaces
 * the matches:
 *
 *     source   hello world from Lua      copied = end of the last match that was replaced
 *                    ^     ^ match
 *     out      "h3llo "                  then out += source[copied .. match) + replacement
 *
 * What calls nothing (a string as replacement, a table without metatable) is made in a plain loop, at
 * once if it is short; what may call is a generator's work (finished.ts).
 */
import { BAIL, first } from '../call.js';
import { type LuaRuntime, PAUSE } from '../runtime.js';
import {
  LuaFunction,
  LuaTable,
  type LuaValue,
  type Results,
  type Steps,
  typeName,
} from '../value.js';
import { checkInt, checkString } from './arguments.js';
import { pure, quickFunction } from './finished.js';
import { CALL_STEPS, callFromLibrary } from './library-call.js';
import type { Pattern } from './pattern.js';
import { type Matcher, Outcome, STRIDE } from './pattern-matcher.js';
import type { Patterns } from './string-find.js';
import { Template } from './string-template.js';

type Replacement = string | Template | LuaTable | LuaFunction;

/** Bytes that are gathered before they are charged. */
const CHARGE_UNIT = 4096;

/** The product of both lengths up to which text is replaced without a pattern's help. */
const LITERAL_LIMIT = 20_000;

/** Steps that are not worth counting. */
const FEW_STEPS = 32;

/** What `run` says. */
const Stop = { DONE: 0, PAUSED: 1, CALL: 2 } as const;
type Stop = (typeof Stop)[keyof typeof Stop];

export function gsubFunction(lua: LuaRuntime, patterns: Patterns): LuaFunction {
  const begin = (args: LuaValue[]): Substitution => {
    const source = checkString(lua, args[0], 1, args.length);
    const text = checkString(lua, args[1], 2, args.length);
    const limit = args[3] === undefined ? source.length + 1 : checkInt(lua, args[3], 4, 4);
    const replacement = replacementOf(lua, args[2]);
    return new Substitution(lua, patterns, source, text, replacement, limit);
  };
  const quick = (...args: LuaValue[]): Results =>
    args[2] instanceof LuaFunction ? BAIL : begin(args).quick();
  const slow = (...args: LuaValue[]): Steps => begin(args).slow();
  return pure(quickFunction(lua, 'gsub', quick, slow));
}

function replacementOf(lua: LuaRuntime, value: LuaValue): Replacement {
  if (typeof value === 'string') return value.includes('%') ? new Template(value) : value;
  if (typeof value === 'number') return lua.rawToString(value);
  if (value instanceof LuaTable || value instanceof LuaFunction) return value;
  throw lua.argError(3, 'string/function/table expected');
}

class Substitution {
  private readonly matcher: Matcher;
  private readonly pattern: Pattern;
  private out = '';
  private copied = 0;
  private count = 0;
  private uncharged = 0;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly patterns: Patterns,
    private readonly source: string,
    text: string,
    private readonly replacement: Replacement,
    private readonly limit: number,
  ) {
    const pattern = patterns.cache.get(text);
    this.pattern = pattern;
    this.matcher = patterns.pool.take();
    this.matcher.begin(source, pattern, 0);
  }

  /** All of it at once, or BAIL. */
  quick(): Results {
    if (this.limit <= 0) return this.finish();
    const stop = this.isLiteral() ? this.runLiteral() : this.run(STRIDE);
    const steps = STRIDE - this.matcher.left;
    if (steps > FEW_STEPS) this.lua.spend(steps);
    if (stop === Stop.DONE) return this.finish();
    this.patterns.pool.give(this.matcher);
    return BAIL;
  }

  *slow(): Steps {
    const { lua, matcher } = this;
    let stop: Stop = this.limit > 0 ? Stop.PAUSED : Stop.DONE;
    while (stop !== Stop.DONE) {
      if (stop === Stop.CALL) {
        this.putValue(yield* this.called());
        if (!this.advance()) break;
      }
      stop = this.run(STRIDE);
      if (lua.spend(STRIDE - matcher.left + CALL_STEPS)) yield PAUSE;
    }
    return this.finish();
  }

  /** Whether text is to be replaced by text, in a string that is not long. */
  private isLiteral(): boolean {
    const { pattern, source } = this;
    if (!pattern.isLiteral || typeof this.replacement !== 'string') return false;
    return source.length * pattern.text.length <= LITERAL_LIMIT;
  }

  /** As `run`, where no pattern has to be matched. */
  private runLiteral(): Stop {
    const { source, limit } = this;
    const { text } = this.pattern;
    for (let at = source.indexOf(text); at >= 0 && this.count < limit; ) {
      this.count++;
      this.putAt(at, at + text.length, this.replacement as string);
      at = source.indexOf(text, this.copied);
    }
    this.matcher.left = STRIDE - this.count;
    return Stop.DONE;
  }

  /** Replaces until it is done, `budget` is used up, or a function must be called. */
  private run(budget: number): Stop {
    const { matcher, replacement } = this;
    let left = budget;
    for (;;) {
      const outcome = matcher.search(left);
      if (outcome === Outcome.PAUSED) return Stop.PAUSED;
      if (outcome === Outcome.NOT_FOUND) return Stop.DONE;
      left = matcher.left - 1;
      this.count++;
      if (typeof replacement === 'string') this.put(replacement);
      else if (replacement instanceof Template) this.put(replacement.fill(matcher));
      else if (replacement instanceof LuaFunction) return Stop.CALL;
      else {
        const value = replacement.get(matcher.capture(0));
        if (value === undefined && replacement.metatable !== undefined) return Stop.CALL;
        this.putValue(value);
      }
      if (!this.advance()) return Stop.DONE;
      if (left <= 0) return Stop.PAUSED;
    }
  }

  /** Prepares for the next match. @returns false if there is none to be looked for */
  private advance(): boolean {
    const { matcher } = this;
    const next = matcher.matchEnd > matcher.start ? matcher.matchEnd : matcher.start + 1;
    if (this.pattern.isAnchored || this.count >= this.limit || next > this.source.length)
      return false;
    matcher.goTo(next);
    return true;
  }

  /** What a function or a metamethod makes of the match. */
  private *called(): Steps<LuaValue> {
    const { replacement, lua, matcher } = this;
    if (replacement instanceof LuaTable) {
      return yield* lua.index(replacement, matcher.capture(0));
    }
    const captures = matcher.captures();
    const args = Array.isArray(captures) ? captures : [captures];
    let results = callFromLibrary(lua, replacement as LuaFunction, args);
    if (results === BAIL) results = yield* lua.call(replacement as LuaFunction, ...args);
    return first(results);
  }

  private putValue(value: LuaValue): void {
    if (typeof value === 'string') this.put(value);
    else if (typeof value === 'number') this.put(this.lua.rawToString(value));
    else if (value !== undefined && value !== false) {
      throw this.lua.error(`invalid replacement value (a ${typeName(value)})`);
    }
  }

  /** Puts text in place of the match. */
  private put(text: string): void {
    this.putAt(this.matcher.start, this.matcher.matchEnd, text);
  }

  private putAt(start: number, end: number, text: string): void {
    const { copied } = this;
    this.uncharged += start - copied + text.length;
    if (this.uncharged > CHARGE_UNIT) this.charge();
    if (start > copied) this.out += this.source.substring(copied, start);
    this.out += text;
    this.copied = end;
  }

  private charge(): void {
    this.lua.charge(this.uncharged);
    this.uncharged = 0;
  }

  private finish(): Results {
    const { source, copied, count } = this;
    this.patterns.pool.give(this.matcher);
    if (count === 0) return [source, 0];
    this.uncharged += source.length - copied;
    this.charge();
    return [copied === source.length ? this.out : this.out + source.substring(copied), count];
  }
}
