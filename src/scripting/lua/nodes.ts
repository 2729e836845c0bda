/**
 * The places that PUC's hash part gives to keys: it decides the order of `pairs` and when a table is
 * full. Each node holds a slot (whose key is known elsewhere) and the next node of its chain.
 *
 *     node    0   1   2   3         A key belongs at its main position, hash mod size. If another key
 *     slot    2   -   0   1         that belongs there holds it, the new one goes to the last free
 *     next    -   -   3   -         node and into the chain; if the other one doesn't belong there, it
 *                         ^free     has to move to that node itself. None free: the table is full.
 */

/** Least n such that 2^n >= x. */
export function ceilLog2(x: number): number {
  return x <= 1 ? 0 : 32 - Math.clz32(x - 1);
}

/** Added to the hashes of numbers and objects, which are taken modulo an odd number. */
export const ODD_MODULUS = 2 ** 32;

export class Nodes {
  /** Slots and nodes plus one, 0 for none: so that a large table's memory is taken as it is used. */
  private readonly slots: Int32Array;
  private readonly next: Int32Array;
  /** No node from here on is free. */
  private free: number;

  /** @param size a power of two, or 0 */
  constructor(readonly size: number) {
    this.slots = new Int32Array(size);
    this.next = new Int32Array(size);
    this.free = size;
  }

  copy(): Nodes {
    const copy = new Nodes(this.size);
    copy.slots.set(this.slots);
    copy.next.set(this.next);
    copy.free = this.free;
    return copy;
  }

  /** @param hash as key-hash.ts makes it */
  mainPosition(hash: number): number {
    if (hash < ODD_MODULUS) return (hash & (this.size - 1)) >>> 0;
    return (hash - ODD_MODULUS) % ((this.size - 1) | 1);
  }

  /** The slot that a node holds; -1: none. */
  slotAt(node: number): number {
    return this.slots[node] - 1;
  }

  /** Puts a slot into a node in place of the one that it holds, which keeps the chain. */
  replace(node: number, slot: number): void {
    this.slots[node] = slot + 1;
  }

  /**
   * Puts a slot into a node.
   * @param main the main position of its key
   * @param hashes by slot
   * @returns false: there is no free node
   */
  place(slot: number, main: number, hashes: readonly number[]): boolean {
    const { slots, next } = this;
    if (this.size === 0) return false;
    const held = slots[main] - 1;
    if (held < 0) {
      slots[main] = slot + 1;
      return true;
    }
    const free = this.takeFree();
    if (free < 0) return false;
    let before = this.mainPosition(hashes[held]);
    if (before === main) {
      slots[free] = slot + 1;
      next[free] = next[main];
      next[main] = free + 1;
      return true;
    }
    while (next[before] - 1 !== main) before = next[before] - 1;
    next[before] = free + 1;
    slots[free] = held + 1;
    next[free] = next[main];
    next[main] = 0;
    slots[main] = slot + 1;
    return true;
  }

  private takeFree(): number {
    while (this.free > 0) {
      this.free--;
      if (this.slots[this.free] === 0) return this.free;
    }
    return -1;
  }

  /** Node of a slot. */
  find(slot: number, hash: number): number {
    let node = this.mainPosition(hash);
    while (node >= 0 && this.slots[node] - 1 !== slot) node = this.next[node] - 1;
    // Reuse of nodes may have cut a chain; it is there all the same.
    return node >= 0 ? node : this.slots.indexOf(slot + 1);
  }
}

/** Those of a table without hash part. */
export const NO_NODES = new Nodes(0);
