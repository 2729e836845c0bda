/**
 * Functions that nearly always get done at once, and now and then take long.
 *
 * What may take long must be a generator, but making one costs some 50 ns, more than most calls of
 * string.find do. So such a function has two forms, as most functions written in Lua have (call.ts):
 *
 *     quick   a plain function: the result, or BAIL if it would take long; nothing has happened then
 *     slow    the generator that does it all, with pauses
 *
 * Callers who know of `raw` call the quick form themselves. For the others the body tries it, and
 * returns a Finished: it answers `next()` with its value, like a generator that is at its end.
 */
import { BAIL } from '../call.js';
import { type LuaRuntime, PAUSE } from '../runtime.js';
import type { LuaFunction, LuaValue, PlainBody, Results, SteppedBody, Steps } from '../value.js';

/** It is its own result of `next()`, to save an object. */
export class Finished<T = Results> implements Iterator<unknown, T> {
  readonly done = true;

  constructor(readonly value: T) {}

  next(): this {
    return this;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** The steps of a call that is done. */
export function finished<T extends Results>(value: T): Steps<T> {
  return new Finished(value) as unknown as Steps<T>;
}

/** The steps of a call that is done, but has used up the caller's time. */
export function* finishedAfterPause<T extends Results>(value: T): Steps<T> {
  yield PAUSE;
  return value;
}

/** A function of both forms. */
export function quickFunction(
  lua: LuaRuntime,
  name: string,
  quick: PlainBody,
  slow: SteppedBody,
): LuaFunction {
  const fn = lua.stepped(name, (...args: LuaValue[]) => {
    const results = quick(...args);
    if (results === BAIL) return slow(...args);
    return lua.spend(0) ? finishedAfterPause(results) : finished(results);
  });
  fn.raw = quick;
  return fn;
}

/** Says that a function changes nothing that others could see (its quick form, if it has two). */
export function pure(fn: LuaFunction): LuaFunction {
  fn.isPure = true;
  return fn;
}
