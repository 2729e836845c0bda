/**
 * Reading a configuration: config file, standard input and command line, in this order, as one.
 *
 * Redis glues the three together and reads the result line by line, so a later line overrides an
 * earlier one and the options of the command line have line numbers that follow the file's. The
 * same is done here, except that each line remembers where it came from.
 *
 * Most lines are directives and go to the Config. The rest only exist in files: `include`,
 * `rename-command`, `user`, `sentinel`; those are collected for who can act on them.
 *
 * We forgive one thing that Redis does not: a comment behind a complete directive. It is only
 * looked for when the line does not make sense as it stands, so no value with a `#` is cut off.
 */
import { resolve } from 'node:path';
import type { Config } from './config.js';
import { ConfigError, type ConfigErrorCode } from './config-error.js';
import { commentStart, isBlankOrComment, linesOf, lineWords } from './config-lines.js';
import { textFromBytes } from './config-text.js';
import { findDirective } from './directives.js';
import { type ConfigFiles, FileFailure } from './host.js';
import { isPathPattern, matchingPaths } from './include-glob.js';
import { wordsOf } from './kinds-list.js';

/** What there is to read. Paths are absolute. */
export interface ConfigSources {
  readonly configFile?: string;
  /** What came in by standard input, if it is to be read. */
  readonly stdin?: Uint8Array;
  /** The command line's options as lines of a config file. */
  readonly optionsText?: string;
}

/** What only the rest of the server can know. */
export interface FileRules {
  /** Whether `sentinel` lines are taken. */
  readonly isSentinel?: boolean;
  /** Whether a command may be renamed. */
  commandExists?(name: string): boolean;
  /** What is wrong with the rules of a `user` line. */
  checkUser?(rules: readonly string[]): { rule: string; reason: string } | undefined;
}

/** Lines that are no directives, for those who act on them. */
export interface FileExtras {
  /** An empty `to` takes the command away. */
  readonly renames: { readonly from: string; readonly to: string }[];
  readonly users: { readonly name: string; readonly rules: readonly string[] }[];
  readonly sentinel: {
    readonly words: readonly string[];
    readonly line: number;
    readonly text: string;
  }[];
  /** What an administrator should be told, in Redis's words. */
  readonly warnings: string[];
}

const INCLUDE_DEPTH_LIMIT = 32;
const BAD_DIRECTIVE = 'Bad directive or wrong number of arguments';
const UNBALANCED = 'Unbalanced quotes in configuration line';
/** Directives of old that are still taken, with one argument, and mean nothing. */
const FORGOTTEN: ReadonlySet<string> = new Set([
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
]);

/** A line and where it came from. */
interface Place {
  readonly file?: string;
  readonly line: number;
  readonly text: string;
}

/** Why a line cannot be. */
interface Complaint {
  readonly code: ConfigErrorCode;
  readonly reason: string;
}

/**
 * Reads all sources into `config`.
 * @throws ConfigError at the first line that is wrong, or file that cannot be read
 */
export function loadConfig(
  config: Config,
  files: ConfigFiles,
  sources: ConfigSources,
  rules: FileRules = {},
): FileExtras {
  return new ConfigReader(config, files, rules).readAll(sources);
}

class ConfigReader {
  private readonly extras: FileExtras = { renames: [], users: [], sentinel: [], warnings: [] };
  /** The last line's number in the glued text. */
  private line = 0;

  constructor(
    private readonly config: Config,
    private readonly files: ConfigFiles,
    private readonly rules: FileRules,
  ) {}

  readAll({ configFile, stdin, optionsText }: ConfigSources): FileExtras {
    const parts = configFile === undefined ? [] : this.open(configFile);
    if (stdin !== undefined) parts.push({ file: '-', text: textFromBytes(stdin) });
    for (const { file, text } of parts) this.readText(text, file, 0);
    if (optionsText !== undefined) {
      // Redis puts a line break before the options, though the last file mostly ends in one.
      const isOpenLine = parts.length > 0 && !parts.at(-1)?.text.endsWith('\n');
      if (!isOpenLine) this.line++;
      this.readText(optionsText, undefined, 0);
    }
    this.checkWhole();
    return this.extras;
  }

  private readText(text: string, file: string | undefined, depth: number): void {
    const lines = linesOf(text);
    // What follows the last line break is no line of its own, if it is empty.
    if (lines.at(-1) === '') lines.pop();
    for (const content of lines) {
      this.line++;
      const place = { file, line: this.line, text: content };
      if (!isBlankOrComment(content)) this.readLine(place, depth);
    }
  }

  private readLine(place: Place, depth: number): void {
    const complaint = this.tryLine(place.text, place, depth);
    if (complaint === undefined) return;
    const comment = commentStart(place.text);
    const isForgiven =
      comment >= 0 && this.tryLine(place.text.slice(0, comment), place, depth) === undefined;
    if (isForgiven) return;
    const directive = lineWords(place.text)?.[0];
    throw new ConfigError(complaint.code, complaint.reason, { ...place, directive });
  }

  private tryLine(text: string, place: Place, depth: number): Complaint | undefined {
    const words = lineWords(text);
    if (words === undefined) return { code: 'BAD_LINE', reason: UNBALANCED };
    const [first, ...args] = words;
    if (first === undefined) return undefined;
    const name = first.toLowerCase();
    const registered = findDirective(name);
    if (registered === undefined) return this.tryOther(name, args, place, depth);
    const isOneText = registered.directive.kind.takesMany && args.length === 1 && args[0] !== '';
    return badValue(this.config.load(name, isOneText ? wordsOf(args[0] as string) : args));
  }

  /** Lines that are no directives. */
  private tryOther(
    name: string,
    args: readonly string[],
    place: Place,
    depth: number,
  ): Complaint | undefined {
    if (FORGOTTEN.has(name) && args.length === 1) return undefined;
    if (name === 'include' && args.length === 1) {
      return this.include(args[0] as string, place, depth);
    }
    if (name === 'rename-command' && args.length === 2) {
      return badValue(this.rename(args[0] as string, args[1] as string));
    }
    if (name === 'user' && args.length >= 1) return badValue(this.addUser(args));
    if (name === 'sentinel') return badValue(this.addSentinel(args, place));
    if (name === 'loadmodule' && args.length >= 1) {
      return badValue(
        `Can't load module from ${args[0]}: respd cannot run modules, which are in C`,
      );
    }
    if (name.includes('.')) {
      return badValue(
        args.length === 0
          ? 'Module config specified without value'
          : 'Module Configuration detected, but respd cannot run modules, which are in C',
      );
    }
    return { code: 'UNKNOWN_DIRECTIVE', reason: BAD_DIRECTIVE };
  }

  // ----------------------------------------------------------------- lines that are no directives

  /** Reads other files here and now. Their lines are counted from 1 again. */
  private include(path: string, place: Place, depth: number): Complaint | undefined {
    if (depth === INCLUDE_DEPTH_LIMIT) {
      throw new ConfigError(
        'TOO_MANY_INCLUDES',
        `More than ${INCLUDE_DEPTH_LIMIT} includes within each other; does a file include itself?`,
        { ...place, directive: 'include' },
      );
    }
    const outerLine = this.line;
    for (const { file, text } of this.open(resolve(this.config.values.dir, path))) {
      this.line = 0;
      this.readText(text, file, depth + 1);
    }
    this.line = outerLine;
    return undefined;
  }

  private rename(from: string, to: string): string | undefined {
    if (this.commandExists(from) === false) return 'No such command in rename-command';
    const isTaken = to !== '' && this.commandExists(to) === true;
    if (isTaken && to.toLowerCase() !== from.toLowerCase()) {
      return 'Target command name already exists';
    }
    this.extras.renames.push({ from, to });
    return undefined;
  }

  /** Whether there is such a command after the renames so far; undefined if nobody can tell. */
  private commandExists(name: string): boolean | undefined {
    const same = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
    for (const { from, to } of this.extras.renames.toReversed()) {
      if (same(to)) return true;
      if (same(from)) return false;
    }
    return this.rules.commandExists?.(name);
  }

  private addUser([name, ...rules]: readonly string[]): string | undefined {
    const inDeclaration = (word: string, reason: string): string =>
      `Error in user declaration '${word}': ${reason}`;
    if (this.extras.users.some((user) => user.name === name)) {
      return inDeclaration(
        name as string,
        'Duplicate user found. A user can only be defined once in config files',
      );
    }
    const wrong = this.rules.checkUser?.(rules);
    if (wrong !== undefined) return inDeclaration(wrong.rule, wrong.reason);
    this.extras.users.push({ name: name as string, rules });
    return undefined;
  }

  /** A lone `sentinel` is what `--sentinel` becomes, and says nothing more. */
  private addSentinel(words: readonly string[], { line, text }: Place): string | undefined {
    if (words.length === 0) return undefined;
    if (!this.rules.isSentinel) return 'sentinel directive while not in sentinel mode';
    this.extras.sentinel.push({ words, line, text });
    return undefined;
  }

  // ---------------------------------------------------------------------------------- the whole

  /** The files that a path names, as text. */
  private open(path: string): { file: string; text: string }[] {
    const paths = isPathPattern(path) ? matchingPaths(path, this.files) : [path];
    return paths.map((file) => {
      const content = this.files.read(file);
      if (content instanceof FileFailure) {
        throw new ConfigError(
          'UNREADABLE_FILE',
          `Fatal error, can't open config file '${file}': ${content.reason}`,
          { file },
        );
      }
      return { file, text: textFromBytes(content) };
    });
  }

  /** What can only be judged when everything is read. */
  private checkWhole(): void {
    const { values } = this.config;
    if (values.logfile !== '') {
      const failure = this.files.tryAppend(resolve(values.dir, values.logfile));
      if (failure !== undefined) {
        throw new ConfigError('CONFLICT', `Can't open the log file: ${failure.reason}`, {
          directive: 'logfile',
        });
      }
    }
    if (values['cluster-enabled'] && values.replicaof !== null) {
      throw new ConfigError('CONFLICT', 'replicaof directive not allowed in cluster mode', {
        directive: 'replicaof',
      });
    }
    if (values['cluster-enabled'] && values.databases > 1) {
      this.extras.warnings.push(
        `WARNING: Changing databases number from ${values.databases} to 1 since we are in ` +
          'cluster mode',
      );
      this.config.force('databases', 1);
    }
  }
}

function badValue(reason: string | undefined): Complaint | undefined {
  return reason === undefined ? undefined : { code: 'BAD_VALUE', reason };
}
