/**
 * One numbered database: keys, their values and their times to live.
 *
 * Keys are in a Dict (see there for the layout). The value bytes of an entry are, by kind:
 *
 *     [ expiry slot: 4 bytes, if VOLATILE ] [ string | listpack | intset | object number: 4 bytes ]
 *
 * The listpack of a hash whose fields may have deadlines has the number of its slot in `fieldExpires`
 * before it (Kind.HashListpackEx).
 *
 * All methods take an entry number found by `find`; 0 is "no such key". An entry number stays valid
 * until the key is removed. `open` sets `buf`, `off` and `len` to a string's bytes, wherever they
 * are; these are valid until the next change of the keyspace.
 *
 * This class neither counts, nor notifies, nor looks at the clock: that is the caller's business
 * (server/api/call.ts for commands).
 */
import { Arena } from '../datastructs/arena.js';
import { Dict } from '../datastructs/dict.js';
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { MemoryMeter } from '../datastructs/memory-meter.js';
import { copyBytes } from '../datastructs/move-bytes.js';
import { type BigArray, RELEASE_MIN, release } from '../datastructs/release.js';
import type { SipHasher } from '../datastructs/siphash.js';
import { readWord, writeWord } from '../datastructs/words.js';
import { isInt64 } from '../text/int64.js';
import type { Cut } from './cut.js';
import { EncodingLimits } from './encoding-limits.js';
import { ExpiryTable } from './expiry-table.js';
import type { KeyWaiters } from './key-waiters.js';
import { CLOCK_SHIFT, isObject, KIND_MASK, Kind, VOLATILE } from './kinds.js';
import { type FieldOwner, LargeString, ObjectTable, type OwnedObject } from './object-table.js';

/** Longest string that shares a block with its key, in bytes. */
export const INLINE_MAX = 4096;
/** Longest `embstr` (Redis: what fits a 64-byte allocation with its headers). */
export const EMBSTR_MAX = 44;
/** Longest text of a 64-bit integer. */
const INT_TEXT_MAX = 20;
const SLOT_BYTES = 4;
const REFERENCE_BYTES = 4;
/** More than a collection in a shared arena has: it moves in one step. */
const ALL_PLACES = 0x7fffffff;
/** Objects of flushed keys looked at in one step: under 100 microseconds. */
const DISPOSED_AT_ONCE = 1024;
/** Instead of a slot in `fieldExpires`: no field has a deadline. */
const NO_SLOT = -1;
/** A growing large string doubles its room up to so many bytes more, then takes an eighth more. */
const MAX_DOUBLING = 1024 * 1024;

export class Database {
  /** Blocks of this database alone, so that flushing it is throwing them away. */
  arena: Arena;
  dict: Dict;
  expires: ExpiryTable;
  /** Hashes whose fields have deadlines, with the earliest of them. */
  fieldExpires: ExpiryTable;
  objects = new ObjectTable();
  /** Bytes of the objects in `objects`. */
  objectBytes = DOUBLE_FIELD;
  /** Access clock given to new entries; kept up to date by the cron. */
  clock = 0;
  /** Mean time to live of the keys that the expire cycle saw, in ms. */
  avgTtlMs = DOUBLE_FIELD;
  /** Where the expire cycle goes on. */
  expireCursor = 0;

  /** Who waits for keys of this database to appear; undefined while nobody does. */
  waiters: KeyWaiters<Database> | undefined = undefined;
  /** Told of an entry whose object is about to be replaced; undefined: nobody wants to know. */
  onReplaced: ((db: Database, e: number) => void) | undefined = undefined;
  /** Who is told before an entry changes or goes; undefined while no snapshot is taken. */
  cut: Cut<Database> | undefined = undefined;

  /** What counts `objectBytes` now, and the rest of the content. */
  private counting: MemoryMeter | undefined = undefined;
  /** Memory that nothing needs any more, not yet given back. */
  private readonly discarded: BigArray[] = [];
  /** Objects of flushed keys, which may have such memory. */
  private readonly flushed: ObjectTable[] = [];

  // What `open` found.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;

  constructor(
    /** Number in SELECT; SWAPDB changes it. */
    public index: number,
    readonly hasher: SipHasher,
    /** Up to which size collections stay compact. */
    readonly limits = new EncodingLimits(),
    private readonly debugArena = false,
    /** Counts `usedBytes` of all databases, and knows how much they may use. */
    private readonly meter = new MemoryMeter(),
  ) {
    this.objectBytes = 0;
    this.avgTtlMs = 0;
    this.arena = new Arena({ debug: debugArena, discarded: this.discarded });
    this.dict = new Dict(this.arena);
    const discard = (array: BigArray) => this.discard([array]);
    this.expires = new ExpiryTable(discard);
    this.fieldExpires = new ExpiryTable(discard);
    this.countContent(meter);
  }

  get size(): number {
    return this.dict.size;
  }

  /** Bytes of all keys and values, their tables included. */
  get usedBytes(): number {
    const tables = this.dict.tableBytes + this.expires.bytes + this.fieldExpires.bytes;
    return this.arena.usedBytes + tables + this.objectBytes;
  }

  /** The key's entry or 0, due or not. @param hash from `hasher`, or 0 to have it computed */
  find(key: Uint8Array, off: number, len: number, hash: number): number {
    return this.dict.find(key, off, len, hash !== 0 ? hash : this.hasher.hash(key, off, len));
  }

  kind(e: number): number {
    return this.dict.meta(e) & KIND_MASK;
  }

  /** A copy of the key's name. */
  keyName(e: number): Buffer {
    const { dict } = this;
    dict.locate(e);
    return Buffer.from(dict.buf.subarray(dict.keyOff, dict.keyOff + dict.keyLen));
  }

  // ---- strings

  /** Sets `buf`, `off`, `len` to the string's bytes. */
  open(e: number): void {
    const meta = this.dict.meta(e);
    const { dict } = this;
    dict.locate(e);
    const skip = (meta & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    if ((meta & KIND_MASK) === Kind.StringLarge) {
      const large = this.objects.get(readWord(dict.buf, dict.valOff + skip)) as LargeString;
      this.buf = large.buf;
      this.off = 0;
      this.len = large.length;
      return;
    }
    this.buf = dict.buf;
    this.off = dict.valOff + skip;
    this.len = dict.valLen - skip;
  }

  /** A copy of the string. */
  stringBytes(e: number): Buffer {
    this.open(e);
    return Buffer.from(this.buf.subarray(this.off, this.off + this.len));
  }

  /**
   * Stores a string under a key that has no entry.
   * @param kind Kind.StringInt/Embstr/Raw; by default what SET would choose
   * @returns the new entry
   */
  addString(
    key: Uint8Array,
    keyOff: number,
    keyLen: number,
    hash: number,
    value: Uint8Array,
    off: number,
    len: number,
    kind = stringKind(value, off, len),
  ): number {
    const { dict } = this;
    const h = hash !== 0 ? hash : this.hasher.hash(key, keyOff, keyLen);
    if (len > INLINE_MAX) {
      const large = largeCopy(value, off, len);
      return this.addObjectKey(key, keyOff, keyLen, h, Kind.StringLarge, large);
    }
    const e = dict.insert(key, keyOff, keyLen, h, len, this.freshMeta(kind));
    copyBytes(value, off, len, dict.buf, dict.valOff);
    return e;
  }

  /**
   * Replaces whatever an entry holds by a string.
   * @param keepTtl whether the time to live stays
   */
  setString(
    e: number,
    value: Uint8Array,
    off: number,
    len: number,
    keepTtl: boolean,
    kind = stringKind(value, off, len),
  ): void {
    const { dict } = this;
    if (len > INLINE_MAX) {
      this.setObject(e, Kind.StringLarge, largeCopy(value, off, len), keepTtl);
      return;
    }
    const meta = this.vacate(e, keepTtl);
    const skip = (meta & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    dict.resizeValue(e, skip + len);
    copyBytes(value, off, len, dict.buf, dict.valOff + skip);
    dict.setMeta(e, (meta & ~KIND_MASK) | kind);
    if (this.waiters !== undefined) this.tellReplaced(e);
  }

  /**
   * Makes a string `length` bytes long (new bytes are zero) and raw, ready to be changed in place,
   * and opens it.
   */
  resizeString(e: number, length: number): void {
    const { dict } = this;
    const meta = dict.meta(e);
    const skip = (meta & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    if ((meta & KIND_MASK) === Kind.StringLarge) {
      dict.locate(e);
      this.growLarge(
        this.objects.get(readWord(dict.buf, dict.valOff + skip)) as LargeString,
        length,
      );
      this.open(e);
      return;
    }
    this.open(e);
    const before = this.len;
    if (length > INLINE_MAX) {
      // Room to grow only for a string that has grown before.
      const room = before > 0 ? withRoom(length) : length;
      const large = new LargeString(Buffer.alloc(room), length);
      large.buf.set(this.buf.subarray(this.off, this.off + before));
      dict.resizeValue(e, skip + REFERENCE_BYTES);
      writeWord(dict.buf, dict.valOff + skip, this.addObject(large));
      dict.setMeta(e, (meta & ~KIND_MASK) | Kind.StringLarge);
    } else {
      dict.resizeValue(e, skip + length);
      const at = dict.valOff + skip;
      if (length > before) dict.buf.fill(0, at + before, at + length);
      dict.setMeta(e, (meta & ~KIND_MASK) | Kind.StringRaw);
    }
    this.open(e);
  }

  // ---- collections: small ones are bytes in the key's block, big ones objects

  /** The object that an entry of an object kind refers to. */
  objectOf(e: number): unknown {
    return this.objects.get(this.objectId(e));
  }

  /**
   * Stores value bytes of a kind that is no object (listpack, intset, short string) under a key that
   * has no entry.
   * @returns the new entry
   */
  addRaw(
    key: Uint8Array,
    keyOff: number,
    keyLen: number,
    hash: number,
    kind: number,
    value: Uint8Array,
    off: number,
    len: number,
  ): number {
    const { dict } = this;
    const h = hash !== 0 ? hash : this.hasher.hash(key, keyOff, keyLen);
    const e = dict.insert(key, keyOff, keyLen, h, len, this.freshMeta(kind));
    copyBytes(value, off, len, dict.buf, dict.valOff);
    if (this.waiters !== undefined) this.waiters.keyAdded(key, keyOff, keyLen);
    return e;
  }

  /** As `addRaw`, with a time to live from the start. @returns the new entry */
  addVolatile(
    key: Uint8Array,
    keyOff: number,
    keyLen: number,
    hash: number,
    kind: number,
    value: Uint8Array,
    off: number,
    len: number,
    atMs: number,
  ): number {
    const { dict } = this;
    const meta = this.freshMeta(kind) | VOLATILE;
    const e = dict.insert(key, keyOff, keyLen, hash, SLOT_BYTES + len, meta);
    copyBytes(value, off, len, dict.buf, dict.valOff + SLOT_BYTES);
    writeWord(dict.buf, dict.valOff, this.expires.add(e, atMs));
    if (this.waiters !== undefined) this.waiters.keyAdded(key, keyOff, keyLen);
    return e;
  }

  /** Replaces whatever an entry holds by value bytes of a kind that is no object. */
  setRaw(
    e: number,
    kind: number,
    value: Uint8Array,
    off: number,
    len: number,
    keepTtl: boolean,
  ): void {
    const { dict } = this;
    const meta = this.vacate(e, keepTtl);
    const skip = (meta & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    dict.resizeValue(e, skip + len);
    copyBytes(value, off, len, dict.buf, dict.valOff + skip);
    dict.setMeta(e, (meta & ~KIND_MASK) | kind);
    if (this.waiters !== undefined) this.tellReplaced(e);
  }

  /** Makes an inline value `len` bytes long, keeping its first bytes as far as they fit; opens it. */
  resizeRaw(e: number, len: number): void {
    const { dict } = this;
    const skip = (dict.meta(e) & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    dict.resizeValue(e, skip + len);
    this.buf = dict.buf;
    this.off = dict.valOff + skip;
    this.len = dict.valLen - skip;
  }

  /**
   * Replaces whatever an entry holds by an object.
   * @param keepTtl whether the time to live stays; a change of encoding keeps it, a new value not
   */
  setObject(e: number, kind: number, object: OwnedObject, keepTtl: boolean): void {
    const { dict } = this;
    const meta = this.vacate(e, keepTtl);
    const skip = (meta & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    const id = this.addObject(object);
    dict.resizeValue(e, skip + REFERENCE_BYTES);
    writeWord(dict.buf, dict.valOff + skip, id);
    dict.setMeta(e, (meta & ~KIND_MASK) | kind);
    if (this.waiters !== undefined) this.tellReplaced(e);
  }

  /** Takes note of an object's size. To be called after every change of an object. */
  settle(object: OwnedObject): void {
    const bytes = object.memoryBytes;
    const grown = bytes - object.accountedBytes;
    if (grown === 0) return;
    object.accountedBytes = bytes;
    this.accountObjects(grown);
  }

  /** Stores an object under a key that has no entry. @returns the new entry */
  addObjectKey(
    key: Uint8Array,
    keyOff: number,
    keyLen: number,
    hash: number,
    kind: number,
    object: OwnedObject,
  ): number {
    const { dict } = this;
    const h = hash !== 0 ? hash : this.hasher.hash(key, keyOff, keyLen);
    const id = this.addObject(object);
    const e = dict.insert(key, keyOff, keyLen, h, REFERENCE_BYTES, this.freshMeta(kind));
    writeWord(dict.buf, dict.valOff, id);
    if (this.waiters !== undefined) this.waiters.keyAdded(key, keyOff, keyLen);
    return e;
  }

  // ---- time to live

  isVolatile(e: number): boolean {
    return (this.dict.meta(e) & VOLATILE) !== 0;
  }

  /** When the key expires, Unix ms; -1 when it does not. */
  expiry(e: number): number {
    return this.isVolatile(e) ? this.expires.get(this.slot(e)) : -1;
  }

  /** As `expiry`, exact to the last digit. */
  expiryExact(e: number): bigint {
    return this.isVolatile(e) ? this.expires.getExact(this.slot(e)) : -1n;
  }

  setExpiry(e: number, atMs: number | bigint): void {
    if (this.isVolatile(e)) {
      this.expires.set(this.slot(e), atMs);
      return;
    }
    const { dict } = this;
    dict.locate(e);
    const len = dict.valLen;
    dict.resizeValue(e, len + SLOT_BYTES);
    dict.buf.copyWithin(dict.valOff + SLOT_BYTES, dict.valOff, dict.valOff + len);
    writeWord(dict.buf, dict.valOff, this.expires.add(e, atMs));
    dict.setMeta(e, dict.meta(e) | VOLATILE);
  }

  /** Takes the time to live away. @returns whether there was one */
  persist(e: number): boolean {
    if (!this.isVolatile(e)) return false;
    this.dropSlot(e);
    return true;
  }

  /**
   * When the first field of a hash (Kind.Hash*Ex) is due, or the hash has to be looked at again,
   * Unix ms; infinite: no field has a deadline.
   */
  fieldExpiry(e: number): number {
    const slot = this.fieldSlot(e);
    return slot === NO_SLOT ? Number.POSITIVE_INFINITY : this.fieldExpires.get(slot);
  }

  /** Says when the first field of a hash (Kind.Hash*Ex) is due; infinite: none has a deadline. */
  setFieldExpiry(e: number, atMs: number): void {
    const slot = this.fieldSlot(e);
    if (atMs === Number.POSITIVE_INFINITY) {
      if (slot === NO_SLOT) return;
      const moved = this.fieldExpires.remove(slot);
      if (moved !== 0) this.setFieldSlot(moved, slot);
      this.setFieldSlot(e, NO_SLOT);
    } else if (slot === NO_SLOT) this.setFieldSlot(e, this.fieldExpires.add(e, atMs));
    else this.fieldExpires.set(slot, atMs);
  }

  // ---- keys

  /** Removes a key with all it owns. */
  remove(e: number): void {
    if (this.cut !== undefined) this.beforeLoss(this.cut, e);
    const meta = this.dict.meta(e);
    if (this.waiters !== undefined) this.tellRemoved(e);
    if ((meta & KIND_MASK) >= Kind.HashListpackEx) this.setFieldExpiry(e, Number.POSITIVE_INFINITY);
    if (isObject(meta & KIND_MASK)) this.freeObject(e);
    if ((meta & VOLATILE) !== 0) this.freeSlot(e);
    this.dict.remove(e);
  }

  /**
   * Gives an entry's value to a new key of `target` (this database, or another of the same
   * keyspace), which must not have that key yet; the entry is removed. The time to live goes along;
   * the access clock begins anew, as Redis has it.
   * @returns the new entry, in `target`
   */
  moveTo(e: number, target: Database, key: Uint8Array, keyOff: number, keyLen: number): number {
    if (this.cut !== undefined) this.cut.beforeChange(e);
    const kind = this.kind(e);
    const fieldsDue = kind >= Kind.HashListpackEx ? this.fieldExpiry(e) : Number.POSITIVE_INFINITY;
    if (kind >= Kind.HashListpackEx) this.setFieldExpiry(e, Number.POSITIVE_INFINITY);
    let added: number;
    if (isObject(kind)) {
      const object = this.takeObject(e);
      if (target !== this) object.moveTo(target.arena);
      added = target.addObjectKey(key, keyOff, keyLen, 0, kind, object);
    } else {
      const value = this.rawValue(e);
      added = target.addRaw(key, keyOff, keyLen, 0, kind, value, 0, value.length);
    }
    if (fieldsDue !== Number.POSITIVE_INFINITY) target.setFieldExpiry(added, fieldsDue);
    if (this.isVolatile(e)) target.setExpiry(added, this.expiryExact(e));
    this.remove(e);
    return added;
  }

  /** As `moveTo`, but the entry stays and `target` gets a copy of the value. */
  copyTo(e: number, target: Database, key: Uint8Array, keyOff: number, keyLen: number): number {
    const kind = this.kind(e);
    let added: number;
    if (isObject(kind)) {
      const object = (this.objectOf(e) as OwnedObject).copy(target.arena);
      added = target.addObjectKey(key, keyOff, keyLen, 0, kind, object);
    } else {
      const value = this.rawValue(e);
      added = target.addRaw(key, keyOff, keyLen, 0, kind, value, 0, value.length);
    }
    if (kind >= Kind.HashListpackEx) {
      const fieldsDue = this.fieldExpiry(e);
      target.setFieldSlot(added, NO_SLOT);
      target.setFieldExpiry(added, fieldsDue);
    }
    if (this.isVolatile(e)) target.setExpiry(added, this.expiryExact(e));
    return added;
  }

  /** The value bytes of an entry that is no object (listpack, intset, short string): a copy. */
  rawValue(e: number): Buffer {
    const { dict } = this;
    dict.locate(e);
    const skip = this.isVolatile(e) ? SLOT_BYTES : 0;
    return Buffer.from(dict.buf.subarray(dict.valOff + skip, dict.valOff + dict.valLen));
  }

  /** Access clock of an entry (24 bits). */
  clockOf(e: number): number {
    return this.dict.meta(e) >>> CLOCK_SHIFT;
  }

  setClock(e: number, clock: number): void {
    this.dict.setMeta(e, (this.dict.meta(e) & 0xff) | (clock << CLOCK_SHIFT));
  }

  /** Bytes that the key takes: entry, its share of the buckets, block, object. */
  memoryBytes(e: number): number {
    let object = 0;
    if (isObject(this.kind(e))) {
      const { memoryBytes, sharedBytes } = this.objectOf(e) as OwnedObject;
      object = memoryBytes + sharedBytes;
    }
    return this.dict.blockBytesOf(e) + 16 + 4 + (this.isVolatile(e) ? 12 : 0) + object;
  }

  /**
   * Removes all keys at once. Their memory is given back by `trim`, a piece at a time; or, while a
   * snapshot is taken, by who takes it.
   */
  clear(): void {
    this.waiters?.cleared();
    if (this.cut !== undefined) {
      this.detach(this.cut);
      return;
    }
    const { resizePaused } = this.dict;
    this.discardContent(this);
    this.arena = new Arena({ debug: this.debugArena, discarded: this.discarded });
    this.dict = new Dict(this.arena);
    this.dict.resizePaused = resizePaused;
    this.objects = new ObjectTable();
    this.objectBytes = 0;
    this.countContent(this.meter);
    this.avgTtlMs = 0;
    this.expireCursor = 0;
  }

  /** Throws all keys away, for `heir` to give their memory back. The database can't be used then. */
  discardContent(heir: Database): void {
    this.countContent(undefined);
    heir.discard(this.arena.takeMemory());
    heir.discard(this.dict.takeMemory());
    heir.discard(this.expires.clear());
    heir.discard(this.fieldExpires.clear());
    if (this.objects.top > 0) heir.flushed.push(this.objects);
  }

  /** Leaves all keys to the snapshot, in a database of their own, and is empty. */
  private detach(cut: Cut<Database>): void {
    const { arena, dict, expires, fieldExpires, objects, objectBytes } = this;
    const twin = this.twin();
    this.countContent(undefined);
    twin.countContent(undefined);
    this.arena = twin.arena;
    this.dict = twin.dict;
    this.dict.resizePaused = dict.resizePaused;
    this.expires = twin.expires;
    this.fieldExpires = twin.fieldExpires;
    this.objects = twin.objects;
    this.objectBytes = 0;
    this.avgTtlMs = 0;
    this.expireCursor = 0;
    this.cut = undefined;
    twin.arena = arena;
    twin.dict = dict;
    twin.expires = expires;
    twin.fieldExpires = fieldExpires;
    twin.objects = objects;
    twin.objectBytes = objectBytes;
    this.countContent(this.meter);
    twin.countContent(twin.meter);
    cut.detached(twin);
  }

  /** An empty database for what only a snapshot needs. Its meter is its own: that is no one's data. */
  twin(): Database {
    const twin = new Database(this.index, this.hasher, this.limits, this.debugArena);
    twin.clock = this.clock;
    return twin;
  }

  /** Has the snapshot under way take what it needs of an entry that is about to lose its value. */
  private beforeLoss(cut: Cut<Database>, e: number): void {
    const kind = this.kind(e);
    const heir = isObject(kind) ? cut.beforeLoss(e) : undefined;
    if (heir === undefined) {
      cut.beforeChange(e);
      return;
    }
    const key = this.keyName(e);
    const hasFields = kind >= Kind.HashListpackEx;
    const fieldsDue = hasFields ? this.fieldExpiry(e) : Number.POSITIVE_INFINITY;
    if (hasFields) this.setFieldExpiry(e, Number.POSITIVE_INFINITY);
    const object = this.takeObject(e);
    object.moveTo(heir.arena);
    const left = heir.addObjectKey(key, 0, key.length, 0, kind, object);
    heir.setClock(left, this.clockOf(e));
    if (hasFields) heir.setFieldExpiry(left, fieldsDue);
    if (this.isVolatile(e)) heir.setExpiry(left, this.expiryExact(e));
  }

  // ---- defragmentation: see defragmenter.ts

  /**
   * Moves an entry's blocks out of the arena's segments that are being emptied.
   * @returns whether there were any
   */
  moveBlocks(e: number): boolean {
    const hasMoved = this.dict.moveBlock(e);
    if (!isObject(this.kind(e))) return hasMoved;
    // Where an object's blocks lie only the object knows; one that has an arena of its own has none here.
    const object = this.objectOf(e) as OwnedObject;
    if (object.ownArena === undefined) object.evacuate(ALL_PLACES).next();
    return true;
  }

  /** As Dict.closeGaps. */
  closeGaps(count: number): boolean {
    return this.dict.closeGaps(count, this.renumbered);
  }

  private readonly renumbered = (_from: number, e: number): void => {
    if (this.isVolatile(e)) this.expires.setEntry(this.slot(e), e);
    if (this.kind(e) < Kind.HashListpackEx) return;
    const slot = this.fieldSlot(e);
    if (slot !== NO_SLOT) this.fieldExpires.setEntry(slot, e);
  };

  /**
   * Gives a piece of memory back that nothing needs any more, if there is one (some milliseconds).
   * @param give takes it instead
   * @returns whether there was one
   */
  trim(give: (array: BigArray) => void = release): boolean {
    const piece = this.discarded.pop();
    if (piece !== undefined) {
      give(piece);
      return true;
    }
    return this.disposeFlushed() || this.dict.trim(give) || this.arena.trim(give);
  }

  /** Looks at some objects of flushed keys, and discards the memory of a big one. @returns whether there were any */
  private disposeFlushed(): boolean {
    const table = this.flushed.at(-1);
    if (table === undefined) return false;
    for (let i = Math.min(table.top, DISPOSED_AT_ONCE); i > 0; i--) {
      const object = table.pop() as OwnedObject | undefined;
      if (object === undefined) continue;
      // What shared an arena went with it; so small ones have nothing that is worth a call.
      const isApart = object.ownArena !== undefined || object instanceof LargeString;
      if (isApart) this.discard(object.dispose());
      if (this.discarded.length > 0) return true;
    }
    if (table.top === 0) this.flushed.pop();
    return true;
  }

  /** Pieces that `trim` has yet to give back. */
  get discardedPieces(): number {
    return this.discarded.length;
  }

  /** Takes memory that nothing needs any more, to be given back by `trim`. */
  discard(arrays: readonly BigArray[]): void {
    for (const array of arrays) if (array.byteLength >= RELEASE_MIN) this.discarded.push(array);
  }

  private freshMeta(kind: number): number {
    return kind | (this.clock << CLOCK_SHIFT);
  }

  /** Has all that is there counted; undefined: no more. */
  private countContent(meter: MemoryMeter | undefined): void {
    if (this.counting !== undefined) this.counting.add(-this.objectBytes);
    this.counting = meter;
    meter?.add(this.objectBytes);
    this.arena.setMeter(meter);
    this.dict.setMeter(meter);
    this.expires.setMeter(meter);
    this.fieldExpires.setMeter(meter);
  }

  private accountObjects(bytes: number): void {
    this.objectBytes += bytes;
    this.counting?.add(bytes);
  }

  private slot(e: number): number {
    this.dict.locate(e);
    return readWord(this.dict.buf, this.dict.valOff);
  }

  /** Frees the slot and takes its number out of the value. */
  private dropSlot(e: number): void {
    const { dict } = this;
    this.freeSlot(e);
    dict.locate(e);
    const len = dict.valLen - SLOT_BYTES;
    dict.buf.copyWithin(dict.valOff, dict.valOff + SLOT_BYTES, dict.valOff + dict.valLen);
    dict.resizeValue(e, len);
    dict.setMeta(e, dict.meta(e) & ~VOLATILE);
  }

  private freeSlot(e: number): void {
    const slot = this.slot(e);
    const moved = this.expires.remove(slot);
    if (moved === 0) return;
    this.dict.locate(moved);
    writeWord(this.dict.buf, this.dict.valOff, slot);
  }

  private fieldSlot(e: number): number {
    if (this.kind(e) === Kind.HashDictEx) return (this.objectOf(e) as FieldOwner).expirySlot;
    this.open(e);
    return readWord(this.buf, this.off);
  }

  private setFieldSlot(e: number, slot: number): void {
    if (this.kind(e) === Kind.HashDictEx) {
      (this.objectOf(e) as FieldOwner).expirySlot = slot;
      return;
    }
    this.open(e);
    writeWord(this.buf, this.off, slot);
  }

  private objectId(e: number): number {
    const { dict } = this;
    dict.locate(e);
    return readWord(dict.buf, dict.valOff + (this.isVolatile(e) ? SLOT_BYTES : 0));
  }

  private addObject(object: OwnedObject): number {
    object.accountedBytes = 0;
    if (object.ledger !== undefined) object.ledger = this;
    this.settle(object);
    return this.objects.add(object);
  }

  private freeObject(e: number): void {
    const id = this.objectId(e);
    const object = this.objects.get(id) as OwnedObject;
    this.accountObjects(-object.accountedBytes);
    this.objects.remove(id);
    this.discard(object.dispose());
  }

  /** Takes the object out of an entry, which is to be removed. */
  private takeObject(e: number): OwnedObject {
    const id = this.objectId(e);
    const object = this.objects.get(id) as OwnedObject;
    this.accountObjects(-object.accountedBytes);
    this.objects.remove(id);
    this.dict.setMeta(e, (this.dict.meta(e) & ~KIND_MASK) | Kind.StringRaw);
    return object;
  }

  /**
   * Frees what an entry holds, and its time to live unless that stays; another value must be put in
   * its place.
   * @returns the entry's meta
   */
  private vacate(e: number, keepTtl: boolean): number {
    if (this.onReplaced !== undefined && isObject(this.kind(e))) this.onReplaced(this, e);
    if (this.cut !== undefined) this.beforeLoss(this.cut, e);
    let meta = this.dict.meta(e);
    if ((meta & KIND_MASK) >= Kind.HashListpackEx) this.setFieldExpiry(e, Number.POSITIVE_INFINITY);
    if ((meta & VOLATILE) !== 0 && !keepTtl) {
      this.dropSlot(e);
      meta &= ~VOLATILE;
    }
    if (isObject(meta & KIND_MASK)) this.freeObject(e);
    return meta;
  }

  private tellReplaced(e: number): void {
    const { dict } = this;
    dict.locate(e);
    this.waiters!.keyAdded(dict.buf, dict.keyOff, dict.keyLen);
  }

  private tellRemoved(e: number): void {
    const { dict } = this;
    dict.locate(e);
    this.waiters!.keyRemoved(dict.buf, dict.keyOff, dict.keyLen);
  }

  private growLarge(large: LargeString, length: number): void {
    if (length > large.buf.length) {
      const bigger = Buffer.alloc(withRoom(length));
      bigger.set(large.buf.subarray(0, large.length));
      large.buf = bigger;
      this.settle(large);
    }
    if (length < large.length) large.buf.fill(0, length, large.length);
    large.length = length;
  }
}

const EMPTY = new Uint8Array(0);

/** The kind that SET gives a value. */
export function stringKind(value: Uint8Array, off: number, len: number): number {
  if (len <= INT_TEXT_MAX && isInt64(value, off, len)) return Kind.StringInt;
  return len <= EMBSTR_MAX ? Kind.StringEmbstr : Kind.StringRaw;
}

/** What to allocate for a string that grows, so that appending to it costs a constant per byte. */
function withRoom(length: number): number {
  return length + Math.min(length, Math.max(MAX_DOUBLING, length >>> 3));
}

function largeCopy(value: Uint8Array, off: number, len: number): LargeString {
  const buf = Buffer.allocUnsafeSlow(len);
  buf.set(value.subarray(off, off + len));
  return new LargeString(buf, len);
}
