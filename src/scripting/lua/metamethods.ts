/**
 * Operators that have to call a metamethod, to the end of what they do: see operators.ts.
 */
import { first, MAX_LIBRARY_DEPTH } from './call.js';
import type { Interpreter } from './interpreter.js';
import { ARITHMETIC, eqHandler, metamethod, sharedMetamethod } from './operators.js';
import { errorAt } from './placed-error.js';
import type { Site } from './site.js';
import { LuaFunction, LuaTable, type LuaValue, type Steps, typeName } from './value.js';

/** Calls a metamethod for its first result. */
export function* callMeta(
  rt: Interpreter,
  site: Site | undefined,
  handler: LuaValue,
  ...args: LuaValue[]
): Steps<LuaValue> {
  if (++rt.libraryDepth >= MAX_LIBRARY_DEPTH) {
    throw errorAt(site, 'C stack overflow');
  }
  if (!(handler instanceof LuaFunction) && metamethod(rt, handler, '__call') === undefined) {
    throw errorAt(site, `attempt to call a ${typeName(handler)} value`);
  }
  const results = yield* rt.enter(handler, args, site);
  rt.libraryDepth--;
  return first(results);
}

/** t[key], which takes a function in __index. */
export function* indexMeta(
  rt: Interpreter,
  start: LuaValue,
  key: LuaValue,
  site: Site,
): Steps<LuaValue> {
  let t = start;
  for (;;) {
    const handler = metamethod(rt, t, '__index');
    if (handler instanceof LuaFunction) return yield* callMeta(rt, site, handler, t, key);
    t = handler;
    const value = t instanceof LuaTable ? t.get(key) : undefined;
    if (value !== undefined) return value;
  }
}

/** t[key] = value, which takes a function in __newindex. */
export function* setMeta(
  rt: Interpreter,
  start: LuaValue,
  key: LuaValue,
  value: LuaValue,
  site: Site,
): Steps<void> {
  let t = start;
  for (;;) {
    const handler = metamethod(rt, t, '__newindex');
    if (handler instanceof LuaFunction) {
      yield* callMeta(rt, site, handler, t, key, value);
      return;
    }
    t = handler;
  }
}

export function* arithMeta(
  rt: Interpreter,
  op: number,
  a: LuaValue,
  b: LuaValue,
  site: Site,
): Steps<LuaValue> {
  const event = ARITHMETIC[op];
  const handler = metamethod(rt, a, event) ?? metamethod(rt, b, event);
  return yield* callMeta(rt, site, handler, a, b);
}

export function* negateMeta(rt: Interpreter, a: LuaValue, site: Site): Steps<LuaValue> {
  return yield* callMeta(rt, site, metamethod(rt, a, '__unm'), a, a);
}

export function* lengthMeta(rt: Interpreter, a: LuaValue, site: Site): Steps<LuaValue> {
  return yield* callMeta(rt, site, metamethod(rt, a, '__len'), a);
}

export function* concatMeta(
  rt: Interpreter,
  a: LuaValue,
  b: LuaValue,
  site: Site,
): Steps<LuaValue> {
  const handler = metamethod(rt, a, '__concat') ?? metamethod(rt, b, '__concat');
  return yield* callMeta(rt, site, handler, a, b);
}

export function* lessMeta(rt: Interpreter, a: LuaValue, b: LuaValue, site: Site): Steps<boolean> {
  const answer = yield* callMeta(rt, site, sharedMetamethod(rt, a, b, '__lt'), a, b);
  return answer !== undefined && answer !== false;
}

export function* lessEqualMeta(
  rt: Interpreter,
  a: LuaValue,
  b: LuaValue,
  site: Site,
): Steps<boolean> {
  const handler = sharedMetamethod(rt, a, b, '__le');
  if (handler === undefined) return !(yield* lessMeta(rt, b, a, site));
  const answer = yield* callMeta(rt, site, handler, a, b);
  return answer !== undefined && answer !== false;
}

export function* equalMeta(rt: Interpreter, a: LuaValue, b: LuaValue, site: Site): Steps<boolean> {
  const answer = yield* callMeta(rt, site, eqHandler(a, b), a, b);
  return answer !== undefined && answer !== false;
}
