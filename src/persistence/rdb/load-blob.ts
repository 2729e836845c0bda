/**
 * Reads values that are one string in the file: strings themselves, and small collections in one of
 * the compact encodings. The old encodings become listpacks; what has more members than the
 * configuration allows of its encoding becomes a table, as when Redis loads it.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { Intset } from '../../datastructs/intset.js';
import { Listpack } from '../../datastructs/listpack.js';
import { writeWord } from '../../datastructs/words.js';
import { FIELD_SLOT_BYTES } from '../../keyspace/hash/hash-fields.js';
import { HashTable } from '../../keyspace/hash/hash-table.js';
import { Kind } from '../../keyspace/kinds.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { DictSet } from '../../keyspace/set/dict-set.js';
import { maxIntset } from '../../keyspace/set/set-value.js';
import { ZsetSkiplist } from '../../keyspace/zset/zset-skiplist.js';
import { parseDouble } from '../../text/double.js';
import { checkIntset, checkListpack } from './check-listpack.js';
import { RdbType } from './format.js';
import type { RdbInput, StringSlot } from './input.js';
import type { LoadContext } from './load-context.js';
import { FIELD_DEADLINE_MAX, finishHash } from './load-hash.js';
import { ListLoader } from './load-list.js';
import { type ElementReader, ZiplistReader, ZipmapReader } from './old-blobs.js';

const PAIR = 2;
const TRIPLET = 3;
/** Instead of a slot number before the listpack of a hash with deadlines: it has none yet. */
const NO_SLOT = -1;
const BAD_SET = 'Set listpack integrity check failed.';
const BAD_ZSET = 'Zset listpack integrity check failed.';
const BAD_HASH = 'Hash listpack integrity check failed.';

/** Whether values of this type are one string. */
export function isBlob(type: number): boolean {
  return ((BLOBS >>> type) & 1) !== 0;
}

const BLOBS =
  (1 << RdbType.String) |
  (1 << RdbType.HashZipmap) |
  (1 << RdbType.ListZiplist) |
  (1 << RdbType.SetIntset) |
  (1 << RdbType.ZsetZiplist) |
  (1 << RdbType.HashZiplist) |
  (1 << RdbType.HashListpack) |
  (1 << RdbType.ZsetListpack) |
  (1 << RdbType.SetListpack) |
  (1 << RdbType.HashListpackEx) |
  (1 << RdbType.HashListpackExPreGa);

/** Makes a value of a string that was read. @throws RdbFault */
export function loadBlob(
  type: number,
  input: RdbInput,
  { buf, off, len }: StringSlot,
  context: LoadContext,
  value: LooseValue,
): void {
  switch (type) {
    case RdbType.String:
      value.setBytes(Kind.StringRaw, buf, off, len);
      return;
    case RdbType.SetIntset:
      loadIntset(input, buf, off, len, context, value);
      return;
    case RdbType.SetListpack:
      loadSet(input, buf, off, len, context, value);
      return;
    case RdbType.ZsetListpack:
      loadZset(input, buf, off, len, context, value);
      return;
    case RdbType.HashListpack:
      loadHash(input, buf, off, len, context, value);
      return;
    case RdbType.HashListpackEx:
    case RdbType.HashListpackExPreGa:
      loadTimedHash(input, buf, off, len, context, value);
      return;
    case RdbType.ListZiplist:
      loadListZiplist(input, buf, off, len, context, value);
      return;
    default:
      loadOldPairs(type, input, buf, off, len, context, value);
  }
}

function loadIntset(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  { db }: LoadContext,
  value: LooseValue,
): void {
  const count = checkIntset(buf, off, len);
  if (count <= 0) throw input.fault('Intset integrity check failed.');
  if (count <= maxIntset(db)) {
    value.setBytes(Kind.SetIntset, buf, off, len);
    return;
  }
  const store = new HeapBytes();
  store.range.buf = buf;
  store.range.off = off;
  store.range.len = len;
  const intset = new Intset(store);
  const table = DictSet.create(db.arena, db.hasher, count);
  for (let i = 0; i < count; i++) {
    intset.read(i);
    table.add(intset.buf, intset.off, intset.len, 0);
  }
  value.setObject(Kind.SetDict, table);
}

function loadSet(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): void {
  const { db } = context;
  const count = checked(input, buf, off, len, 1, context, BAD_SET);
  if (count <= db.limits.setMaxListpackEntries) {
    value.setBytes(count === 0 ? Kind.None : Kind.SetListpack, buf, off, len);
    return;
  }
  const lp = context.listpack(buf, off, len);
  const table = DictSet.create(db.arena, db.hasher, count);
  value.setObject(Kind.SetDict, table);
  for (let p = lp.first(); p !== 0; p = lp.next(p)) {
    lp.read(p);
    if (!table.add(lp.buf, lp.off, lp.len, 0)) throw input.fault(BAD_SET);
  }
}

function loadZset(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): void {
  const { db } = context;
  const count = checked(input, buf, off, len, PAIR, context, BAD_ZSET) / PAIR;
  const lp = context.listpack(buf, off, len);
  for (let p = lp.first(); p !== 0; p = lp.next(lp.next(p))) {
    if (Number.isNaN(scoreAt(lp, lp.next(p)))) throw input.fault('Zset with NAN score detected');
  }
  if (count <= db.limits.zsetMaxListpackEntries) {
    value.setBytes(count === 0 ? Kind.None : Kind.ZsetListpack, buf, off, len);
    return;
  }
  const zset = ZsetSkiplist.create(db.arena, db.hasher, count);
  value.setObject(Kind.ZsetSkiplist, zset);
  for (let p = lp.first(); p !== 0; p = lp.next(lp.next(p))) {
    const score = scoreAt(lp, lp.next(p));
    lp.read(p);
    if (zset.find(lp.buf, lp.off, lp.len) !== 0) throw input.fault(BAD_ZSET);
    zset.add(lp.buf, lp.off, lp.len, score);
  }
}

function scoreAt(lp: Listpack, p: number): number {
  if (lp.isInteger(p)) return lp.integer(p);
  lp.read(p);
  return parseDouble(lp.buf, lp.off, lp.len);
}

function loadHash(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): void {
  const { db } = context;
  const count = checked(input, buf, off, len, PAIR, context, BAD_HASH) / PAIR;
  if (count <= db.limits.hashMaxListpackEntries) {
    value.setBytes(count === 0 ? Kind.None : Kind.HashListpack, buf, off, len);
    return;
  }
  tableOf(input, context.listpack(buf, off, len), context, value);
}

/** Makes a hash of pairs that are beyond the limits of a listpack. */
function tableOf(input: RdbInput, lp: Listpack, context: LoadContext, value: LooseValue): void {
  const { db, hash, first } = context;
  hash.begin(db).expect(lp.count / PAIR);
  for (let p = lp.first(); p !== 0; p = lp.next(p)) {
    lp.read(p);
    // The value is read next, and may want the same room for its digits.
    const field = first.room(lp.len);
    field.set(lp.buf.subarray(lp.off, lp.off + lp.len));
    const fieldLen = lp.len;
    p = lp.next(p);
    lp.read(p);
    if (!hash.set(field, 0, fieldLen, lp.buf, lp.off, lp.len)) {
      if (hash.table !== undefined) db.discard(hash.table.dispose());
      throw input.fault(BAD_HASH);
    }
  }
  finishHash(context, value);
}

/** A listpack of field, value, time: in rising order of the times, and those without one (0) last. */
function loadTimedHash(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): void {
  const { db } = context;
  const count = checked(input, buf, off, len, TRIPLET, context, BAD_HASH) / TRIPLET;
  if (count === 0) {
    value.setNothing();
    return;
  }
  const lp = context.listpack(buf, off, len);
  const due = checkTimes(input, lp);
  if (count <= db.limits.hashMaxListpackEntries) {
    const bytes = new Uint8Array(FIELD_SLOT_BYTES + len);
    writeWord(bytes, 0, NO_SLOT);
    bytes.set(buf.subarray(off, off + len), FIELD_SLOT_BYTES);
    value.setBytes(Kind.HashListpackEx, bytes, 0, bytes.length);
  } else value.setObject(Kind.HashDictEx, timedTable(input, lp, context, count));
  value.fieldsDue = due;
}

/** @returns the first time, infinite if there is none */
function checkTimes(input: RdbInput, lp: Listpack): number {
  let first = 0;
  let before = 0;
  let isFirst = true;
  for (let p = lp.first(); p !== 0; p = lp.next(p)) {
    p = lp.next(lp.next(p));
    const time = lp.isInteger(p) ? lp.integer(p) : Number.NaN;
    const isRising = time === 0 || (time >= before && (isFirst || before !== 0));
    if (!isRising || !(time >= 0 && time <= FIELD_DEADLINE_MAX)) {
      throw input.fault(BAD_HASH);
    }
    if (isFirst) first = time;
    isFirst = false;
    before = time;
  }
  return first === 0 ? Number.POSITIVE_INFINITY : first;
}

function timedTable(
  input: RdbInput,
  lp: Listpack,
  { db, first }: LoadContext,
  count: number,
): HashTable {
  const table = HashTable.empty(db.hasher, db.arena, count);
  for (let p = lp.first(); p !== 0; p = lp.next(p)) {
    lp.read(p);
    const fieldLen = lp.len;
    const field = first.room(fieldLen);
    field.set(lp.buf.subarray(lp.off, lp.off + fieldLen));
    p = lp.next(p);
    lp.read(p);
    if (table.find(field, 0, fieldLen, 0) !== 0) {
      db.discard(table.dispose());
      throw input.fault(BAD_HASH);
    }
    const f = table.add(field, 0, fieldLen, lp.buf, lp.off, lp.len);
    p = lp.next(p);
    const time = lp.integer(p);
    if (time !== 0) table.setDeadline(f, time);
  }
  return table;
}

/** A hash or sorted set as a ziplist, or a hash as a zipmap. */
function loadOldPairs(
  type: number,
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): void {
  const isZipmap = type === RdbType.HashZipmap;
  const reason = `${type === RdbType.ZsetZiplist ? 'Zset' : 'Hash'} ziplist integrity check failed.`;
  const reader = isZipmap ? new ZipmapReader(buf, off, len) : new ZiplistReader(buf, off, len);
  const bytes = toListpack(reader, context);
  if (!reader.isWhole) {
    throw input.fault(isZipmap ? 'Zipmap integrity check failed.' : reason);
  }
  const { range } = bytes;
  // These were always checked in depth.
  const lp = context.listpack(range.buf, range.off, range.len);
  if (lp.count % PAIR !== 0 || !isDistinct(lp, PAIR)) throw input.fault(reason);
  if (type === RdbType.ZsetZiplist) {
    loadZset(input, range.buf, range.off, range.len, context, value);
  } else if (isZipmap && hasLongElement(lp, context.db.limits.hashMaxListpackValue)) {
    tableOf(input, lp, context, value);
  } else loadHash(input, range.buf, range.off, range.len, context, value);
}

/** Whether an element is longer than so many bytes: of zipmaps only, Redis looks. */
function hasLongElement(lp: Listpack, max: number): boolean {
  for (let p = lp.first(); p !== 0; p = lp.next(p)) {
    lp.read(p);
    if (lp.len > max) return true;
  }
  return false;
}

function toListpack(reader: ElementReader, { second }: LoadContext): HeapBytes {
  const bytes = new HeapBytes();
  Listpack.init(bytes);
  const listpack = new Listpack(bytes);
  while (reader.next(second)) listpack.append(second.buf, second.off, second.len);
  return bytes;
}

function loadListZiplist(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): void {
  const { second } = context;
  const reader = new ZiplistReader(buf, off, len);
  const list = new ListLoader(RdbType.List, context);
  while (reader.next(second)) list.addElement(second.buf, second.off, second.len);
  if (!reader.isWhole) {
    list.drop();
    throw input.fault('List ziplist integrity check failed.');
  }
  list.finish(value);
}

/**
 * The number of a listpack's elements, which are `stride` to a member.
 * @throws RdbFault if it is none or a member is there twice
 */
function checked(
  input: RdbInput,
  buf: Uint8Array,
  off: number,
  len: number,
  stride: number,
  context: LoadContext,
  reason: string,
): number {
  const count = checkListpack(buf, off, len);
  if (count < 0 || count % stride !== 0) throw input.fault(reason);
  if (context.isDeep && !isDistinct(context.listpack(buf, off, len), stride)) {
    throw input.fault(reason);
  }
  return count;
}

/** Whether no member is there twice. @param stride elements to a member */
function isDistinct(lp: Listpack, stride: number): boolean {
  const seen = new Set<string>();
  let i = 0;
  for (let p = lp.first(); p !== 0; p = lp.next(p)) {
    if (i++ % stride !== 0) continue;
    lp.read(p);
    const text = Buffer.from(lp.buf.buffer, lp.buf.byteOffset + lp.off, lp.len).toString('latin1');
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}
