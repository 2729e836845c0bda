/**
 * The configuration of one server: its values, and CONFIG GET and SET upon them.
 *
 * Other modules read `config.values` (a plain object that stays the same one for ever; code that
 * runs for every command keeps what it needs in a field and renews it in an `onChange` hook).
 * A directive that must act when it changes has a hook; hooks may be asynchronous, because to
 * listen on a new port takes a turn of the event loop.
 *
 * `set` is all or nothing: every pair is checked first, then all values are stored, then the hooks
 * run, each once however many of its directives changed. If a value is refused or a hook fails,
 * all old values come back, and the hooks that ran, ran for nothing: they are called again with
 * the old values. An asynchronous `set` makes later ones wait, so two never mix.
 *
 * Rules and words are those of Redis 7.2's config.c.
 */
import { LOADING } from '../../resp/errors.js';
import { untilNul } from '../../text/c-string.js';
import { globMatchText } from '../../text/glob.js';
import { ConfigError } from './config-error.js';
import { fromLatin1, toLatin1 } from './config-text.js';
import { type AnyDirective, type ParseContext, Refusal } from './directive.js';
import {
  DIRECTIVES,
  type DirectiveName,
  type DirectiveOptions,
  type DirectiveValues,
  findDirective,
  type RegisteredName,
  registeredNames,
} from './directives.js';
import type { ConfigHost, ConfigRewriter } from './host.js';

/** Who asks for a CONFIG SET, as far as it matters. */
export interface SetOrigin {
  /** Whether the client connects from this machine. */
  readonly isLocal: boolean;
  /** Whether the result must not come in a later turn: within a transaction. */
  readonly atOnce?: boolean;
}

/** What became of a CONFIG SET. */
export interface SetResult {
  /** The error reply without its dash; undefined when all was set. */
  readonly error?: string;
  /** First names of the directives whose values are not what they were. */
  readonly changed: readonly DirectiveName[];
}

/** What a hook answers: nothing, or in a few words why the new values cannot be. */
export type HookResult = string | undefined | Promise<string | undefined>;
export type ChangeHook = (
  now: Readonly<DirectiveValues>,
  before: Readonly<DirectiveValues>,
) => HookResult;

interface Hook {
  readonly names: ReadonlySet<DirectiveName>;
  readonly run: ChangeHook;
  /** Whether it is asynchronous. */
  readonly waits: boolean;
}

/** One pair of a CONFIG SET, found and allowed. */
interface Setting {
  readonly registered: RegisteredName;
  readonly text: string;
}

/** A hook that is due, and the name an error of it is blamed on. */
interface DueHook {
  readonly hook: Hook;
  readonly blamed: string;
}

const NOT_DONE = 'ERR CONFIG SET failed - another one is not done yet';
const PATTERN_CHARACTERS = /[[*?]/;

export class Config {
  /** Every directive's value by its first name. */
  readonly values: Readonly<DirectiveValues>;
  /** Writes the values into the config file; undefined when the server runs without one. */
  rewriter: ConfigRewriter | undefined;
  /** Whether a data set is being loaded, when some directives must stay as they are. */
  isLoading: () => boolean = () => false;
  private readonly stored: Record<string, unknown> = {};
  private readonly hooks: Hook[] = [];
  /** Directives that were mentioned at startup. */
  private readonly mentioned = new Set<DirectiveName>();
  /** The CONFIG SET that is not done yet. */
  private running: Promise<SetResult> | undefined;

  constructor(private readonly host: ConfigHost) {
    const values: Record<string, unknown> = {};
    this.values = values as DirectiveValues;
    for (const [name, directive] of Object.entries(DIRECTIVES)) {
      this.stored[name] = directive.default;
      values[name] = (directive as AnyDirective).kind.toValue(directive.default);
    }
    this.store('dir', host.workingDirectory);
  }

  // ------------------------------------------------------------------------------- at startup

  /**
   * Gives a directive the value that stands behind its name in a config file, split into words.
   * @returns what is wrong with it, if anything
   */
  load(name: string, args: readonly string[]): string | undefined {
    const registered = findDirective(name);
    if (registered === undefined) return 'Bad directive or wrong number of arguments';
    const { kind } = registered.directive;
    if (!kind.takesMany && args.length !== 1) return 'wrong number of arguments';
    const parsed = kind.parse(args, this.contextOf(registered.primary, 'startup'));
    if (parsed instanceof Refusal) return parsed.reason;
    this.mentioned.add(registered.primary);
    this.store(registered.primary, parsed);
    return undefined;
  }

  /**
   * Gives a directive a value as a caller of createServer writes it; undefined leaves it alone.
   * @throws ConfigError
   */
  initialize<Name extends DirectiveName>(name: Name, value: DirectiveOptions[Name]): void {
    if (value === undefined) return;
    const registered = findDirective(name);
    if (registered === undefined) {
      throw new ConfigError('UNKNOWN_DIRECTIVE', 'there is no such directive', { directive: name });
    }
    const { directive } = registered;
    const args = argumentsOf(directive, value);
    const reason = args === undefined ? `expected ${directive.kind.title}` : this.load(name, args);
    if (reason !== undefined) throw new ConfigError('BAD_VALUE', reason, { directive: name });
  }

  /** Replaces a value without any check or hook: for values that follow from others. */
  force<Name extends DirectiveName>(name: Name, value: DirectiveValues[Name]): void {
    this.store(name, value);
  }

  /** Another one with the same values, which goes its own ways: it has no hooks and no file. */
  clone(): Config {
    const copy = new Config(this.host);
    for (const name of Object.keys(DIRECTIVES) as DirectiveName[]) {
      copy.store(name, this.stored[name]);
    }
    return copy;
  }

  // ------------------------------------------------------------------------------- CONFIG GET

  /**
   * What CONFIG GET answers: the name and text of each directive that a pattern matches, once.
   * A name without pattern characters comes back as it was written, and finds hidden ones too.
   */
  get(patterns: readonly string[]): [name: string, text: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      for (const [shown, registered] of this.matching(pattern)) {
        const key = shown.toLowerCase();
        if (!found.has(key)) found.set(key, [shown, this.textOf(registered.primary)]);
      }
    }
    return [...found.values()];
  }

  /** As `get`, in texts of one character per byte, which is what a command's arguments are. */
  getLatin1(patterns: readonly string[]): [name: string, text: string][] {
    const found = this.get(patterns.map(fromLatin1));
    return found.map(([name, text]) => [toLatin1(name), toLatin1(text)]);
  }

  /** A directive's value as CONFIG GET shows it. */
  textOf(name: DirectiveName): string {
    return directiveOf(name).kind.format(this.stored[name]);
  }

  /** What CONFIG REWRITE writes for a directive: a text per line, and whether it must be there. */
  rewriteLines(name: DirectiveName): { text: string; isNeeded: boolean }[] {
    const directive = directiveOf(name);
    return directive.kind.rewrite(this.stored[name], directive.default);
  }

  private *matching(pattern: string): Iterable<[shown: string, registered: RegisteredName]> {
    if (!PATTERN_CHARACTERS.test(pattern)) {
      const registered = findDirective(pattern);
      if (registered !== undefined) yield [pattern, registered];
      return;
    }
    for (const registered of registeredNames()) {
      if (registered.isListed && globMatchText(pattern, registered.name, true)) {
        yield [registered.name, registered];
      }
    }
  }

  // ------------------------------------------------------------------------------- CONFIG SET

  /**
   * Has `hook` called after any of these directives changed by CONFIG SET.
   * @param waits whether the hook is asynchronous
   * @returns a function that takes it away again
   */
  onChange(names: readonly DirectiveName[], hook: ChangeHook, waits = false): () => void {
    const entry: Hook = { names: new Set(names), run: hook, waits };
    this.hooks.push(entry);
    return () => {
      const at = this.hooks.indexOf(entry);
      if (at >= 0) this.hooks.splice(at, 1);
    };
  }

  /**
   * CONFIG SET: all pairs of name and text, or none. Synchronous unless a hook that is due is
   * not, or an earlier `set` is not done.
   */
  set(
    pairs: readonly (readonly [name: string, text: string])[],
    origin: SetOrigin,
  ): SetResult | Promise<SetResult> {
    if (this.running !== undefined) {
      if (origin.atOnce) return { error: NOT_DONE, changed: [] };
      return this.afterRunning(() => this.set(pairs, origin));
    }
    const settings = this.allowedSettings(pairs, origin);
    if (typeof settings === 'string') return { error: settings, changed: [] };

    const oldStored = { ...this.stored };
    const before = { ...this.values };
    const refused = this.storeAll(settings);
    if (refused !== undefined) {
      this.restore(oldStored);
      return { error: refused, changed: [] };
    }
    const due = this.dueHooks(settings, oldStored);
    const waiting = due.find(({ hook }) => hook.waits);
    if (waiting !== undefined && origin.atOnce) {
      this.restore(oldStored);
      return { error: setFailed(waiting.blamed, "can't be set in a transaction"), changed: [] };
    }
    const changed = changedNames(settings, oldStored, this.stored);
    const result = this.applyAll(due, before, oldStored, changed);
    if (result instanceof Promise) this.holdUntil(result);
    return result;
  }

  /** As `set`, in texts of one character per byte; the error too. */
  setLatin1(
    pairs: readonly (readonly [name: string, text: string])[],
    origin: SetOrigin,
  ): SetResult | Promise<SetResult> {
    const decoded = pairs.map(([name, text]) => [fromLatin1(name), fromLatin1(text)] as const);
    const encode = (result: SetResult): SetResult =>
      result.error === undefined ? result : { ...result, error: toLatin1(result.error) };
    const result = this.set(decoded, origin);
    return result instanceof Promise ? result.then(encode) : encode(result);
  }

  /** Finds all directives of a CONFIG SET; the error reply if any cannot be set. */
  private allowedSettings(
    pairs: readonly (readonly [string, string])[],
    origin: SetOrigin,
  ): Setting[] | string {
    const settings: Setting[] = [];
    for (const [name, text] of pairs) {
      const registered = findDirective(name);
      if (registered === undefined) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${untilNul(name)}'`;
      }
      const { directive } = registered;
      if (directive.immutable) return setFailed(name, "can't set immutable config");
      if (directive.protected && !this.allowsProtected(origin)) {
        return setFailed(name, "can't set protected config");
      }
      if (directive.denyWhileLoading && this.isLoading()) return LOADING;
      if (settings.some((setting) => setting.registered === registered)) {
        return setFailed(name, 'duplicate parameter');
      }
      settings.push({ registered, text });
    }
    return settings;
  }

  private allowsProtected(origin: SetOrigin): boolean {
    const allowed = this.values['enable-protected-configs'];
    return allowed === 'yes' || (allowed === 'local' && origin.isLocal);
  }

  /** Stores all values; the error reply at the first that is refused. */
  private storeAll(settings: readonly Setting[]): string | undefined {
    for (const { registered, text } of settings) {
      const { kind } = registered.directive;
      const args = kind.takesMany ? wordsBetweenBlanks(text) : [text];
      const parsed = kind.parse(args, this.contextOf(registered.primary, 'command'));
      if (parsed instanceof Refusal) return setFailed(registered.name, parsed.reason);
      this.store(registered.primary, parsed);
    }
    return undefined;
  }

  /** The hooks to run, in the order of the pairs that call for them. */
  private dueHooks(settings: readonly Setting[], old: Record<string, unknown>): DueHook[] {
    const due = new Map<Hook, DueHook>();
    for (const { registered } of settings) {
      const { primary, directive, name } = registered;
      const isSame = directive.kind.equal(old[primary], this.stored[primary]);
      if (isSame && !directive.alwaysApplies) continue;
      for (const hook of this.hooks) {
        if (hook.names.has(primary) && !due.has(hook)) due.set(hook, { hook, blamed: name });
      }
    }
    return [...due.values()];
  }

  /** Runs the hooks one after the other, in one go as long as none is asynchronous. */
  private applyAll(
    due: readonly DueHook[],
    before: DirectiveValues,
    oldStored: Record<string, unknown>,
    changed: readonly DirectiveName[],
    from = 0,
  ): SetResult | Promise<SetResult> {
    for (let i = from; i < due.length; i++) {
      const { hook, blamed } = due[i] as DueHook;
      const failed = (reason: string): SetResult | Promise<SetResult> =>
        this.takeBack(due.slice(0, i + 1), blamed, reason, oldStored);
      const outcome = runHook(hook, this.values, before);
      if (outcome instanceof Promise) {
        return outcome.then((reason) =>
          reason === undefined
            ? this.applyAll(due, before, oldStored, changed, i + 1)
            : failed(reason),
        );
      }
      if (outcome !== undefined) return failed(outcome);
    }
    return { changed };
  }

  /** Brings the old values back after a hook failed, and tells the hooks that ran. */
  private takeBack(
    ran: readonly DueHook[],
    blamed: string,
    reason: string,
    oldStored: Record<string, unknown>,
  ): SetResult | Promise<SetResult> {
    this.host.warn?.(
      `Failed applying new configuration. Possibly related to new ${blamed} setting. ` +
        'Restoring previous settings.',
    );
    const attempted = { ...this.values };
    this.restore(oldStored);
    const result: SetResult = { error: setFailed(blamed, reason), changed: [] };
    const outcomes = ran.map(({ hook }) => runHook(hook, this.values, attempted));
    const warn = (failure: string | undefined): void => {
      if (failure === undefined) return;
      this.host.warn?.(`Failed applying restored failed CONFIG SET command: ${failure}`);
    };
    if (!outcomes.some((outcome) => outcome instanceof Promise)) {
      (outcomes as (string | undefined)[]).forEach(warn);
      return result;
    }
    return Promise.all(outcomes).then((failures) => {
      failures.forEach(warn);
      return result;
    });
  }

  private holdUntil(result: Promise<SetResult>): void {
    const settled = (): void => {
      if (this.running === result) this.running = undefined;
    };
    this.running = result;
    result.then(settled, settled);
  }

  private async afterRunning(next: () => SetResult | Promise<SetResult>): Promise<SetResult> {
    while (this.running !== undefined) await this.running;
    return next();
  }

  // ------------------------------------------------------------------------------------ values

  private contextOf(name: DirectiveName, source: 'startup' | 'command'): ParseContext<unknown> {
    return {
      current: this.stored[name],
      source,
      isFirstMention: !this.mentioned.has(name),
      directories: this.host.directories,
      lookup: (other) => this.values[other as DirectiveName],
    };
  }

  private store(name: DirectiveName, stored: unknown): void {
    this.stored[name] = stored;
    (this.values as Record<string, unknown>)[name] = directiveOf(name).kind.toValue(stored);
  }

  private restore(stored: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(stored)) {
      if (this.stored[name] !== value) this.store(name as DirectiveName, value);
    }
  }
}

function directiveOf(name: DirectiveName): AnyDirective {
  return DIRECTIVES[name] as AnyDirective;
}

/** The words of a natural value; undefined when it is of no type that could be one. */
function argumentsOf(directive: AnyDirective, value: unknown): string[] | undefined {
  try {
    const args: unknown[] = directive.kind.argumentsOf(value);
    return args.every((arg) => typeof arg === 'string') ? (args as string[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Redis splits a value of CONFIG SET at single blanks, without a look at quotes. */
function wordsBetweenBlanks(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

function setFailed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

function changedNames(
  settings: readonly Setting[],
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): DirectiveName[] {
  const names = new Set(settings.map(({ registered }) => registered.primary));
  return [...names].filter((name) => !directiveOf(name).kind.equal(before[name], after[name]));
}

/** Calls a hook; one that throws has failed with its error's words. */
function runHook(hook: Hook, now: DirectiveValues, before: DirectiveValues): HookResult {
  try {
    const outcome = hook.run(now, before);
    return outcome instanceof Promise ? outcome.catch(wordsOfError) : outcome;
  } catch (error) {
    return wordsOfError(error);
  }
}

function wordsOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
