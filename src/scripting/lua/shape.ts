/**
 * Shapes: which names a table's hash part has, in which slots and nodes, shared by all tables that got
 * the same names in the same order (V8 calls its own kind hidden classes or maps).
 *
 *     root(0) --x--> (x: 0) --y--> (x: 0, y: 1)         {x = .., y = ..} and t.x = ..; t.y = ..
 *                         \--z--> (x: 0, z: 1)
 *
 * Shapes are values that never change, and the tree of them only saves work: it is built anew when it
 * has grown too large, so that scripts that make up names don't fill the memory.
 */
import { hashOfString } from './key-hash.js';
import { ceilLog2, NO_NODES, Nodes } from './nodes.js';

/** A shape with more names would be worth less than it costs. */
const MAX_NAMES = 64;
/** How many shapes may follow one; more say that the names are data. */
const MAX_STEPS = 64;
const MAX_SHAPES = 20_000;

/** What adding a name to a table of a shape leads to. */
interface Step {
  readonly shape: Shape;
  /** Slot at the new name's main position; if its value is nil, the table needs a dict. -1: none. */
  readonly mainSlot: number;
  /** Whether the hash part is full, so that the table would have to be measured. */
  readonly isRehash: boolean;
}

/** The steps and roots there are, and how many: the part of a tree that is thrown away as one. */
class Tree {
  count = 0;
  readonly roots: Shape[] = [];
}

export class Shape {
  private steps: Map<string, Step> | undefined = undefined;
  private index: Map<string, number> | undefined = undefined;

  constructor(
    private readonly forest: { tree: Tree },
    private tree: Tree,
    readonly keys: readonly string[],
    /** By slot. */
    readonly hashes: readonly number[],
    readonly nodes: Nodes,
  ) {}

  slotOf(key: string): number | undefined {
    if (this.keys.length === 0) return undefined;
    this.index ??= new Map(this.keys.map((name, slot) => [name, slot]));
    return this.index.get(key);
  }

  /** Shape of an empty table whose hash part has room for 2^log keys. */
  root(log: number): Shape {
    const { roots } = this.forest.tree;
    return (roots[log] ??= new Shape(this.forest, this.forest.tree, [], [], new Nodes(2 ** log)));
  }

  /** What adding a name leads to, which the shape must not have; undefined: a table needs a dict. */
  step(key: string): Step | undefined {
    if (this.tree !== this.forest.tree) {
      this.tree = this.forest.tree;
      this.steps = undefined;
    }
    const steps = (this.steps ??= new Map());
    const known = steps.get(key);
    if (known !== undefined) return known;
    if (this === NO_SHAPE || steps.size >= MAX_STEPS || this.keys.length >= MAX_NAMES) {
      return undefined;
    }
    if (++this.tree.count > MAX_SHAPES) this.forest.tree = new Tree();
    const step = this.makeStep(key);
    steps.set(key, step);
    return step;
  }

  private makeStep(key: string): Step {
    const hash = hashOfString(key);
    const keys = [...this.keys, key];
    const hashes = [...this.hashes, hash];
    const slot = this.keys.length;
    if (this.nodes.size > 0) {
      const nodes = this.nodes.copy();
      const main = nodes.mainPosition(hash);
      const mainSlot = nodes.slotAt(main);
      if (nodes.place(slot, main, hashes)) {
        return { shape: this.make(keys, hashes, nodes), mainSlot, isRehash: false };
      }
    }
    const nodes = new Nodes(2 ** ceilLog2(keys.length));
    for (let node = this.nodes.size - 1; node >= 0; node--) {
      const moved = this.nodes.slotAt(node);
      if (moved >= 0) nodes.place(moved, nodes.mainPosition(hashes[moved]), hashes);
    }
    nodes.place(slot, nodes.mainPosition(hash), hashes);
    return { shape: this.make(keys, hashes, nodes), mainSlot: -1, isRehash: true };
  }

  private make(keys: string[], hashes: number[], nodes: Nodes): Shape {
    return new Shape(this.forest, this.forest.tree, keys, hashes, nodes);
  }
}

/** The one tree of the process: it is a memo, and nothing shows whose tables it was grown by. */
const forest = { tree: new Tree() };

/** Shape of a table that has no hash part. */
export const EMPTY_SHAPE = new Shape(forest, forest.tree, [], [], NO_NODES);

/** Stands for no shape at all: the table has a dict. */
export const NO_SHAPE = new Shape(forest, forest.tree, [], [], NO_NODES);

/** No table has it: what a place in the code begins with that remembers no shape yet. */
export const UNKNOWN_SHAPE = new Shape(forest, forest.tree, [], [], NO_NODES);
