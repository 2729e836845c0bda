/**
 * Looking at the sets of a command's keys.
 *
 * A KeySet is a view, which needs no memory of the set's own size; a few are kept and used again, so
 * that a command on one set allocates nothing.
 */
import { EMPTY_INTSET } from '../../datastructs/intset.js';
import { Kind, KindSet } from '../../keyspace/kinds.js';
import { DictSet } from '../../keyspace/set/dict-set.js';
import { KeySet } from '../../keyspace/set/key-set.js';
import { EMPTY_LISTPACK } from '../../keyspace/set/set-value.js';
import type { Call } from '../../server/api/call.js';
import { isInt64 } from '../../text/int64.js';

/** Views kept for commands on many keys. */
const VIEWS_MAX = 64;
/** What they look at means nothing between calls. */
const views: KeySet[] = [];

/** A view, one for each number; what it looked at before is to be attached. */
export function view(number: number): KeySet {
  const kept = views[number];
  if (kept !== undefined) return kept;
  const fresh = new KeySet();
  if (number < VIEWS_MAX) views[number] = fresh;
  return fresh;
}

/** The set at argument `i`, for reading; undefined if there is none. @throws WRONGTYPE */
export function readSet(call: Call, i: number): KeySet | undefined {
  const e = call.readKind(i, KindSet.Set);
  return e === 0 ? undefined : view(0).attach(call.db, e);
}

/** The set at argument `i`, to be changed; undefined if there is none. @throws WRONGTYPE */
export function writeSet(call: Call, i: number): KeySet | undefined {
  const e = call.writeKind(i, KindSet.Set);
  return e === 0 ? undefined : view(0).attach(call.db, e);
}

/**
 * Makes an empty set under argument `i`, which has no entry, in the encoding that suits its first
 * member.
 * @param member which argument that is @param count members to be expected
 */
export function createSet(call: Call, i: number, member: number, count: number): KeySet {
  const { args, db } = call;
  const { limits } = db;
  const isInteger = isInt64(args.buf, args.off(member), args.len(member));
  let e: number;
  if (isInteger && count <= limits.setMaxIntsetEntries) {
    e = call.addRaw(i, Kind.SetIntset, EMPTY_INTSET, 0, EMPTY_INTSET.length);
  } else if (count <= limits.setMaxListpackEntries) {
    e = call.addRaw(i, Kind.SetListpack, EMPTY_LISTPACK, 0, EMPTY_LISTPACK.length);
  } else {
    e = call.addObject(i, Kind.SetDict, DictSet.create(db.arena, db.hasher, count));
  }
  return view(0).attach(db, e);
}

/** Replies all members. */
export function replyMembers(call: Call, set: KeySet): void {
  const { reply } = call;
  reply.set(set.size);
  for (set.rewind(); set.next(); ) reply.bulk(set.buf, set.off, set.len);
}
