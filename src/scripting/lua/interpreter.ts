/**
 * The interpreter as its own parts see it: operators, generated code, the driver, the libraries that
 * are part of the language. lua.ts implements it.
 */
import type { FrameHolder } from './frames.js';
import type { Replay } from './replay.js';
import type { LuaRuntime } from './runtime.js';
import type { Place, Site } from './site.js';
import type {
  LuaError,
  LuaFunction,
  LuaTable,
  LuaValue,
  PlainBody,
  Results,
  Steps,
} from './value.js';

export interface Interpreter extends LuaRuntime, FrameHolder {
  /** Of the thread that runs: setfenv(0, table) gives it another table. */
  globals: LuaTable;
  /** Set by openBase. */
  iterators: Iterators;
  /** What a script's reply may be passed on by. */
  passing: Passing;
  readonly replay: Replay;
  /** Steps until the next look at the clock. */
  budget: number;
  /** The clock is about to be looked at: sets the budget up to the next time. */
  refill(): void;
  /** A script that was left goes on. */
  goOn(): void;
  /** Calls of generators that are nested now, and calls that libraries and metamethods have made. */
  depth: number;
  libraryDepth: number;
  /** Bytes allocated since the heap was last looked at. */
  charged: number;
  /** Long texts that are put together until one is made flat. */
  untilFlat: number;

  /**
   * Calls any value, as generated code does.
   * @param site of the call; undefined: it is made by a library
   */
  enter(callee: LuaValue, args: LuaValue[], site: Site | undefined): Steps;
  /** Runs what a tail call couldn't nest, until there is a result. */
  finishTail(results: Results): Steps;
  /** The plain form of a function, if it has one and it can do it; else BAIL. */
  tryPlain(fn: LuaValue, args: LuaValue[]): Results;

  /** "user_script:1: " for a level of the stack (1: what called the library); '' for none. */
  where(level: number): string;
  /** What runs; undefined: nothing does. */
  readonly run: Run | undefined;
  /** Has `run` run from now on. @returns the one before */
  enterRun(run: Run | undefined): Run | undefined;

  /** Bytes in use, for collectgarbage('count'). */
  memoryInUse(): number;
  /** Compiles a chunk. @throws LuaError with the parser's message */
  compile(source: string, chunkName: string, env?: LuaTable): LuaFunction;
  asLuaError(thrown: unknown): LuaError;
}

/** The iterators that the compiler knows, so that it needs not call them. */
export interface Iterators {
  readonly next?: LuaFunction;
  readonly ipairs?: LuaFunction;
}

/**
 * A function whose result, where it is a script's own (`return redis.call(…)`), need not become a value
 * of Lua first: `body` is called in its place, and gives PASSED if the reply is to be taken as it is.
 */
export interface Passing {
  readonly fn: LuaFunction | undefined;
  readonly body: PlainBody;
}

/** What is known of a run while it goes on (run.ts). */
export interface Run {
  isTime: () => boolean;
  /** Set where it is going to pause. */
  pausedAt: Place | undefined;
  /** The running coroutine; undefined: the main thread runs. */
  readonly coroutine: LuaValue;
  segmentSites(): Site[];
}
