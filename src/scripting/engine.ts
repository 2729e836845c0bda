/**
 * What a scripting language is to the server, and the server to it. Nothing here is of one language.
 *
 *     server ──compile(source)──────────> Script
 *            ──start(host, args)────────> Execution ──resume()──> done, or paused ──resume()──> …
 *            <──host.call()── a command, its arguments in host.request, its reply in host.reply
 *            ──writeResult(reply)───────> what the script has returned, as the client gets it
 *
 * One script runs at a time. It runs in slices: `resume` comes back when the script is done, or soon
 * after `host.isDue()` has said that others want to run. An engine asks that every some hundred
 * microseconds, wherever the script is: in a loop, a pattern, a sort.
 *
 * Texts are latin1: one character per byte.
 */
import type { Args } from '../resp/args.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { Probe } from './debugging.js';
import type { RequestBuffer } from './request-buffer.js';

export interface ScriptEngine {
  /** As `#!` and FUNCTION LIST name it, in capitals. */
  readonly name: string;
  /** Memory of the interpreters, in bytes. */
  readonly evalBytes: number;
  readonly functionBytes: number;

  /**
   * Compiles the body of a script for EVAL.
   * @throws ScriptSyntaxError
   */
  compile(source: string): Script;
  /**
   * Compiles it so that its steps can be followed. It is to be started once.
   * @throws ScriptSyntaxError
   */
  compileForDebugging(source: string, probe: Probe): Script;
  /** Forgets all that compiled scripts have left behind (SCRIPT FLUSH). */
  reset(): void;
  /**
   * Begins to run the code of a library, which registers functions.
   * @throws ScriptSyntaxError
   */
  loadLibrary(source: string, host: LibraryHost): Execution;
}

/** Something that can be run: a script, or a function of a library. */
export interface Script {
  /**
   * Begins a run. Nothing of it has run yet when this returns.
   * @param args a request, whose arguments from `firstKey` on are `keyCount` keys and the rest; they
   *   are read at once
   */
  start(host: ScriptHost, args: Args, firstKey: number, keyCount: number): Execution;
}

/** A run of a script. */
export interface Execution {
  /** Runs on. @returns whether it is done: if not, it is to be resumed */
  resume(): boolean;
  /** Has it end with this error as soon as it is resumed; the script can't prevent it. */
  kill(message: string): void;
  /** Once it is done: why it has failed; undefined: it has not. */
  readonly failure: ScriptFailure | undefined;
  /** Once it is done and has not failed: writes its result. */
  writeResult(reply: ReplyWriter): void;
}

/** An error that has ended a script. */
export interface ScriptFailure {
  /** Begins with its code. */
  readonly text: string;
  /** Where it happened: the chunk's name, and the line; undefined: not known. */
  readonly source: string | undefined;
  readonly line: string | undefined;
  /** Whether it was counted already, by the command that has failed with it. */
  readonly isCounted: boolean;
}

/** The source can't be compiled. */
export class ScriptSyntaxError {
  constructor(readonly message: string) {}
}

/** The server, as a running script sees it. */
export interface ScriptHost {
  /** Where the arguments of a command are put, its name first. */
  readonly request: RequestBuffer;
  /**
   * Runs the command in `request`.
   * @returns the error that it was refused with, its code first where it has one of its own behind
   *   a `-`; undefined: its reply is in `reply`, from replyStart to replyEnd
   */
  call(): string | undefined;
  readonly reply: Buffer;
  readonly replyStart: number;
  readonly replyEnd: number;
  /** What the command took, in microseconds; 0: next to nothing. */
  readonly callMicros: number;
  /** The protocol in which commands reply, 2 or 3; it holds until the script ends. */
  resp: number;
  /** Which of ReplicationTarget are told of the commands from now on. */
  setReplication(targets: number): void;
  /** Whether the user may run the command in `request`; undefined: there is no such command. */
  mayRun(): boolean | undefined;
  /** @param level of LogLevel */
  log(level: number, text: string): void;
  /** Whether the script should pause. */
  isDue(): boolean;
}

/** The server, as the code of a library sees it while it is loaded. */
export interface LibraryHost {
  /** @returns an error, if the function can't be registered */
  register(entry: LibraryFunction): string | undefined;
  log(level: number, text: string): void;
  isDue(): boolean;
}

export interface LibraryFunction {
  readonly name: string;
  readonly body: Script;
  readonly description: string | undefined;
  /** As scripts write them: `no-writes`. The engine has checked them with `isScriptFlag`. */
  readonly flags: readonly string[];
}

/** Bits of `setReplication`. */
export const ReplicationTarget = { None: 0, Aof: 1, Replicas: 2, All: 3 } as const;

export const LogLevel = { Debug: 0, Verbose: 1, Notice: 2, Warning: 3 } as const;

/** What a script may say of itself, in the order in which FUNCTION LIST shows it. */
export const SCRIPT_FLAGS = [
  'no-writes',
  'allow-oom',
  'allow-stale',
  'no-cluster',
  'allow-cross-slot-keys',
] as const;
export type ScriptFlagName = (typeof SCRIPT_FLAGS)[number];

export function isScriptFlag(word: string): word is ScriptFlagName {
  return (SCRIPT_FLAGS as readonly string[]).includes(word);
}
