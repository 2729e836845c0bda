/**
 * All commands of one server, built from their declarations.
 *
 * What follows from a declaration is worked out once, here: limits of the number of arguments, the
 * flags as bits, the ACL categories, where keys stand. The commands' counters live here
 * as well, so that servers in one process do not share them.
 *
 * `find` and `findSubcommand` are on every request's path and allocate nothing (see NameTable).
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { ReplyError } from '../resp/reply-error.js';
import { untilNul } from '../text/c-string.js';
import type { Call } from './api/call.js';
import type { CommandFlag, CommandGroup, CommandSpec } from './api/command.js';
import { type Command, CommandBit, type CommandTable } from './api/command-table.js';
import { legacyKeyRange } from './api/keys.js';
import { LatencyHistogramImpl } from './latency-histogram.js';
import { NameTable } from './name-table.js';

/** In `sampleUsec`: no call has been timed yet. (A fraction, so that the field is a double.) */
const NOT_TIMED = -0.5;
/** Longest part of an unknown subcommand's name that is quoted back. */
const QUOTED_NAME_MAX = 128;

export class CommandTableImpl implements CommandTable {
  private commands: RegisteredCommand[];
  /** All commands and subcommands by id, whatever `rename-command` has taken away. */
  readonly everything: readonly RegisteredCommand[];
  private readonly originals: ReadonlyMap<string, RegisteredCommand>;
  private readonly names: NameTable<RegisteredCommand>;

  constructor(specs: readonly CommandSpec[]) {
    this.commands = specs.map((spec) => new RegisteredCommand(spec, undefined));
    const named = this.commands.map((command) => [command.spec.name, command] as const);
    this.names = new NameTable(named);
    this.originals = new Map(named);
    this.everything = this.commands.flatMap((command) => [command, ...command.ownSubcommands()]);
    this.everything.forEach((command, id) => {
      command.id = id;
    });
  }

  get all(): readonly RegisteredCommand[] {
    return this.commands;
  }

  /** A top-level command by the bytes of its name, in any case. */
  find(buf: Uint8Array, off: number, len: number): RegisteredCommand | undefined {
    return this.names.find(buf, off, len);
  }

  /** A subcommand of `parent` (which has some) by the bytes of its own word, in any case. */
  findSubcommand(
    parent: Command,
    buf: Uint8Array,
    off: number,
    len: number,
  ): RegisteredCommand | undefined {
    return (parent as RegisteredCommand).subcommandNames!.find(buf, off, len);
  }

  byName(name: string): RegisteredCommand | undefined {
    return within(name, (top) => this.names.get(top));
  }

  /** As `byName`, whatever `rename-command` has made of the names: for propagation and AOF. */
  byOriginalName(name: string): RegisteredCommand | undefined {
    return within(name, (top) => this.originals.get(top.toLowerCase()));
  }

  /**
   * Has a top-level command answer to another name (`rename-command`); it keeps its own in reports.
   * @param to the new name, '' for none: the command is gone
   * @returns an error text, if there is no `from` or `to` is taken
   */
  rename(from: string, to: string): string | undefined {
    const command = this.names.get(from);
    if (command === undefined) return 'No such command in rename-command';
    const taken = this.names.get(to);
    if (taken !== undefined && taken !== command) return 'Target command name already exists';
    this.names.delete(from);
    if (to === '') this.commands = this.commands.filter((other) => other !== command);
    else this.names.set(to, command);
    return undefined;
  }

  resetStats(): void {
    for (const command of this.commands) {
      command.resetStats();
      if (command.subcommands === undefined) continue;
      for (const sub of command.subcommands.values()) (sub as RegisteredCommand).resetStats();
    }
  }
}

/** One class for commands of all kinds, so that the code that runs them stays monomorphic. */
export class RegisteredCommand implements Command {
  readonly spec: CommandSpec;
  readonly fullName: string;
  readonly parent: Command | undefined;
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
  readonly subcommandNames: NameTable<RegisteredCommand> | undefined;
  readonly run: (call: Call) => void;
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly bits: number;
  readonly keyFirst: number;
  readonly keyLast: number;
  readonly keyStep: number;
  readonly memberFirst: number;
  readonly memberStep: number;
  readonly movableKeys: boolean;
  readonly categories: readonly string[];
  /** Its number among all commands and subcommands of this server, from 0 on. */
  id = 0;
  calls = DOUBLE_FIELD;
  usec = DOUBLE_FIELD;
  rejected = 0;
  failed = 0;
  latency: LatencyHistogramImpl | undefined = undefined;
  /** What the last call that was timed took, in microseconds; negative: none yet. */
  sampleUsec = NOT_TIMED;
  /** Calls since it was last charged with time that were refused or queued. */
  notRun = 0;

  constructor(spec: CommandSpec, parent: Command | undefined) {
    this.calls = 0;
    this.usec = 0;
    this.spec = spec;
    this.fullName = parent === undefined ? spec.name : `${parent.fullName}|${spec.name}`;
    this.parent = parent;
    const subs = spec.subcommands?.map(
      (sub) => [sub.name, new RegisteredCommand(sub, this)] as const,
    );
    this.subcommands = subs && new Map(subs);
    this.subcommandNames = subs && new NameTable(subs);
    this.run = spec.run ?? refuseSubcommand;
    this.minArgs = Math.abs(spec.arity);
    this.maxArgs = spec.arity < 0 ? 0x7fffffff : spec.arity;
    this.bits = commandBits(spec.flags);
    const range = legacyKeyRange(spec.keys);
    this.keyFirst = range.first;
    this.keyLast = range.last;
    this.keyStep = range.step;
    this.memberFirst = spec.members?.first ?? 0;
    this.memberStep = spec.members?.step ?? 1;
    this.movableKeys = range.movable;
    this.categories = commandCategories(spec);
  }

  ownSubcommands(): Iterable<RegisteredCommand> {
    return (this.subcommands?.values() ?? []) as Iterable<RegisteredCommand>;
  }

  /** Adds `times` runs of `usec` microseconds each to the latency histogram. */
  recordLatency(usec: number, times: number): void {
    this.latency ??= new LatencyHistogramImpl();
    this.latency.record(usec, times);
  }

  resetStats(): void {
    this.calls = 0;
    this.usec = 0;
    this.rejected = 0;
    this.failed = 0;
    this.latency = undefined;
    this.sampleUsec = NOT_TIMED;
  }
}

/** The error for a word that is no subcommand of the container. */
export function unknownSubcommand(container: string, word: string): ReplyError {
  return new ReplyError(
    `ERR unknown subcommand '${untilNul(word).slice(0, QUOTED_NAME_MAX)}'. ` +
      `Try ${container.toUpperCase()} HELP.`,
  );
}

/** What a container runs when no subcommand matched. */
function refuseSubcommand(call: Call): void {
  throw unknownSubcommand(call.command.spec.name, call.args.text(1));
}

/** Resolves `name` or `name|sub`. */
function within(
  name: string,
  find: (top: string) => RegisteredCommand | undefined,
): RegisteredCommand | undefined {
  const bar = name.indexOf('|');
  if (bar < 0) return find(name);
  return find(name.slice(0, bar))?.subcommandNames?.get(name.slice(bar + 1));
}

/** Bits of the flags that are asked for while a command runs. */
export function commandBits(flags: readonly CommandFlag[]): number {
  let bits = 0;
  for (const flag of flags) bits |= FLAG_BITS[flag] ?? 0;
  return bits;
}

const FLAG_BITS: Partial<Record<CommandFlag, number>> = {
  write: CommandBit.Write,
  denyoom: CommandBit.DenyOom,
  loading: CommandBit.Loading,
  stale: CommandBit.Stale,
  no_auth: CommandBit.NoAuth,
  fast: CommandBit.Fast,
  allow_busy: CommandBit.AllowBusy,
  may_replicate: CommandBit.MayReplicate,
  pubsub: CommandBit.Pubsub,
  no_multi: CommandBit.NoMulti,
  skip_monitor: CommandBit.SkipMonitor,
  skip_slowlog: CommandBit.SkipSlowLog,
  touches_arbitrary_keys: CommandBit.TouchesArbitraryKeys,
  blocking: CommandBit.Blocking,
  admin: CommandBit.Admin,
  noscript: CommandBit.Noscript,
  readonly: CommandBit.Readonly,
};

/** All ACL categories, in the order in which Redis lists them. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;

const GROUP_CATEGORIES: Partial<Record<CommandGroup, string>> = {
  bitmap: 'bitmap',
  connection: 'connection',
  generic: 'keyspace',
  geo: 'geo',
  hash: 'hash',
  hyperloglog: 'hyperloglog',
  list: 'list',
  pubsub: 'pubsub',
  scripting: 'scripting',
  set: 'set',
  'sorted-set': 'sortedset',
  stream: 'stream',
  string: 'string',
  transactions: 'transaction',
};

/**
 * A command's ACL categories: what it declares, its group's (unless it is a mere container, or takes
 * it back with `-name`), and those of its flags.
 */
export function commandCategories(spec: CommandSpec): readonly string[] {
  const declared = spec.categories ?? [];
  const found = new Set(declared.filter((name) => !name.startsWith('-')));
  const ofGroup = spec.run === undefined ? undefined : GROUP_CATEGORIES[spec.group];
  if (ofGroup !== undefined && !declared.includes(`-${ofGroup}`)) found.add(ofGroup);
  const has = (flag: CommandFlag) => spec.flags.includes(flag);
  if (has('write')) found.add('write');
  // Scripts are no reads, even those that may not write.
  if (has('readonly') && !found.has('scripting')) found.add('read');
  if (has('admin')) found.add('admin').add('dangerous');
  if (has('pubsub')) found.add('pubsub');
  if (has('blocking')) found.add('blocking');
  found.add(has('fast') ? 'fast' : 'slow');
  return ACL_CATEGORIES.filter((name) => found.has(name));
}
