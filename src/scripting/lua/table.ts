/**
 * Lua's table: an array and a hash part, whose keys `pairs` gives in the order of PUC Lua 5.1.
 *
 *     array   1 .. arraySize, of which `array` holds those up to the last one set
 *     slots   the values of the hash part; which key has which slot is known either by a Shape, which
 *             tables share that got the same names in the same order, or by a Dict of the table's own
 *
 *     {10, 20, x = 1}    array: [10, 20]    shape: x -> 0    slots: [1]
 *
 * A table begins with a shape, so that code can remember "x is slot 0 of this shape" and look no key
 * up at all. It gets a dict when a key comes that is no string, when there are many, or when a key
 * is reused that was set to nil. Both keep Nodes (nodes.ts): the places that PUC's hash part
 * would give to the keys. They say when the hash part is full, which is when the array part is
 * measured anew, and so what # says of arrays with holes.
 *
 * Source: lua.org's "The Implementation of Lua 5.0" (section 4), and the behaviour of lua5.1.
 */
import { countInteger, Dict } from './dict.js';
import { hashOf } from './key-hash.js';
import { ceilLog2, NO_NODES, Nodes } from './nodes.js';
import { EMPTY_SHAPE, NO_SHAPE, type Shape } from './shape.js';

/** A hash part with so many nodes grows by and by. */
const LARGE = 1 << 13;

/** Arrays and slots of tables that have none yet; never written to. */
const NOTHING: never[] = [];

/** A table of values of type V; keys are of that type as well, but for nil and NaN. */
export class Table<V> {
  /** Values of 1, 2, ...; those behind its end are nil, up to arraySize. */
  array: V[] = NOTHING;
  /** Values of the hash part. */
  slots: V[] = NOTHING;
  /** NO_SHAPE: see `dict`. */
  shape: Shape = EMPTY_SHAPE;
  /** How many keys PUC's array part would have room for. */
  arraySize = 0;
  /** Whether `array` may hold nil. */
  private mayHaveHoles = false;
  /** Counts what moves keys to other positions. */
  version = 0;
  private dict: Dict | undefined = undefined;

  /** As rawget. */
  get(key: V): V {
    if (typeof key === 'string') return this.getString(key);
    if (typeof key === 'number') return this.getIndex(key);
    if (this.dict === undefined) return undefined as V;
    const slot = this.dict.index.get(key);
    return slot === undefined ? (undefined as V) : this.slots[slot];
  }

  /** As `get`, for a string key that is known to be one. */
  getString(key: string & V): V {
    const slot = this.slotOf(key);
    return slot === undefined ? (undefined as V) : this.slots[slot];
  }

  /** Slot of a string key; undefined: it has none. */
  slotOf(key: string): number | undefined {
    return this.dict === undefined ? this.shape.slotOf(key) : this.dict.index.get(key);
  }

  /** As `get`, for a number. */
  getIndex(n: number): V {
    const value = this.array[n - 1];
    if (value !== undefined || this.dict === undefined) return value;
    const slot = this.dict.index.get(n);
    return slot === undefined ? (undefined as V) : this.slots[slot];
  }

  /** As rawset. The key must be neither nil nor NaN. */
  set(key: V, value: V): void {
    if (typeof key === 'string') this.setString(key, value);
    else if (typeof key === 'number') this.setIndex(key, value);
    else this.setInHash(key, value);
  }

  /** As `set`, for a string. */
  setString(key: string & V, value: V): void {
    const slot = this.slotOf(key);
    if (slot !== undefined) this.setSlot(slot, value);
    else if (this.dict !== undefined || !this.addToShape(key, value)) this.setInHash(key, value);
  }

  /** Gives a key that has a slot another value. */
  setSlot(slot: number, value: V): void {
    if (value === undefined) this.dict?.settle();
    this.slots[slot] = value;
  }

  /** As `set`, for a number. */
  setIndex(n: number, value: V): void {
    const array = this.array;
    const count = array.length;
    if (n >= 1 && n <= count && Number.isInteger(n)) {
      if (value === undefined) this.clearIndex(n);
      else array[n - 1] = value;
      return;
    }
    if (n > count && n <= this.arraySize && Number.isInteger(n)) this.setBehind(n, value);
    else this.setInHash(n as V, value);
  }

  /** @param n 1 to array.length */
  private clearIndex(n: number): void {
    const array = this.array;
    if (n < array.length) {
      array[n - 1] = undefined as V;
      this.mayHaveHoles = true;
      return;
    }
    array.pop();
    if (!this.mayHaveHoles) return;
    while (array.length > 0 && array[array.length - 1] === undefined) array.pop();
    if (array.length === 0) this.mayHaveHoles = false;
  }

  /** Sets what the array part has room for and `array` ends before. */
  private setBehind(n: number, value: V): void {
    if (value === undefined) return;
    // An array whose kind of elements is that of all tables' arrays: see `elements`.
    if (this.array === (NOTHING as V[])) this.array = elements();
    const array = this.array;
    if (n > array.length + 1) this.mayHaveHoles = true;
    while (array.length < n - 1) array.push(undefined as V);
    array.push(value);
  }

  /** A border, as the operator #. */
  get length(): number {
    const size = this.arraySize;
    const count = this.array.length;
    if (size > 0 && count < size) return this.mayHaveHoles ? this.borderInArray() : count;
    if (this.dict === undefined || this.dict.nodes.size === 0) return size;
    return this.borderInHash(size);
  }

  private borderInArray(): number {
    let present = 0;
    let absent = this.arraySize;
    while (absent - present > 1) {
      const middle = Math.floor((present + absent) / 2);
      if (this.array[middle - 1] === undefined) absent = middle;
      else present = middle;
    }
    return present;
  }

  private borderInHash(from: number): number {
    let present = from;
    let absent = from + 1;
    while (this.getIndex(absent) !== undefined) {
      present = absent;
      absent *= 2;
      if (absent > 0x7ffffffd) {
        present = 1;
        while (this.getIndex(present) !== undefined) present++;
        return present - 1;
      }
    }
    while (absent - present > 1) {
      const middle = Math.floor((present + absent) / 2);
      if (this.getIndex(middle) === undefined) absent = middle;
      else present = middle;
    }
    return present;
  }

  /**
   * Position of the first pair at or behind `position` (0 to begin); -1: there is none. Pairs may be
   * changed and removed meanwhile, and none be added.
   */
  seek(position: number): number {
    const size = this.arraySize;
    let at = position;
    if (at < size) {
      const array = this.array;
      while (at < array.length && array[at] === undefined) at++;
      if (at < array.length) return at;
      at = size;
    }
    const nodes = this.nodes;
    for (let node = at - size; node < nodes.size; node++) {
      const slot = nodes.slotAt(node);
      if (slot >= 0 && this.slots[slot] !== undefined) return size + node;
    }
    return -1;
  }

  /** Key and value at a position that `seek` has given. */
  keyAt(position: number): V {
    if (position < this.arraySize) return (position + 1) as V;
    const slot = this.nodes.slotAt(position - this.arraySize);
    return (this.dict === undefined ? this.shape.keys : this.dict.keys)[slot] as V;
  }

  valueAt(position: number): V {
    if (position < this.arraySize) return this.array[position];
    return this.slots[this.nodes.slotAt(position - this.arraySize)];
  }

  /** Position of a key, for `next`; -1: it is no key of the table. */
  positionOf(key: V): number {
    if (typeof key === 'number' && key >= 1 && key <= this.arraySize && Number.isInteger(key)) {
      return key - 1;
    }
    const slot =
      typeof key === 'string'
        ? this.slotOf(key)
        : this.dict === undefined
          ? undefined
          : this.dict.index.get(key);
    if (slot === undefined) return -1;
    const hashes = this.dict === undefined ? this.shape.hashes : this.dict.hashes;
    return this.arraySize + this.nodes.find(slot, hashes[slot]);
  }

  private get nodes(): Nodes {
    if (this.dict === undefined) return this.shape.nodes;
    this.dict.settle();
    return this.dict.nodes;
  }

  /** Makes room, as a constructor with so many items does. The table must be empty. */
  presize(arraySize: number, hashSize: number): void {
    this.arraySize = arraySize;
    if (hashSize > 0) this.shape = EMPTY_SHAPE.root(ceilLog2(hashSize));
  }

  /** Makes the array part at least so large: for a constructor that ends with f() or `...`. */
  growArray(arraySize: number): void {
    if (arraySize <= this.arraySize) return;
    if (this.nodes.size > 0) this.resize(arraySize, this.nodes.size);
    else this.arraySize = arraySize;
  }

  /** Adds a name that is new to the shape; false: it needs a dict. */
  addToShape(key: string, value: V): boolean {
    const step = this.shape.step(key);
    if (step === undefined) return false;
    const slots = this.slots;
    if (step.isRehash) {
      if (this.arraySize !== 0) return false;
      for (let i = 0; i < slots.length; i++) if (slots[i] === undefined) return false;
      this.version++;
    } else if (step.mainSlot >= 0 && slots[step.mainSlot] === undefined) {
      return false;
    }
    this.shape = step.shape;
    if (slots === (NOTHING as V[])) this.slots = elements();
    this.slots.push(value);
    return true;
  }

  /** A record whose keys are those of a shape that was built from an empty table. */
  fill(shape: Shape, slots: V[]): void {
    this.shape = shape;
    this.slots = slots;
  }

  private makeDict(): Dict {
    const shape = this.shape;
    const dict = new Dict(shape.nodes.copy());
    for (let slot = 0; slot < shape.keys.length; slot++) {
      dict.add(shape.keys[slot], shape.hashes[slot]);
    }
    this.dict = dict;
    this.shape = NO_SHAPE;
    if (this.slots === (NOTHING as V[])) this.slots = elements();
    return dict;
  }

  private setInHash(key: V, value: V): void {
    const dict = this.dict;
    if (dict !== undefined) {
      const slot = dict.index.get(key);
      if (slot !== undefined) {
        this.setSlot(slot, value);
        return;
      }
    } else if (this.shape.nodes.size === 0) {
      // With no hash part at all a key makes the table measure itself; numbers need no dict then.
      this.rehash(key);
      this.set(key, value);
      return;
    }
    this.insert(dict ?? this.makeDict(), key, value);
  }

  /** Puts a key that has no node into one: the heart of PUC's hash part (Brent's variation). */
  private insert(dict: Dict, key: V, value: V): void {
    const hash = hashOf(key, dict.keys.length);
    if (dict.isGrowing) {
      if (value !== undefined && dict.count < dict.nodes.size) {
        const slot = dict.add(key, hash);
        this.slots[slot] = value;
        dict.placeLater(slot);
        return;
      }
      dict.settle();
    }
    const nodes = dict.nodes;
    const main = nodes.mainPosition(hash);
    const held = nodes.slotAt(main);
    if (held >= 0 && this.slots[held] === undefined) {
      // The node of a key that is nil by now: it keeps its place in the chain.
      dict.remove(held);
      const slot = dict.add(key, hash);
      nodes.replace(main, slot);
      this.slots[slot] = value;
      return;
    }
    const slot = dict.add(key, hash);
    this.slots[slot] = value;
    if (nodes.place(slot, main, dict.hashes)) return;
    // Full. The key doesn't count as one while the table measures itself.
    this.slots[slot] = undefined as V;
    dict.remove(slot);
    this.rehash(key);
    this.set(key, value);
  }

  /** Measures both parts anew, with `key` to come. */
  private rehash(key: V): void {
    const next = this.array.length + 1;
    const isFull = next > this.arraySize && !this.mayHaveHoles;
    if (key === next && isFull && this.dict === undefined && this.slots.length === 0) {
      // Nothing but an array to which one more is added: what is below would come to the same.
      this.resize(2 ** ceilLog2(next), 0);
      return;
    }
    if (this.dict !== undefined && this.growsByAndBy(this.dict, key)) return;
    const counts = new Array<number>(32).fill(0);
    let integers = this.countArray(counts);
    let total = integers;
    if (this.dict !== undefined) {
      const { nodes, keys } = this.dict;
      for (let node = nodes.size - 1; node >= 0; node--) {
        const slot = nodes.slotAt(node);
        if (slot < 0 || this.slots[slot] === undefined) continue;
        integers += countInteger(keys[slot], counts);
        total++;
      }
    } else {
      for (let i = 0; i < this.slots.length; i++) if (this.slots[i] !== undefined) total++;
    }
    integers += countInteger(key, counts);
    total++;
    const { size, used } = bestArraySize(counts, integers);
    this.resize(size, total - used);
  }

  /**
   * Has a large hash part grow without a long stop, if nothing is to come of it but that it grows.
   * @returns whether that is so
   */
  private growsByAndBy(dict: Dict, key: V): boolean {
    if (dict.nodes.size < LARGE || this.mayHaveHoles) return false;
    const counts = dict.counts.slice();
    const integers = dict.integers + this.countArray(counts) + countInteger(key, counts);
    const { size, used } = bestArraySize(counts, integers);
    if (size !== this.arraySize) return false;
    let nils = 0;
    for (let i = 0; i < this.slots.length; i++) if (this.slots[i] === undefined) nils++;
    if (nils !== dict.free.length) return false;
    this.version++;
    dict.grow(2 ** ceilLog2(dict.count + this.array.length + 1 - used));
    return true;
  }

  private countArray(counts: number[]): number {
    const array = this.array;
    let sum = 0;
    let i = 1;
    for (let log = 0, limit = 1; i <= array.length; log++, limit *= 2) {
      const end = Math.min(limit, array.length);
      let n = 0;
      if (this.mayHaveHoles) {
        for (; i <= end; i++) if (array[i - 1] !== undefined) n++;
      } else {
        n = end - i + 1;
        i = end + 1;
      }
      counts[log] += n;
      sum += n;
    }
    return sum;
  }

  private resize(arraySize: number, hashSize: number): void {
    this.version++;
    const hasKeys = this.slots.length > 0 || this.array.length > arraySize;
    if (this.dict === undefined && !hasKeys) {
      this.arraySize = arraySize;
      this.shape = hashSize === 0 ? EMPTY_SHAPE : EMPTY_SHAPE.root(ceilLog2(hashSize));
      return;
    }
    const nodes = hashSize === 0 ? NO_NODES : new Nodes(2 ** ceilLog2(hashSize));
    const dict = this.dict ?? this.makeDict();
    const old = dict.nodes;
    dict.nodes = nodes;
    const vanishing = this.array.length > arraySize ? this.array.splice(arraySize) : [];
    this.arraySize = arraySize;
    for (let i = 0; i < vanishing.length; i++) {
      const value = vanishing[i];
      if (value !== undefined) this.insert(dict, (arraySize + i + 1) as V, value);
    }
    while (this.array.length > 0 && this.array[this.array.length - 1] === undefined) {
      this.array.pop();
    }
    for (let node = old.size - 1; node >= 0; node--) {
      const slot = old.slotAt(node);
      if (slot >= 0) this.insertAgain(dict, slot);
    }
  }

  /** Puts the key of a slot into a node of the new size, or into the array; drops it if it is nil. */
  private insertAgain(dict: Dict, slot: number): void {
    const value = this.slots[slot];
    const key = dict.keys[slot];
    const isIndex =
      typeof key === 'number' && key >= 1 && key <= this.arraySize && Number.isInteger(key);
    if (value === undefined || isIndex) {
      this.slots[slot] = undefined as V;
      dict.remove(slot);
      if (isIndex) this.setIndex(key, value);
      return;
    }
    dict.nodes.place(slot, dict.nodes.mainPosition(dict.hashes[slot]), dict.hashes);
  }
}

/**
 * An empty array whose elements V8 keeps as values of any type: were some tables' arrays of integers
 * only and others' of doubles, each access to a table would have to tell them apart.
 */
function elements<V>(): V[] {
  const array: unknown[] = [undefined];
  array.pop();
  return array as V[];
}

/** The largest power of two of which more than half would be used. */
function bestArraySize(counts: number[], integers: number): { size: number; used: number } {
  let sum = 0;
  let used = 0;
  let size = 0;
  for (let log = 0, power = 1; power / 2 < integers; log++, power *= 2) {
    if (counts[log] > 0) {
      sum += counts[log];
      if (sum > power / 2) {
        size = power;
        used = sum;
      }
    }
    if (sum === integers) break;
  }
  return { size, used };
}
