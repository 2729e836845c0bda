/** What SINTER, SUNION, SDIFF and their STORE forms share: many sets in, one set out. */
import { EventClass } from '../../keyspace/events.js';
import { Kind, KindSet } from '../../keyspace/kinds.js';
import type { FreeSet } from '../../keyspace/set/free-set.js';
import type { KeySet } from '../../keyspace/set/key-set.js';
import type { Call } from '../../server/api/call.js';
import { deleteDestination } from '../delete-destination.js';
import { view } from './open.js';

export interface Sources {
  /** The sets that there are, each key once, in the order of the arguments. */
  readonly sets: KeySet[];
  /** Whether a key has no set: an empty one. */
  readonly someMissing: boolean;
  /** Whether the first key has a set. */
  readonly hasFirst: boolean;
  /** Whether the first key is named once more. */
  readonly firstTwice: boolean;
  /** Keys that have a set, and members of these; what is named twice is counted twice. */
  readonly named: number;
  readonly members: number;
}

/** Looks up the sets of arguments `from` to `end` - 1. @throws WRONGTYPE */
export function openSources(call: Call, from: number, end: number): Sources {
  const entries: number[] = [];
  // All lookups first: one may remove a key that is due.
  for (let i = from; i < end; i++) entries.push(call.readKind(i, KindSet.Set));
  const first = entries[0]!;
  const sets: KeySet[] = [];
  let named = 0;
  let members = 0;
  for (const e of entries) {
    if (e === 0) continue;
    let set = sets.find((known) => known.entry === e);
    if (set === undefined) {
      set = view(sets.length).attach(call.db, e);
      sets.push(set);
    }
    named++;
    members += set.size;
  }
  return {
    sets,
    someMissing: named < entries.length,
    hasFirst: first !== 0,
    firstTwice: first !== 0 && entries.lastIndexOf(first) > 0,
    named,
    members,
  };
}

/** Stores the result at argument 1 (an empty one deletes it), replies its size, and tells. */
export function storeResult(call: Call, result: FreeSet, event: string): void {
  const { size } = result;
  if (size === 0) {
    result.dispose();
    storeNothing(call);
    return;
  }
  const { buf, off, len } = result.bytes.range;
  if (result.kind === Kind.SetDict) call.putObject(1, Kind.SetDict, result.table!);
  else call.putRaw(1, result.kind, buf, off, len);
  call.reply.int(size);
  call.changed(1, EventClass.Set, event);
}

/** The result is empty: deletes argument 1, whatever it is. */
export function storeNothing(call: Call): void {
  deleteDestination(call, 1);
  call.reply.int(0);
}
