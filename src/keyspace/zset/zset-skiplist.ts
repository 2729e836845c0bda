/**
 * A big sorted set: a dict that finds a member, a skip list that keeps them in order.
 *
 *     dict entry  { hash, next, block, meta } ---meta---> node { score, entry, links }
 *                               |      ^                            |
 *                 arena   [ member ]   +-----------entry------------+
 *
 * A position is a node's number. Members' bytes lie in blocks of the database's arena, beyond
 * OWN_ARENA_MEMBERS in an arena of this set alone (see collection.ts): deleting a set of any size
 * then takes no time.
 */
import type { Arena } from '../../datastructs/arena.js';
import { Dict, type TableOwner, WARM_MAX } from '../../datastructs/dict.js';
import type { SipHasher } from '../../datastructs/siphash.js';
import { SkipList } from '../../datastructs/skiplist.js';
import { evacuateDict, OWN_ARENA_MEMBERS } from '../collection.js';
import { type BigArray, type Ledger, NO_LEDGER, type OwnedObject } from '../object-table.js';
import type { MemberRange, ScoreRange, Zset } from './zset.js';

export class ZsetSkiplist implements Zset, OwnedObject, TableOwner {
  accountedBytes = 0;
  ledger: Ledger = NO_LEDGER;
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
  from = 0;
  count = 0;

  private constructor(
    readonly dict: Dict,
    readonly list: SkipList,
    private readonly hasher: SipHasher,
    private ownsArena: boolean,
  ) {
    dict.owner = this;
  }

  /**
   * An empty set.
   * @param arena of the database that it will belong to
   * @param members how many are expected
   */
  static create(arena: Arena, hasher: SipHasher, members: number): ZsetSkiplist {
    const dict = new Dict(arena);
    dict.expand(members);
    return new ZsetSkiplist(dict, newList(dict, hasher, members), hasher, false);
  }

  /**
   * A set of the members that are in a dict already.
   * @param dict whose `meta` is the number of the member's score in `scores`
   * @param ownsArena whether the dict's arena is its own
   */
  static ofScores(
    dict: Dict,
    ownsArena: boolean,
    scores: readonly number[],
    hasher: SipHasher,
  ): ZsetSkiplist {
    const list = newList(dict, hasher, dict.size);
    for (let e = 1; e < dict.entryTop; e++) {
      if (dict.isUsed(e)) list.insert(scores[dict.meta(e)]!, e);
    }
    return new ZsetSkiplist(dict, list, hasher, ownsArena);
  }

  get size(): number {
    return this.list.size;
  }

  first(): number {
    return this.list.first;
  }

  last(): number {
    return this.list.last;
  }

  next(p: number): number {
    return this.list.next(p);
  }

  prev(p: number): number {
    return this.list.prev(p);
  }

  at(rank: number): number {
    return this.list.at(rank);
  }

  rank(p: number): number {
    return this.list.rank(p);
  }

  find(buf: Uint8Array, off: number, len: number, hash = 0): number {
    const h = hash !== 0 ? hash : this.hasher.hash(buf, off, len);
    const e = this.dict.find(buf, off, len, h);
    return e === 0 ? 0 : this.dict.meta(e);
  }

  score(p: number): number {
    return this.list.score(p);
  }

  read(p: number): void {
    this.readEntry(this.list.entry(p));
  }

  /** As `read`, by the member's entry in the dict. */
  readEntry(e: number): void {
    const { dict } = this;
    dict.locate(e);
    this.buf = dict.buf;
    this.off = dict.keyOff;
    this.len = dict.keyLen;
  }

  selectScores(range: ScoreRange, reversed: boolean): void {
    const { list } = this;
    this.selectNothing();
    if (range.isEmpty) return;
    const first = list.firstFrom(range.min, range.minExclusive);
    if (first === 0 || !range.isBelowMax(list.score(first))) return;
    this.select(first, list.lastUpTo(range.max, range.maxExclusive), reversed);
  }

  selectMembers(range: MemberRange, reversed: boolean): void {
    this.selectNothing();
    if (range.isEmpty) return;
    const first = this.firstFrom(range);
    if (first === 0) return;
    this.read(first);
    if (!range.isBelowMax(this.buf, this.off, this.len)) return;
    const last = this.lastUpTo(range);
    if (last !== 0) this.select(first, last, reversed);
  }

  add(buf: Uint8Array, off: number, len: number, score: number, hash = 0): void {
    const { dict, list } = this;
    const h = hash !== 0 ? hash : this.hasher.hash(buf, off, len);
    const e = dict.insert(buf, off, len, h, 0, 0);
    list.insert(score, e);
    if (list.size > OWN_ARENA_MEMBERS && !this.ownsArena) this.own();
  }

  setScore(p: number, _buf: Uint8Array, _off: number, _len: number, score: number): void {
    this.list.setScore(p, score);
  }

  remove(p: number): void {
    this.list.remove(p);
    this.dict.shrinkIfSparse();
  }

  removeRange(rank: number, count: number): void {
    this.list.removeRange(rank, count);
    this.dict.shrinkIfSparse();
  }

  /**
   * Touches what changes of these members' places will touch (see SkipList.warm).
   * @param scores the score that each is going to have; NaN: not known
   * @param count at most WARM_MAX; the dict is warm for them already
   */
  warm(entries: Int32Array, scores: Float64Array, count: number): void {
    const { dict, list } = this;
    if (list.size < WARM_SIZE) return;
    for (let i = 0; i < count; i++) {
      const e = entries[i]!;
      NODES[i] = e === 0 ? 0 : dict.meta(e);
    }
    let searches = 0;
    for (let i = 0; i < count; i++) {
      const node = NODES[i]!;
      const score = scores[i]!;
      const current = node === 0 ? Number.NaN : list.score(node);
      if (!Number.isNaN(current)) SCORES[searches++] = current;
      if (!Number.isNaN(score) && score !== current) SCORES[searches++] = score;
    }
    list.warm(SCORES, searches);
  }

  // ---- as an object of the database

  get memoryBytes(): number {
    const own = this.ownsArena ? this.dict.arena.usedBytes : 0;
    return this.dict.tableBytes + this.list.bytes + own;
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

  copy(arena: Arena): ZsetSkiplist {
    const own = this.size > OWN_ARENA_MEMBERS;
    const dict = this.dict.copy(own ? arena.sibling() : arena);
    return new ZsetSkiplist(dict, this.list.copy(dict), this.hasher, own);
  }

  moveTo(arena: Arena): void {
    if (!this.ownsArena) this.dict.rehome(arena);
  }

  evacuate(count: number): Iterator<void> {
    return evacuateDict(this.dict, count);
  }

  dispose(): readonly BigArray[] {
    const blocks = this.ownsArena ? this.dict.arena.takeMemory() : [];
    if (!this.ownsArena) this.dict.freeBlocks();
    return [...this.dict.takeMemory(), ...this.list.takeMemory(), ...blocks];
  }

  private own(): void {
    this.ownsArena = true;
    this.dict.rehome(this.dict.arena.sibling());
  }

  private selectNothing(): void {
    this.from = 0;
    this.count = 0;
  }

  private select(first: number, last: number, reversed: boolean): void {
    const count = this.list.rank(last) - this.list.rank(first) + 1;
    if (count <= 0) return;
    this.from = reversed ? last : first;
    this.count = count;
  }

  private firstFrom(range: MemberRange): number {
    const { infinite, bytes, exclusive } = range.min;
    if (infinite !== 0) return infinite < 0 ? this.list.first : 0;
    return this.list.firstFromMember(bytes, 0, bytes.length, exclusive);
  }

  private lastUpTo(range: MemberRange): number {
    const { infinite, bytes, exclusive } = range.max;
    if (infinite !== 0) return infinite > 0 ? this.list.last : 0;
    return this.list.lastUpToMember(bytes, 0, bytes.length, exclusive);
  }
}

/** A list of fewer members is in the processor's cache anyway. */
const WARM_SIZE = 1 << 14;
const NODES = new Int32Array(WARM_MAX);
const SCORES = new Float64Array(2 * WARM_MAX);

function newList(dict: Dict, hasher: SipHasher, members: number): SkipList {
  // Keyed, so nobody can guess it; that all sets begin alike does no harm.
  return new SkipList(dict, hasher.hash(SEED_TEXT, 0, SEED_TEXT.length), members);
}

const EMPTY = new Uint8Array(0);
const SEED_TEXT = new TextEncoder().encode('skip list');
