/**
 * Walks over a radix tree (rax.ts) in the order of its keys, in either direction.
 *
 *     const it = new RaxIterator().attach(rax);
 *     for (let ok = it.seekGe(key, 0, key.length); ok; ok = it.next()) use(it.key, it.len, it.value);
 *
 * It stands on a key, or nowhere (`valid` is false). Where it stands is the way down from the root:
 * the nodes, the slot taken in each, and how long the key was on entering each.
 *
 *     (ann) ─ slot 0 ─> [i o] ─ slot 1 ─> value        key "anno", depth 2
 *
 * The tree may change meanwhile: `next` and `prev` see that by the tree's version and look for the
 * neighbour of the key they stood on, whether that is still there or not.
 */
import { sameBytes } from './move-bytes.js';
import type { Rax } from './rax.js';
import { KEY, lowerBound, NodeView, RUN, slotCount } from './rax-node.js';

const FIRST_DEPTH = 16;
const FIRST_KEY_BYTES = 32;
/** Instead of a slot: the node's own value. */
const OWN = -1;

export class RaxIterator {
  /** Whether it stands on a key. */
  valid = false;
  /** The key's bytes are key[0 .. len). */
  key: Uint8Array = new Uint8Array(FIRST_KEY_BYTES);
  len = 0;
  value = 0;

  private nodes: Int32Array = new Int32Array(FIRST_DEPTH);
  private indexes: Int32Array = new Int32Array(FIRST_DEPTH);
  private lengths: Int32Array = new Int32Array(FIRST_DEPTH);
  private depth = 0;
  private version = 0;
  private readonly view = new NodeView();

  private rax!: Rax;

  /** Looks at a tree, and stands nowhere in it as yet. */
  attach(rax: Rax): this {
    this.rax = rax;
    this.valid = false;
    return this;
  }

  /** To the first key. @returns whether there is one, as all of these do */
  first(): boolean {
    this.reset();
    return this.rax.root === 0 ? false : this.downFirst(this.rax.root);
  }

  /** To the last key. */
  last(): boolean {
    this.reset();
    return this.rax.root === 0 ? false : this.downLast(this.rax.root);
  }

  /** To exactly this key. */
  seek(key: Uint8Array, off: number, len: number): boolean {
    if (this.seekGe(key, off, len) && this.isAt(key, off, len)) return true;
    this.valid = false;
    return false;
  }

  /** To the first key that is not below this one. */
  seekGe(key: Uint8Array, off: number, len: number): boolean {
    this.reset();
    let slot = this.rax.root;
    if (slot === 0) return false;
    let i = 0;
    while (slot > 0) {
      const { n, chars, slots, bytes, words, isRun } = this.open(slot);
      if (i === len) return this.downFirst(slot);
      if (isRun) {
        const j = this.common(key, off + i, len - i);
        if (j < n) {
          const below = i + j < len && key[off + i + j]! > bytes[chars + j]!;
          return below ? this.forward() : this.downPastOwn(slot);
        }
        this.enter(slot, 0);
        i += n;
        slot = words[slots]!;
      } else {
        const c = key[off + i]!;
        const index = lowerBound(bytes, chars, n, c);
        if (index === n) return this.forward();
        const next = words[slots + index]!;
        const same = bytes[chars + index] === c;
        this.enter(slot, index);
        if (!same) return this.downFirst(next);
        i++;
        slot = next;
      }
    }
    return i === len ? this.stand(~slot) : this.forward();
  }

  /** To the last key that is not above this one. */
  seekLe(key: Uint8Array, off: number, len: number): boolean {
    this.reset();
    let slot = this.rax.root;
    if (slot === 0) return false;
    let i = 0;
    while (slot > 0) {
      const { n, chars, slots, bytes, words, isRun } = this.open(slot);
      if (i === len) return this.ownOrBack(slot);
      if (isRun) {
        const j = this.common(key, off + i, len - i);
        if (j < n) {
          const below = i + j < len && key[off + i + j]! > bytes[chars + j]!;
          return below ? this.downLast(slot) : this.ownOrBack(slot);
        }
        this.enter(slot, 0);
        i += n;
        slot = words[slots]!;
      } else {
        const c = key[off + i]!;
        const index = lowerBound(bytes, chars, n, c);
        if (index < n && bytes[chars + index] === c) {
          const next = words[slots + index]!;
          this.enter(slot, index);
          i++;
          slot = next;
          continue;
        }
        if (index === 0) return this.ownOrBack(slot);
        const next = words[slots + index - 1]!;
        this.enter(slot, index - 1);
        return this.downLast(next);
      }
    }
    return this.stand(~slot);
  }

  /** To the first key above this one. */
  seekGt(key: Uint8Array, off: number, len: number): boolean {
    return this.seekGe(key, off, len) && (!this.isAt(key, off, len) || this.next());
  }

  /** To the last key below this one. */
  seekLt(key: Uint8Array, off: number, len: number): boolean {
    return this.seekLe(key, off, len) && (!this.isAt(key, off, len) || this.prev());
  }

  /** To the key behind the one it stands on. */
  next(): boolean {
    if (!this.valid) return false;
    if (this.version !== this.rax.version)
      return this.seekGt(this.key.slice(0, this.len), 0, this.len);
    const top = this.depth - 1;
    if (top >= 0 && this.indexes[top] === OWN) {
      const node = this.nodes[top]!;
      this.leave();
      return this.downPastOwn(node);
    }
    return this.forward();
  }

  /** To the key before the one it stands on. */
  prev(): boolean {
    if (!this.valid) return false;
    if (this.version !== this.rax.version)
      return this.seekLt(this.key.slice(0, this.len), 0, this.len);
    const top = this.depth - 1;
    if (top >= 0 && this.indexes[top] === OWN) this.leave();
    return this.back();
  }

  private isAt(key: Uint8Array, off: number, len: number): boolean {
    return this.len === len && sameBytes(this.key, 0, key, off, len);
  }

  private reset(): void {
    this.depth = 0;
    this.len = 0;
    this.valid = false;
    this.version = this.rax.version;
  }

  private open(node: number): NodeView {
    return this.view.open(this.rax.arena, node);
  }

  /** Bytes that the open run and a key have in common. */
  private common(key: Uint8Array, off: number, rest: number): number {
    const { bytes, chars, n } = this.view;
    const limit = Math.min(n, rest);
    let j = 0;
    while (j < limit && bytes[chars + j] === key[off + j]) j++;
    return j;
  }

  private stand(value: number): boolean {
    this.value = value;
    this.valid = true;
    return true;
  }

  /** Goes through a slot of the open node. */
  private enter(node: number, index: number): void {
    const { bytes, chars, n, header } = this.view;
    this.push(node, index);
    const isRun = (header & RUN) !== 0;
    const more = isRun ? n : 1;
    if (this.len + more > this.key.length) this.growKey(this.len + more);
    const from = isRun ? chars : chars + index;
    for (let i = 0; i < more; i++) this.key[this.len + i] = bytes[from + i]!;
    this.len += more;
  }

  private push(node: number, index: number): void {
    const { depth } = this;
    if (depth === this.nodes.length) {
      this.nodes = doubled(this.nodes);
      this.indexes = doubled(this.indexes);
      this.lengths = doubled(this.lengths);
    }
    this.nodes[depth] = node;
    this.indexes[depth] = index;
    this.lengths[depth] = this.len;
    this.depth = depth + 1;
  }

  private leave(): void {
    this.depth--;
    this.len = this.lengths[this.depth]!;
  }

  /** To the first key of a slot. */
  private downFirst(from: number): boolean {
    let slot = from;
    while (slot > 0) {
      const { header, words, slots, value } = this.open(slot);
      if ((header & KEY) !== 0) {
        this.push(slot, OWN);
        return this.stand(value);
      }
      this.enter(slot, 0);
      slot = words[slots]!;
    }
    return this.stand(~slot);
  }

  /** To the first key below a node. */
  private downPastOwn(node: number): boolean {
    const { words, slots } = this.open(node);
    this.enter(node, 0);
    return this.downFirst(words[slots]!);
  }

  /** To the last key of a slot. */
  private downLast(from: number): boolean {
    let slot = from;
    while (slot > 0) {
      const { header, words, slots } = this.open(slot);
      const last = slotCount(header) - 1;
      this.enter(slot, last);
      slot = words[slots + last]!;
    }
    return this.stand(~slot);
  }

  /** To the key behind all that the current slot leads to. */
  private forward(): boolean {
    while (this.depth > 0) {
      this.leave();
      const node = this.nodes[this.depth]!;
      const index = this.indexes[this.depth]! + 1;
      const { header, words, slots } = this.open(node);
      if (index >= slotCount(header)) continue;
      this.enter(node, index);
      return this.downFirst(words[slots + index]!);
    }
    this.valid = false;
    return false;
  }

  /** To the key before all that the current slot leads to. */
  private back(): boolean {
    while (this.depth > 0) {
      this.leave();
      const node = this.nodes[this.depth]!;
      const index = this.indexes[this.depth]! - 1;
      const { words, slots, isKey, value } = this.open(node);
      if (index >= 0) {
        this.enter(node, index);
        return this.downLast(words[slots + index]!);
      }
      if (isKey) {
        this.push(node, OWN);
        return this.stand(value);
      }
    }
    this.valid = false;
    return false;
  }

  /** To a node's own key, or to the one before it. */
  private ownOrBack(node: number): boolean {
    const { isKey, value } = this.open(node);
    if (!isKey) return this.back();
    this.push(node, OWN);
    return this.stand(value);
  }

  private growKey(length: number): void {
    const bigger = new Uint8Array(Math.max(length, 2 * this.key.length));
    bigger.set(this.key);
    this.key = bigger;
  }
}

function doubled(from: Int32Array): Int32Array {
  const to = new Int32Array(2 * from.length);
  to.set(from);
  return to;
}
