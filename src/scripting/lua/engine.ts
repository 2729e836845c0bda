/**
 * Lua as a scripting language of the server.
 *
 * Scripts (EVAL) and functions (FUNCTION) have an interpreter each, made when it is first needed:
 *
 *     scripts    globals: libraries, redis, KEYS and ARGV of the script that runs
 *     functions  globals: empty, with a metatable that leads to the libraries and redis; while a
 *                library is loaded, to nothing but redis.register_function, redis.log and their like
 *
 * Source of the behaviour: eval.c and function_lua.c of Redis 7.2.
 */
import { Args } from '../../resp/args.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import { latin1Text } from '../../text/latin1.js';
import type { Probe } from '../debugging.js';
import type { Execution, LibraryHost, Script, ScriptEngine, ScriptHost } from '../engine.js';
import { ScriptSyntaxError } from '../engine.js';
import { NO_VALUES } from './call.js';
import { Tracer } from './debug/tracer.js';
import { type ExecutionHome, LuaExecution } from './execution.js';
import { LuaRandom } from './lib/math-random.js';
import { LibraryApi } from './library-api.js';
import { Lua } from './lua.js';
import { addCommon, type HostHolder, RedisLibrary, type ServerVersion } from './redis-lib.js';
import { forbidUnknown, openLibraries, protect } from './sandbox.js';
import { ReplyMaker } from './to-reply.js';
import { LuaError, type LuaFunction, LuaTable, type LuaValue } from './value.js';

const SCRIPT_CHUNK = '@user_script';
const LIBRARY_CHUNK = '@user_function';
/** What an interpreter with its libraries takes, in bytes (measured: 39 KB of V8's heap). */
const INTERPRETER_BYTES = 40 * 1024;

export interface LuaEngineOptions {
  readonly version: ServerVersion;
  /** Processor time of the process, for os.clock. */
  readonly cpuSeconds?: () => number;
}

/** An interpreter, and who it talks to. */
class State implements HostHolder, ExecutionHome {
  readonly lua = new Lua();
  readonly maker = new ReplyMaker();
  readonly redis: RedisLibrary;
  readonly globals = this.lua.globals;
  private readonly execution = new LuaExecution(this.lua, this);
  host: ScriptHost | undefined = undefined;
  readonly isDue = () => this.host!.isDue();
  readonly isResp3 = () => this.host!.resp === 3;
  readonly toText: Lua['rawToString'] = (value) => this.lua.rawToString(value);

  constructor(options: LuaEngineOptions, random: LuaRandom) {
    const { lua } = this;
    openLibraries(lua, random, options.cpuSeconds ?? processSeconds);
    this.redis = new RedisLibrary(lua, this, options.version);
    lua.globals.setString('redis', this.redis.table);
    if (lua.stringMetatable !== undefined) protect(lua.stringMetatable);
  }

  writePassed(reply: ReplyWriter): void {
    const { host } = this;
    reply.raw(host!.reply, host!.replyStart, host!.replyEnd - host!.replyStart);
  }

  /** Begins to run a function: one at a time. */
  begin(host: ScriptHost, fn: LuaFunction, args: LuaValue[]): LuaExecution {
    this.host = host;
    // A script may have given the interpreter other globals (setfenv(0, …)).
    this.lua.globals = this.globals;
    return this.execution.begin(fn, args);
  }

  /** @throws ScriptSyntaxError */
  compile(
    source: string,
    chunk: string,
    env: LuaTable,
    isReply: boolean,
    tracer?: Tracer,
  ): LuaFunction {
    try {
      return this.lua.compile(source, chunk, env, isReply, tracer);
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      throw new ScriptSyntaxError(this.toText(error.value));
    }
  }
}

export class LuaEngine implements ScriptEngine {
  readonly name = 'LUA';
  private scripts: ScriptState | undefined = undefined;
  private functions: FunctionState | undefined = undefined;
  /** All interpreters draw from the same numbers, and go on where they were. */
  private readonly random = new LuaRandom();

  constructor(private readonly options: LuaEngineOptions) {}

  get evalBytes(): number {
    return this.scripts === undefined ? 0 : INTERPRETER_BYTES;
  }

  get functionBytes(): number {
    return this.functions === undefined ? 0 : INTERPRETER_BYTES;
  }

  compile(source: string): Script {
    this.scripts ??= new ScriptState(this.options, this.random);
    const { scripts } = this;
    return new LuaScript(scripts, scripts.compile(source, SCRIPT_CHUNK, scripts.globals, true));
  }

  compileForDebugging(source: string, probe: Probe): Script {
    this.scripts ??= new ScriptState(this.options, this.random);
    return this.scripts.compileTraced(source, probe);
  }

  reset(): void {
    this.scripts = undefined;
  }

  loadLibrary(source: string, host: LibraryHost): Execution {
    this.functions ??= new FunctionState(this.options, this.random);
    return this.functions.load(source, host);
  }
}

/** The interpreter of scripts. */
class ScriptState extends State {
  /** Places of KEYS and ARGV among the globals, which scripts can't change. */
  private readonly keysSlot: number;
  private readonly argvSlot: number;

  constructor(options: LuaEngineOptions, random: LuaRandom) {
    super(options, random);
    const { globals } = this;
    this.redis.addEvalOnly();
    globals.setString('KEYS', new LuaTable());
    globals.setString('ARGV', new LuaTable());
    this.keysSlot = globals.slotOf('KEYS')!;
    this.argvSlot = globals.slotOf('ARGV')!;
    forbidUnknown(this.lua, globals);
    protect(globals);
    this.setArguments(NO_ARGUMENTS, 0, 0);
  }

  /** @throws ScriptSyntaxError */
  compileTraced(source: string, probe: Probe): Script {
    const tracer = new Tracer(this.lua, probe, SCRIPT_CHUNK);
    const fn = this.compile(source, SCRIPT_CHUNK, this.globals, false, tracer);
    return new TracedScript(new LuaScript(this, fn), this.redis, tracer);
  }

  /** KEYS and ARGV are `keyCount` arguments from `firstKey` on, and the rest. */
  setArguments(args: Args, firstKey: number, keyCount: number): void {
    const { slots } = this.globals;
    const { argvSlot, keysSlot } = this;
    const firstArg = firstKey + keyCount;
    slots[keysSlot] = texts(slots[keysSlot], args, firstKey, keyCount);
    slots[argvSlot] = texts(slots[argvSlot], args, firstArg, args.count - firstArg);
  }
}

/** A script that is debugged, once. */
class TracedScript implements Script {
  constructor(
    private readonly inner: Script,
    private readonly redis: RedisLibrary,
    private readonly tracer: Tracer,
  ) {}

  start(host: ScriptHost, args: Args, firstKey: number, keyCount: number): Execution {
    const { redis } = this;
    redis.tracer = this.tracer;
    return new WatchedExecution(this.inner.start(host, args, firstKey, keyCount), () => {
      redis.tracer = undefined;
    });
  }
}

/** A script of EVAL: its arguments are globals. */
class LuaScript implements Script {
  constructor(
    private readonly state: ScriptState,
    private readonly fn: LuaFunction,
  ) {}

  start(host: ScriptHost, args: Args, firstKey: number, keyCount: number): Execution {
    this.state.setArguments(args, firstKey, keyCount);
    return this.state.begin(host, this.fn, NO_VALUES);
  }
}

/** The interpreter of functions. */
class FunctionState extends State {
  /** What libraries find while they are loaded, and otherwise. */
  private readonly loading: LibraryApi;
  private readonly metatable = new LuaTable();
  private readonly api = new LuaTable();

  constructor(options: LuaEngineOptions, random: LuaRandom) {
    super(options, random);
    const { api, lua, metatable } = this;
    const { globals } = lua;
    for (let at = globals.seek(0); at >= 0; at = globals.seek(at + 1)) {
      api.set(globals.keyAt(at), globals.valueAt(at));
    }
    api.setString('_G', api);
    this.loading = new LibraryApi(lua, (fn) => new LuaLibraryFunction(this, fn));
    addCommon(this.loading.redis, lua, options.version, (level, text) =>
      this.loading.host?.log(level, text),
    );
    for (const table of [api, this.loading.redis, this.loading.globals]) {
      forbidUnknown(lua, table);
      protect(table);
    }
    metatable.setString('__index', api);
    metatable.isReadonly = true;
    this.env.metatable = metatable;
    this.env.isReadonly = true;
  }

  /** The globals of all functions: an empty table. */
  readonly env = new LuaTable();

  load(source: string, host: LibraryHost): Execution {
    const { lua, loading, metatable } = this;
    const fn = this.compile(source, LIBRARY_CHUNK, this.env, false);
    loading.host = host;
    metatable.setString('__index', loading.globals);
    const home: ExecutionHome = {
      maker: this.maker,
      isDue: () => host.isDue(),
      isResp3: () => false,
      writePassed: nothing,
      toText: this.toText,
    };
    return new WatchedExecution(new LuaExecution(lua, home).begin(fn, NO_VALUES), () => {
      loading.host = undefined;
      metatable.setString('__index', this.api);
    });
  }
}

/** A run with something to be done when it has ended. */
class WatchedExecution implements Execution {
  constructor(
    private readonly inner: Execution,
    private readonly ended: () => void,
  ) {}

  get failure() {
    return this.inner.failure;
  }

  resume(): boolean {
    const isDone = this.inner.resume();
    if (isDone) this.ended();
    return isDone;
  }

  kill(message: string): void {
    this.inner.kill(message);
  }

  writeResult(reply: ReplyWriter): void {
    this.inner.writeResult(reply);
  }
}

/** A function of a library: its arguments are the keys and the rest. */
class LuaLibraryFunction implements Script {
  constructor(
    private readonly state: State,
    private readonly fn: LuaFunction,
  ) {}

  start(host: ScriptHost, args: Args, firstKey: number, keyCount: number): Execution {
    const firstArg = firstKey + keyCount;
    const keys = texts(undefined, args, firstKey, keyCount);
    const rest = texts(undefined, args, firstArg, args.count - firstArg);
    return this.state.begin(host, this.fn, [keys, rest]);
  }
}

function nothing(): void {}

const NO_ARGUMENTS = Args.from([]);

/**
 * Arguments as a table.
 * @param old the one of the script before, which is over: it serves again if it is as it was made
 */
function texts(old: LuaValue, args: Args, first: number, count: number): LuaTable {
  const { buf } = args;
  const room = roomFor(count);
  if (old instanceof LuaTable && isAsMade(old, count, room)) {
    const { array } = old;
    for (let i = 0; i < count; i++) {
      array[i] = latin1Text(buf, args.off(first + i), args.len(first + i));
    }
    return old;
  }
  const table = new LuaTable();
  if (count > 0) table.presize(room, 0);
  for (let i = 0; i < count; i++) {
    table.setIndex(i + 1, latin1Text(buf, args.off(first + i), args.len(first + i)));
  }
  return table;
}

/** Whether a table holds `count` values in a row, and nothing else. */
function isAsMade(table: LuaTable, count: number, room: number): boolean {
  if (table.array.length !== count || table.arraySize !== room) return false;
  return table.slots.length === 0 && table.metatable === undefined && !table.isReadonly;
}

/** As many places as the table would have made itself: a power of two. */
function roomFor(count: number): number {
  return count === 0 ? 0 : 1 << (32 - Math.clz32(count - 1));
}

function processSeconds(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1e6;
}
