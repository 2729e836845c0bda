/**
 * How hash commands get at their hash: one window (keyspace/hash/hash-fields.ts) that is opened on
 * the key of argument 1. What it shows means nothing between two commands.
 *
 * A field whose deadline has passed is not there for any command but HLEN, HDEL and HSET, and is
 * removed when one of the others meets it, with the hash if it was the last.
 */
import { dropDueField, tellExpired } from '../../keyspace/hash/expire-fields.js';
import { HashFields } from '../../keyspace/hash/hash-fields.js';
import { KindSet } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec } from '../../server/api/command.js';

export const FIELDS = new HashFields();

export const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
export const FIELD: ArgSpec = { name: 'field', type: 'string' };
export const FIELD_LIST: ArgSpec = { name: 'field', type: 'string', multiple: true };
export const VALUE: ArgSpec = { name: 'value', type: 'string' };
/** Which arguments are fields, for warming: see MemberWarmer. */
export const ONE_FIELD = { first: 2, step: 1 << 20 };
export const FIELDS_FROM_SECOND = { first: 2, step: 1 };
export const PAIRS_FROM_SECOND = { first: 2, step: 2 };

/** `field value [field value …]` */
export const DATA: ArgSpec = { name: 'data', type: 'block', multiple: true, args: [FIELD, VALUE] };

/** Opens the hash for reading. @returns whether there is one @throws ReplyError */
export function openForRead(call: Call): boolean {
  const e = call.readKind(1, KindSet.Hash);
  if (e !== 0) FIELDS.open(call.db, e);
  return e !== 0;
}

/** Opens the hash for a change. @returns whether there is one @throws ReplyError */
export function openForWrite(call: Call): boolean {
  const e = call.writeKind(1, KindSet.Hash);
  if (e !== 0) FIELDS.open(call.db, e);
  return e !== 0;
}

/** Opens the hash for a change, or begins one; `keep` has to follow. @throws ReplyError */
export function openOrBegin(call: Call): void {
  if (!openForWrite(call)) FIELDS.begin(call.db);
}

/** Has the changed hash accounted for, and gives one that was begun its key. */
export function keep(call: Call): void {
  if (FIELDS.entry !== 0) {
    FIELDS.settle();
  } else if (FIELDS.table !== undefined) {
    FIELDS.entry = call.addObject(1, FIELDS.kind, FIELDS.table);
  } else {
    const { buf, off, len } = FIELDS.begun.range;
    FIELDS.entry = call.addRaw(1, FIELDS.kind, buf, off, len);
  }
}

/** What `meet` has found. */
export const Met = { None: 0, Live: 1, Dropped: 2 } as const;

/** Looks for the field of argument `i`; one that is due is removed. @returns whether it is there */
export function findLive(call: Call, i: number): boolean {
  const met = meet(call, i);
  if (met === Met.Dropped) tellExpired(call.keyspace, FIELDS);
  return met === Met.Live;
}

/**
 * As `findLive`, for one of many fields: if one of them was dropped, `tellExpired` has to follow.
 * @returns one of Met
 */
export function meet(call: Call, i: number): number {
  if (!find(call, i)) return Met.None;
  if (!FIELDS.isDue(call.now) || call.keepsDue) return Met.Live;
  return dropDueField(call.keyspace, FIELDS) ? Met.Dropped : Met.None;
}

/** Looks for the field of argument `i`, due or not. */
export function find(call: Call, i: number): boolean {
  const { args } = call;
  const at = args.base + i;
  return FIELDS.find(args.buf, args.offs[at]!, args.lens[at]!, args.hashes[at]!);
}

/** Sets the field of argument `i` to the value of the next one. @returns whether it is new */
export function setField(call: Call, i: number): boolean {
  const { buf, offs, lens, hashes, base } = call.args;
  const f = base + i;
  const v = f + 1;
  return FIELDS.set(buf, offs[f]!, lens[f]!, buf, offs[v]!, lens[v]!, hashes[f]!);
}

export function replyField(call: Call): void {
  call.reply.bulk(FIELDS.field, FIELDS.fieldOff, FIELDS.fieldLen);
}

export function replyValue(call: Call): void {
  call.reply.bulk(FIELDS.value, FIELDS.valueOff, FIELDS.valueLen);
}
