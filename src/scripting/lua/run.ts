/**
 * Runs a function of Lua from begin to end, with pauses: the driver of its generators.
 *
 *     threads   main, and the coroutines that were resumed from it, the running one last
 *     segments  of a thread: generators, each waiting for the result of the one behind it
 *
 * Generators call each other by `yield*`, SEGMENT deep; a deeper call, a coroutine's resume and yield
 * come here as requests (call.ts), so that V8's stack never holds more than one segment.
 */
import {
  BAIL,
  list,
  MAX_LIBRARY_DEPTH,
  NO_VALUES,
  Resume,
  Segment,
  TailCall,
  YieldValues,
} from './call.js';
import type { Interpreter, Run } from './interpreter.js';
import { PAUSE } from './runtime.js';
import type { Place, Site } from './site.js';
import {
  Coroutine,
  type LuaError,
  type LuaFunction,
  type LuaValue,
  type SteppedBody,
  type Steps,
} from './value.js';

/** What resuming a coroutine costs, in steps; and an error that ends a segment. */
const RESUME_STEPS = 30;
const FAILED_STEPS = 300;

function never(): boolean {
  return false;
}

export class LuaRun implements Run {
  isDone = false;
  /** What the function returned, once it is done without error. */
  result: LuaValue[] = NO_VALUES;
  error: LuaError | undefined = undefined;
  /** Where it was when it paused last, as far as it is known. */
  pausedAt: Place | undefined = undefined;
  /** Whether it is time to pause, as resume's caller says. */
  isTime: () => boolean = never;

  private readonly threads: Coroutine[] = [];
  /** Sites of the calls that began segments, by the segment's generator. */
  private sites: Map<Steps, Site | undefined> | undefined = undefined;
  /** What the generator gets when it goes on, and whether that is an error. */
  private value: unknown = undefined;
  private isError = false;

  constructor(
    private readonly lua: Interpreter,
    private readonly fn: LuaFunction,
    private readonly args: LuaValue[],
    /** Whether it may be a plain function that is done at once. */
    private readonly mayBePlain: boolean,
  ) {}

  /**
   * Runs until it is done or it is time to pause, which is asked every half a millisecond or so.
   * @returns whether it is done
   */
  resume(isTime: () => boolean = never): boolean {
    if (this.isDone) return true;
    const { lua } = this;
    const before = lua.enterRun(this);
    this.isTime = isTime;
    if (this.threads.length > 0) lua.goOn();
    try {
      if (this.threads.length > 0 || !this.beginPlain()) this.drive();
    } catch (error) {
      this.end(this.lua.asLuaError(error));
    } finally {
      lua.enterRun(before);
    }
    return this.isDone;
  }

  /** Ends it with an error that it can't catch. */
  kill(error: LuaError): void {
    if (!this.isDone) this.end(error);
  }

  /** The running coroutine; undefined: the main thread runs. */
  get coroutine(): Coroutine | undefined {
    return this.threads.length > 1 ? this.threads[this.threads.length - 1] : undefined;
  }

  /** Where the segments of the running thread were called from, the last first. */
  segmentSites(): Site[] {
    const segments = this.threads[this.threads.length - 1]?.segments ?? [];
    const sites: Site[] = [];
    for (let i = segments.length - 1; i > 0; i--) {
      const site = this.sites?.get(segments[i]);
      if (site !== undefined) sites.push(site);
    }
    return sites;
  }

  private beginPlain(): boolean {
    const { fn } = this;
    const results = this.mayBePlain ? this.lua.tryPlain(fn, this.args) : BAIL;
    if (results !== BAIL) {
      this.isDone = true;
      this.result = list(results);
      return true;
    }
    const main = new Coroutine(fn, this.lua.globals, undefined);
    main.status = 'running';
    main.segments.push(
      fn.isStepped
        ? (fn.body as SteppedBody)(...this.args)
        : this.lua.enter(fn, this.args, undefined),
    );
    this.threads.push(main);
    return false;
  }

  private end(error: LuaError | undefined): void {
    this.isDone = true;
    this.error = error;
    for (const thread of this.threads) thread.status = 'dead';
    this.threads.length = 0;
    this.sites = undefined;
  }

  private drive(): void {
    while (!this.isDone) {
      const thread = this.threads[this.threads.length - 1];
      const steps = thread.segments[thread.segments.length - 1];
      let step: IteratorResult<unknown, unknown>;
      try {
        const { value, isError } = this;
        this.value = undefined;
        this.isError = false;
        step = isError ? steps.throw(value) : steps.next(value);
      } catch (thrown) {
        this.failed(thread, this.lua.asLuaError(thrown));
        // An error that many segments let pass takes its time.
        this.lua.budget -= FAILED_STEPS;
        if (this.lua.budget < 0 && !this.isDone && this.isDue()) return;
        continue;
      }
      if (step.done) this.returned(thread, step.value as LuaValue);
      else if (step.value === PAUSE) {
        if (this.isDue()) return;
      } else this.request(thread, step.value);
    }
  }

  /** Looks at the clock. @returns whether to pause */
  private isDue(): boolean {
    this.lua.refill();
    return this.isTime();
  }

  private popSegment(thread: Coroutine): void {
    const steps = thread.segments.pop();
    if (this.sites !== undefined && steps !== undefined) this.sites.delete(steps);
  }

  private returned(thread: Coroutine, results: LuaValue | LuaValue[]): void {
    this.popSegment(thread);
    if (results instanceof TailCall) {
      this.push(thread, this.lua.finishTail(results), results.site);
    } else if (thread.segments.length > 0) {
      this.value = results;
    } else if (this.threads.length > 1) {
      thread.status = 'dead';
      this.giveToResumer([true, ...list(results)]);
    } else {
      this.result = list(results);
      this.end(undefined);
    }
  }

  private failed(thread: Coroutine, error: LuaError): void {
    this.popSegment(thread);
    if (thread.segments.length > 0) this.fail(error);
    else if (this.threads.length === 1) this.end(error);
    else {
      thread.status = 'dead';
      if (error.isFinal) {
        this.giveToResumer([]);
        this.fail(error);
      } else this.giveToResumer([false, error.value]);
    }
  }

  private fail(error: LuaError): void {
    this.value = error;
    this.isError = true;
  }

  private request(thread: Coroutine, request: unknown): void {
    if (request instanceof Segment) {
      this.push(thread, request.steps, request.site);
    } else if (request instanceof Resume) {
      this.resumeCoroutine(thread, request.coroutine, request.args);
    } else if (request instanceof YieldValues) {
      thread.status = 'suspended';
      this.giveToResumer([true, ...request.values]);
    } else {
      throw new Error('A generator of Lua yielded what the driver does not know.');
    }
  }

  private push(thread: Coroutine, steps: Steps, site: Site | undefined): void {
    thread.segments.push(steps);
    this.sites ??= new Map();
    this.sites.set(steps, site);
  }

  private resumeCoroutine(resumer: Coroutine, coroutine: Coroutine, args: LuaValue[]): void {
    const { lua } = this;
    if (this.threads.length >= MAX_LIBRARY_DEPTH) {
      this.value = [false, 'C stack overflow'];
      return;
    }
    lua.budget -= RESUME_STEPS;
    resumer.status = 'normal';
    resumer.depth = lua.depth;
    resumer.libraryDepth = lua.libraryDepth;
    resumer.frame = lua.frame;
    resumer.globals = lua.globals;
    coroutine.status = 'running';
    this.threads.push(coroutine);
    lua.depth = coroutine.depth;
    lua.libraryDepth = coroutine.libraryDepth;
    lua.frame = coroutine.frame;
    lua.globals = coroutine.globals;
    if (coroutine.segments.length === 0) {
      coroutine.segments.push(lua.enter(coroutine.body, args, undefined));
    } else this.value = args;
  }

  /** The running coroutine has ended or yielded: back to who resumed it. */
  private giveToResumer(results: LuaValue[]): void {
    const { lua } = this;
    const coroutine = this.threads.pop();
    if (coroutine !== undefined) {
      coroutine.depth = lua.depth;
      coroutine.libraryDepth = lua.libraryDepth;
      coroutine.frame = lua.frame;
      coroutine.globals = lua.globals;
    }
    const resumer = this.threads[this.threads.length - 1];
    resumer.status = 'running';
    lua.depth = resumer.depth;
    lua.libraryDepth = resumer.libraryDepth;
    lua.frame = resumer.frame;
    lua.globals = resumer.globals;
    this.value = results;
  }
}
