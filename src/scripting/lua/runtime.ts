/**
 * What the libraries may ask of the interpreter: src/scripting/lua/lua.ts implements it.
 */
import type { Place } from './site.js';
import type {
  LuaError,
  LuaFunction,
  LuaTable,
  LuaValue,
  PlainBody,
  Results,
  SteppedBody,
  Steps,
} from './value.js';

export interface LuaRuntime {
  readonly globals: LuaTable;
  /** The metatable of all strings. */
  stringMetatable: LuaTable | undefined;

  /** A function of a library, not written in Lua. */
  plain(name: string, body: PlainBody): LuaFunction;
  stepped(name: string, body: SteppedBody): LuaFunction;

  /** Calls any value (metamethod __call included). */
  call(callee: LuaValue, ...args: LuaValue[]): Steps;
  /** Calls a function's plain form, which is quicker: BAIL if it has none or needs `call` (call.ts). */
  tryPlain(fn: LuaFunction, args: LuaValue[]): Results;
  /** As tostring(): by __tostring if there is one. */
  tostring(value: LuaValue): Steps<string>;
  /** As tostring() without metamethods: 'nil', 'table: 0x…', numbers by %.14g. */
  rawToString(value: LuaValue): string;
  /** As the operators: numbers and strings are compared, else by metamethods. */
  lessThan(a: LuaValue, b: LuaValue): Steps<boolean>;
  /** As the operator []: a table's value, else by the metamethod __index. */
  index(value: LuaValue, key: LuaValue): Steps<LuaValue>;

  /** An error at the place in the script that called the function which is running (level 1). */
  error(message: string): LuaError;
  /** "bad argument #n to 'function' (message)", where the function's name is that of the call. */
  argError(n: number, message: string): LuaError;
  /** Where the function was called that is running; undefined: not known. */
  place(): Place | undefined;
  /** As argError: "string expected, got nil". @param value undefined and n > count: "no value" */
  typeError(n: number, expected: string, value: LuaValue, count: number): LuaError;

  /**
   * To be called before so many bytes are allocated, by whatever makes strings or tables from a
   * script's values.
   * @throws LuaError "not enough memory"
   */
  charge(bytes: number): void;
  /**
   * Counts so many steps of work, each about as long as an operation of Lua.
   * @returns whether it is time to pause: `if (lua.spend(n)) yield PAUSE;`
   */
  spend(steps: number): boolean;
}

/** What a generator yields to pause. */
export const PAUSE = Symbol('pause');
