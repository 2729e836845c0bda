/**
 * Which arguments of a request are keys, from the command's key specs: for COMMAND GETKEYS, ACL
 * rules, cluster routing and warming.
 *
 * A key spec says where keys begin (an argument's number, or behind a keyword) and how they go on
 * (a range, or a count that is itself an argument). Where specs cannot tell, because keys or what
 * happens to them depend on the arguments' meaning (SORT … STORE, SET … GET), the command brings a
 * function of its own, `getKeys`.
 *
 * Source: https://redis.io/docs/latest/develop/reference/key-specs/
 */
import type { Args } from '../../resp/args.js';
import { clampToInt64, parseInt64 } from '../../text/int64.js';
import type { CommandDeclaration, KeyFlag, KeyPosition, KeySpec } from './declaration.js';

/** The first range of keys as old clients know it, and whether there may be keys outside of it. */
export interface LegacyKeyRange {
  /** 0: there is no range. */
  first: number;
  /** From the end, if negative. */
  last: number;
  step: number;
  movable: boolean;
}

/**
 * All keys of a request, in the order of the specs.
 * @returns empty also when the arguments are too broken to tell
 */
export function keyPositions(spec: CommandDeclaration, args: Args): readonly KeyPosition[] {
  if (hasKeySpecs(spec) && !spec.keys!.some((key) => key.flags.includes('variable_flags'))) {
    const found: KeyPosition[] = [];
    if (spec.keys!.every((key) => addPositions(key, args, found))) return found;
  }
  return spec.getKeys?.(args) ?? looselyCounted(spec.keys ?? [], args);
}

/**
 * Counted keys of a request whose count is no proper number (`2x`): the command will refuse it, but
 * Redis names the keys as C's atoi reads the count, of unknown use, the one to store to last.
 */
function looselyCounted(specs: readonly KeySpec[], args: Args): readonly KeyPosition[] {
  const counted = specs.find(({ find }) => typeof find !== 'string' && 'keyNumIndex' in find);
  if (counted === undefined) return [];
  const { begin, find } = counted as KeySpec & {
    begin: { index: number };
    find: { keyNumIndex: number; firstKey: number; step: number };
  };
  const at = begin.index + find.keyNumIndex;
  const first = begin.index + find.firstKey;
  const digits = at < args.count ? /^\s*([+-]?\d+)/.exec(args.text(at))?.[1] : undefined;
  const count = asCInt(clampToInt64(BigInt(digits ?? 0)));
  if (count < 1 || count > (args.count - first) / find.step) return [];
  const found: KeyPosition[] = [];
  addRange(first, first + (count - 1) * find.step, find.step, [], found);
  const destination = specs.find((spec) => spec !== counted)?.begin;
  if (typeof destination === 'object' && 'index' in destination) {
    found.push({ index: destination.index, flags: [] });
  }
  return found;
}

/** Whether a command has keys at all (arguments that merely look like keys don't count). */
export function takesKeys(spec: CommandDeclaration): boolean {
  return spec.getKeys !== undefined || hasKeySpecs(spec);
}

function hasKeySpecs(spec: CommandDeclaration): boolean {
  return spec.keys?.some((key) => !key.flags.includes('not_key')) ?? false;
}

/** @returns false when the spec doesn't fit these arguments, or may have missed some keys */
function addPositions(key: KeySpec, args: Args, found: KeyPosition[]): boolean {
  if (key.flags.includes('not_key')) return true;
  if (key.begin === 'unknown' || key.find === 'unknown') return false;
  const begin = 'index' in key.begin ? key.begin.index : behindKeyword(key.begin, args);
  if (begin === 0) return true;
  let first = begin;
  let last: number;
  if ('lastKey' in key.find) last = lastOfRange(begin, key.find, args.count);
  else {
    const keys = countAt(begin + key.find.keyNumIndex, args);
    if (keys < 0) return false;
    first += key.find.firstKey;
    last = first + keys - 1;
  }
  if (last >= args.count || last < first) return false;
  addRange(first, last, key.find.step, key.flags, found);
  return !key.flags.includes('incomplete');
}

function addRange(
  first: number,
  last: number,
  step: number,
  flags: readonly KeyFlag[],
  found: KeyPosition[],
): void {
  for (let index = first; index <= last; index += step) found.push({ index, flags });
}

/** The argument behind a keyword, searched from the front, or from the end if `from` is negative. */
function behindKeyword(begin: { keyword: string; from: number }, args: Args): number {
  const forwards = begin.from > 0;
  let i = forwards ? begin.from : args.count + begin.from;
  // A keyword in the first or last place has no key beside it.
  for (; i < args.count - 1 && i >= (forwards ? 1 : 2); i += forwards ? 1 : -1) {
    if (args.is(i, begin.keyword)) return i + 1;
  }
  return 0;
}

function lastOfRange(
  first: number,
  range: { lastKey: number; limit: number },
  count: number,
): number {
  if (range.lastKey >= 0) return first + range.lastKey;
  if (range.limit === 0) return count + range.lastKey;
  return first + Math.trunc((count - first) / range.limit) + range.lastKey;
}

/** The number in argument `i`, negative if there is none. */
function countAt(i: number, args: Args): number {
  if (i >= args.count) return -1;
  const n = parseInt64(args.buf, args.off(i), args.len(i));
  return n === undefined || n < 0n ? -1 : asCInt(n);
}

/** Redis counts keys in an int of C, which a greater number has wrap around. */
function asCInt(n: bigint): number {
  return Number(BigInt.asIntN(32, n));
}

/**
 * What COMMAND INFO says in three numbers: the ranges at fixed places, joined as long as one follows
 * the other.
 */
export function legacyKeyRange(keys: readonly KeySpec[] = []): LegacyKeyRange {
  const range: LegacyKeyRange = { first: 0, last: 0, step: 0, movable: false };
  for (const key of keys) {
    range.movable ||= key.flags.includes('incomplete');
    if (!isFixedRange(key)) {
      range.movable = true;
      continue;
    }
    const { index } = key.begin;
    const { lastKey, step } = key.find;
    const alone = keys.length === 1;
    if (!alone && (step !== 1 || (range.last !== 0 && range.last !== index - 1))) {
      range.movable = true;
      continue;
    }
    if (range.first === 0) range.first = index;
    range.last = lastKey >= 0 ? lastKey + index : lastKey;
    range.step = step;
  }
  return range;
}

function isFixedRange(key: KeySpec): key is KeySpec & {
  begin: { index: number };
  find: { lastKey: number; step: number; limit: number };
} {
  return (
    typeof key.begin !== 'string' &&
    'index' in key.begin &&
    typeof key.find !== 'string' &&
    'lastKey' in key.find
  );
}
