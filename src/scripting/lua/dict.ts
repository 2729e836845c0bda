/**
 * The keys of a table that has no shape: which slot each one has, and where PUC's hash part would have it.
 *
 * A large one grows by and by. New nodes are taken at once, and the keys move there some at a time, in
 * the order in which PUC would have moved them; keys that come meanwhile wait behind them:
 *
 *     old nodes  [. . . . d c b a]         to be placed: a b c d …, then those that came since
 *
 * Nobody sees that: keys are looked up by the index, and who wants to know an order (pairs) has all of
 * them moved first (`settle`). What a place depends on is which keys there are; so before one vanishes,
 * all have to have theirs, too.
 */
import { KeyIndex } from './key-index.js';
import { ceilLog2, Nodes } from './nodes.js';

/** Keys that move when one is added. */
const MOVES = 8;

export class Dict {
  readonly index = new KeyIndex();
  readonly keys: unknown[] = [];
  /** By slot: what hashOf says of its key. */
  readonly hashes: number[] = [];
  readonly free: number[] = [];
  /** How many keys there are that an array could have, by their power of two; and in all. */
  readonly counts: number[] = new Array<number>(32).fill(0);
  integers = 0;
  private growth: Growth | undefined = undefined;

  /** @param nodes to be looked at only when settled */
  constructor(public nodes: Nodes) {}

  /** How many keys there are, those included that are nil by now. */
  get count(): number {
    return this.keys.length - this.free.length;
  }

  /** A slot for a new key, which is in no node yet. */
  add(key: unknown, hash: number): number {
    const slot = this.free.pop() ?? this.keys.length;
    this.keys[slot] = key;
    this.hashes[slot] = hash;
    this.index.set(key, slot);
    this.integers += countInteger(key, this.counts);
    return slot;
  }

  remove(slot: number): void {
    const key = this.keys[slot];
    this.index.delete(key);
    this.keys[slot] = undefined;
    this.free.push(slot);
    this.integers -= countInteger(key, this.counts, -1);
  }

  /** Whether keys are moving. */
  get isGrowing(): boolean {
    return this.growth !== undefined;
  }

  /** Takes nodes of another size, to which the keys are moved by and by. There must be room for all. */
  grow(size: number): void {
    this.growth = new Growth(this.nodes);
    this.nodes = new Nodes(size);
  }

  /** Puts a slot into a node when those before it are in theirs. To be called while keys are moving. */
  placeLater(slot: number): void {
    this.growth?.late.push(slot);
    this.move(MOVES);
  }

  /** Has all keys in their nodes. */
  settle(): void {
    if (this.growth !== undefined) this.move(Number.POSITIVE_INFINITY);
  }

  private move(count: number): void {
    const { growth, hashes, nodes } = this;
    if (growth === undefined) return;
    for (let left = count; left > 0; left--) {
      const slot = growth.next();
      if (slot < 0) {
        this.growth = undefined;
        return;
      }
      nodes.place(slot, nodes.mainPosition(hashes[slot]), hashes);
    }
  }
}

/** Keys that are on their way to other nodes. */
class Growth {
  /** Slots of keys that came since. */
  readonly late: number[] = [];
  private lateAt = 0;
  /** Old nodes from here on have been emptied. */
  private at: number;

  constructor(private readonly old: Nodes) {
    this.at = old.size;
  }

  /** The slot that is to be placed next; -1: there is none. */
  next(): number {
    while (this.at > 0) {
      const slot = this.old.slotAt(--this.at);
      if (slot >= 0) return slot;
    }
    return this.lateAt < this.late.length ? this.late[this.lateAt++] : -1;
  }
}

/** Counts `key` if it could be in an array. @returns 1 if so, else 0 */
export function countInteger(key: unknown, counts: number[], by = 1): number {
  if (typeof key !== 'number' || key < 1 || key > 2 ** 26 || !Number.isInteger(key)) return 0;
  counts[ceilLog2(key)] += by;
  return 1;
}
