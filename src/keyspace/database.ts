/**
 * One numbered database: keys, their values and their times to live.
 *
 * Keys are in a Dict (see there for the layout). The value bytes of an entry are, by kind:
 *
 *     [ expiry slot: 4 bytes, if VOLATILE ] [ string | listpack | intset | object number: 4 bytes ]
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
import { RELEASE_MIN, release } from '../datastructs/release.js';
import type { SipHasher } from '../datastructs/siphash.js';
import { isInt64 } from '../text/int64.js';
import { ExpiryTable } from './expiry-table.js';
import { CLOCK_SHIFT, isObject, KIND_MASK, Kind, VOLATILE } from './kinds.js';
import { LargeString, ObjectTable, type OwnedObject } from './object-table.js';

/** Longest string that shares a block with its key, in bytes. */
export const INLINE_MAX = 4096;
/** Longest `embstr` (Redis: what fits a 64-byte allocation with its headers). */
export const EMBSTR_MAX = 44;
/** Longest text of a 64-bit integer. */
const INT_TEXT_MAX = 20;
const SLOT_BYTES = 4;
const REFERENCE_BYTES = 4;
/** A growing large string doubles its room up to so many bytes more, then takes an eighth more. */
const MAX_DOUBLING = 1024 * 1024;

export class Database {
  /** Blocks of this database alone, so that flushing it is throwing them away. */
  arena: Arena;
  dict: Dict;
  readonly expires = new ExpiryTable();
  readonly objects = new ObjectTable();
  /** Bytes of the objects in `objects`. */
  objectBytes = DOUBLE_FIELD;
  /** Access clock given to new entries; kept up to date by the cron. */
  clock = 0;
  /** Mean time to live of the keys that the expire cycle saw, in ms. */
  avgTtlMs = DOUBLE_FIELD;
  /** Where the expire cycle goes on. */
  expireCursor = 0;

  /** Memory of before `clear`, not yet given back. */
  private readonly discarded: (Uint8Array | Int32Array)[] = [];

  // What `open` found.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;

  constructor(
    /** Number in SELECT; SWAPDB changes it. */
    public index: number,
    readonly hasher: SipHasher,
    private readonly debugArena = false,
  ) {
    this.objectBytes = 0;
    this.avgTtlMs = 0;
    this.arena = new Arena({ debug: debugArena });
    this.dict = new Dict(this.arena);
  }

  get size(): number {
    return this.dict.size;
  }

  /** Bytes of all keys and values, their tables included. */
  get usedBytes(): number {
    return this.arena.usedBytes + this.dict.tableBytes + this.expires.bytes + this.objectBytes;
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
      const e = dict.insert(
        key,
        keyOff,
        keyLen,
        h,
        REFERENCE_BYTES,
        this.freshMeta(Kind.StringLarge),
      );
      writeWord(dict.buf, dict.valOff, this.addObject(largeCopy(value, off, len)));
      return e;
    }
    const e = dict.insert(key, keyOff, keyLen, h, len, this.freshMeta(kind));
    copy(value, off, len, dict.buf, dict.valOff);
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
    let meta = dict.meta(e);
    if ((meta & VOLATILE) !== 0 && !keepTtl) {
      this.dropSlot(e);
      meta &= ~VOLATILE;
    }
    if (isObject(meta & KIND_MASK)) this.freeObject(e);
    const skip = (meta & VOLATILE) !== 0 ? SLOT_BYTES : 0;
    if (len > INLINE_MAX) {
      const id = this.addObject(largeCopy(value, off, len));
      dict.resizeValue(e, skip + REFERENCE_BYTES);
      writeWord(dict.buf, dict.valOff + skip, id);
      dict.setMeta(e, (meta & ~KIND_MASK) | Kind.StringLarge);
      return;
    }
    dict.resizeValue(e, skip + len);
    copy(value, off, len, dict.buf, dict.valOff + skip);
    dict.setMeta(e, (meta & ~KIND_MASK) | kind);
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
      const large = new LargeString(Buffer.alloc(withRoom(length)), length);
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

  // ---- objects (big collections)

  /** The object that an entry of an object kind refers to. */
  objectOf(e: number): unknown {
    return this.objects.get(this.objectId(e));
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
    const e = dict.insert(key, keyOff, keyLen, h, REFERENCE_BYTES, this.freshMeta(kind));
    writeWord(dict.buf, dict.valOff, this.addObject(object));
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

  // ---- keys

  /** Removes a key with all it owns. */
  remove(e: number): void {
    const meta = this.dict.meta(e);
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
    const kind = this.kind(e);
    let added: number;
    if (isObject(kind)) {
      const object = this.objectOf(e) as OwnedObject;
      this.freeObject(e);
      this.dict.setMeta(e, (this.dict.meta(e) & ~KIND_MASK) | Kind.StringRaw);
      added = target.addObjectKey(key, keyOff, keyLen, 0, kind, object);
    } else {
      added = target.addRaw(key, keyOff, keyLen, kind, this.rawValue(e));
    }
    if (this.isVolatile(e)) target.setExpiry(added, this.expiryExact(e));
    this.remove(e);
    return added;
  }

  /** As `moveTo`, but the entry stays and `target` gets a copy of the value. */
  copyTo(e: number, target: Database, key: Uint8Array, keyOff: number, keyLen: number): number {
    const kind = this.kind(e);
    const added = isObject(kind)
      ? target.addObjectKey(key, keyOff, keyLen, 0, kind, (this.objectOf(e) as OwnedObject).copy())
      : target.addRaw(key, keyOff, keyLen, kind, this.rawValue(e));
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

  /** Stores value bytes of a kind that is no object under a key that has no entry. */
  addRaw(key: Uint8Array, keyOff: number, keyLen: number, kind: number, value: Uint8Array): number {
    const { dict } = this;
    const hash = this.hasher.hash(key, keyOff, keyLen);
    const e = dict.insert(key, keyOff, keyLen, hash, value.length, this.freshMeta(kind));
    dict.buf.set(value, dict.valOff);
    return e;
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
    const object = isObject(this.kind(e)) ? (this.objectOf(e) as OwnedObject).memoryBytes : 0;
    return this.dict.blockBytesOf(e) + 16 + 4 + (this.isVolatile(e) ? 12 : 0) + object;
  }

  /**
   * Removes all keys at once. Their memory is given back by `trim`, a piece at a time.
   */
  clear(): void {
    const { resizePaused } = this.dict;
    this.discard(this.arena.takeMemory());
    this.discard(this.dict.takeMemory());
    this.discard(this.expires.clear());
    this.arena = new Arena({ debug: this.debugArena });
    this.dict = new Dict(this.arena);
    this.dict.resizePaused = resizePaused;
    this.objects.clear();
    this.objectBytes = 0;
    this.avgTtlMs = 0;
    this.expireCursor = 0;
  }

  /**
   * Gives a piece of memory back that nothing needs any more, if there is one (about 1 ms).
   * @returns whether there was one
   */
  trim(): boolean {
    const piece = this.discarded.pop();
    if (piece === undefined) return this.dict.trim() || this.arena.trim();
    release(piece);
    return true;
  }

  private discard(arrays: readonly (Uint8Array | Int32Array)[]): void {
    for (const array of arrays) if (array.byteLength >= RELEASE_MIN) this.discarded.push(array);
  }

  private freshMeta(kind: number): number {
    return kind | (this.clock << CLOCK_SHIFT);
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

  private objectId(e: number): number {
    const { dict } = this;
    dict.locate(e);
    return readWord(dict.buf, dict.valOff + (this.isVolatile(e) ? SLOT_BYTES : 0));
  }

  private addObject(object: OwnedObject): number {
    this.objectBytes += object.memoryBytes;
    return this.objects.add(object);
  }

  private freeObject(e: number): void {
    const id = this.objectId(e);
    this.objectBytes -= (this.objects.get(id) as OwnedObject).memoryBytes;
    this.objects.remove(id);
  }

  private growLarge(large: LargeString, length: number): void {
    if (length > large.buf.length) {
      const bigger = Buffer.alloc(withRoom(length));
      bigger.set(large.buf.subarray(0, large.length));
      this.objectBytes += bigger.length - large.buf.length;
      large.buf = bigger;
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

function copy(from: Uint8Array, off: number, len: number, to: Uint8Array, at: number): void {
  if (len < 64) for (let i = 0; i < len; i++) to[at + i] = from[off + i]!;
  else to.set(from.subarray(off, off + len), at);
}

function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
