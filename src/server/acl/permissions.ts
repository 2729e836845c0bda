/**
 * Whether a user may run a command, on the keys and channels among its arguments.
 *
 * This is on the path of every command of a user that may not do everything, so it makes no strings
 * and, for commands with keys at fixed places, no objects: what the key specs say is turned once per
 * command into a few numbers (KeyPlan), and what they need into bits. For the other commands, whose
 * arguments must be understood first (SET … GET, SORT … STORE), the keys are found the general way.
 *
 *     GET        { first 1, last 1, step 1, needs Read }
 *     COPY       { first 1, …, needs Read }, { first 2, …, needs Write }
 *
 * If no selector allows the command, one reason is told: the command, if all of them lack it; else
 * the key or channel that came furthest.
 */
import type { Args } from '../../resp/args.js';
import { untilNul } from '../../text/c-string.js';
import type { DenialReason } from '../api/acl.js';
import { type Command, CommandBit } from '../api/command-table.js';
import type { ChannelSpec, KeyFlag, KeyPosition, KeySpec } from '../api/declaration.js';
import { keyPositions, takesKeys } from '../api/keys.js';
import { Permission } from './patterns.js';
import type { Selector } from './selector.js';
import type { User } from './user.js';

/** Outcomes, by how much they tell. */
const ALLOWED = 0;
const DENIED_COMMAND = 1;
const DENIED_KEY = 2;
const DENIED_CHANNEL = 3;

/** Where some of a command's keys are, and what it needs to do with them. */
interface KeyRange {
  readonly first: number;
  /** From `first` on; negative: from the end. */
  readonly lastKey: number;
  readonly step: number;
  readonly needs: number;
}

interface KeyPlan {
  readonly takesKeys: boolean;
  /** Undefined: to be found the general way. */
  readonly ranges: readonly KeyRange[] | undefined;
  /** Only if it uses channels; to leave one is always allowed. */
  readonly channels: ChannelSpec | undefined;
}

export class Permissions {
  /** Of the last refusal: why, and the argument that it is about (0 for the command). */
  reason: DenialReason = 'command';
  deniedArg = 0;
  private readonly plans: (KeyPlan | undefined)[] = [];
  /** Keys that were found the general way for the command that is being checked. */
  private positions: readonly KeyPosition[] | undefined;

  /** Whether the user may run this. Else `reason` and `deniedArg` say why not. */
  allows(user: User, command: Command, args: Args): boolean {
    this.positions = undefined;
    let worst = DENIED_COMMAND;
    let worstArg = 0;
    for (const selector of user.selectors) {
      const denied = this.check(selector, command, args);
      if (denied === ALLOWED) return true;
      if (denied > worst || (denied === worst && this.deniedArg > worstArg)) {
        worst = denied;
        worstArg = this.deniedArg;
      }
    }
    this.reason = worst === DENIED_COMMAND ? 'command' : worst === DENIED_KEY ? 'key' : 'channel';
    this.deniedArg = worstArg;
    return false;
  }

  /** Whether one selector allows the command, and to do this to all keys there may be. */
  allowsWithAllKeys(user: User, command: Command, args: Args, needs: number): boolean {
    this.positions = undefined;
    return user.selectors.some(
      (selector) => this.check(selector, command, args) === ALLOWED && selector.hasAllKeys(needs),
    );
  }

  /** Sets `deniedArg`, unless it is the command that is denied. */
  private check(selector: Selector, command: Command, args: Args): number {
    if (!allowsCommand(selector, command, args)) {
      this.deniedArg = 0;
      return DENIED_COMMAND;
    }
    const plan = this.plans[command.id] ?? this.plan(command);
    if (!selector.allKeys && plan.takesKeys) {
      this.deniedArg = this.deniedKey(selector, plan, command, args);
      if (this.deniedArg > 0) return DENIED_KEY;
    }
    if (!selector.allChannels && plan.channels !== undefined) {
      this.deniedArg = deniedChannel(selector, plan.channels, args);
      if (this.deniedArg > 0) return DENIED_CHANNEL;
    }
    return ALLOWED;
  }

  private plan(command: Command): KeyPlan {
    const { channels } = command.spec;
    const plan = {
      takesKeys: takesKeys(command.spec),
      ranges: fixedRanges(command.spec.keys ?? []),
      channels: channels?.use === 'unsubscribe' ? undefined : channels,
    };
    this.plans[command.id] = plan;
    return plan;
  }

  /** @returns the first argument that is a key which may not be used so; 0 if there is none */
  private deniedKey(selector: Selector, plan: KeyPlan, command: Command, args: Args): number {
    const { ranges } = plan;
    if (ranges !== undefined && allFit(ranges, args.count)) {
      for (let r = 0; r < ranges.length; r++) {
        const { first, step, needs } = ranges[r]!;
        const last = lastOf(ranges[r]!, args.count);
        for (let i = first; i <= last; i += step) {
          if (!allowsKey(selector, args, i, needs)) return i;
        }
      }
      return 0;
    }
    this.positions ??= keyPositions(command.spec, args);
    for (const { index, flags } of this.positions) {
      if (!allowsKey(selector, args, index, needsOf(flags))) return index;
    }
    return 0;
  }
}

function allowsCommand(selector: Selector, command: Command, args: Args): boolean {
  if (selector.allCommands || selector.allowed[command.id] === 1) return true;
  if ((command.bits & CommandBit.NoAuth) !== 0) return true;
  const words = selector.firstArgs.get(command.id);
  return words !== undefined && args.count > 1 && words.has(untilNul(args.text(1)).toLowerCase());
}

function allowsKey(selector: Selector, args: Args, i: number, needs: number): boolean {
  const { keys } = selector;
  const off = args.off(i);
  const len = args.len(i);
  for (let k = 0; k < keys.length; k++) {
    const pattern = keys[k]!;
    if ((pattern.permissions & needs) === needs && pattern.matches(args.buf, off, len)) return true;
  }
  return false;
}

/** Channels match a pattern; a pattern of channels must be one of the user's patterns, literally. */
function deniedChannel({ channels }: Selector, spec: ChannelSpec, args: Args): number {
  const last = spec.last < 0 ? args.count + spec.last : Math.min(spec.last, args.count - 1);
  for (let i = spec.first; i <= last; i++) {
    const isAllowed = spec.isPattern
      ? channels.some(({ text }) => text === args.text(i))
      : channels.some((pattern) => pattern.matches(args.buf, args.off(i), args.len(i)));
    if (!isAllowed) return i;
  }
  return 0;
}

/** What must be permitted to use a key so, as bits of Permission. */
function needsOf(flags: readonly KeyFlag[]): number {
  let needs = 0;
  for (const flag of flags) {
    if (flag === 'access') needs |= Permission.Read;
    else if (flag === 'insert' || flag === 'delete' || flag === 'update') needs |= Permission.Write;
  }
  return needs;
}

/** The keys as ranges, if the specs say all of them by their places alone. */
function fixedRanges(specs: readonly KeySpec[]): readonly KeyRange[] | undefined {
  const ranges: KeyRange[] = [];
  for (const { begin, find, flags } of specs) {
    if (flags.includes('not_key')) continue;
    if (flags.includes('variable_flags') || flags.includes('incomplete')) return undefined;
    if (begin === 'unknown' || find === 'unknown') return undefined;
    if (!('index' in begin) || !('lastKey' in find)) return undefined;
    if (find.limit !== 0) return undefined;
    const { lastKey, step } = find;
    ranges.push({ first: begin.index, lastKey, step, needs: needsOf(flags) });
  }
  return ranges;
}

function lastOf({ first, lastKey }: KeyRange, count: number): number {
  return lastKey >= 0 ? first + lastKey : count + lastKey;
}

/** Whether there are arguments for all ranges; if not, specs tell nothing. */
function allFit(ranges: readonly KeyRange[], count: number): boolean {
  for (let r = 0; r < ranges.length; r++) {
    const last = lastOf(ranges[r]!, count);
    if (last >= count || last < ranges[r]!.first) return false;
  }
  return true;
}
