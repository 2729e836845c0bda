/**
 * What can be run: scripts, by their source or its SHA-1, and functions, by their name.
 *
 *     EVAL source ──> known? ──no──> its first line says the language and the flags ──> compiled, cached
 */
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Probe } from '../../scripting/debugging.js';
import { type Script, type ScriptEngine, ScriptSyntaxError } from '../../scripting/engine.js';
import type { Command } from '../api/command-table.js';
import { Engines } from './engines.js';
import { Functions } from './functions.js';
import { CachedScript, ScriptCache, sha1 } from './script-cache.js';
import { ScriptFlag } from './script-flags.js';
import { parseScriptHeader, type ScriptHeader } from './shebang.js';

export interface Runnable {
  readonly script: Script;
  /** SHA-1, or the function's name. */
  readonly name: string;
  /** Bits of ScriptFlag. */
  readonly flags: number;
}

export interface RunnablesParts {
  readonly engines: readonly ScriptEngine[];
  /** @param level of LogLevel */
  log(level: number, text: string): void;
  /** Monotonic microseconds. */
  micros(): number;
  /** `rdbcompression` */
  compresses(): boolean;
}

export class Runnables {
  readonly functions: Functions;
  readonly cache = new ScriptCache();
  private readonly engines: Engines;
  private readonly hasEngine = (name: string) => this.engines.byExactName(name) !== undefined;

  constructor(parts: RunnablesParts) {
    this.engines = new Engines(parts.engines);
    this.functions = new Functions({ ...parts, engines: this.engines });
  }

  /** A script by its source. @throws ReplyError */
  ofSource(source: string): CachedScript {
    return this.compiled(source, false);
  }

  /** A script by the 40 digits of its SHA-1 in a buffer; undefined: there is none. */
  ofSha(buf: Buffer, at: number): CachedScript | undefined {
    const script = this.cache.at(buf, at);
    if (script !== undefined) this.cache.use(script);
    return script;
  }

  /** A script that compiles, whose steps a debugger follows; it is to be started once. */
  forDebugging(source: string, probe: Probe): Script {
    const { body, engine } = this.header(source);
    return this.engine(engine).compileForDebugging(body, probe);
  }

  /** Compiles a script and keeps it. @returns its SHA-1 @throws ReplyError */
  load(source: string): string {
    return this.compiled(source, true).name;
  }

  /** @param sha in any case */
  has(sha: string): boolean {
    return this.cache.get(sha) !== undefined;
  }

  /** Forgets all scripts. @returns how many there were */
  flush(): number {
    const scripts = this.cache.size;
    this.cache.clear();
    for (const engine of this.engines.all) engine.reset();
    return scripts;
  }

  /** Flags of what a command is to run (EVAL, EVALSHA, FCALL), as far as it can be told. */
  flagsOf(command: Command, args: Args): number {
    if (command.fullName.startsWith('fcall')) {
      return this.functions.find(args.text(1))?.flags ?? ScriptFlag.Undeclared;
    }
    if (command.fullName.startsWith('evalsha')) {
      return this.cache.get(args.text(1))?.flags ?? ScriptFlag.Undeclared;
    }
    const source = args.text(1);
    const known = this.cache.find(source);
    if (known !== undefined) return known.flags;
    try {
      return this.header(source).flags;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      return ScriptFlag.Undeclared;
    }
  }

  /** What INFO tells. */
  get counts() {
    const { cache, engines, functions } = this;
    return {
      cachedScripts: cache.size,
      cachedScriptBytes: cache.bytes,
      functions: functions.functionCount,
      libraries: functions.libraryCount,
      functionBytes: functions.bytes,
      scriptVmBytes: engines.evalBytes,
      functionVmBytes: engines.functionBytes,
    };
  }

  /** @param keeps whether it is to stay until all are forgotten @throws ReplyError */
  private compiled(source: string, keeps: boolean): CachedScript {
    const { cache } = this;
    const known = cache.find(source);
    if (known !== undefined) {
      if (keeps) cache.keep(known);
      cache.use(known);
      return known;
    }
    const { body, engine, flags } = this.header(source);
    try {
      const script = this.engine(engine).compile(body);
      const added = new CachedScript(sha1(source), source, flags, script, keeps);
      cache.add(added);
      return added;
    } catch (error) {
      if (!(error instanceof ScriptSyntaxError)) throw error;
      throw new ReplyError(`ERR Error compiling script (new function): ${error.message}`);
    }
  }

  /** @throws ReplyError */
  private engine(name: string): ScriptEngine {
    const engine = this.engines.byExactName(name);
    if (engine === undefined) throw new ReplyError(`ERR Engine '${name}' not found`);
    return engine;
  }

  /** @throws ReplyError */
  private header(source: string): ScriptHeader {
    return parseScriptHeader(source, this.hasEngine);
  }
}
