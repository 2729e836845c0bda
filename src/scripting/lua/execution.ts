/** A run of a script in Lua, as the server sees it. */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Execution, ScriptFailure } from '../engine.js';
import { BAIL, first, PASSED } from './call.js';
import { newError } from './from-reply.js';
import type { Run } from './interpreter.js';
import type { Lua } from './lua.js';
import type { LuaRun } from './run.js';
import { cString, type Place } from './site.js';
import type { ReplyMaker } from './to-reply.js';
import { LuaError, type LuaFunction, LuaTable, type LuaValue } from './value.js';

/** What a run needs of its interpreter. */
export interface ExecutionHome {
  readonly maker: ReplyMaker;
  /** Whether the script should pause. */
  readonly isDue: () => boolean;
  /** Whether it has chosen RESP3. */
  readonly isResp3: () => boolean;
  toText(value: LuaValue): string;
  /** Writes what the script's last command has replied. */
  writePassed(reply: ReplyWriter): void;
}

/**
 * Most scripts are short and are run at once, as plain functions; only what that is not possible for
 * (call.ts) gets a LuaRun.
 */
export class LuaExecution implements Execution, Run {
  failure: ScriptFailure | undefined = undefined;
  private result: LuaValue = undefined;
  private run: LuaRun | undefined = undefined;
  private isBegun = false;
  private fn!: LuaFunction;
  private args!: LuaValue[];

  constructor(
    private readonly lua: Lua,
    private readonly home: ExecutionHome,
  ) {}

  /** Begins to run a function. The run before must be over, and its result written. */
  begin(fn: LuaFunction, args: LuaValue[]): this {
    this.failure = undefined;
    this.result = undefined;
    this.run = undefined;
    this.isBegun = false;
    this.fn = fn;
    this.args = args;
    return this;
  }

  resume(): boolean {
    if (!this.isBegun) {
      this.isBegun = true;
      if (this.runAtOnce()) return true;
      this.run = this.lua.startStepped(this.fn, this.args);
    }
    const run = this.run!;
    if (!run.resume(this.home.isDue)) return false;
    if (run.error !== undefined) this.failure = failureOf(run.error, this.home);
    else this.result = run.result[0];
    return true;
  }

  kill(message: string): void {
    const { run } = this;
    run?.kill(new LuaError(newError(message), true, run.pausedAt));
  }

  writeResult(reply: ReplyWriter): void {
    const { home, result } = this;
    if (typeof result === 'string') reply.bulkText(result);
    else if (result === PASSED) home.writePassed(reply);
    else home.maker.write(result, reply, home.isResp3());
  }

  /** @returns whether it is done */
  private runAtOnce(): boolean {
    const { lua } = this;
    const before = lua.enterRun(this);
    try {
      lua.begin();
      lua.replay.begin();
      const results =
        this.args.length === 0 ? lua.tryPlain0(this.fn) : lua.tryPlain(this.fn, this.args);
      if (results === BAIL) {
        lua.replay.rewind();
        return false;
      }
      lua.replay.end();
      this.result = first(results);
    } catch (thrown) {
      lua.replay.end();
      this.failure = failureOf(lua.asLuaError(thrown), this.home);
    } finally {
      lua.enterRun(before);
    }
    return true;
  }

  // ---- Run, while it is run at once

  pausedAt: Place | undefined = undefined;

  isTime(): boolean {
    return this.home.isDue();
  }

  get coroutine(): LuaValue {
    return undefined;
  }

  segmentSites(): [] {
    return [];
  }
}

function failureOf(error: LuaError, home: ExecutionHome): ScriptFailure {
  const { place, value } = error;
  if (value instanceof LuaTable) return failureOfTable(value, place);
  const line = place === undefined ? undefined : String(place.line);
  const message = cString(home.toText(value));
  return { text: `ERR ${message}`, source: place?.source, line, isCounted: false };
}

function failureOfTable(table: LuaTable, place: Place | undefined): ScriptFailure {
  const err = table.getString('err');
  const source = place?.source ?? table.getString('source');
  const line = place?.line ?? table.getString('line');
  return {
    text:
      typeof err === 'string' || typeof err === 'number'
        ? cString(String(err))
        : 'ERR unknown error',
    source: source === undefined ? undefined : String(source),
    line: line === undefined ? undefined : String(line),
    isCounted: table.getString('ignore_error_stats_update') === true,
  };
}
