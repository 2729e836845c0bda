/**
 * A big hash: a Dict of fields, each in one block with its value.
 *
 *     dict entry   field | value      meta: slot of the field's deadline + 1 (0: it has none)
 *     deadlines    slot 0: { time, dict entry }   slot 1: …      made when the first field gets one
 *
 * The table of deadlines is the same as the database's for keys (see expiry-table.ts): dense, with a
 * lower bound of the times for every 1024 slots, so that fields that are due are found without a
 * walk over the others. A hash none of whose fields has a deadline has no such table.
 *
 * The blocks lie in the database's arena at first, and in an arena of its own from OWN_ARENA_MEMBERS
 * fields on (see collection.ts). A hash that loses nearly all of its fields moves back: else a walk
 * over the few that are left would pass the places of all that were.
 */
import type { Arena } from '../../datastructs/arena.js';
import { Dict, type TableOwner } from '../../datastructs/dict.js';
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { copyBytes } from '../../datastructs/move-bytes.js';
import type { SipHasher } from '../../datastructs/siphash.js';
import { evacuateDict, OWN_ARENA_MEMBERS } from '../collection.js';
import { BLOCK_SLOTS, ExpiryTable } from '../expiry-table.js';
import { type BigArray, type FieldOwner, type Ledger, NO_LEDGER } from '../object-table.js';

/** Fields with which a hash leaves its own arena again. */
const MOVE_BACK_FIELDS = OWN_ARENA_MEMBERS / 2;

export class HashTable implements FieldOwner, TableOwner {
  accountedBytes = DOUBLE_FIELD;
  ledger: Ledger = NO_LEDGER;
  expirySlot = -1;
  /** Hash of the field that `find` looked for last. */
  private hash = 0;
  ownArena: Arena | undefined = undefined;
  private deadlines: ExpiryTable | undefined = undefined;

  /** @param dict empty, or a copy with the same meaning of `meta` */
  private constructor(
    public dict: Dict,
    private readonly hasher: SipHasher,
  ) {
    this.accountedBytes = 0;
    dict.owner = this;
  }

  /** An empty hash. @param arena of its database @param fields how many to make room for */
  static empty(hasher: SipHasher, arena: Arena, fields: number): HashTable {
    const table = new HashTable(new Dict(arena), hasher);
    table.dict.expand(fields);
    return table;
  }

  get memoryBytes(): number {
    const blocks = this.ownArena === undefined ? 0 : this.ownArena.usedBytes;
    const deadlines = this.deadlines === undefined ? 0 : this.deadlines.bytes;
    return this.dict.tableBytes + blocks + deadlines;
  }

  tablesChanged(): void {
    this.ledger.settle(this);
  }

  get sharedBytes(): number {
    return this.ownArena === undefined ? this.dict.blockBytes : 0;
  }

  /** Fields, those that are due included. */
  get size(): number {
    return this.dict.size;
  }

  /** The field's dict entry, 0 if there is none. @param hash from the hasher, or 0 */
  find(field: Uint8Array, off: number, len: number, hash: number): number {
    this.hash = hash !== 0 ? hash : this.hasher.hash(field, off, len);
    return this.dict.find(field, off, len, this.hash);
  }

  /** Adds the field that `find` has just not found. @returns its dict entry */
  add(
    field: Uint8Array,
    fieldOff: number,
    fieldLen: number,
    value: Uint8Array,
    off: number,
    len: number,
  ): number {
    const { dict } = this;
    if (dict.size === OWN_ARENA_MEMBERS && this.ownArena === undefined) this.moveOut();
    const f = dict.insert(field, fieldOff, fieldLen, this.hash, len, 0);
    copyBytes(value, off, len, dict.buf, dict.valOff);
    return f;
  }

  /** @returns whether the value's length has changed */
  setValue(f: number, value: Uint8Array, off: number, len: number): boolean {
    const { dict } = this;
    dict.locate(f);
    const changes = dict.valLen !== len;
    if (changes) dict.resizeValue(f, len);
    copyBytes(value, off, len, dict.buf, dict.valOff);
    return changes;
  }

  remove(f: number): void {
    this.clearDeadline(f);
    this.dict.remove(f);
    this.dict.shrinkIfSparse();
  }

  // ---- deadlines

  /** When the field is due, Unix ms; 0: never. */
  deadline(f: number): number {
    const slot = this.dict.meta(f) - 1;
    return slot < 0 ? 0 : this.deadlines!.get(slot);
  }

  setDeadline(f: number, atMs: number): void {
    const slot = this.dict.meta(f) - 1;
    this.deadlines ??= this.newDeadlines();
    if (slot >= 0) this.deadlines.set(slot, atMs);
    else this.dict.setMeta(f, this.deadlines.add(f, atMs) + 1);
  }

  clearDeadline(f: number): void {
    const slot = this.dict.meta(f) - 1;
    if (slot < 0) return;
    const moved = this.deadlines!.remove(slot);
    if (moved !== 0) this.dict.setMeta(moved, slot + 1);
    this.dict.setMeta(f, 0);
  }

  /** Whether any field has a deadline. */
  get hasDeadlines(): boolean {
    return this.deadlines !== undefined && this.deadlines.size > 0;
  }

  /** A time that no field is due before; infinite: none has a deadline. */
  earliestDeadline(): number {
    return this.deadlines === undefined ? Number.POSITIVE_INFINITY : this.deadlines.earliest();
  }

  /** How many fields are due. */
  countDue(now: number): number {
    const { deadlines } = this;
    if (deadlines === undefined) return 0;
    let count = 0;
    let block = deadlines.dueBlockBelow(deadlines.blocks, now);
    for (; block >= 0; block = deadlines.dueBlockBelow(block, now)) {
      const end = Math.min((block + 1) * BLOCK_SLOTS, deadlines.size);
      for (let slot = block * BLOCK_SLOTS; slot < end; slot++) {
        if (deadlines.get(slot) < now) count++;
      }
    }
    return count;
  }

  /**
   * Dict entries of fields that are due, and makes the bounds of what it walks exact: when it finds
   * fewer than asked for, there are no more.
   * @returns how many, at most `due.length`
   */
  collectDue(now: number, due: Int32Array): number {
    const { deadlines } = this;
    if (deadlines === undefined) return 0;
    let count = 0;
    let block = deadlines.dueBlockBelow(deadlines.blocks, now);
    for (; block >= 0; block = deadlines.dueBlockBelow(block, now)) {
      let earliest = Number.POSITIVE_INFINITY;
      const end = Math.min((block + 1) * BLOCK_SLOTS, deadlines.size);
      for (let slot = block * BLOCK_SLOTS; slot < end; slot++) {
        const at = deadlines.get(slot);
        if (at < now) {
          if (count === due.length) return count;
          due[count++] = deadlines.entryOf(slot);
        }
        if (at < earliest) earliest = at;
      }
      deadlines.setBound(block, earliest);
    }
    return count;
  }

  // ---- as an object of a database

  /** Whether it has become small again and is to move back. */
  get isSparse(): boolean {
    return this.ownArena !== undefined && this.dict.size <= MOVE_BACK_FIELDS;
  }

  /** Moves back to the arena of its database, into a dict without holes. @returns its old memory */
  moveBack(arena: Arena): readonly BigArray[] {
    const { dict: from, deadlines, ownArena } = this;
    const dict = new Dict(arena);
    dict.expand(from.size);
    dict.owner = this;
    this.dict = dict;
    this.ownArena = undefined;
    this.deadlines = undefined;
    const move = (f: number) => {
      from.locate(f);
      const { buf, keyOff, keyLen, valOff, valLen } = from;
      this.hash = from.hashOf(f);
      const moved = this.add(buf, keyOff, keyLen, buf, valOff, valLen);
      const slot = from.meta(f) - 1;
      if (slot >= 0) this.setDeadline(moved, deadlines!.get(slot));
    };
    // By bucket: there may be a thousand entry numbers to each that is still in use.
    let cursor = 0;
    do cursor = from.scan(cursor, move);
    while (cursor !== 0);
    const memory: BigArray[] = [...from.takeMemory(), ...ownArena!.takeMemory()];
    if (deadlines !== undefined) memory.push(...deadlines.clear());
    return memory;
  }

  copy(arena: Arena): HashTable {
    const own = this.ownArena === undefined ? undefined : arena.sibling();
    const copy = new HashTable(this.dict.copy(own ?? arena), this.hasher);
    copy.ownArena = own;
    const { deadlines } = this;
    if (deadlines === undefined) return copy;
    // In the same order, so that every slot keeps its number.
    copy.deadlines = copy.newDeadlines();
    for (let slot = 0; slot < deadlines.size; slot++) {
      copy.deadlines.add(deadlines.entryOf(slot), deadlines.get(slot));
    }
    return copy;
  }

  moveTo(arena: Arena): void {
    if (this.ownArena === undefined) this.dict.rehome(arena);
  }

  evacuate(count: number): Iterator<void> {
    return evacuateDict(this.dict, count);
  }

  dispose(): readonly BigArray[] {
    if (this.ownArena === undefined) this.dict.freeBlocks();
    const tables: BigArray[] = this.dict.takeMemory();
    if (this.deadlines !== undefined) tables.push(...this.deadlines.clear());
    if (this.ownArena !== undefined) tables.push(...this.ownArena.takeMemory());
    return tables;
  }

  private newDeadlines(): ExpiryTable {
    return new ExpiryTable((array) => this.dict.arena.discard(array));
  }

  private moveOut(): void {
    this.ownArena = this.dict.arena.sibling();
    this.dict.rehome(this.ownArena);
  }
}
