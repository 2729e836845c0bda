/**
 * A set as a hash table: what a set becomes when it is too big for a listpack or intset.
 *
 * The dict's entries have no value. They are removed so that their numbers stay dense, 1 … size: a
 * random member is a random number, and each is exactly as likely as the others.
 */
import type { Arena } from '../../datastructs/arena.js';
import { Dict, type TableOwner } from '../../datastructs/dict.js';
import type { SipHasher } from '../../datastructs/siphash.js';
import { evacuateDict, OWN_ARENA_MEMBERS } from '../collection.js';
import { type BigArray, type Ledger, NO_LEDGER, type OwnedObject } from '../object-table.js';

/** The table shrinks when it has more than so many buckets for a member (as Redis's does). */
const MIN_FILL = 10;

export class DictSet implements OwnedObject, TableOwner {
  accountedBytes = 0;
  ledger: Ledger = NO_LEDGER;
  /** Whether the blocks are in an arena of the set's own. */
  private ownsArena = false;

  constructor(
    readonly dict: Dict,
    private readonly hasher: SipHasher,
  ) {
    dict.owner = this;
  }

  /** An empty set. @param arena of the database @param count members to be expected */
  static create(arena: Arena, hasher: SipHasher, count: number): DictSet {
    const set = new DictSet(new Dict(arena), hasher);
    if (count > OWN_ARENA_MEMBERS) set.takeArena();
    set.dict.expand(count);
    return set;
  }

  get size(): number {
    return this.dict.size;
  }

  get memoryBytes(): number {
    const { dict } = this;
    return dict.tableBytes + (this.ownsArena ? dict.arena.usedBytes : 0);
  }

  tablesChanged(): void {
    this.ledger.settle(this);
  }

  get ownArena(): Arena | undefined {
    return this.ownsArena ? this.dict.arena : undefined;
  }

  get sharedBytes(): number {
    return this.ownsArena ? 0 : this.dict.blockBytes;
  }

  /** @param hash of the member, 0 if it is not known */
  has(bytes: Uint8Array, off: number, len: number, hash: number): boolean {
    const h = hash !== 0 ? hash : this.hasher.hash(bytes, off, len);
    return this.dict.find(bytes, off, len, h) !== 0;
  }

  /** @returns false if it was a member already */
  add(bytes: Uint8Array, off: number, len: number, hash: number): boolean {
    const h = hash !== 0 ? hash : this.hasher.hash(bytes, off, len);
    const { dict } = this;
    if (dict.find(bytes, off, len, h) !== 0) return false;
    dict.insert(bytes, off, len, h, 0, 0);
    if (dict.size > OWN_ARENA_MEMBERS && !this.ownsArena) this.takeArena();
    return true;
  }

  /** @returns false if it was no member */
  remove(bytes: Uint8Array, off: number, len: number, hash: number): boolean {
    const h = hash !== 0 ? hash : this.hasher.hash(bytes, off, len);
    const e = this.dict.find(bytes, off, len, h);
    if (e === 0) return false;
    this.removeEntry(e);
    return true;
  }

  removeEntry(e: number): void {
    const { dict } = this;
    dict.removeDense(e);
    if (dict.size * MIN_FILL < dict.bucketCount) dict.shrinkIfSparse();
  }

  copy(arena: Arena): DictSet {
    const own = this.size > OWN_ARENA_MEMBERS;
    const copy = new DictSet(this.dict.copy(own ? arena.sibling() : arena), this.hasher);
    copy.ownsArena = own;
    return copy;
  }

  moveTo(arena: Arena): void {
    if (!this.ownsArena) this.dict.rehome(arena);
  }

  evacuate(count: number): Iterator<void> {
    return evacuateDict(this.dict, count);
  }

  dispose(): readonly BigArray[] {
    if (this.ownsArena) return [...this.dict.arena.takeMemory(), ...this.dict.takeMemory()];
    this.dict.freeBlocks();
    return this.dict.takeMemory();
  }

  private takeArena(): void {
    this.dict.rehome(this.dict.arena.sibling());
    this.ownsArena = true;
  }
}
