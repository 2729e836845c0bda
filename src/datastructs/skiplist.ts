/**
 * A skip list with spans: the members of a big sorted set in order, beside the Dict that finds one
 * by name.
 *
 *     level 2   head ──────────────3──────────────> C ───────────1──────────> end
 *     level 1   head ──────1──────> A ──────2──────> C ───────────1──────────> end
 *     level 0   head ─────────────> A ─────> B ─────> C ─────────> D ────────> end
 *                                 <─────── <─────── <──────────
 *
 * Every node is on level 0, every other one on level 1, too, of those every other one on level 2,
 * and so on, as chance has it. A search begins at the top and goes down where the next node is too
 * far: about 2 log n steps. Each link of an upper level also knows how many nodes it spans, so a
 * rank is a sum, and the node of a rank is found like a score. (William Pugh's structure; the spans
 * are Redis's.)
 *
 * Order is by score, then by the member's bytes. What a step costs is the cache miss of the node it
 * looks at. So a link brings the key of the node it leads to, the score's upper half as an integer
 * of the same order: only where keys are equal must a node be looked at to know that it is too far.
 *
 * A node is a run of 8-byte units in a segment, its number is that of its first unit:
 *
 *     [ score: double | entry | backward, forward, key | span, forward, key | … ]
 *                                level 0                 level 1
 *
 * `entry` is the member's number in the dict, whose `meta` in turn is the node's number: a member's
 * score is one lookup away. A link of level 0 spans one node, so that its place holds the link
 * back. Node 0 is the head; as a link's target 0 says "none". Half of the nodes take 24 bytes, the
 * mean is 37.
 *
 * Segments are of one size, but the first one begins small and grows: so no growth copies more than
 * 2 MiB. Freed nodes are chained by height and used again.
 *
 * Invariants: the nodes of level 0 are exactly the entries of the dict; the spans of a level, from
 * the head to the end, add up to `size`; a link's key is that of its target's score. A node keeps
 * its number as long as its member is there.
 *
 * Hot: search, insert and remove allocate nothing; guarded by `npm run bench` (zadd, zpopmin).
 */
import { type Dict, WARM_MAX } from './dict.js';
import { DOUBLE_FIELD } from './double-field.js';
import { compareBytes } from './move-bytes.js';
import { release } from './release.js';
import { beginsSlab, segmentAfter } from './slab.js';

/** Units of a segment, as a shift: 2^18 units are 2 MiB. */
const SEGMENT_SHIFT = 18;
const SEGMENT_UNITS = 1 << SEGMENT_SHIFT;
const SEGMENT_MASK = SEGMENT_UNITS - 1;
const SEGMENT_WORDS = 2 * SEGMENT_UNITS;
/** 2^32 nodes are more than have numbers. */
const MAX_HEIGHT = 32;

/** The 32-bit words of a node: level i's are LEVEL_WORDS * i behind those of level 0. */
const ENTRY = 2;
const SPAN = 3;
const FORWARD = 4;
const KEY = 5;
const LEVEL_WORDS = 3;
/** In the place of level 0's span. */
const BACKWARD = SPAN;

/** Units of a node by its height. */
const UNITS = Int32Array.from({ length: MAX_HEIGHT + 1 }, (_, height) =>
  Math.ceil((SPAN + LEVEL_WORDS * height) / 2),
);
const HEAD_UNITS = UNITS[MAX_HEIGHT]!;
/** Units that a node takes on average. */
const MEAN_UNITS = 4.6;
const FIRST_MEMBERS = 16;

/** What a search leaves: per level the last node before the place, and that node's rank (1 …). */
const BEFORE = new Int32Array(MAX_HEIGHT);
const RANKS = new Int32Array(MAX_HEIGHT);

/** Where the walks of `warm` are. */
const WALK_NODE = new Int32Array(2 * WARM_MAX);
const WALK_LEVEL = new Int32Array(2 * WARM_MAX);
const WALK_KEY = new Int32Array(2 * WARM_MAX + 1);

export class SkipList {
  /** Nodes in the list. */
  size = 0;
  /** The greatest member's node; 0 when empty. */
  last = 0;
  /** Bytes of all segments. */
  bytes = DOUBLE_FIELD;

  private readonly scores: Float64Array[] = [];
  /** The same memory as 32-bit words. */
  private readonly words: Int32Array[] = [];
  /** Levels in use. */
  private height = 1;
  /** First unit never used. */
  private top = HEAD_UNITS;
  /** Chains of freed nodes, by height. */
  private readonly freed = new Int32Array(MAX_HEIGHT + 1);
  /** State of the generator of heights. */
  private random: number;

  /**
   * @param dict holds the members; its `meta` belongs to this list
   * @param seed for the nodes' heights: not to be guessed by clients, who could make a list slow
   * @param members how many to make room for at first
   */
  constructor(
    private readonly dict: Dict,
    seed: number,
    members = FIRST_MEMBERS,
  ) {
    this.bytes = 0;
    this.random = seed | 0 || 1;
    const units = HEAD_UNITS + Math.ceil(members * MEAN_UNITS);
    this.setSegment(0, new Int32Array(2 * Math.min(units, SEGMENT_UNITS)));
  }

  // ---- nodes

  /** The least member's node; 0 when empty. */
  get first(): number {
    return this.words[0]![FORWARD]!;
  }

  score(node: number): number {
    return this.scores[node >>> SEGMENT_SHIFT]![node & SEGMENT_MASK]!;
  }

  /** The member's entry in the dict. */
  entry(node: number): number {
    return this.words[node >>> SEGMENT_SHIFT]![((node & SEGMENT_MASK) << 1) + ENTRY]!;
  }

  /** The node after this one, or 0. */
  next(node: number): number {
    return this.words[node >>> SEGMENT_SHIFT]![((node & SEGMENT_MASK) << 1) + FORWARD]!;
  }

  /** The node before this one, or 0. */
  prev(node: number): number {
    return this.words[node >>> SEGMENT_SHIFT]![((node & SEGMENT_MASK) << 1) + BACKWARD]!;
  }

  // ---- ranks, from 0

  /** How many nodes are before this one. */
  rank(node: number): number {
    this.descendToNode(node);
    return RANKS[0]!;
  }

  /** The node of this rank; 0 when there are not so many. */
  at(rank: number): number {
    if (rank < 0 || rank >= this.size) return 0;
    return this.next(this.descendToRank(rank));
  }

  // ---- ranges; 0: there is none

  /** The first node with a score of at least (`exclusive`: above) this one. */
  firstFrom(score: number, exclusive: boolean): number {
    return this.next(this.lastBefore(score, !exclusive));
  }

  /** The last node with a score of at most (`exclusive`: below) this one. */
  lastUpTo(score: number, exclusive: boolean): number {
    return this.lastBefore(score, exclusive);
  }

  /** As `firstFrom` by member, for lists whose scores are all the same. */
  firstFromMember(buf: Uint8Array, off: number, len: number, exclusive: boolean): number {
    return this.next(this.lastBeforeMember(buf, off, len, !exclusive));
  }

  /** As `lastUpTo` by member, for lists whose scores are all the same. */
  lastUpToMember(buf: Uint8Array, off: number, len: number, exclusive: boolean): number {
    return this.lastBeforeMember(buf, off, len, exclusive);
  }

  // ---- changes

  /** Puts a new entry of the dict in its place, and its node's number into the entry's meta. */
  insert(score: number, entry: number): void {
    const height = this.drawHeight();
    const node = this.take(height);
    this.words[node >>> SEGMENT_SHIFT]![((node & SEGMENT_MASK) << 1) + ENTRY] = entry;
    this.dict.setMeta(entry, node);
    this.link(node, height, score);
  }

  /** Gives a member another score. */
  setScore(node: number, score: number): void {
    const prev = this.prev(node);
    const next = this.next(node);
    const stays =
      (prev === 0 || this.score(prev) < score) && (next === 0 || this.score(next) > score);
    this.descendToNode(node);
    if (stays) {
      this.scores[node >>> SEGMENT_SHIFT]![node & SEGMENT_MASK] = score;
      this.setKey(node, sortKey(score));
    } else {
      const height = this.unlink(node);
      this.link(node, height, score);
    }
  }

  /** Removes a member from the list and from the dict. */
  remove(node: number): void {
    this.descendToNode(node);
    this.drop(node);
  }

  /** Removes the `count` members from this rank on, which must be there. */
  removeRange(rank: number, count: number): void {
    const before = this.descendToRank(rank);
    for (let left = count; left > 0; left--) this.drop(this.next(before));
  }

  // ---- as a whole

  /**
   * The same list over a copy of its dict.
   * @param dict whose entries have the same numbers
   */
  copy(dict: Dict): SkipList {
    const copy = new SkipList(dict, this.random, 0);
    copy.setSegment(0, this.words[0]!.slice());
    for (let i = 1; i < this.words.length; i++) {
      copy.addSegment(i);
      copy.words[i]!.set(this.words[i]!);
    }
    copy.size = this.size;
    copy.last = this.last;
    copy.height = this.height;
    copy.top = this.top;
    copy.freed.set(this.freed);
    return copy;
  }

  /** Its memory, for whoever throws the list away as a whole; it can't be used after that. */
  takeMemory(): Int32Array[] {
    this.scores.length = 0;
    return this.words.splice(0).filter(beginsSlab);
  }

  /**
   * Walks to the places of many scores at once, a node of each in turns, so that the cache misses of
   * all these searches overlap; the searches that follow then find what they need in the cache. The
   * idea is that of Dict.warm.
   * @param count at most 2 * WARM_MAX
   */
  warm(scores: Float64Array, count: number): void {
    const { words } = this;
    let left = count;
    for (let i = 0; i < count; i++) {
      WALK_NODE[i] = 0;
      WALK_LEVEL[i] = this.height - 1;
      WALK_KEY[i] = sortKey(scores[i]!);
    }
    while (left > 0) {
      // The loads of a round don't depend on each other …
      let sum = 0;
      for (let i = 0; i < left; i++) {
        const x = WALK_NODE[i]!;
        const at = ((x & SEGMENT_MASK) << 1) + FORWARD + LEVEL_WORDS * WALK_LEVEL[i]!;
        sum += words[x >>> SEGMENT_SHIFT]![at]!;
      }
      // … and here is nothing to be waited for.
      let kept = 0;
      for (let i = 0; i < left; i++) {
        const next = this.walk(WALK_NODE[i]!, i);
        if (next === 0) continue;
        WALK_NODE[kept] = next;
        WALK_LEVEL[kept] = WALK_LEVEL[i]!;
        WALK_KEY[kept++] = WALK_KEY[i]!;
      }
      left = kept;
      WALK_KEY[2 * WARM_MAX] = sum & 1; // keeps the loads alive
    }
  }

  /** One step of the walk `i`, which is at node `x`. @returns the next node, 0 at the end */
  private walk(x: number, i: number): number {
    const segment = this.words[x >>> SEGMENT_SHIFT]!;
    const base = ((x & SEGMENT_MASK) << 1) + FORWARD;
    const key = WALK_KEY[i]!;
    for (let level = WALK_LEVEL[i]!; level >= 0; level--) {
      const at = base + LEVEL_WORDS * level;
      const next = segment[at]!;
      if (next === 0 || segment[at + 1]! >= key) continue;
      WALK_LEVEL[i] = level;
      return next;
    }
    return 0;
  }

  // ---- searches: each leaves BEFORE and RANKS where a change needs them

  /** Finds the place of these bytes at this score; `stop`, if it comes, is not compared. */
  private descend(score: number, buf: Uint8Array, off: number, len: number, stop: number): void {
    const { words } = this;
    const key = sortKey(score);
    let x = 0;
    let rank = 0;
    let segment = words[0]!;
    let level = this.height - 1;
    let at = LEVEL_WORDS * level;
    // The node that ended the level above ends this one, too. Before there is one, the end does: 0.
    let bound = 0;
    for (; level >= 0; level--, at -= LEVEL_WORDS) {
      for (;;) {
        const next = segment[at + FORWARD]!;
        if (next === bound || next === stop) break;
        const nextKey = segment[at + KEY]!;
        if (nextKey > key || (nextKey === key && this.isBehind(next, score, buf, off, len))) {
          bound = next;
          break;
        }
        rank += level === 0 ? 1 : segment[at + SPAN]!;
        x = next;
        segment = words[x >>> SEGMENT_SHIFT]!;
        at = ((x & SEGMENT_MASK) << 1) + LEVEL_WORDS * level;
      }
      BEFORE[level] = x;
      RANKS[level] = rank;
    }
  }

  /** Whether a node's place is behind that of these bytes at this score. */
  private isBehind(
    node: number,
    score: number,
    buf: Uint8Array,
    off: number,
    len: number,
  ): boolean {
    const other = this.score(node);
    return other > score || (other === score && this.order(this.entry(node), buf, off, len) > 0);
  }

  private descendToNode(node: number): void {
    const { dict } = this;
    dict.locate(this.entry(node));
    this.descend(this.score(node), dict.buf, dict.keyOff, dict.keyLen, node);
  }

  /** @returns the last node before this rank (the head: 0); fills BEFORE only */
  private descendToRank(rank: number): number {
    const { words } = this;
    let x = 0;
    let passed = 0;
    for (let level = this.height - 1; level >= 0; level--) {
      for (;;) {
        const segment = words[x >>> SEGMENT_SHIFT]!;
        const at = ((x & SEGMENT_MASK) << 1) + LEVEL_WORDS * level;
        const next = segment[at + FORWARD]!;
        const span = level === 0 ? 1 : segment[at + SPAN]!;
        if (next === 0 || passed + span > rank) break;
        passed += span;
        x = next;
      }
      BEFORE[level] = x;
    }
    return x;
  }

  /** @param strict whether a node of just this score is beyond @returns the head (0) if none */
  private lastBefore(score: number, strict: boolean): number {
    const { words } = this;
    const key = sortKey(score);
    let x = 0;
    let bound = 0;
    for (let level = this.height - 1; level >= 0; level--) {
      for (;;) {
        const segment = words[x >>> SEGMENT_SHIFT]!;
        const at = ((x & SEGMENT_MASK) << 1) + LEVEL_WORDS * level;
        const next = segment[at + FORWARD]!;
        if (next === bound) break;
        const nextKey = segment[at + KEY]!;
        if (nextKey > key || (nextKey === key && this.isBeyond(next, score, strict))) {
          bound = next;
          break;
        }
        x = next;
      }
    }
    return x;
  }

  private isBeyond(node: number, score: number, strict: boolean): boolean {
    const other = this.score(node);
    return strict ? other >= score : other > score;
  }

  /** As `lastBefore`, by member. */
  private lastBeforeMember(buf: Uint8Array, off: number, len: number, strict: boolean): number {
    const { words } = this;
    let x = 0;
    let bound = 0;
    for (let level = this.height - 1; level >= 0; level--) {
      for (;;) {
        const segment = words[x >>> SEGMENT_SHIFT]!;
        const next = segment[((x & SEGMENT_MASK) << 1) + LEVEL_WORDS * level + FORWARD]!;
        if (next === bound) break;
        const order = this.order(this.entry(next), buf, off, len);
        if (strict ? order >= 0 : order > 0) {
          bound = next;
          break;
        }
        x = next;
      }
    }
    return x;
  }

  /** How the entry's member compares to these bytes: below 0, 0, above 0. */
  private order(entry: number, buf: Uint8Array, off: number, len: number): number {
    const { dict } = this;
    dict.locate(entry);
    return compareBytes(dict.buf, dict.keyOff, dict.keyLen, buf, off, len);
  }

  // ---- links

  /** Puts a node, which has its entry, into its place. */
  private link(node: number, height: number, score: number): void {
    const { dict, words } = this;
    const segment = words[node >>> SEGMENT_SHIFT]!;
    const at = (node & SEGMENT_MASK) << 1;
    this.scores[node >>> SEGMENT_SHIFT]![node & SEGMENT_MASK] = score;
    dict.locate(segment[at + ENTRY]!);
    this.descend(score, dict.buf, dict.keyOff, dict.keyLen, -1);
    if (height > this.height) this.raise(height);
    const key = sortKey(score);
    const rank = RANKS[0]!;
    for (let level = 0; level < this.height; level++) {
      const before = BEFORE[level]!;
      const other = words[before >>> SEGMENT_SHIFT]!;
      const from = ((before & SEGMENT_MASK) << 1) + LEVEL_WORDS * level;
      if (level >= height) {
        other[from + SPAN]!++;
        continue;
      }
      const to = at + LEVEL_WORDS * level;
      segment[to + FORWARD] = other[from + FORWARD]!;
      segment[to + KEY] = other[from + KEY]!;
      other[from + FORWARD] = node;
      other[from + KEY] = key;
      if (level === 0) continue;
      const left = rank - RANKS[level]!;
      segment[to + SPAN] = other[from + SPAN]! - left;
      other[from + SPAN] = left + 1;
    }
    segment[at + BACKWARD] = BEFORE[0]!;
    this.setBackward(segment[at + FORWARD]!, node);
    this.size++;
  }

  /** Takes the node after BEFORE out. @returns its height */
  private unlink(node: number): number {
    const { words } = this;
    const segment = words[node >>> SEGMENT_SHIFT]!;
    const at = (node & SEGMENT_MASK) << 1;
    let height = 0;
    for (let level = 0; level < this.height; level++) {
      const before = BEFORE[level]!;
      const other = words[before >>> SEGMENT_SHIFT]!;
      const from = ((before & SEGMENT_MASK) << 1) + LEVEL_WORDS * level;
      if (other[from + FORWARD] !== node) {
        other[from + SPAN]!--;
        continue;
      }
      height = level + 1;
      const to = at + LEVEL_WORDS * level;
      other[from + FORWARD] = segment[to + FORWARD]!;
      other[from + KEY] = segment[to + KEY]!;
      if (level > 0) other[from + SPAN]! += segment[to + SPAN]! - 1;
    }
    this.setBackward(segment[at + FORWARD]!, segment[at + BACKWARD]!);
    const head = words[0]!;
    while (this.height > 1 && head[FORWARD + LEVEL_WORDS * (this.height - 1)] === 0) this.height--;
    this.size--;
    return height;
  }

  /** Gives the links that lead from BEFORE to this node another key. */
  private setKey(node: number, key: number): void {
    const { words } = this;
    for (let level = 0; level < this.height; level++) {
      const before = BEFORE[level]!;
      const other = words[before >>> SEGMENT_SHIFT]!;
      const from = ((before & SEGMENT_MASK) << 1) + LEVEL_WORDS * level;
      if (other[from + FORWARD] !== node) return;
      other[from + KEY] = key;
    }
  }

  /** Unlinks and frees the node after BEFORE, and removes its entry. */
  private drop(node: number): void {
    const height = this.unlink(node);
    const words = this.words[node >>> SEGMENT_SHIFT]!;
    const at = (node & SEGMENT_MASK) << 1;
    words[at + FORWARD] = this.freed[height]!;
    this.freed[height] = node;
    this.dict.remove(words[at + ENTRY]!);
  }

  /** @param node 0: the end of the list */
  private setBackward(node: number, before: number): void {
    if (node === 0) this.last = before;
    else this.words[node >>> SEGMENT_SHIFT]![((node & SEGMENT_MASK) << 1) + BACKWARD] = before;
  }

  /** Begins levels: the head's links, over all nodes, to the end. */
  private raise(height: number): void {
    const head = this.words[0]!;
    for (let level = this.height; level < height; level++) {
      head[FORWARD + LEVEL_WORDS * level] = 0;
      head[SPAN + LEVEL_WORDS * level] = this.size;
      BEFORE[level] = 0;
      RANKS[level] = 0;
    }
    this.height = height;
  }

  // ---- memory

  /** 1 with a probability of 1/2, 2 with 1/4, and so on. */
  private drawHeight(): number {
    // Marsaglia's xorshift; every leading zero bit is one level more.
    let x = this.random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.random = x;
    const height = 1 + Math.clz32(x);
    return height < MAX_HEIGHT ? height : MAX_HEIGHT;
  }

  private take(height: number): number {
    const freed = this.freed[height]!;
    if (freed !== 0) {
      this.freed[height] = this.next(freed);
      return freed;
    }
    const units = UNITS[height]!;
    let node = this.top;
    // A node lies within one segment: the few units before its end may stay unused.
    if ((node & SEGMENT_MASK) + units > SEGMENT_UNITS) node = (node | SEGMENT_MASK) + 1;
    const segment = node >>> SEGMENT_SHIFT;
    if (segment === this.scores.length) {
      this.addSegment(segment);
    } else if ((node & SEGMENT_MASK) + units > this.scores[segment]!.length) {
      this.growFirst(node + units);
    }
    this.top = node + units;
    return node;
  }

  /** Makes the first segment half as big again, at least so many units. */
  private growFirst(units: number): void {
    const before = this.scores[0]!;
    const wanted = Math.max(units, before.length + (before.length >>> 1));
    const bigger = new Int32Array(2 * Math.min(wanted, SEGMENT_UNITS));
    const old = this.words[0]!;
    bigger.set(old);
    this.setSegment(0, bigger);
    release(old);
  }

  private addSegment(i: number): void {
    this.setSegment(i, segmentAfter(this.words[i - 1]!, SEGMENT_WORDS));
  }

  private setSegment(i: number, words: Int32Array<ArrayBuffer>): void {
    this.bytes += words.byteLength - (this.words[i]?.byteLength ?? 0);
    this.words[i] = words;
    this.scores[i] = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
  }
}

const DOUBLE = new Float64Array(1);
/** The same bytes: which half is the upper one depends on the machine. */
const HALVES = new Int32Array(DOUBLE.buffer);
const UPPER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The upper half of a score as an integer: of two scores, the greater has no lesser key. */
function sortKey(score: number): number {
  DOUBLE[0] = score + 0; // -0 is 0, to which it is equal
  const upper = HALVES[UPPER]!;
  // Of negative doubles, the greater bits are the lesser number.
  return upper ^ ((upper >> 31) & 0x7fffffff);
}
