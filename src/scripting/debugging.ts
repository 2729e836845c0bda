/**
 * What a scripting language is to a debugger, and the debugger to it. Nothing here is of one language.
 *
 *     the script ──probe.onLine(line, script)──> the debugger: stop? ── yes ──> the script pauses
 *     the debugger ──script.frames(), evaluate(…)──> what it shows of the script meanwhile
 *     the debugger ──Execution.resume()──> the script goes on
 *
 * A script that is debugged is compiled anew for it, so that others lose nothing.
 */

/** What follows a script's steps. */
export interface Probe {
  /** A line is about to run. @returns whether the script is to pause before it */
  onLine(line: number, script: StoppedScript): boolean;
  /** The script asks to be stopped at its next line. */
  onBreakpoint(): void;
  /** The script tells something, as values are shown. */
  onMessage(values: readonly string[]): void;
}

/** A script that has stopped. Texts are latin1, values as they are shown to people. */
export interface StoppedScript {
  /** The functions that are running, the innermost first. */
  frames(): readonly StackFrame[];
  /** One of the arguments that all scripts have; undefined: there is none of this name. */
  argument(name: string): string | undefined;
  /** Compiles and runs some code, whose value is shown. */
  evaluate(code: string): { readonly text: string; readonly isError: boolean };
  /** Runs a command of the server as the script would. */
  command(words: readonly string[]): void;
}

export interface StackFrame {
  /** As it was called; undefined: that is not known. */
  readonly name: string | undefined;
  readonly line: number;
  /** Local variables, the innermost last. */
  variables(): readonly (readonly [name: string, value: string])[];
}
