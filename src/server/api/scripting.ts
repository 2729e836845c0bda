/**
 * Scripts and functions, as commands see them: EVAL, EVALSHA, SCRIPT, FCALL, FUNCTION.
 *
 * A script that runs long is left and gone on with later: the command that has begun it answers then,
 * and nothing else runs meanwhile but what may end it.
 *
 * Source: https://redis.io/docs/latest/develop/interact/programmability/
 */
export interface ScriptingApi {
  readonly functions: FunctionsApi;

  /** EVAL, which is the command that runs: argument 1 is the source. @throws ReplyError */
  runSource(isReadonly: boolean): void;
  /** EVALSHA: argument 1 is the SHA-1 of a source. @throws ReplyError */
  runCached(isReadonly: boolean): void;
  /** FCALL: argument 1 is the name of a function. @throws ReplyError */
  runFunction(isReadonly: boolean): void;

  /** SCRIPT DEBUG, for the client's scripts from now on. @throws ReplyError */
  debug(mode: 'yes' | 'sync' | 'no'): void;

  /** Compiles a script and keeps it. @returns its SHA-1 @throws ReplyError */
  load(source: string): string;
  /** @param sha in any case */
  has(sha: string): boolean;
  /** Forgets all scripts. @returns how many there were */
  flush(): number;

  /** Ends what runs. @param kind what it is taken to be @throws ReplyError when that is impossible */
  kill(kind: ScriptKind): void;
  /** What runs longer than is usual, and is left for the moment. */
  readonly suspended: RunningScript | undefined;
  /** The error for what may not run meanwhile. */
  readonly busyError: string | undefined;
  /** Unix microseconds at which the script that runs was begun; 0: none runs. */
  readonly frozenMicros: number;
  /** Whether scripts may run any command (DEBUG SET-DISABLE-DENY-SCRIPTS, for tests). */
  allowsAll: boolean;
}

export type ScriptKind = 'script' | 'function';

export interface RunningScript {
  readonly kind: ScriptKind;
  /** SHA-1, or the function's name. */
  readonly name: string;
  /** The request. */
  readonly request: readonly Uint8Array[];
  readonly elapsedMs: number;
}

/** Libraries of functions. Texts are latin1. */
export interface FunctionsApi {
  /** In the order in which they were loaded. */
  libraries(): Iterable<LibraryInfo>;
  /**
   * Loads a library.
   * @param replaces whether it may take the place of one of its name
   * @param isTimed whether its code may run only for a while: not when it comes from a file
   * @returns its name @throws ReplyError; all is as it was then
   */
  load(source: string, replaces: boolean, isTimed: boolean): string;
  /** @returns whether there was one */
  delete(library: string): boolean;
  flush(): void;
  /** All of them, as FUNCTION RESTORE reads it. */
  dump(): Buffer;
  /** @throws ReplyError; all is as it was then */
  restore(payload: Uint8Array, policy: 'flush' | 'append' | 'replace'): void;
  /** Engines, and what they have. */
  engines(): readonly { name: string; libraries: number; functions: number }[];
}

export interface LibraryInfo {
  readonly name: string;
  readonly engine: string;
  readonly source: string;
  readonly functions: readonly FunctionInfo[];
}

export interface FunctionInfo {
  readonly name: string;
  readonly description: string | undefined;
  readonly flagNames: readonly string[];
}
