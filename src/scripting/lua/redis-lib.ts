/**
 * The table `redis`: what scripts can ask of the server.
 *
 *     redis.call('GET', key)    the reply as a value (from-reply.ts); an error is raised
 *     redis.pcall('GET', key)   an error is returned, as a table {err = …}
 *
 * Errors are tables; an uncaught one is completed by where it was raised: see PlacedError.
 *
 * Source: https://redis.io/docs/latest/develop/interact/programmability/lua-api/ and Redis 7.2's
 * script_lua.c.
 */
import { createHash } from 'node:crypto';
import { LogLevel, ReplicationTarget, type ScriptHost } from '../engine.js';
import type { RequestBuffer } from '../request-buffer.js';
import { BAIL, PASSED } from './call.js';
import type { Tracer } from './debug/tracer.js';
import { countedError, errorText, newError, ReplyReader } from './from-reply.js';
import type { Interpreter } from './interpreter.js';
import { pure, quickFunction } from './lib/finished.js';
import { stringToNumber } from './number-text.js';
import { placedError } from './placed-error.js';
import { type LuaRuntime, PAUSE } from './runtime.js';
import {
  type LuaError,
  LuaTable,
  type LuaValue,
  type PlainBody,
  type Results,
  type Steps,
} from './value.js';

const NO_ARGUMENTS = 'Please specify at least one argument for this redis lib call';
const BAD_ARGUMENTS = 'Lua redis lib command arguments must be strings or integers';
const TOO_LARGE = 'Lua redis lib command arguments are too large';
const ONE_STRING = 'wrong number or type of arguments';

/** Which server a script talks to: set while one runs. */
export interface HostHolder {
  host: ScriptHost | undefined;
}

/** The version that scripts are told. */
export interface ServerVersion {
  readonly text: string;
  /** 0x00MMmmpp */
  readonly number: number;
}

/** What all of a server's `redis` tables have: versions and the log. */
export function addCommon(
  table: LuaTable,
  lua: LuaRuntime,
  version: ServerVersion,
  log: (level: number, text: string) => void,
): void {
  table.setString('log', lua.plain('log', logFunction(lua, log)));
  table.setString('LOG_DEBUG', LogLevel.Debug);
  table.setString('LOG_VERBOSE', LogLevel.Verbose);
  table.setString('LOG_NOTICE', LogLevel.Notice);
  table.setString('LOG_WARNING', LogLevel.Warning);
  table.setString('REDIS_VERSION_NUM', version.number);
  table.setString('REDIS_VERSION', version.text);
}

/** The table for running scripts. */
export class RedisLibrary {
  readonly table = new LuaTable();
  /** Follows the script that runs, if that is debugged. */
  tracer: Tracer | undefined = undefined;
  private readonly reader: ReplyReader;

  constructor(
    private readonly lua: LuaRuntime & Pick<Interpreter, 'passing' | 'replay'>,
    private readonly holder: HostHolder,
    version: ServerVersion,
  ) {
    this.reader = new ReplyReader(lua);
    const { table } = this;
    const add = (name: string, body: PlainBody) => table.setString(name, lua.plain(name, body));
    const call = lua.plain('call', this.caller(true, false));
    const pcall = lua.plain('pcall', this.caller(false, false));
    call.isReplayed = true;
    pcall.isReplayed = true;
    table.setString('call', call);
    table.setString('pcall', pcall);
    lua.passing = { fn: call, body: this.caller(true, true) };
    addCommon(table, lua, version, (level, text) => this.host.log(level, text));
    add('setresp', (...args: LuaValue[]) => this.setResp(args));
    table.setString(
      'sha1hex',
      pure(
        quickFunction(
          lua,
          'sha1hex',
          (...args: LuaValue[]) => this.sha1hex(args),
          (...args: LuaValue[]) => this.sha1hexInPieces(args),
        ),
      ),
    );
    add('error_reply', (...args: LuaValue[]) => errorReply(args));
    add('status_reply', (...args: LuaValue[]) => statusReply(args));
    add('set_repl', (...args: LuaValue[]) => this.setReplication(args));
    table.setString('REPL_NONE', ReplicationTarget.None);
    table.setString('REPL_AOF', ReplicationTarget.Aof);
    table.setString('REPL_SLAVE', ReplicationTarget.Replicas);
    table.setString('REPL_REPLICA', ReplicationTarget.Replicas);
    table.setString('REPL_ALL', ReplicationTarget.All);
    add('acl_check_cmd', (...args: LuaValue[]) => this.mayRun(args));
  }

  /** What only scripts of EVAL have. */
  addEvalOnly(): void {
    const { lua, table } = this;
    table.setString(
      'breakpoint',
      lua.plain('breakpoint', () => {
        this.tracer?.onBreakpoint();
        return this.tracer !== undefined;
      }),
    );
    const tell = (...args: LuaValue[]): Results => {
      this.tracer?.onMessage(args);
      return [];
    };
    table.setString('debug', lua.plain('debug', tell));
    table.setString(
      'replicate_commands',
      lua.plain('replicate_commands', () => true),
    );
  }

  private get host(): ScriptHost {
    return this.holder.host!;
  }

  /**
   * redis.call and redis.pcall. On the path of every command of every script: `arguments` is never
   * handed on, so that V8 makes no array of them.
   * @param passes whether it may give PASSED
   */
  private caller(raises: boolean, passes: boolean): PlainBody {
    const library = this;
    return function (): LuaValue {
      // biome-ignore lint/complexity/noArguments: see above
      const given = arguments;
      const { request } = library.host;
      const { replay } = library.lua;
      if (replay.left > 0) return replay.next();
      let wrong = given.length === 0 ? NO_ARGUMENTS : undefined;
      request.begin();
      for (let i = 0; i < given.length && wrong === undefined; i++) wrong = put(request, given[i]);
      return replay.keep(
        wrong === undefined ? library.run(raises, passes) : library.wrong(wrong, raises),
      );
    };
  }

  /** The arguments of a call are no command. */
  private wrong(text: string, raises: boolean): LuaValue {
    if (raises) throw this.raised(newError(text));
    return newError(text);
  }

  /** Runs the command in the request. */
  private run(raises: boolean, passes: boolean): LuaValue {
    const { host } = this;
    const refusal = host.call();
    this.lua.spend(COMMAND_STEPS + ((host.callMicros * STEPS_PER_MICRO) | 0));
    if (refusal !== undefined) {
      const error = countedError(errorText(refusal));
      if (raises) throw this.raised(error);
      return error;
    }
    const { reply, replyStart } = host;
    if (passes && isPassed(reply, replyStart, host.replyEnd)) return PASSED;
    const value = this.reader.read(reply, replyStart, host.replyEnd);
    if (raises && reply[replyStart] === ERROR) throw this.raised(value);
    return value;
  }

  private mayRun(args: LuaValue[]): LuaValue {
    const wrong = putArguments(this.host, args);
    if (wrong !== undefined) throw this.raised(newError(wrong));
    const may = this.host.mayRun();
    if (may === undefined) {
      throw this.raised(newError('Invalid command passed to redis.acl_check_cmd()'));
    }
    return may;
  }

  private sha1hex(args: LuaValue[]): Results {
    if (args.length !== 1) throw this.raised(newError('wrong number of arguments'));
    const text = this.stringOf(args[0]) ?? '';
    if (text.length > HASHED_AT_ONCE) return BAIL;
    this.lua.spend(text.length / BYTES_PER_STEP);
    return createHash('sha1').update(text, 'latin1').digest('hex');
  }

  /** As sha1hex, of a text that takes long. */
  private *sha1hexInPieces(args: LuaValue[]): Steps {
    const text = this.stringOf(args[0]) ?? '';
    const hash = createHash('sha1');
    for (let at = 0; at < text.length; at += HASHED_AT_ONCE) {
      hash.update(text.slice(at, at + HASHED_AT_ONCE), 'latin1');
      if (this.lua.spend(HASHED_AT_ONCE / BYTES_PER_STEP)) yield PAUSE;
    }
    return hash.digest('hex');
  }

  private setResp(args: LuaValue[]): Results {
    if (args.length !== 1) {
      throw this.raised(newError('redis.setresp() requires one argument.'));
    }
    const version = toInteger(args[0]);
    if (version !== 2 && version !== 3) {
      throw this.raised(newError('RESP version must be 2 or 3.'));
    }
    this.host.resp = version;
    return [];
  }

  private setReplication(args: LuaValue[]): Results {
    if (args.length !== 1) {
      throw this.raised(newError('redis.set_repl() requires one argument.'));
    }
    const targets = toInteger(args[0]);
    if ((targets & ~ReplicationTarget.All) !== 0) {
      throw this.raised(
        newError('Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.'),
      );
    }
    this.host.setReplication(targets);
    return [];
  }

  private raised(error: LuaValue): LuaError {
    return placedError(this.lua, error);
  }

  /** As lua_tolstring: numbers are strings, too. */
  private stringOf(value: LuaValue): string | undefined {
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? this.lua.rawToString(value) : undefined;
  }
}

/** Bytes that sha1hex hashes at once; and as long as a step. */
const HASHED_AT_ONCE = 64 * 1024;
const BYTES_PER_STEP = 32;
const BULK = 36; // $
const INTEGER = 58; // :
const ERROR = 45; // -
const MINUS = 45;
/** Bytes of a reply whose integer a double holds exactly. */
const SHORT_INTEGER = 18;
/** What a short command costs, in steps; and a microsecond of a long one. */
const COMMAND_STEPS = 20;
const STEPS_PER_MICRO = 40;

/** Whether a reply would be the same if it were made a value of Lua, and that a reply again. */
function isPassed(reply: Buffer, start: number, end: number): boolean {
  const type = reply[start];
  if (type === BULK) return reply[start + 1] !== MINUS;
  return type === INTEGER && end - start <= SHORT_INTEGER;
}

/** Puts a command's arguments into the request. @returns what is wrong with them, if anything is */
function putArguments({ request }: ScriptHost, args: LuaValue[]): string | undefined {
  if (args.length === 0) return NO_ARGUMENTS;
  request.begin();
  for (let i = 0; i < args.length; i++) {
    const wrong = put(request, args[i]);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** @returns as putArguments */
function put(request: RequestBuffer, value: LuaValue): string | undefined {
  if (typeof value === 'string') return request.addText(value) ? undefined : TOO_LARGE;
  if (typeof value !== 'number') return BAD_ARGUMENTS;
  request.addNumber(value);
  return undefined;
}

function errorReply(args: LuaValue[]): LuaValue {
  const text = args[0];
  if (args.length !== 1 || typeof text !== 'string') return newError(ONE_STRING);
  return newError(text.startsWith('-') ? text : `-${text}`);
}

function statusReply(args: LuaValue[]): LuaValue {
  const text = args[0];
  if (args.length !== 1 || typeof text !== 'string') return newError(ONE_STRING);
  const table = new LuaTable();
  table.setString('ok', text);
  return table;
}

/** redis.log(level, …): what is no string or number is left out. */
function logFunction(lua: LuaRuntime, log: (level: number, text: string) => void): PlainBody {
  return (...args: LuaValue[]): Results => {
    if (args.length < 2) {
      throw placedError(lua, newError('redis.log() requires two arguments or more.'));
    }
    if (numberOf(args[0]) === undefined) {
      throw placedError(lua, newError('First argument must be a number (log level).'));
    }
    const level = toInteger(args[0]);
    if (level < LogLevel.Debug || level > LogLevel.Warning) {
      throw placedError(lua, newError('Invalid debug level.'));
    }
    let text = '';
    for (let i = 1; i < args.length; i++) {
      const part = args[i];
      if (typeof part !== 'string' && typeof part !== 'number') continue;
      if (i !== 1) text += ' ';
      text += typeof part === 'string' ? part : lua.rawToString(part);
    }
    log(level, text);
    return [];
  };
}

function numberOf(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? stringToNumber(value) : undefined;
}

/** As C casts lua_tonumber to an int. */
function toInteger(value: LuaValue): number {
  const n = numberOf(value);
  return n === undefined ? 0 : Math.trunc(n) | 0;
}
