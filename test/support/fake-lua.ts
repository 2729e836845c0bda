/**
 * As much of the interpreter as its libraries need, so that they can be tested without it: errors
 * happen at line 1 of `user_script`, time is up whenever the test says so.
 */
import { BAIL } from '../../src/scripting/lua/call.js';
import { numberToString } from '../../src/scripting/lua/number-text.js';
import { type LuaRuntime, PAUSE } from '../../src/scripting/lua/runtime.js';
import {
  LuaError,
  LuaFunction,
  LuaTable,
  type LuaValue,
  type PlainBody,
  type Results,
  type SteppedBody,
  type Steps,
  typeName,
} from '../../src/scripting/lua/value.js';

export class FakeLua implements LuaRuntime {
  readonly globals = new LuaTable();
  stringMetatable: LuaTable | undefined = undefined;
  /** Steps until it is time to pause, again and again. */
  pauseEvery = Number.POSITIVE_INFINITY;
  /** What may be charged. */
  memory = Number.POSITIVE_INFINITY;
  spent = 0;
  charged = 0;
  /** Of the last call. */
  pauses = 0;
  /** Most steps that went by without a chance to pause. */
  longestSpend = 0;

  private running = '?';
  private untilPause = Number.POSITIVE_INFINITY;

  plain(name: string, body: PlainBody): LuaFunction {
    return new LuaFunction(body, false, name);
  }

  stepped(name: string, body: SteppedBody): LuaFunction {
    return new LuaFunction(body, true, name);
  }

  tryPlain(fn: LuaFunction, args: LuaValue[]): Results {
    return fn.raw === undefined ? BAIL : fn.raw(...args);
  }

  /** Calls a library's function to its end. */
  run(table: LuaTable, name: string, ...args: LuaValue[]): LuaValue[] {
    const callee = table.get(name);
    if (!(callee instanceof LuaFunction)) throw new Error(`there is no function ${name}`);
    this.running = name;
    this.pauses = 0;
    this.untilPause = this.pauseEvery;
    const results = callee.isStepped
      ? this.toEnd((callee.body as SteppedBody)(...args))
      : (callee.body as PlainBody)(...args);
    return Array.isArray(results) ? results : [results];
  }

  private toEnd(steps: Steps): LuaValue | LuaValue[] {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (step.value !== PAUSE) throw new Error('a library has yielded something else than PAUSE');
      this.pauses++;
    }
  }

  place(): undefined {
    return undefined;
  }

  error(message: string): LuaError {
    return new LuaError(`user_script:1: ${message}`);
  }

  argError(n: number, message: string): LuaError {
    return this.error(`bad argument #${n} to '${this.running}' (${message})`);
  }

  typeError(n: number, expected: string, value: LuaValue, count: number): LuaError {
    const got = value === undefined && n > count ? 'no value' : typeName(value);
    return this.argError(n, `${expected} expected, got ${got}`);
  }

  rawToString(value: LuaValue): string {
    return typeof value === 'number' ? numberToString(value) : String(value);
  }

  charge(bytes: number): void {
    this.charged += bytes;
    if (this.charged > this.memory) throw new LuaError('not enough memory');
  }

  spend(steps: number): boolean {
    this.spent += steps;
    this.longestSpend = Math.max(this.longestSpend, steps);
    this.untilPause -= steps;
    if (this.untilPause > 0) return false;
    this.untilPause = this.pauseEvery;
    return true;
  }

  call(): Steps {
    throw new Error('these libraries call nothing');
  }

  tostring(): Steps<string> {
    throw new Error('these libraries ask no metamethods');
  }

  index(): Steps<LuaValue> {
    throw new Error('these libraries ask no metamethods');
  }

  lessThan(): Steps<boolean> {
    throw new Error('these libraries compare nothing');
  }
}
