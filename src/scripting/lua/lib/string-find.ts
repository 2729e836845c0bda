/**
 * string.find, string.match and string.gmatch.
 *
 * Nearly all searches end within some hundred steps: the quick forms do these. One that proves long
 * is begun again by the slow form, which pauses (finished.ts).
 */
import { BAIL } from '../call.js';
import { type LuaRuntime, PAUSE } from '../runtime.js';
import type { LuaFunction, LuaValue, Results, Steps } from '../value.js';
import { checkInteger, checkString } from './arguments.js';
import { pure, quickFunction } from './finished.js';
import type { Pattern, PatternCache } from './pattern.js';
import { type Matcher, type MatcherPool, Outcome, STRIDE } from './pattern-matcher.js';

/** Steps that are not worth counting. */
const FEW_STEPS = 32;

/** A plain search of that much, the product of both lengths, is done at once: 0.1 ms at worst. */
const PLAIN_SEARCH_LIMIT = 500_000;

export interface Patterns {
  readonly cache: PatternCache;
  readonly pool: MatcherPool;
}

/** What a call is to search for: `pattern` is undefined for `text` as it is. */
interface Search {
  readonly source: string;
  readonly text: string;
  readonly pattern: Pattern | undefined;
  /** Position from 0 where it begins. */
  readonly init: number;
}

/** What a function makes of a match. */
type Answer = (matcher: Matcher) => Results;

export function findFunction(lua: LuaRuntime, patterns: Patterns): LuaFunction {
  const read = (args: LuaValue[]): Search => {
    const source = checkString(lua, args[0], 1, args.length);
    const text = checkString(lua, args[1], 2, args.length);
    const init = startOf(lua, args[2], source.length);
    const isPlain = args[3] !== undefined && args[3] !== false;
    const pattern = isPlain ? undefined : patterns.cache.get(text);
    return { source, text, pattern: pattern?.isPlain ? undefined : pattern, init };
  };
  const quick = (...args: LuaValue[]): Results => {
    const search = read(args);
    if (search.pattern !== undefined) return quickSearch(lua, patterns, search, whereFound);
    const { source, text, init } = search;
    if ((source.length - init) * text.length > PLAIN_SEARCH_LIMIT) return BAIL;
    return placeOf(source.indexOf(text, init), text);
  };
  const slow = (...args: LuaValue[]): Steps => {
    const search = read(args);
    if (search.pattern === undefined) return findInParts(lua, search);
    return slowSearch(lua, patterns, search, whereFound);
  };
  return pure(quickFunction(lua, 'find', quick, slow));
}

export function matchFunction(lua: LuaRuntime, patterns: Patterns): LuaFunction {
  const read = (args: LuaValue[]): Search => {
    const source = checkString(lua, args[0], 1, args.length);
    const text = checkString(lua, args[1], 2, args.length);
    const init = startOf(lua, args[2], source.length);
    return { source, text, pattern: patterns.cache.get(text), init };
  };
  const quick = (...args: LuaValue[]): Results => quickSearch(lua, patterns, read(args), whatFound);
  const slow = (...args: LuaValue[]): Steps => slowSearch(lua, patterns, read(args), whatFound);
  return pure(quickFunction(lua, 'match', quick, slow));
}

/** Position from 0 that an `init` argument means. */
function startOf(lua: LuaRuntime, init: LuaValue, length: number): number {
  if (init === undefined) return 0;
  const position = checkInteger(lua, init, 3, 3);
  if (position > 0) return Math.min(position - 1, length);
  return position < 0 ? Math.max(position + length, 0) : 0;
}

function quickSearch(lua: LuaRuntime, { pool }: Patterns, search: Search, answer: Answer): Results {
  const matcher = pool.take();
  matcher.begin(search.source, search.pattern!, search.init);
  const outcome = matcher.search(STRIDE);
  const steps = STRIDE - matcher.left;
  let result: Results;
  if (outcome === Outcome.FOUND) result = answer(matcher);
  else if (outcome === Outcome.PAUSED) result = BAIL;
  pool.give(matcher);
  if (steps > FEW_STEPS) lua.spend(steps);
  return result;
}

function* slowSearch(lua: LuaRuntime, { pool }: Patterns, search: Search, answer: Answer): Steps {
  const matcher = pool.take();
  matcher.begin(search.source, search.pattern!, search.init);
  const outcome = yield* searchInSteps(lua, matcher);
  const result = outcome === Outcome.FOUND ? answer(matcher) : undefined;
  pool.give(matcher);
  return result;
}

/** Searches until there is a match or none. */
export function* searchInSteps(lua: LuaRuntime, matcher: Matcher): Steps<Outcome> {
  for (;;) {
    const outcome = matcher.search(STRIDE);
    if (lua.spend(STRIDE - matcher.left)) yield PAUSE;
    if (outcome !== Outcome.PAUSED) return outcome;
  }
}

/** A search for text as it is, where that could take long: in overlapping parts of the string. */
function* findInParts(lua: LuaRuntime, { source, text, init }: Search): Steps {
  const step = Math.max(1, Math.floor(PLAIN_SEARCH_LIMIT / text.length));
  const last = source.length - text.length;
  for (let from = init; from <= last; from += step) {
    const part = source.slice(from, from + step + text.length - 1);
    const at = part.indexOf(text);
    if (at >= 0) return placeOf(from + at, text);
    if (lua.spend(step)) yield PAUSE;
  }
  return undefined;
}

function placeOf(at: number, text: string): Results {
  return at < 0 ? undefined : [at + 1, at + text.length];
}

function whereFound(matcher: Matcher): Results {
  const places: LuaValue[] = [matcher.start + 1, matcher.matchEnd];
  for (let i = 0; i < matcher.level; i++) places.push(matcher.capture(i));
  return places;
}

function whatFound(matcher: Matcher): Results {
  return matcher.captures();
}

export function gmatchFunction(lua: LuaRuntime, patterns: Patterns): LuaFunction {
  const gmatch = lua.plain('gmatch', (...args: LuaValue[]) => {
    const source = checkString(lua, args[0], 1, args.length);
    const text = checkString(lua, args[1], 2, args.length);
    const matches = new Matches(lua, patterns, source, text);
    return quickFunction(
      lua,
      '',
      () => matches.quickNext(),
      () => matches.slowNext(),
    );
  });
  return pure(gmatch);
}

/** The matches that string.gmatch iterates over. */
class Matches {
  /** Where the next search begins. */
  private position = 0;
  private readonly text: string;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly patterns: Patterns,
    private readonly source: string,
    text: string,
  ) {
    // Here ^ stands for itself.
    this.text = text.startsWith('^') ? `%${text}` : text;
  }

  quickNext(): Results {
    if (this.position > this.source.length) return [];
    const matcher = this.begin();
    const outcome = matcher.search(STRIDE);
    const steps = STRIDE - matcher.left;
    if (steps > FEW_STEPS) this.lua.spend(steps);
    return this.end(matcher, outcome);
  }

  *slowNext(): Steps {
    const matcher = this.begin();
    return this.end(matcher, yield* searchInSteps(this.lua, matcher));
  }

  private begin(): Matcher {
    const matcher = this.patterns.pool.take();
    matcher.begin(this.source, this.patterns.cache.get(this.text), this.position);
    return matcher;
  }

  private end(matcher: Matcher, outcome: Outcome): Results {
    let result: Results = outcome === Outcome.PAUSED ? BAIL : [];
    if (outcome === Outcome.FOUND) {
      this.position = matcher.matchEnd === matcher.start ? matcher.matchEnd + 1 : matcher.matchEnd;
      result = matcher.captures();
    }
    this.patterns.pool.give(matcher);
    return result;
  }
}
