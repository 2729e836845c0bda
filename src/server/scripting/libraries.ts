/**
 * Libraries of functions: a set of them, in which no two functions have the same name.
 *
 * Names of functions are told apart without regard to case, those of libraries with it.
 *
 * A set changes in one step or not at all: what is to be joined is built aside first (`Libraries` of
 * its own), and checked.
 */
import { ReplyError } from '../../resp/reply-error.js';
import type { Execution, LibraryFunction, LibraryHost, Script } from '../../scripting/engine.js';
import { ScriptSyntaxError } from '../../scripting/engine.js';
import type { FunctionInfo, LibraryInfo } from '../api/scripting.js';
import type { Engines } from './engines.js';
import { scriptFlagBits, scriptFlagNames } from './script-flags.js';
import { parseLibraryHeader } from './shebang.js';

const BAD_NAME =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one ' +
  'character long';
const NAME = /^[a-zA-Z0-9_]+$/;
/** What a library and a function take beside their texts, in bytes (the order of it). */
const LIBRARY_BYTES = 200;
const FUNCTION_BYTES = 150;

export class LibraryEntry implements FunctionInfo {
  constructor(
    readonly library: Library,
    readonly name: string,
    readonly script: Script,
    readonly description: string | undefined,
    /** Bits of ScriptFlag. */
    readonly flags: number,
  ) {}

  get flagNames(): readonly string[] {
    return scriptFlagNames(this.flags);
  }
}

export class Library implements LibraryInfo {
  readonly byName = new Map<string, LibraryEntry>();

  constructor(
    readonly name: string,
    readonly engine: string,
    readonly source: string,
  ) {}

  get functions(): readonly LibraryEntry[] {
    return [...this.byName.values()];
  }

  get bytes(): number {
    let bytes = LIBRARY_BYTES + this.name.length + this.source.length;
    for (const { name, description } of this.byName.values()) {
      bytes += FUNCTION_BYTES + name.length + (description?.length ?? 0);
    }
    return bytes;
  }
}

/** What loading needs of the server. */
export interface LibraryLoading {
  readonly engines: Engines;
  log(level: number, text: string): void;
  /** Monotonic microseconds. */
  micros(): number;
}

/** The code of a library may run so long, in milliseconds. */
const LOAD_TIMEOUT_MS = 500;
/** How often it is looked whether that is over, in microseconds. */
const LOAD_SLICE_US = 5000;

export class Libraries {
  readonly byName = new Map<string, Library>();
  private readonly functions = new Map<string, LibraryEntry>();

  get functionCount(): number {
    return this.functions.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const library of this.byName.values()) bytes += library.bytes;
    return bytes;
  }

  /** A function by its name in any case. */
  find(name: string): LibraryEntry | undefined {
    return this.functions.get(name) ?? this.functions.get(name.toLowerCase());
  }

  /**
   * Runs a library's code and takes its functions in.
   * @returns its name @throws ReplyError; nothing has changed then
   */
  load(source: string, replaces: boolean, isTimed: boolean, loading: LibraryLoading): string {
    const { engine: engineName, name, body } = parseLibraryHeader(source);
    if (!NAME.test(name)) throw new ReplyError(`ERR ${BAD_NAME}`);
    const engine = loading.engines.byName(engineName);
    if (engine === undefined) throw new ReplyError(`ERR Engine '${engineName}' not found`);
    const old = this.byName.get(name);
    if (old !== undefined && !replaces) {
      throw new ReplyError(`ERR Library '${name}' already exists`);
    }
    const library = new Library(name, engine.name, source);
    runLibrary(library, isTimed, loading, (host) => engine.loadLibrary(body, host));
    if (library.byName.size === 0) throw new ReplyError('ERR No functions registered');
    this.checkFunctions(library, (owner) => owner === old);
    if (old !== undefined) this.remove(old);
    this.add(library);
    return name;
  }

  add(library: Library): void {
    this.byName.set(library.name, library);
    for (const entry of library.byName.values()) {
      const key = entry.name.toLowerCase();
      if (!this.functions.has(key)) this.functions.set(key, entry);
    }
  }

  remove(library: Library): void {
    this.byName.delete(library.name);
    for (const entry of library.byName.values()) {
      const key = entry.name.toLowerCase();
      if (this.functions.get(key) === entry) this.functions.delete(key);
    }
  }

  /**
   * Takes in the libraries of another set.
   * @param replaces whether they may take the place of those of their names
   * @throws ReplyError; nothing has changed then
   */
  join(others: Libraries, replaces: boolean): void {
    const replaced = new Set<Library>();
    for (const { name } of others.byName.values()) {
      const old = this.byName.get(name);
      if (old === undefined) continue;
      if (!replaces) throw new ReplyError(`ERR Library ${name} already exists`);
      replaced.add(old);
    }
    for (const library of others.byName.values()) {
      this.checkFunctions(library, (owner) => replaced.has(owner));
    }
    for (const old of replaced) this.remove(old);
    for (const library of others.byName.values()) this.add(library);
  }

  /** @param goes whether a library that is here will not be any more */
  private checkFunctions(library: Library, goes: (owner: Library) => boolean): void {
    for (const { name } of library.byName.values()) {
      const other = this.find(name);
      if (other !== undefined && !goes(other.library)) {
        throw new ReplyError(`ERR Function ${name} already exists`);
      }
    }
  }
}

/** Runs a library's code, which fills `library`. @throws ReplyError */
function runLibrary(
  library: Library,
  isTimed: boolean,
  loading: LibraryLoading,
  begin: (host: LibraryHost) => Execution,
): void {
  const start = loading.micros();
  let sliceEnd = start + LOAD_SLICE_US;
  const host: LibraryHost = {
    register: (entry) => register(library, entry),
    log: (level, text) => loading.log(level, text),
    isDue: () => loading.micros() > sliceEnd,
  };
  let execution: Execution;
  try {
    execution = begin(host);
  } catch (error) {
    if (!(error instanceof ScriptSyntaxError)) throw error;
    throw new ReplyError(`ERR Error compiling function: ${error.message}`);
  }
  while (!execution.resume()) {
    sliceEnd = loading.micros() + LOAD_SLICE_US;
    if (isTimed && loading.micros() - start > LOAD_TIMEOUT_MS * 1000) {
      execution.kill('FUNCTION LOAD timeout');
    }
  }
  const { failure } = execution;
  if (failure !== undefined) {
    throw new ReplyError(`ERR Error registering functions: ${failure.text}`);
  }
}

function register(library: Library, entry: LibraryFunction): string | undefined {
  const { name, body, description, flags } = entry;
  if (!NAME.test(name)) return BAD_NAME;
  if (library.byName.has(name)) return 'Function already exists in the library';
  const bits = scriptFlagBits(flags);
  library.byName.set(name, new LibraryEntry(library, name, body, description, bits));
  return undefined;
}
