/** A command of one server: its declaration, what derives from it, and its counters. */
import type { CommandDeclaration } from './declaration.js';

export interface Command {
  readonly spec: CommandDeclaration;
  /** `get`, or `client|list` for a subcommand. */
  readonly fullName: string;
  readonly parent: Command | undefined;
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
  /** `arity` as limits. */
  readonly minArgs: number;
  readonly maxArgs: number;
  /** Bits of CommandBit. */
  readonly bits: number;
  /** The first range of keys, for warming: argument numbers as COMMAND INFO has them (0: none). */
  readonly keyFirst: number;
  readonly keyLast: number;
  readonly keyStep: number;
  /** Members of the collection at argument 1, for warming: the first argument (0: none), the step. */
  readonly memberFirst: number;
  readonly memberStep: number;
  /** Whether there may be keys outside of that range. */
  readonly movableKeys: boolean;
  /** ACL categories without `@`, sorted as Redis lists them. */
  readonly categories: readonly string[];
  /** Its number among all commands and subcommands of the server. */
  readonly id: number;
  // Counters, for INFO commandstats.
  calls: number;
  usec: number;
  rejected: number;
  failed: number;
  /** Calls by latency; undefined until the first. */
  latency: LatencyHistogram | undefined;
}

export interface LatencyHistogram {
  readonly count: number;
  /** @param percentile 0 to 100 @returns microseconds */
  percentile(percentile: number): number;
  /** How many calls took at most so long, at powers of two where that grows. */
  cumulative(): readonly { readonly usec: number; readonly count: number }[];
}

/** Flags that are asked for while a command runs, as bits. */
export const CommandBit = {
  Write: 1 << 0,
  DenyOom: 1 << 1,
  Loading: 1 << 2,
  Stale: 1 << 3,
  NoAuth: 1 << 4,
  Fast: 1 << 5,
  AllowBusy: 1 << 6,
  MayReplicate: 1 << 7,
  Pubsub: 1 << 8,
  NoMulti: 1 << 9,
  SkipMonitor: 1 << 10,
  Blocking: 1 << 11,
  Admin: 1 << 12,
  Noscript: 1 << 13,
  Readonly: 1 << 14,
  SkipSlowLog: 1 << 15,
  TouchesArbitraryKeys: 1 << 16,
} as const;

export interface CommandTable {
  /** Top-level commands in order of registration. */
  readonly all: readonly Command[];
  /** By name in any case: `get`, `client|list`. */
  byName(name: string): Command | undefined;
  resetStats(): void;
}
