/**
 * An interpreter of Lua 5.1: its globals, how its functions are called, its errors, its limits.
 *
 *     source --parser.ts--> tree --generate--> JavaScript --compile.ts--> LuaFunction
 *     lua.start(function, args) --> LuaRun, to be resumed until it is done (run.ts)
 *
 * One interpreter runs one script at a time. Scripts that are done leave nothing behind but what they
 * put into globals.
 */
import { getHeapStatistics } from 'node:v8';
import {
  BAIL,
  DEPTH_FULL,
  FULL,
  first,
  MAX_DEPTH,
  MAX_LIBRARY_DEPTH,
  SEGMENT,
  Segment,
  STEPS_FULL,
  TailCall,
} from './call.js';
import { compile, makeMain } from './compile.js';
import { CompiledCache } from './compiled-cache.js';
import { namesEnvironments } from './frames.js';
import type { Interpreter, Iterators, Passing, Run } from './interpreter.js';
import { CHECK_BYTES, type Heap, MemoryLimit, v8Heap } from './memory.js';
import { indexMeta, lessMeta } from './metamethods.js';
import { numberToString } from './number-text.js';
import { callError, index, less, metamethod } from './operators.js';
import { FIRST_STEPS, Pace } from './pace.js';
import { errorAt } from './placed-error.js';
import { Replay } from './replay.js';
import { LuaRun } from './run.js';
import { Chunk, type Place, Site } from './site.js';
import { type Level, SCRIPT_PREFIX, stackLevels } from './stack.js';
import {
  CallFrame,
  LuaError,
  LuaFunction,
  LuaTable,
  type LuaValue,
  type PlainBody,
  type Results,
  type SteppedBody,
  type Steps,
  typeName,
  Userdata,
} from './value.js';

export interface LuaOptions {
  /** Bytes that a script may have allocated at a time. */
  memoryLimit?: number;
  heap?: Heap;
  /** Monotonic microseconds. */
  micros?: () => number;
}

/** What a look at V8's stack costs, and compiling a character, in steps. */
const LEVELS_STEPS = 300;
const COMPILE_STEPS = 20;
/** Bytes for a script where nobody says how many; less where V8's heap is small. */
const DEFAULT_MEMORY_LIMIT = Math.min(1024 ** 3, getHeapStatistics().heap_size_limit * 0.4);

/** A plain form may go on so many times before its work is begun anew as a generator. */
const MAX_REFILLS = 16;
/** Calls that are not tried as plain forms after one had to be given up for its length. */
const CALLS_AFTER_REFILL = 200_000;
/** A function whose plain form gave up so often is not tried again. */
const MAX_BAILS = 8;

const NOTHING_PASSES: Passing = { fn: undefined, body: () => BAIL };

/** The site of operators that libraries use: PUC tells no place of what fails in C. */
const NOWHERE = new Site(new Chunk('', '?', '?'), 0, '', '', '', '', false);

export class Lua implements Interpreter {
  globals = new LuaTable();
  stringMetatable: LuaTable | undefined = undefined;

  /** Steps until the next look at the clock. */
  budget = FIRST_STEPS;
  /** Calls of generators that are nested now, and calls that libraries and metamethods have made. */
  depth = 0;
  libraryDepth = 0;
  /** Bytes allocated since the heap was last looked at. */
  charged = 0;
  untilFlat = 0;
  /** See LEAVE in call.ts. */
  plainCount = 0;
  private refills = 0;
  private callsWithoutPlain = 0;
  private readonly bails = new WeakMap<LuaFunction, number>();
  /** The run that is going on. */
  run: Run | undefined = undefined;

  iterators: Iterators = {};
  passing: Passing = NOTHING_PASSES;
  readonly replay = new Replay();
  /** See frames.ts. */
  frame: CallFrame | undefined = undefined;
  lostCallers = 0;
  private readonly heap: Heap;
  private readonly memory: MemoryLimit;
  private readonly pace: Pace;
  private readonly chunks = new Map<string, WeakRef<Chunk>>();
  private readonly forgotten = new FinalizationRegistry<string>((name) => this.chunks.delete(name));
  private readonly compiled = new CompiledCache();
  private chunkCount = 0;
  private readonly addresses = new WeakMap<object, number>();
  private addressCount = 0;

  constructor(options: LuaOptions = {}) {
    this.heap = options.heap ?? v8Heap();
    this.pace = new Pace(options.micros ?? (() => performance.now() * 1000));
    this.memory = new MemoryLimit(options.memoryLimit ?? DEFAULT_MEMORY_LIMIT, this.heap);
  }

  /** Begins to run a function: see LuaRun. */
  start(fn: LuaFunction, args: LuaValue[] = []): LuaRun {
    this.begin();
    return new LuaRun(this, fn, args, true);
  }

  /** As `start`, for a function that was tried as a plain one (`tryPlain`) and could not be. */
  startStepped(fn: LuaFunction, args: LuaValue[]): LuaRun {
    this.begin();
    return new LuaRun(this, fn, args, false);
  }

  /** Forgets what the script before has taken. */
  begin(): void {
    this.memory.reset();
    this.pace.begin();
    this.budget = FIRST_STEPS;
    this.charged = 0;
    this.depth = 0;
    this.libraryDepth = 0;
    this.frame = undefined;
    this.lostCallers = 0;
  }

  enterRun(run: Run | undefined): Run | undefined {
    const before = this.run;
    this.run = run;
    return before;
  }

  plain(name: string, body: PlainBody): LuaFunction {
    return new LuaFunction(body, false, name);
  }

  stepped(name: string, body: SteppedBody): LuaFunction {
    return new LuaFunction(body, true, name);
  }

  // --- calls ---------------------------------------------------------------------------------------

  call(callee: LuaValue, ...args: LuaValue[]): Steps {
    return this.callFromLibrary(callee, args);
  }

  /** As `call`. Its name marks a level of the stack: see stack.ts. */
  *callFromLibrary(callee: LuaValue, args: LuaValue[]): Steps {
    if (++this.libraryDepth >= MAX_LIBRARY_DEPTH) throw new LuaError('C stack overflow');
    const results =
      this.frame === undefined
        ? yield* this.enter(callee, args, undefined)
        : yield* this.withinLibrary(this.enter(callee, args, undefined));
    this.libraryDepth--;
    return results;
  }

  /** Runs what a function of a library has called, where that function counts as a level. */
  private *withinLibrary<T>(steps: Steps<T>): Steps<T> {
    const { frame } = this;
    if (frame !== undefined) this.frame = new CallFrame(frame, undefined, 0);
    const results = yield* steps;
    this.frame = frame;
    return results;
  }

  /**
   * Calls any value, as generated code does.
   * @param site of the call; undefined: it is made by a library
   */
  *enter(callee: LuaValue, args: LuaValue[], site: Site | undefined): Steps {
    const results = yield* this.enterOnce(callee, args, site);
    return results instanceof TailCall ? yield* this.finishTail(results) : results;
  }

  /** As enter; the result may be a TailCall. */
  private *enterOnce(callee: LuaValue, args: LuaValue[], site: Site | undefined): Steps {
    if (!(callee instanceof LuaFunction)) {
      return yield* this.enterOnce(this.callHandler(callee, site), [callee, ...args], site);
    }
    if (!callee.isStepped) return (callee.body as PlainBody)(...args);
    const results = this.tryPlain(callee, args);
    return results === BAIL ? yield* this.enterStepped(callee, args, site) : results;
  }

  /** The metamethod __call of a value. @throws LuaError if it has none */
  private callHandler(callee: LuaValue, site: Site | undefined): LuaFunction {
    const handler = metamethod(this, callee, '__call');
    if (handler instanceof LuaFunction) return handler;
    throw site === undefined
      ? new LuaError(`attempt to call a ${typeName(callee)} value`)
      : callError(site, callee);
  }

  /** A generator's body; at a multiple of SEGMENT in depth, or with many arguments, by the driver. */
  *enterStepped(callee: LuaFunction, args: LuaValue[], site: Site | undefined): Steps {
    const depth = ++this.depth;
    let results: Results;
    if (depth % SEGMENT === 0 || args.length > 100) {
      if (depth >= MAX_DEPTH) throw errorAt(site, 'stack overflow');
      results = (yield new Segment((callee.body as SteppedBody)(...args), site)) as Results;
    } else {
      results = yield* (callee.body as SteppedBody)(...args);
    }
    this.depth--;
    return results;
  }

  /** As enter, from generated code that has not found a shorter way. */
  *enterDeep(callee: LuaValue, args: LuaValue[], site: Site): Steps {
    const results =
      callee instanceof LuaFunction && callee.isStepped
        ? yield* this.enterStepped(callee, args, site)
        : yield* this.enterOnce(callee, args, site);
    return results instanceof TailCall ? yield* this.finishTail(results) : results;
  }

  /** As enterDeep, where a function has been counted in `depth` already. */
  enterDeepCounted(callee: LuaValue, args: LuaValue[], site: Site): Steps {
    if (callee instanceof LuaFunction) this.depth--;
    return this.enterDeep(callee, args, site);
  }

  /** Runs what a tail call couldn't nest, until there is a result. */
  *finishTail(results: Results): Steps {
    let now = results;
    while (now instanceof TailCall)
      now = yield* this.enterOnce(now.callee, Array.from(now), now.site);
    return now;
  }

  /** The plain form of a function, if it has one and it can do it; else BAIL. */
  tryPlain(fn: LuaValue, args: LuaValue[]): Results {
    if (!(fn instanceof LuaFunction) || fn.raw === undefined) return BAIL;
    if (this.callsWithoutPlain > 0) return this.noPlain();
    this.plainCount = 0;
    this.refills = 0;
    const results = fn.raw(...args);
    return results === BAIL ? this.plainFailed(fn) : results;
  }

  /** As tryPlain, for so many arguments; likewise below. */
  tryPlain0(fn: LuaValue): Results {
    if (!(fn instanceof LuaFunction) || fn.raw === undefined) return BAIL;
    if (this.callsWithoutPlain > 0) return this.noPlain();
    this.plainCount = 0;
    this.refills = 0;
    const results = fn.raw();
    return results === BAIL ? this.plainFailed(fn) : results;
  }

  tryPlain1(fn: LuaValue, a: LuaValue): Results {
    if (!(fn instanceof LuaFunction) || fn.raw === undefined) return BAIL;
    if (this.callsWithoutPlain > 0) return this.noPlain();
    this.plainCount = 0;
    this.refills = 0;
    const results = fn.raw(a);
    return results === BAIL ? this.plainFailed(fn) : results;
  }

  tryPlain2(fn: LuaValue, a: LuaValue, b: LuaValue): Results {
    if (!(fn instanceof LuaFunction) || fn.raw === undefined) return BAIL;
    if (this.callsWithoutPlain > 0) return this.noPlain();
    this.plainCount = 0;
    this.refills = 0;
    const results = fn.raw(a, b);
    return results === BAIL ? this.plainFailed(fn) : results;
  }

  tryPlain3(fn: LuaValue, a: LuaValue, b: LuaValue, c: LuaValue): Results {
    if (!(fn instanceof LuaFunction) || fn.raw === undefined) return BAIL;
    if (this.callsWithoutPlain > 0) return this.noPlain();
    this.plainCount = 0;
    this.refills = 0;
    const results = fn.raw(a, b, c);
    return results === BAIL ? this.plainFailed(fn) : results;
  }

  private noPlain(): Results {
    if (this.callsWithoutPlain > 0) this.callsWithoutPlain--;
    return BAIL;
  }

  private plainFailed(fn: LuaFunction): Results {
    if (this.plainCount & FULL) {
      this.callsWithoutPlain = this.refills * (CALLS_AFTER_REFILL / MAX_REFILLS) + 1000;
      return BAIL;
    }
    const count = (this.bails.get(fn) ?? 0) + 1;
    this.bails.set(fn, count);
    if (count >= MAX_BAILS) fn.raw = undefined;
    return BAIL;
  }

  /** Whether a plain form whose counter is FULL may go on all the same. */
  mayGoOn(): boolean {
    if (this.plainCount >= DEPTH_FULL) return false;
    this.refills++;
    if (this.refills > MAX_REFILLS || this.run?.isTime() !== false) return false;
    this.plainCount -= STEPS_FULL;
    this.checkMemory(0);
    return true;
  }

  refill(): void {
    this.budget = this.pace.next();
  }

  goOn(): void {
    this.pace.goOn();
  }

  /** Whether a plain form that has run a command must make way for the generator, which can pause. */
  mustPause(): boolean {
    if (this.budget >= 0) return false;
    if (this.run?.isTime() !== false) return true;
    this.refill();
    return false;
  }

  // --- what libraries ask --------------------------------------------------------------------------

  *tostring(value: LuaValue): Steps<string> {
    const handler = metamethod(this, value, '__tostring');
    if (handler === undefined) return this.rawToString(value);
    const text = first(yield* this.call(handler, value));
    if (typeof text === 'string') return text;
    if (typeof text === 'number') return numberToString(text);
    throw this.error("'tostring' must return a string to 'print'");
  }

  rawToString(value: LuaValue): string {
    switch (typeof value) {
      case 'string':
        return value;
      case 'number':
        return numberToString(value);
      case 'undefined':
        return 'nil';
      case 'boolean':
        return String(value);
      default: {
        if (value instanceof Userdata && value.isNull) return `${value.name}: (nil)`;
        const name =
          value instanceof LuaFunction && !value.env ? 'function: builtin' : typeName(value);
        return `${name}: 0x${this.addressOf(value).toString(16).padStart(12, '0')}`;
      }
    }
  }

  /** A number that stays the object's, in the manner of an address. */
  private addressOf(object: object): number {
    let address = this.addresses.get(object);
    if (address === undefined) {
      address = 0x55d0_0000_0000 + ++this.addressCount * 0x40;
      this.addresses.set(object, address);
    }
    return address;
  }

  *lessThan(a: LuaValue, b: LuaValue): Steps<boolean> {
    if (typeof a === 'number' && typeof b === 'number') return a < b;
    if (typeof a === 'string' && typeof b === 'string') return a < b;
    const site = NOWHERE;
    const answer = less(this, a, b, site);
    if ((answer as unknown) !== BAIL) return answer;
    return yield* this.withinLibrary(lessMeta(this, a, b, site));
  }

  *index(value: LuaValue, key: LuaValue): Steps<LuaValue> {
    if (value instanceof LuaTable) {
      const found = value.get(key);
      if (found !== undefined || value.metatable === undefined) return found;
    }
    const site = NOWHERE;
    const found = index(this, value, key, site);
    if (found !== BAIL) return found;
    return yield* this.withinLibrary(indexMeta(this, value, key, site));
  }

  error(message: string): LuaError {
    const site = this.levels(1)[0]?.site;
    return new LuaError((site?.position ?? '') + message, false, site);
  }

  argError(n: number, message: string): LuaError {
    const site = this.levels(1)[0]?.site;
    const name = site === undefined || site.callName === '' ? '?' : site.callName;
    let position = n;
    if (site?.kind === 'method') {
      position--;
      if (position === 0) return this.error(`calling '${name}' on bad self (${message})`);
    }
    return this.error(`bad argument #${position} to '${name}' (${message})`);
  }

  typeError(n: number, expected: string, value: LuaValue, count: number): LuaError {
    const got = value === undefined && n > count ? 'no value' : typeName(value);
    return this.argError(n, `${expected} expected, got ${got}`);
  }

  // --- where things are ----------------------------------------------------------------------------

  /** "user_script:1: " for the function at a level (1: the one that called the library); '' for none. */
  where(level: number): string {
    return this.levels(level)[level - 1]?.site.position ?? '';
  }

  place(): Place | undefined {
    return this.levels(1)[0]?.site;
  }

  /** Name of the chunk and line at a level, as `where` takes it. */
  positionAt(level: number): { chunk: string; line: number } | undefined {
    const site = this.levels(level)[level - 1]?.site;
    return site === undefined ? undefined : { chunk: site.chunk.name, line: site.line };
  }

  private levels(count: number): Level[] {
    this.budget -= LEVELS_STEPS;
    const levels: Level[] = stackLevels((name) => this.chunks.get(name)?.deref(), count);
    for (const site of this.run?.segmentSites() ?? []) levels.push({ site });
    return levels;
  }

  /** Makes a chunk's sites known, and gives it a name for V8. */
  private newChunk(title: string, source: string): Chunk {
    const name = `${SCRIPT_PREFIX}${++this.chunkCount}`;
    const chunk = new Chunk(name, title, source);
    this.chunks.set(name, new WeakRef(chunk));
    this.forgotten.register(chunk, name);
    return chunk;
  }

  // --- limits --------------------------------------------------------------------------------------

  charge(bytes: number): void {
    this.charged += bytes;
    if (this.charged > CHECK_BYTES) this.checkMemory(bytes);
  }

  memoryInUse(): number {
    return this.heap.used();
  }

  private checkMemory(wanted: number): void {
    if (this.charged <= CHECK_BYTES) return;
    const isExceeded = this.memory.isExceeded(this.charged, wanted);
    this.charged = 0;
    if (isExceeded) throw new LuaError('not enough memory');
  }

  spend(steps: number): boolean {
    if (this.charged > CHECK_BYTES) this.checkMemory(0);
    this.budget -= steps;
    if (this.budget >= 0) return false;
    const { run } = this;
    if (run?.isTime() === true) run.pausedAt = this.place();
    // Plain forms, which can't pause, are to look at the clock.
    this.plainCount |= STEPS_FULL;
    return true;
  }

  compile(
    source: string,
    chunkName: string,
    env: LuaTable = this.globals,
    isReply = false,
    tracer?: object,
  ): LuaFunction {
    // Whoever compiles scripts of clients keeps them.
    const isKept = !isReply && tracer === undefined;
    const isFramed = this.frame !== undefined || namesEnvironments(source);
    let compiled = isKept ? this.compiled.find(source, chunkName, isFramed) : undefined;
    if (compiled === undefined) {
      this.spend(source.length * COMPILE_STEPS);
      const newChunk = (title: string, name: string) => this.newChunk(title, name);
      compiled = compile(newChunk, source, chunkName, {
        isFramed,
        isReply,
        isTraced: tracer !== undefined,
      });
      if (isKept) this.compiled.add(source, compiled);
    }
    this.spend(compiled.sites.length);
    return makeMain(this, compiled, env, tracer);
  }

  /** What was thrown, as an error of Lua. */
  asLuaError(thrown: unknown): LuaError {
    if (thrown instanceof LuaError) return thrown;
    if (thrown instanceof RangeError) {
      const isStack = thrown.message.includes('call stack');
      return new LuaError(isStack ? 'stack overflow' : 'not enough memory');
    }
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return new LuaError(`internal error: ${text}`, true);
  }
}
