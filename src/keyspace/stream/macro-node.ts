/**
 * A macro node's listpack, in the format that RDB files carry too: a master entry that the others
 * refer to, then the entries.
 *
 *     master   | count | deleted | fields | field 1 | … | field N | 0 |
 *     entry    | flags | ms | seq | fields | field 1 | value 1 | … | field N | value N | lp-count |
 *     same     | flags | ms | seq | value 1 | … | value N | lp-count |
 *
 * `count` and `deleted` are the entries in the node by whether they still count: a deleted entry is
 * only marked. `ms` and `seq` are differences to the node's key, the ID of its first entry, whose
 * fields are the master's. An entry with these very fields has a flag that says so and leaves them
 * out: a stream of records repeats no field name. `lp-count` is the number of elements before it in
 * the entry, so that one can walk backwards; the master's stands for "no more".
 *
 * Source: https://github.com/redis/redis/blob/7.2/src/t_stream.c (the layout)
 */
import type { Listpack } from '../../datastructs/listpack.js';
import type { StreamId } from './stream-id.js';

/** Bits of an entry's flags. */
export const DELETED = 1 << 0;
export const SAME_FIELDS = 1 << 1;

/** Elements of an entry besides fields and values, lp-count not counted. */
const FIXED_ELEMENTS = 3;
/** Bytes of an entry's elements at most, fields and values left out: two of them may be long. */
export const FIXED_OVERHEAD = 2 + 10 + 10 + 6 + 6;

/** Bytes that a field or value takes at most besides its own. */
export function elementOverhead(length: number): number {
  return length < 64 ? 2 : length < 4096 ? 4 : 10;
}

/** Fields and values of an entry to be added, as arguments of a request: field, value, field, … */
export interface EntrySource {
  readonly buf: Uint8Array;
  readonly offs: Int32Array;
  readonly lens: Int32Array;
  /** Number of the first field in `offs` and `lens`. */
  readonly at: number;
  /** Number of pairs. */
  readonly fields: number;
}

/** Appends the master entry, within `beginAppend` and `endAppend`; one entry must follow. */
export function putMaster(lp: Listpack, entry: EntrySource): void {
  lp.putInteger(1);
  lp.putInteger(0);
  lp.putInteger(entry.fields);
  for (let i = 0; i < entry.fields; i++) put(lp, entry, 2 * i);
  lp.putInteger(0);
}

/** What `countIn` answers instead of flags: the node has as many entries as it may. */
export const FULL = -1;

/**
 * Counts an entry that is about to be appended, in one walk over the master entry.
 * @param maxEntries of the node, deleted ones included; 0: no limit
 * @returns the entry's flags: SAME_FIELDS if it has the master's fields in the same order; or FULL
 */
export function countIn(lp: Listpack, entry: EntrySource, maxEntries: number): number {
  const { fields } = entry;
  const first = lp.first();
  const live = lp.integer(first);
  let p = lp.next(first);
  if (maxEntries !== 0 && live + lp.integer(p) >= maxEntries) return FULL;
  p = lp.next(p);
  let flags = lp.integer(p) === fields ? SAME_FIELDS : 0;
  for (let i = 0; i < fields && flags !== 0; i++) {
    p = lp.next(p);
    const at = entry.at + 2 * i;
    if (!lp.is(p, entry.buf, entry.offs[at]!, entry.lens[at]!)) flags = 0;
  }
  lp.replaceByInteger(first, live + 1);
  return flags;
}

/** Appends an entry, within `beginAppend` and `endAppend`. @param base the node's key */
export function putEntry(
  lp: Listpack,
  id: StreamId,
  base: StreamId,
  entry: EntrySource,
  flags: number,
): void {
  const { fields } = entry;
  lp.putInteger(flags);
  const ms = id.msSince(base);
  if (Number.isNaN(ms)) putBig(lp, id.msExact - base.msExact);
  else lp.putInteger(ms);
  const seq = id.seqSince(base);
  if (Number.isNaN(seq)) putBig(lp, id.seqExact - base.seqExact);
  else lp.putInteger(seq);
  if ((flags & SAME_FIELDS) !== 0) {
    for (let i = 0; i < fields; i++) put(lp, entry, 2 * i + 1);
    lp.putInteger(FIXED_ELEMENTS + fields);
    return;
  }
  lp.putInteger(fields);
  for (let i = 0; i < 2 * fields; i++) put(lp, entry, i);
  lp.putInteger(FIXED_ELEMENTS + 1 + 2 * fields);
}

/** Entries that count. */
export function liveCount(lp: Listpack): number {
  return lp.integer(lp.first());
}

/** Entries that are marked as deleted. */
export function deletedCount(lp: Listpack): number {
  return lp.integer(lp.next(lp.first()));
}

/** Changes the number of entries that count, and of those that are marked as deleted. */
export function changeCounts(lp: Listpack, live: number, deleted: number): void {
  if (live !== 0) lp.replaceByInteger(lp.first(), liveCount(lp) + live);
  if (deleted !== 0) {
    const p = lp.next(lp.first());
    lp.replaceByInteger(p, lp.integer(p) + deleted);
  }
}

/** Position of the master entry's number of fields. */
export function fieldCountAt(lp: Listpack): number {
  return lp.next(lp.next(lp.first()));
}

/** Reads the ID of an entry whose ms difference is at `p`. @param base the node's key */
export function readId(lp: Listpack, p: number, base: StreamId, id: StreamId): void {
  const seqAt = lp.next(p);
  if (id.setSince(base, lp.integer(p), lp.integer(seqAt))) return;
  id.setMs(base.msExact + lp.integer64(p));
  id.setSeq(base.seqExact + lp.integer64(seqAt));
}

function put(lp: Listpack, entry: EntrySource, i: number): void {
  const at = entry.at + i;
  lp.put(entry.buf, entry.offs[at]!, entry.lens[at]!);
}

function putBig(lp: Listpack, difference: bigint): void {
  const digits = Buffer.from(BigInt.asIntN(64, difference).toString(), 'latin1');
  lp.put(digits, 0, digits.length);
}
