/**
 * Lua's values as JavaScript's, and what all parts of the Lua engine agree on.
 *
 *     nil       undefined
 *     boolean   boolean
 *     number    number (a double, as in Lua 5.1)
 *     string    string of bytes: each code unit is one byte, 0 to 255 (latin1)
 *     table     LuaTable
 *     function  LuaFunction
 *     thread    Coroutine
 *     userdata  Userdata (light: cjson.null)
 *
 * A call gives its arguments one by one, `fn(a, b, c)`: how many there are is `arguments.length`. It
 * returns one value as it is, and none or several as an array: a Lua value is never an array.
 *
 * A function is plain or a generator. A plain one runs to its end at once: it must be short. A
 * generator pauses by `yield`, wherever it is: in a loop, in a function called by another, in a
 * comparison made by table.sort; whoever drives the outermost one goes on when he likes. A function
 * that calls others (pcall, gsub with a function, sort with a comparator, anything that may meet a
 * metamethod) must be a generator and delegate to them (`yield*`).
 */
import type { Chunk, Place } from './site.js';
import { Table } from './table.js';

export type LuaValue =
  | undefined
  | boolean
  | number
  | string
  | LuaTable
  | LuaFunction
  | Coroutine
  | Userdata;

/** A table: see table.ts. */
export class LuaTable extends Table<LuaValue> {
  metatable: LuaTable | undefined = undefined;
  /** Whether scripts may not change it (redis, KEYS of the sandbox's globals). */
  isReadonly = false;
}

/** What a call returns: one value, or an array of none or several. */
export type Results = LuaValue | LuaValue[];

/** What a generator yields: PAUSE, or the values of coroutine.yield (coroutine.ts). */
export type Steps<T = Results> = Generator<unknown, T, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: functions of any number of parameters
export type PlainBody = (...args: any[]) => Results;
// biome-ignore lint/suspicious/noExplicitAny: functions of any number of parameters
export type SteppedBody = (...args: any[]) => Steps;

/** The globals of functions, which share it while setfenv doesn't part them. */
export interface EnvCell {
  env: LuaTable;
  /** The chunk, which is known as long as a function of it is. */
  readonly chunk?: Chunk;
  /** The only function that has this cell, if it has one of its own. */
  fn?: LuaFunction;
}

export class LuaFunction {
  /**
   * The same as a plain function that has to be called with care (call.ts): it gives back BAIL where
   * it cannot go on without pausing, and nothing has happened then. A plain function's is its body.
   */
  raw: PlainBody | undefined;
  /** Whether `raw` changes nothing that others could see. */
  isPure = false;
  /** Whether `raw` changes nothing in Lua, and its results are kept: see replay.ts. */
  isReplayed = false;
  /** Where a function written in Lua has its globals. */
  cell: EnvCell | undefined;

  constructor(
    /** To be called as `isStepped` says. */
    readonly body: PlainBody | SteppedBody,
    /** Whether `body` is a generator. */
    readonly isStepped: boolean,
    /** For messages, where the call doesn't tell the name; '' for none. */
    readonly name: string,
    env: LuaTable | undefined = undefined,
  ) {
    this.raw = isStepped ? undefined : (body as PlainBody);
    this.cell = env === undefined ? undefined : { env };
  }

  /** Its globals (getfenv); undefined: it is not written in Lua. */
  get env(): LuaTable | undefined {
    return this.cell?.env;
  }
}

/** A function that is running: see frames.ts. */
export class CallFrame {
  constructor(
    readonly caller: CallFrame | undefined,
    /** undefined: a function of a library. */
    readonly cell: EnvCell | undefined,
    /** Levels between this one and its caller. */
    readonly lostCallers: number,
  ) {}
}

/** A coroutine: a function's generators, and where they stand (run.ts). */
export class Coroutine {
  status: 'suspended' | 'running' | 'normal' | 'dead' = 'suspended';
  /** Its generators, each of which waits for the one behind it (run.ts); empty: not begun. */
  readonly segments: Steps[] = [];
  /** How deep calls were nested when it paused, and how deep those through libraries. */
  depth = 0;
  libraryDepth = 0;

  constructor(
    readonly body: LuaFunction,
    /** The globals of functions that it loads (setfenv(0, …)). */
    public globals: LuaTable,
    /** What was running in it when it paused: see frames.ts. */
    public frame: CallFrame | undefined,
  ) {}
}

/** A value that Lua can only hand around and compare. */
export class Userdata {
  constructor(
    readonly name: string,
    public metatable: LuaTable | undefined = undefined,
    /** Whether it is C's null pointer, which tostring shows as `(nil)`: cjson.null. */
    readonly isNull = false,
  ) {}
}

/**
 * An error on its way through Lua: any value, usually a string. It is no Error of JavaScript, so
 * that throwing one is cheap.
 */
export class LuaError {
  constructor(
    readonly value: LuaValue,
    /** Whether pcall and coroutines must let it pass: the script was killed. */
    readonly isFinal = false,
    /** Where it was raised; undefined: not known. */
    readonly place: Place | undefined = undefined,
  ) {}
}

/** A value's type, as type() names it. */
export function typeName(value: LuaValue): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'object':
      if (value instanceof LuaTable) return 'table';
      if (value instanceof LuaFunction) return 'function';
      return value instanceof Coroutine ? 'thread' : 'userdata';
    default:
      return typeof value;
  }
}
