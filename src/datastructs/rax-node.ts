/**
 * Nodes of a radix tree (rax.ts), as blocks in an arena.
 *
 *     word 0     | n (30 bits) | run | key |
 *     word 1     the node's own value, if `key`
 *     …          slots: one for a run, n for a branch
 *     then       n bytes: a run's bytes one after the other, or a branch's, in rising order
 *
 * A slot says what follows: a positive number is a node's address, a negative one is the complement
 * of a value (a leaf has no node of its own), 0 is nothing.
 */
import { type Arena, SEGMENT_MASK, SEGMENT_SHIFT } from './arena.js';

/** Bits of a node's header. */
export const KEY = 1;
export const RUN = 2;
export const COUNT_SHIFT = 2;

/** A node's size in bytes. */
export function nodeBytes(header: number): number {
  const n = header >>> COUNT_SHIFT;
  const slots = (header & RUN) !== 0 ? 1 : n;
  return ((1 + (header & KEY) + slots) << 2) + n;
}

/** Number of slots of a node. */
export function slotCount(header: number): number {
  return (header & RUN) !== 0 ? 1 : header >>> COUNT_SHIFT;
}

/** One node, opened to be read and written in place; valid until the arena's next `alloc`. */
export class NodeView {
  words: Int32Array = NO_WORDS;
  bytes: Uint8Array = NO_BYTES;
  header = 0;
  /** Index of the first slot in `words`. */
  slots = 0;
  /** Offset of the first byte in `bytes`. */
  chars = 0;
  /** How many bytes there are. */
  n = 0;

  open(arena: Arena, node: number): this {
    const segment = node >>> SEGMENT_SHIFT;
    const words = arena.words[segment]!;
    const at = (node & SEGMENT_MASK) << 1;
    const header = words[at]!;
    const n = header >>> COUNT_SHIFT;
    this.words = words;
    this.bytes = arena.bytes[segment]!;
    this.header = header;
    this.n = n;
    this.slots = at + 1 + (header & KEY);
    this.chars = (this.slots + ((header & RUN) !== 0 ? 1 : n)) << 2;
    return this;
  }

  get isKey(): boolean {
    return (this.header & KEY) !== 0;
  }

  get isRun(): boolean {
    return (this.header & RUN) !== 0;
  }

  /** The node's own value, if it is a key. */
  get value(): number {
    return this.words[this.slots - 1]!;
  }
}

/** Index of the first of `n` rising bytes that is not below `c`; n if there is none. */
export function lowerBound(bytes: Uint8Array, from: number, n: number, c: number): number {
  // Keys often come in rising order: look at the last one first.
  if (bytes[from + n - 1]! < c) return n;
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bytes[from + middle]! < c) low = middle + 1;
    else high = middle;
  }
  return low;
}

const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);
