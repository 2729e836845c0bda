/**
 * SUNION, SDIFF and their STORE forms.
 *
 * A difference can be had in two ways: look for each member of the first set in all others, or
 * collect the first set and remove the members of all others from it. Which takes less is reckoned
 * from the sizes, with a bonus for the first, which allocates less.
 */
import { Kind } from '../../keyspace/kinds.js';
import { FreeSet } from '../../keyspace/set/free-set.js';
import type { KeySet } from '../../keyspace/set/key-set.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { allKeys, oneKey } from '../key-specs.js';
import { replyMembers } from './open.js';
import { openSources, type Sources, storeResult } from './sources.js';

const COMPLEXITY = 'O(N) where N is the number of members of all sets together.';
const KEYS: readonly ArgSpec[] = [{ name: 'key', type: 'key', keySpec: 0, multiple: true }];
const STORE_ARGS: readonly ArgSpec[] = [
  { name: 'destination', type: 'key', keySpec: 0 },
  { name: 'key', type: 'key', keySpec: 1, multiple: true },
];
const STORE_KEYS = [oneKey(['OW', 'update']), allKeys(['RO', 'access'], 2)];

export const sunion: CommandSpec = {
  name: 'sunion',
  summary: 'Returns the members that at least one of several sets has.',
  since: '1.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['readonly'],
  keys: [allKeys(['RO', 'access'])],
  args: KEYS,
  tips: ['nondeterministic_output_order'],
  reply: { setOf: 'bulk' },
  run(call: Call) {
    const { sets } = openSources(call, 1, call.args.count);
    if (sets.length === 1 && isWithoutRepeats(sets[0]!)) replyMembers(call, sets[0]!);
    else replyAndDispose(call, union(call, sets));
  },
};

export const sunionstore: CommandSpec = {
  name: 'sunionstore',
  summary: 'Stores the members that at least one of several sets has as a set.',
  since: '1.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: STORE_KEYS,
  args: STORE_ARGS,
  reply: 'integer',
  run(call: Call) {
    const { sets } = openSources(call, 2, call.args.count);
    storeResult(call, union(call, sets), 'sunionstore');
  },
};

export const sdiff: CommandSpec = {
  name: 'sdiff',
  summary: 'Returns the members of the first of several sets that none of the others has.',
  since: '1.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['readonly'],
  keys: [allKeys(['RO', 'access'])],
  args: KEYS,
  tips: ['nondeterministic_output_order'],
  reply: { setOf: 'bulk' },
  run(call: Call) {
    const sources = openSources(call, 1, call.args.count);
    const { sets } = sources;
    const isAlone = sets.length === 1 && sources.hasFirst && !sources.firstTwice;
    if (isAlone && isWithoutRepeats(sets[0]!)) replyMembers(call, sets[0]!);
    else replyAndDispose(call, difference(call, sources));
  },
};

export const sdiffstore: CommandSpec = {
  name: 'sdiffstore',
  summary: 'Stores the members of the first of several sets that none of the others has as a set.',
  since: '1.0.0',
  group: 'set',
  complexity: COMPLEXITY,
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: STORE_KEYS,
  args: STORE_ARGS,
  reply: 'integer',
  run(call: Call) {
    storeResult(call, difference(call, openSources(call, 2, call.args.count)), 'sdiffstore');
  },
};

function union(call: Call, sets: readonly KeySet[]): FreeSet {
  const result = new FreeSet(call.db, Kind.SetIntset);
  for (const set of sets) addAll(result, set);
  return result;
}

function difference(call: Call, sources: Sources): FreeSet {
  const { sets } = sources;
  const result = new FreeSet(call.db, Kind.SetIntset);
  if (!sources.hasFirst || sources.firstTwice) return result;
  const first = sets[0]!;
  if (Math.floor((first.size * sources.named) / 2) <= sources.members) {
    const others = sets.slice(1).sort((a, b) => b.size - a.size);
    for (first.rewind(); first.next(); ) {
      if (!isInAny(others, first)) result.add(first.buf, first.off, first.len, first.hash);
    }
    return result;
  }
  addAll(result, first);
  for (let i = 1; i < sets.length && result.size > 0; i++) removeAll(result, sets[i]!);
  return result;
}

/**
 * Whether the set can be its own union or difference. A listpack that RESTORE took without a close look
 * (`sanitize-dump-payload no`) may hold a member twice; the result of a command on sets never does.
 */
function isWithoutRepeats(set: KeySet): boolean {
  return set.kind !== Kind.SetListpack;
}

function addAll(result: FreeSet, set: KeySet): void {
  for (set.rewind(); set.next(); ) result.add(set.buf, set.off, set.len, set.hash);
}

function removeAll(result: FreeSet, set: KeySet): void {
  for (set.rewind(); set.next(); ) result.remove(set.buf, set.off, set.len, set.hash);
}

/** Whether the current member of `of` is in any of the sets. */
function isInAny(sets: readonly KeySet[], of: KeySet): boolean {
  const { buf, off, len, hash } = of;
  for (const set of sets) if (set.has(buf, off, len, hash)) return true;
  return false;
}

function replyAndDispose({ reply }: Call, result: FreeSet): void {
  reply.set(result.size);
  for (result.rewind(); result.next(); ) reply.bulk(result.buf, result.off, result.len);
  result.dispose();
}
