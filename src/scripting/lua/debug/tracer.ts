/**
 * Follows a script that was compiled for the debugger.
 *
 *     function* (L1) {
 *       const $d = $D.enter(); try {                       a frame of its own
 *       if ($D.isNew($d, 3)) {                             before each operation: is its line a new one?
 *         $d.variables = () => [['x', L1]];                what can be seen from here
 *         if ($D.stops($d)) yield $P;
 *       }
 *       …
 *       $d.back();                                         a loop begins anew: any line is new
 *       } finally { $D.leave($d); }
 *     }
 *
 * Lines are new as PUC's line hook has it: at a function's begin, behind a jump back, and where the
 * line changes.
 */
import type { Probe, StackFrame, StoppedScript } from '../../debugging.js';
import { first } from '../call.js';
import type { Lua } from '../lua.js';
import { LuaError, LuaFunction, LuaTable, type LuaValue } from '../value.js';
import { valueText } from './value-text.js';

/** Name of the code that `evaluate` compiles. */
const EVALUATED = '@ldb_eval';
/** No line has this number. */
const NO_LINE = -1;

type Variables = () => readonly (readonly [name: string, value: LuaValue])[];

/** A function that is running. */
class Frame {
  line = NO_LINE;
  /** As it was called. */
  readonly name: string | undefined;
  /** What it calls now. */
  call: string | undefined = undefined;
  variables: Variables = () => [];
  private isBehindJump = false;

  constructor(
    name: string | undefined,
    readonly libraryDepth: number,
  ) {
    this.name = name;
  }

  back(): void {
    this.isBehindJump = true;
  }

  forth(): void {
    this.isBehindJump = false;
  }

  /** @returns whether it is a new line */
  moveTo(line: number): boolean {
    if (line === this.line && !this.isBehindJump) return false;
    this.isBehindJump = false;
    this.line = line;
    return true;
  }
}

export class Tracer implements StoppedScript {
  /** By coroutine. */
  private readonly stacks = new Map<LuaValue, Frame[]>();
  /** That of the coroutine which has stopped. */
  private stopped: readonly Frame[] = [];

  constructor(
    private readonly lua: Lua,
    private readonly probe: Probe,
    private readonly source: string,
  ) {}

  // ---- what the code calls

  enter(): Frame {
    const { lua, stack } = this;
    const caller = stack[stack.length - 1];
    const name = caller?.libraryDepth === lua.libraryDepth ? caller.call : undefined;
    const frame = new Frame(name, lua.libraryDepth);
    stack.push(frame);
    return frame;
  }

  leave(frame: Frame): void {
    for (const stack of this.stacks.values()) {
      const at = stack.lastIndexOf(frame);
      if (at >= 0) stack.length = at;
    }
  }

  isNew(frame: Frame, line: number): boolean {
    return frame.moveTo(line);
  }

  stops({ line }: Frame): boolean {
    this.stopped = this.stack;
    if (!this.probe.onLine(line, this)) return false;
    const { run } = this.lua;
    if (run !== undefined) run.pausedAt = { source: this.source, line };
    return true;
  }

  private get stack(): Frame[] {
    const coroutine = this.lua.run?.coroutine;
    let stack = this.stacks.get(coroutine);
    if (stack === undefined) {
      stack = [];
      this.stacks.set(coroutine, stack);
    }
    return stack;
  }

  // ---- what scripts call

  onBreakpoint(): void {
    this.probe.onBreakpoint();
  }

  onMessage(values: readonly LuaValue[]): void {
    this.probe.onMessage(values.map((value) => this.text(value)));
  }

  // ---- StoppedScript

  frames(): readonly StackFrame[] {
    return [...this.stopped].reverse().map(({ name, line, variables }) => ({
      name,
      line,
      variables: () =>
        variables().map(([variable, value]) => [variable, this.text(value)] as const),
    }));
  }

  argument(name: string): string | undefined {
    if (name !== 'KEYS' && name !== 'ARGV') return undefined;
    return this.text(this.lua.globals.getString(name));
  }

  evaluate(code: string): { text: string; isError: boolean } {
    try {
      return { text: this.text(this.run(this.compiled(code), [])), isError: false };
    } catch (thrown) {
      const { value } = this.lua.asLuaError(thrown);
      const text = typeof value === 'string' || typeof value === 'number' ? value : '(null)';
      return { text: String(text), isError: true };
    }
  }

  command(words: readonly string[]): void {
    const redis = this.lua.globals.getString('redis');
    const call = redis instanceof LuaTable ? redis.getString('call') : undefined;
    if (!(call instanceof LuaFunction)) return;
    try {
      this.run(call, [...words]);
    } catch (thrown) {
      if (!(thrown instanceof LuaError)) throw thrown;
      // The debugger has seen it.
    }
  }

  private text(value: LuaValue): string {
    return valueText(value, (each) => this.lua.rawToString(each));
  }

  /** As an expression if it is one. @throws LuaError */
  private compiled(code: string): LuaFunction {
    try {
      return this.lua.compile(`return ${code}`, EVALUATED);
    } catch (thrown) {
      if (!(thrown instanceof LuaError)) throw thrown;
      return this.lua.compile(code, EVALUATED);
    }
  }

  /** Runs a function while the script waits. @throws LuaError */
  private run(fn: LuaFunction, args: LuaValue[]): LuaValue {
    const { lua } = this;
    const { depth, frame, libraryDepth } = lua;
    const run = lua.start(fn, args);
    run.resume();
    lua.depth = depth;
    lua.libraryDepth = libraryDepth;
    lua.frame = frame;
    if (run.error !== undefined) throw run.error;
    return first(run.result);
  }
}
