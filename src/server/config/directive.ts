/**
 * What a configuration directive is: one declaration, from which all else follows.
 *
 * A directive has a name, a default, a few facts (may it change at run time, is it shown, is it a
 * secret) and a *kind*. The kind knows how text becomes a value and a value becomes text; it is
 * the only code that differs between `port` and `save`. The config file, CONFIG GET, SET and
 * REWRITE, the options of createServer and redis.conf.example all work from the declaration, so
 * adding a directive is adding one entry to one `directives-*.ts`.
 *
 * A value has three forms:
 *   - stored: what a kind keeps. Equal to the next form, except that a number too big to be exact
 *     is kept as a bigint, so that CONFIG GET echoes all its digits.
 *   - value: what other modules read from `config.values`.
 *   - natural: what a caller of createServer may write (`'100mb'` or 104857600, true or 'yes').
 */

/** Why a value was not taken, in Redis's words. */
export class Refusal {
  constructor(readonly reason: string) {}
}

/** What the world around a configuration must offer it. */
export interface DirectoryResolver {
  /** The real absolute path of a directory named relative to `base`, or why it cannot be used. */
  resolveDirectory(base: string, path: string): string | Refusal;
}

/** What a kind may look at while it reads a value. */
export interface ParseContext<Stored> {
  /** The value before this one. */
  readonly current: Stored;
  /** 'startup' while the config file and the command line are read, 'command' for CONFIG SET. */
  readonly source: 'startup' | 'command';
  /** Whether this is the directive's first mention at startup (only `save` cares). */
  readonly isFirstMention: boolean;
  readonly directories: DirectoryResolver;
  /** Another directive's value, for the few whose rules depend on one. */
  lookup(name: string): unknown;
}

/** One line that CONFIG REWRITE writes: what follows the name, and whether it must be there. */
export interface RewriteLine {
  readonly text: string;
  /** False when it says the default, so that it is written only over a line that exists. */
  readonly isNeeded: boolean;
}

/**
 * How values of one sort are read and written. Methods, not function properties: TypeScript then
 * lets a table hold kinds of different values as `Kind<unknown, unknown, unknown>`.
 */
export interface Kind<Stored, Value = Stored, Natural = Value> {
  /** A word for people: 'yes or no', 'memory size' ... */
  readonly title: string;
  /** Whether it takes several arguments; `"a b c"` in one argument is then split. */
  readonly takesMany: boolean;
  parse(args: readonly string[], context: ParseContext<Stored>): Stored | Refusal;
  /** As CONFIG GET shows it. */
  format(stored: Stored): string;
  /** As CONFIG REWRITE writes it; no line at all when the absence of one says it. */
  rewrite(stored: Stored, fallback: Stored): RewriteLine[];
  equal(a: Stored, b: Stored): boolean;
  toValue(stored: Stored): Value;
  /** The arguments that a config file would hold for what a caller of the library wrote. */
  argumentsOf(natural: Natural): string[];
}

/** What is true of a directive besides its name, kind and default. */
export interface DirectiveFacts {
  /** What it does, in one line. */
  readonly about: string;
  /** Why it is accepted although it cannot mean anything (or not the same) in respd. */
  readonly note?: string;
  /** A second name, as good as the first. */
  readonly alias?: string;
  /** Names that are understood when read, but never shown. */
  readonly alsoRead?: readonly string[];
  /** Can only be set at startup. */
  readonly immutable?: true;
  /** CONFIG GET shows it only to who asks for its exact name. */
  readonly hidden?: true;
  /** CONFIG SET needs enable-protected-configs. */
  readonly protected?: true;
  /** A secret: CONFIG SET's value is kept out of MONITOR and the slow log. */
  readonly sensitive?: true;
  /** CONFIG SET answers -LOADING while a data set is loaded. */
  readonly denyWhileLoading?: true;
  /** Hooks run even when the value stays the same (a file behind the name may have changed). */
  readonly alwaysApplies?: true;
}

export interface Directive<Stored, Value = Stored, Natural = Value> extends DirectiveFacts {
  readonly kind: Kind<Stored, Value, Natural>;
  readonly default: Stored;
}

export type AnyDirective = Directive<unknown, unknown, unknown>;

/** The type of a directive's entry in `config.values`. */
export type ValueOf<D> =
  D extends Directive<infer _Stored, infer Value, infer _Natural> ? Value : never;

/** The type that createServer's options take for a directive. */
export type NaturalOf<D> =
  D extends Directive<infer _Stored, infer _Value, infer Natural> ? Natural : never;
