/**
 * What the code of a library finds while it is loaded: `redis` with register_function, the log and the
 * version, and nothing else.
 *
 *     redis.register_function('name', callback)
 *     redis.register_function{function_name = 'name', callback = …, description = …, flags = {…}}
 */
import { isScriptFlag, type LibraryFunction, type LibraryHost, type Script } from '../engine.js';
import { newError } from './from-reply.js';
import { placedError } from './placed-error.js';
import type { LuaRuntime } from './runtime.js';
import { type LuaError, LuaFunction, LuaTable, type LuaValue, type Results } from './value.js';

type Parts = { -readonly [K in keyof LibraryFunction]?: LibraryFunction[K] };

export class LibraryApi {
  readonly globals = new LuaTable();
  readonly redis = new LuaTable();
  /** Set while a library is loaded. */
  host: LibraryHost | undefined = undefined;

  /** @param asScript makes a function one that the server can run */
  constructor(
    private readonly lua: LuaRuntime,
    private readonly asScript: (fn: LuaFunction) => Script,
  ) {
    const register = lua.plain('register_function', (...args: LuaValue[]) => this.register(args));
    this.redis.setString('register_function', register);
    this.globals.setString('redis', this.redis);
  }

  private register(args: LuaValue[]): Results {
    const { host } = this;
    if (host === undefined) {
      throw this.raised('redis.register_function can only be called on FUNCTION LOAD command');
    }
    const error = host.register(this.read(args));
    if (error !== undefined) throw this.raised(error);
    return [];
  }

  private read(args: LuaValue[]): LibraryFunction {
    if (args.length < 1 || args.length > 2) {
      throw this.raised('wrong number of arguments to redis.register_function');
    }
    return args.length === 1 ? this.readNamed(args[0]) : this.readInOrder(args[0], args[1]);
  }

  private readInOrder(name: LuaValue, callback: LuaValue): LibraryFunction {
    const text = this.textOf(name);
    if (text === undefined) {
      throw this.raised('first argument to redis.register_function must be a string');
    }
    if (!(callback instanceof LuaFunction)) {
      throw this.raised('second argument to redis.register_function must be a function');
    }
    return { name: text, body: this.asScript(callback), description: undefined, flags: [] };
  }

  private readNamed(table: LuaValue): LibraryFunction {
    if (!(table instanceof LuaTable)) {
      throw this.raised(
        'calling redis.register_function with a single argument is only applicable to Lua table ' +
          '(representing named arguments).',
      );
    }
    const parts: Parts = {};
    for (let at = table.seek(0); at >= 0; at = table.seek(at + 1)) {
      this.readPart(parts, table.keyAt(at), table.valueAt(at));
    }
    const { name, body } = parts;
    if (name === undefined) {
      throw this.raised('redis.register_function must get a function name argument');
    }
    if (body === undefined) {
      throw this.raised('redis.register_function must get a callback argument');
    }
    return { name, body, description: parts.description, flags: parts.flags ?? [] };
  }

  private readPart(parts: Parts, key: LuaValue, value: LuaValue): void {
    const name = this.textOf(key);
    if (name === undefined) {
      throw this.raised('named argument key given to redis.register_function is not a string');
    }
    switch (name.toLowerCase()) {
      case 'function_name':
        parts.name = this.textPart('function_name', value);
        break;
      case 'description':
        parts.description = this.textPart('description', value);
        break;
      case 'callback':
        if (!(value instanceof LuaFunction)) {
          throw this.raised(
            'callback argument given to redis.register_function must be a function',
          );
        }
        parts.body = this.asScript(value);
        break;
      case 'flags':
        parts.flags = this.flags(value);
        break;
      default:
        throw this.raised('unknown argument given to redis.register_function');
    }
  }

  private textPart(name: string, value: LuaValue): string {
    const text = this.textOf(value);
    if (text === undefined) {
      throw this.raised(`${name} argument given to redis.register_function must be a string`);
    }
    return text;
  }

  private flags(value: LuaValue): readonly string[] {
    if (!(value instanceof LuaTable)) {
      throw this.raised(
        'flags argument to redis.register_function must be a table representing function flags',
      );
    }
    const flags: string[] = [];
    for (let i = 1; value.getIndex(i) !== undefined; i++) {
      const flag = this.textOf(value.getIndex(i))?.toLowerCase();
      if (flag === undefined || !isScriptFlag(flag)) throw this.raised('unknown flag given');
      flags.push(flag);
    }
    return flags;
  }

  /** Strings, and numbers, which serve as such. */
  private textOf(value: LuaValue): string | undefined {
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? this.lua.rawToString(value) : undefined;
  }

  private raised(message: string): LuaError {
    return placedError(this.lua, newError(message));
  }
}
