/**
 * How functions are called, and what travels between them and the driver (run.ts).
 *
 * Most functions of Lua exist twice: as a generator (`body`), which can pause anywhere, and as a plain
 * function (`raw`), which is several times faster and cannot pause. The plain one gives back BAIL
 * when it meets what it cannot do: call a generator, run for long, nest deep. The compiler makes a
 * plain form only of functions that have changed nothing that others could see wherever they may bail,
 * so that the caller simply calls the generator instead.
 */
import type { Site } from './site.js';
import type { Coroutine, LuaValue, Results, Steps } from './value.js';

/** From a plain form: call the generator. From an operator: it takes a metamethod. */
export const BAIL = Symbol('bail') as unknown as Results & undefined;

/** In place of a script's result: it is the last command's reply, as it came. */
export const PASSED = Symbol('passed') as unknown as undefined;

/**
 * Counter of plain forms: steps in its low bits, depth from LEAVE on. The generated code adds
 * LEAVE + 1 when a plain form begins, takes LEAVE away when it ends, and asks `mayGoOn` when a bit of
 * FULL is set: after STEPS_FULL steps, or 512 deep.
 */
export const LEAVE = 1 << 20;
export const STEPS_FULL = 1 << 17;
export const DEPTH_FULL = 1 << 29;
export const FULL = STEPS_FULL | DEPTH_FULL;

/** What is returned when nothing is: never written to. */
export const NO_VALUES: LuaValue[] = [];

/** Generators nested so deep, the driver takes over the next: so the stack of V8 stays small. */
export const SEGMENT = 64;
/** Calls nested deeper are an error; PUC's LUAI_MAXCALLS. A multiple of SEGMENT. */
export const MAX_DEPTH = 312 * SEGMENT;
/** Calls that libraries and metamethods make, nested deeper, are an error: PUC's LUAI_MAXCCALLS. */
export const MAX_LIBRARY_DEPTH = 200;

/**
 * `return f(...)` that could not be nested any more: whoever gets it as a result makes the call. It
 * is an array, so that code which looks whether results are an array finds it.
 */
export class TailCall extends Array<LuaValue> {
  callee: LuaValue = undefined;
  site: Site | undefined = undefined;

  static of1(callee: LuaValue, args: LuaValue[], site: Site): TailCall {
    const call = new TailCall();
    for (let i = 0; i < args.length; i++) call.push(args[i]);
    call.callee = callee;
    call.site = site;
    return call;
  }
}

/** Yielded to the driver: run this, and give me its result. */
export class Segment {
  constructor(
    readonly steps: Steps,
    readonly site: Site | undefined,
  ) {}
}

/** Yielded to the driver: go on with a coroutine, and give me what it yields or returns. */
export class Resume {
  constructor(
    readonly coroutine: Coroutine,
    readonly args: LuaValue[],
  ) {}
}

/** Yielded to the driver: give these to the one who resumed this coroutine. */
export class YieldValues {
  constructor(readonly values: LuaValue[]) {}
}

/** The first of results, nil if there is none. */
export function first(results: Results): LuaValue {
  return Array.isArray(results) ? results[0] : results;
}

/** Results as a list that may be kept, not written to. */
export function list(results: Results): LuaValue[] {
  return Array.isArray(results) ? results : [results];
}
