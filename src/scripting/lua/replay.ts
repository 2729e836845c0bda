/**
 * What redis.call has given a script that began as a plain function and has to be begun anew.
 *
 *     plain form      redis.call -> 1    redis.call -> "x"    meets what it cannot do: gives up
 *     generator            again: 1           again: "x"      goes on, and its next call runs a command
 *
 * A plain form (call.ts) that gives up must have changed nothing. A command has changed something, but
 * nothing in Lua: so the generator need not run it again if it gets the same values, in the same order.
 * Since nothing else has happened in between, it comes by the same calls.
 */
import type { LuaValue } from './value.js';

export class Replay {
  /** Results that are to be given again. */
  left = 0;
  private isKeeping = false;
  private count = 0;
  private readonly results: LuaValue[] = [];

  /** A plain form begins. */
  begin(): void {
    this.isKeeping = true;
    this.left = 0;
    this.count = 0;
  }

  /** A command was run. */
  keep(result: LuaValue): LuaValue {
    if (this.isKeeping) this.results[this.count++] = result;
    return result;
  }

  /** The plain form has ended; nothing is kept any more. */
  end(): void {
    this.isKeeping = false;
    const { results } = this;
    for (let i = 0; i < this.count; i++) results[i] = undefined;
    this.count = 0;
  }

  /** The plain form has given up: what it got is given again. */
  rewind(): void {
    this.isKeeping = false;
    this.left = this.count;
  }

  /** The next result. To be called while there are some `left`. */
  next(): LuaValue {
    const at = this.count - this.left--;
    const result = this.results[at];
    this.results[at] = undefined;
    return result;
  }
}
