/**
 * A hash, whatever its encoding: find, walk, set and remove fields.
 *
 *     Kind.HashListpack     field value field value …        a listpack in the key's block
 *     Kind.HashListpackEx   field value time field value …   the same, with the fields' deadlines
 *     Kind.HashWide         field value field value …        as HashListpack, beyond its limits
 *     Kind.HashDict         a HashTable
 *     Kind.HashDictEx       a HashTable, some of whose fields have had deadlines
 *
 * A hash begins as a listpack and becomes what Redis calls a hash table for good once it has too
 * many fields or too long a field or value (EncodingLimits). But a table of a few fields costs a
 * thousand bytes to begin with; so as long as it is small, a listpack it stays (HashWide), in all but
 * its name. The first command that could give a field a deadline makes it one
 * of the two Ex kinds; a hash without deadlines pays nothing for them. In a HashListpackEx the times
 * are in rising order, and fields without one (0) come last: the first triplet says when the hash
 * has to be looked at. The database's `fieldExpires` knows all such hashes.
 *
 *     const fields = new HashFields().open(db, e);
 *     if (fields.find(name, 0, name.length)) use(fields.value, fields.valueOff, fields.valueLen);
 *     for (fields.rewind(); fields.next(); ) …
 *
 * A HashFields is a window: it may be opened on one hash after the other, and is to be opened anew
 * after any other change of the database. What it found is valid until the next call. Whether a
 * field that is due is shown is the caller's business (`isDue`).
 *
 * Walking and finding allocate nothing; guarded by `npm run bench`.
 */
import { HeapBytes } from '../../datastructs/byte-store.js';
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { LISTPACK_MAX_BYTES, Listpack } from '../../datastructs/listpack.js';
import { writeWord } from '../../datastructs/words.js';
import { writeInteger } from '../../text/int64.js';
import type { Database } from '../database.js';
import { InlineValue } from '../inline-value.js';
import { KIND_MASK, Kind } from '../kinds.js';
import { HashTable } from './hash-table.js';

/** Elements of a listpack that make one field, without and with a deadline. */
const PAIR = 2;
const TRIPLET = 3;
/** Before the listpack of a HashListpackEx: its slot in `fieldExpires` (the database's). */
export const FIELD_SLOT_BYTES = 4;
const NO_SLOT = -1;
/** Longest text of a deadline. */
const TIME_DIGITS = 20;
const NEVER = Number.POSITIVE_INFINITY;
/** Up to where a HashWide is better than a table: in fields, of which half are looked at to find … */
const WIDE_MAX_FIELDS = 64;
/** … one, and in bytes, which move when one of them grows. */
const WIDE_MAX_BYTES = 4096;
/** Bytes that a field and its value may take in a listpack beyond their own. */
const PAIR_OVERHEAD = 20;

export class HashFields {
  // The field that was found last.
  field: Uint8Array = NO_BYTES;
  fieldOff = 0;
  fieldLen = 0;
  value: Uint8Array = NO_BYTES;
  valueOff = 0;
  valueLen = 0;
  /** When the field is due, Unix ms; 0: never. */
  deadline = DOUBLE_FIELD;

  /** Of the encodings, the table; undefined: a listpack. */
  table: HashTable | undefined = undefined;
  db!: Database;
  /** The key's entry; 0 for a hash that has none yet. */
  entry = 0;
  kind: number = Kind.None;
  /** Elements of the listpack that make a field. */
  private stride = PAIR;
  /** What was found: a position in the listpack, or a dict entry. */
  private at = 0;
  /** Whether the table's size may have changed. */
  private unsettled = false;
  /** Where `next` goes on. */
  private upcoming = 0;

  private readonly inline = new InlineValue();
  private readonly heap = new HeapBytes();
  /** The listpack; its `buf`, `off`, `len` are the value. */
  private readonly pack = new Listpack(this.inline);
  /** A second view of it, for the field's name. */
  private readonly names = new Listpack(this.inline);
  private readonly digits = new Uint8Array(TIME_DIGITS);

  constructor() {
    this.deadline = 0;
  }

  /** Looks at the hash of this entry. */
  open(db: Database, e: number): this {
    this.db = db;
    this.entry = e;
    this.kind = db.kind(e);
    if (this.kind === Kind.HashDict || this.kind === Kind.HashDictEx) {
      this.table = db.objectOf(e) as HashTable;
    } else {
      this.table = undefined;
      this.openListpack();
    }
    return this;
  }

  /** Begins a hash that no key holds yet; `keep` in commands/hash gives it one. */
  begin(db: Database): this {
    this.db = db;
    this.entry = 0;
    this.kind = Kind.HashListpack;
    this.table = undefined;
    this.stride = PAIR;
    Listpack.init(this.heap);
    this.pack.attach(this.heap);
    this.names.attach(this.heap);
    return this;
  }

  /** The listpack of a hash that was begun. */
  get begun(): HeapBytes {
    return this.heap;
  }

  /** Fields, those that are due included. */
  get count(): number {
    return this.table === undefined ? this.pack.count / this.stride : this.table.size;
  }

  /** Whether the fields of this hash may have deadlines. */
  get hasDeadlines(): boolean {
    return this.kind >= Kind.HashListpackEx;
  }

  /** How many fields are due. */
  countDue(now: number): number {
    if (this.kind < Kind.HashListpackEx) return 0;
    if (this.table !== undefined) return this.table.countDue(now);
    let count = 0;
    for (this.rewind(); this.next() && this.isDue(now); ) count++;
    return count;
  }

  /** Whether the field that was found is due. */
  isDue(now: number): boolean {
    return this.deadline !== 0 && this.deadline < now;
  }

  // ---- finding

  /**
   * Looks for a field.
   * @param hash from the database's hasher, or 0 to have it computed where it is needed
   * @returns whether it is there, due or not
   */
  find(field: Uint8Array, off: number, len: number, hash = 0): boolean {
    const { table, pack } = this;
    if (table === undefined) {
      this.at = pack.find(pack.first(), field, off, len, this.stride - 1);
      if (this.at === 0) return false;
      this.readValue();
      return true;
    }
    this.at = table.find(field, off, len, hash);
    if (this.at === 0) return false;
    this.locateValue(table);
    return true;
  }

  /** Begins a walk over all fields. */
  rewind(): void {
    this.upcoming = this.table === undefined ? this.pack.first() : 1;
  }

  /** Finds the next field of the walk, due or not. @returns false at the end */
  next(): boolean {
    const { table } = this;
    if (table === undefined) {
      if (this.upcoming === 0) return false;
      this.go(this.upcoming);
      return true;
    }
    const { dict } = table;
    const top = dict.entryTop;
    let f = this.upcoming;
    while (f < top && !dict.isUsed(f)) f++;
    if (f >= top) return false;
    this.go(f);
    return true;
  }

  /** Finds the field at a place that was given by `place`, `placeAt` or `scan`. */
  go(place: number): void {
    this.at = place;
    const { table } = this;
    if (table === undefined) {
      const { names } = this;
      names.read(place);
      this.field = names.buf;
      this.fieldOff = names.off;
      this.fieldLen = names.len;
      this.readValue();
      return;
    }
    this.locateValue(table);
    const { dict } = table;
    this.field = dict.buf;
    this.fieldOff = dict.keyOff;
    this.fieldLen = dict.keyLen;
    this.upcoming = place + 1;
  }

  /** Where the field is that was found: valid until the hash changes. */
  get place(): number {
    return this.at;
  }

  /** Any field's place, each about as likely as the other. @param random numbers in [0, 1) */
  randomPlace(random: () => number): number {
    const { table, pack } = this;
    if (table !== undefined) return table.dict.randomEntry(random);
    return pack.seek(Math.floor(random() * this.count) * this.stride);
  }

  // ---- changing: `settle` is due afterwards

  /** Says that so many fields, repeated ones included, are about to be set. */
  expect(fields: number): void {
    const isWide = this.kind === Kind.HashWide;
    if (!isWide && fields <= this.db.limits.hashMaxListpackEntries) return;
    if (this.table !== undefined) return;
    if (fields + this.count > WIDE_MAX_FIELDS) this.becomeTable(fields);
    else if (!isWide) this.outgrow(0);
  }

  /** Sets a field's value, and takes its deadline away. @returns whether the field is new */
  set(
    field: Uint8Array,
    fieldOff: number,
    fieldLen: number,
    value: Uint8Array,
    off: number,
    len: number,
    hash = 0,
  ): boolean {
    if (this.update(field, fieldOff, fieldLen, value, off, len, hash)) return true;
    if (this.deadline !== 0) this.setDeadline(0);
    return false;
  }

  /** As `set`, but the field keeps its deadline. @returns whether the field is new */
  update(
    field: Uint8Array,
    fieldOff: number,
    fieldLen: number,
    value: Uint8Array,
    off: number,
    len: number,
    hash = 0,
  ): boolean {
    if (this.table === undefined) this.makeFit(fieldLen + len, Math.max(fieldLen, len));
    const { table } = this;
    if (table !== undefined) {
      this.at = table.find(field, fieldOff, fieldLen, hash);
      if (this.at !== 0) {
        if (table.setValue(this.at, value, off, len)) this.unsettled = true;
        this.deadline = this.kind === Kind.HashDictEx ? table.deadline(this.at) : 0;
        return false;
      }
      this.at = table.add(field, fieldOff, fieldLen, value, off, len);
      this.deadline = 0;
      this.unsettled = true;
      return true;
    }
    const isNew = this.updateListpack(field, fieldOff, fieldLen, value, off, len);
    if (this.count > this.maxFields()) {
      this.outgrow(0);
      this.find(field, fieldOff, fieldLen);
    }
    return isNew;
  }

  /** Removes the field that was found. */
  remove(): void {
    const { table } = this;
    if (table === undefined) {
      this.pack.remove(this.at, this.stride);
    } else {
      table.remove(this.at);
      this.unsettled = true;
    }
    if (this.deadline !== 0) this.deadlineGone();
  }

  /** Takes note of the hash's size; places are not valid any more. To be called after changes. */
  settle(): void {
    if (!this.unsettled) return;
    this.unsettled = false;
    const { db, table } = this;
    if (table === undefined || this.entry === 0) return;
    if (table.isSparse) db.discard(table.moveBack(db.arena));
    db.settle(table);
  }

  // ---- deadlines: of a hash that has a key

  /** Makes it a hash whose fields may have deadlines. */
  allowDeadlines(): void {
    if (this.kind >= Kind.HashListpackEx) return;
    const { db, entry } = this;
    if (this.kind === Kind.HashWide) this.becomeTable(0);
    if (this.table !== undefined) {
      db.dict.setMeta(entry, (db.dict.meta(entry) & ~KIND_MASK) | Kind.HashDictEx);
      this.kind = Kind.HashDictEx;
      return;
    }
    const bytes = this.withTimes();
    db.setRaw(entry, Kind.HashListpackEx, bytes, 0, bytes.length, true);
    this.kind = Kind.HashListpackEx;
    this.openListpack();
  }

  /**
   * Says when the field that was found is due (Unix ms; 0: never). The hash must allow deadlines.
   * What was found is not valid any more.
   */
  setDeadline(atMs: number): void {
    const { db, entry, table } = this;
    if (table === undefined) this.moveTriplet(atMs);
    else if (atMs === 0) table.clearDeadline(this.at);
    else table.setDeadline(this.at, atMs);
    this.unsettled = true;
    if (atMs === 0 || table === undefined) this.deadlineGone();
    else if (atMs < db.fieldExpiry(entry)) db.setFieldExpiry(entry, atMs);
  }

  /** Puts in the database's table when the first field is due. */
  reschedule(): void {
    const { db, entry, table } = this;
    db.setFieldExpiry(entry, table === undefined ? this.firstTime() : table.earliestDeadline());
  }

  /**
   * Places of fields that are due, the earliest first if it is a listpack.
   * @returns how many, at most `due.length`
   */
  collectDue(now: number, due: Int32Array): number {
    if (this.table !== undefined) return this.table.collectDue(now, due);
    let count = 0;
    for (this.rewind(); count < due.length && this.next() && this.isDue(now); ) {
      due[count++] = this.at;
    }
    return count;
  }

  private updateListpack(
    field: Uint8Array,
    fieldOff: number,
    fieldLen: number,
    value: Uint8Array,
    off: number,
    len: number,
  ): boolean {
    const { pack } = this;
    const isTimed = this.stride === TRIPLET;
    const p = pack.find(pack.first(), field, fieldOff, fieldLen, this.stride - 1);
    if (p !== 0) {
      const v = pack.next(p);
      pack.replace(v, value, off, len);
      this.at = p;
      this.deadline = isTimed ? pack.integer(pack.next(v)) : 0;
      return false;
    }
    this.at = pack.byteLength - 1;
    this.deadline = 0;
    pack.appendPair(field, fieldOff, fieldLen, value, off, len);
    if (isTimed) pack.appendInteger(0);
    return true;
  }

  private openListpack(): void {
    const isEx = this.kind === Kind.HashListpackEx;
    this.stride = isEx ? TRIPLET : PAIR;
    this.inline.attach(this.db, this.entry, isEx ? FIELD_SLOT_BYTES : 0);
    this.pack.attach(this.inline);
    this.names.attach(this.inline);
  }

  /** Reads the value and deadline behind the field at `at`. */
  private readValue(): void {
    const { pack } = this;
    const v = pack.next(this.at);
    pack.read(v);
    this.value = pack.buf;
    this.valueOff = pack.off;
    this.valueLen = pack.len;
    let last = v;
    if (this.stride === TRIPLET) {
      last = pack.next(v);
      this.deadline = pack.integer(last);
    } else {
      this.deadline = 0;
    }
    this.upcoming = pack.next(last);
  }

  private locateValue(table: HashTable): void {
    const { dict } = table;
    dict.locate(this.at);
    this.value = dict.buf;
    this.valueOff = dict.valOff;
    this.valueLen = dict.valLen;
    this.deadline = this.kind === Kind.HashDictEx ? table.deadline(this.at) : 0;
  }

  /**
   * Gives a listpack another encoding if a field and value cannot be added to it.
   * @param more bytes of both @param longest of the two
   */
  private makeFit(more: number, longest: number): void {
    const isWide = this.kind === Kind.HashWide;
    const bytes = this.pack.byteLength + more;
    if (isWide ? bytes + PAIR_OVERHEAD > WIDE_MAX_BYTES : bytes > LISTPACK_MAX_BYTES) {
      this.becomeTable(0);
    } else if (!isWide && longest > this.db.limits.hashMaxListpackValue) this.outgrow(more);
  }

  /** Fields that the listpack may have. */
  private maxFields(): number {
    if (this.kind === Kind.HashWide) return WIDE_MAX_FIELDS;
    return this.db.limits.hashMaxListpackEntries;
  }

  /**
   * The listpack is beyond its limits: makes it a hash table, perhaps in name only.
   * @param more bytes that are about to be added
   */
  private outgrow(more: number): void {
    const { db, entry, kind, pack } = this;
    const bytes = pack.byteLength + more + PAIR_OVERHEAD;
    if (kind !== Kind.HashListpack || bytes > WIDE_MAX_BYTES || this.count > WIDE_MAX_FIELDS) {
      this.becomeTable(0);
      return;
    }
    this.kind = Kind.HashWide;
    if (entry !== 0) db.dict.setMeta(entry, (db.dict.meta(entry) & ~KIND_MASK) | this.kind);
  }

  /** Makes the listpack a HashTable. @param fields how many to make room for, at least */
  private becomeTable(fields: number): void {
    const { db, entry } = this;
    const table = HashTable.empty(db.hasher, db.arena, Math.max(fields, this.count));
    for (this.rewind(); this.next(); ) {
      const { field, fieldOff, fieldLen, value, valueOff, valueLen } = this;
      table.find(field, fieldOff, fieldLen, 0);
      const f = table.add(field, fieldOff, fieldLen, value, valueOff, valueLen);
      if (this.deadline !== 0) table.setDeadline(f, this.deadline);
    }
    const hadDeadlines = this.kind === Kind.HashListpackEx;
    this.kind = hadDeadlines ? Kind.HashDictEx : Kind.HashDict;
    this.table = table;
    if (entry === 0) return;
    db.setObject(entry, this.kind, table, true);
    if (hadDeadlines) this.reschedule();
  }

  /** The value bytes of this listpack as a HashListpackEx. */
  private withTimes(): Uint8Array {
    const { heap } = this;
    Listpack.init(heap);
    const timed = new Listpack(heap);
    for (this.rewind(); this.next(); ) {
      timed.append(this.field, this.fieldOff, this.fieldLen);
      timed.append(this.value, this.valueOff, this.valueLen);
      timed.appendInteger(0);
    }
    const bytes = new Uint8Array(FIELD_SLOT_BYTES + heap.range.len);
    writeWord(bytes, 0, NO_SLOT);
    bytes.set(heap.view(), FIELD_SLOT_BYTES);
    return bytes;
  }

  /** Gives the field at `at` another time and the place that belongs to it. */
  private moveTriplet(atMs: number): void {
    const { pack, heap, digits } = this;
    this.go(this.at);
    const { fieldLen, valueLen } = this;
    heap.resize(fieldLen + valueLen);
    const { buf } = heap.range;
    buf.set(this.field.subarray(this.fieldOff, this.fieldOff + fieldLen));
    buf.set(this.value.subarray(this.valueOff, this.valueOff + valueLen), fieldLen);
    pack.remove(this.at, TRIPLET);
    const p = this.placeForTime(atMs);
    // The last first: each goes to where the one before it stood.
    pack.insertBefore(p, digits, 0, writeInteger(digits, 0, atMs));
    pack.insertBefore(p, buf, fieldLen, valueLen);
    pack.insertBefore(p, buf, 0, fieldLen);
    this.at = p;
  }

  /** Position of the first triplet whose time is not before `atMs`; the end mark's if there is none. */
  private placeForTime(atMs: number): number {
    const { pack } = this;
    const end = pack.byteLength - 1;
    if (atMs === 0) return end;
    for (let p = pack.first(); p !== 0; ) {
      const t = pack.next(pack.next(p));
      const time = pack.integer(t);
      if (time === 0 || time >= atMs) return p;
      p = pack.next(t);
    }
    return end;
  }

  /** The listpack's earliest deadline. */
  private firstTime(): number {
    const { pack } = this;
    const p = pack.first();
    const time = p === 0 ? 0 : pack.integer(pack.next(pack.next(p)));
    return time === 0 ? NEVER : time;
  }

  /** A deadline has gone, or the listpack's first triplet may be another one. */
  private deadlineGone(): void {
    const { table } = this;
    // A table's bound may stay early: the cycle puts it right when it comes by.
    if (table === undefined || !table.hasDeadlines) this.reschedule();
  }
}

const NO_BYTES = new Uint8Array(0);
