/**
 * Trimming: takes the oldest entries away until a stream is short enough, or begins late enough.
 *
 * Whole nodes go first, at the cost of one removal for a hundred entries. An exact trim then marks
 * entries of the first node that stays; an approximate one ends there, and so may leave more.
 */
import { Listpack } from '../../datastructs/listpack.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import { updateFirstId } from './edges.js';
import { EntryCursor } from './entry-cursor.js';
import { changeCounts, DELETED, liveCount, readId } from './macro-node.js';
import { NodeStore } from './node-store.js';
import type { Stream } from './stream.js';
import { StreamId } from './stream-id.js';

/** Down to what a stream is trimmed. */
export interface TrimTarget {
  /** At most so many entries stay. Ignored with `minId`. */
  readonly maxLength: number;
  /** No entry below stays. */
  readonly minId: StreamId | undefined;
  /** Only whole nodes. */
  readonly isApproximate: boolean;
  /** At most so many entries are removed, in whole nodes; 0: no limit. */
  readonly limit: number;
}

/** @returns how many entries were removed */
export function trimStream(stream: Stream, target: TrimTarget): number {
  if (isReached(stream, target)) return 0;
  let deleted = 0;
  it.attach(stream.nodes);
  for (let ok = it.first(); ok; ok = it.next()) {
    if (isReached(stream, target)) break;
    node.open(stream, it.value, it.key, 0);
    const live = liveCount(lp);
    if (target.limit !== 0 && deleted + live > target.limit) break;
    if (isWholeDue(stream, target, live)) {
      stream.removeNode(it.value, it.key);
      stream.length -= live;
      deleted += live;
      continue;
    }
    if (!target.isApproximate) deleted += trimNode(stream, target, it.value, it.key);
    break;
  }
  if (deleted > 0) updateFirstId(stream);
  return deleted;
}

function isReached(stream: Stream, { minId, maxLength }: TrimTarget): boolean {
  return minId === undefined && stream.length <= maxLength;
}

/** Whether all of the open node is to go. */
function isWholeDue(stream: Stream, { minId, maxLength }: TrimTarget, live: number): boolean {
  if (minId === undefined) return stream.length - live >= maxLength;
  return lastIdOfNode().compare(minId) < 0;
}

/** The ID of the open node's last entry, deleted or not. */
function lastIdOfNode(): StreamId {
  lastId.setZero();
  let p = lp.last();
  const elements = lp.integer(p);
  if (elements === 0) return lastId;
  for (let i = 0; i < elements; i++) p = lp.prev(p);
  readId(lp, lp.next(p), node.id, lastId);
  return lastId;
}

/** Marks a node's first entries as deleted. @returns how many */
function trimNode(stream: Stream, target: TrimTarget, address: number, key: Uint8Array): number {
  const flags = dueEntries(stream, target);
  node.open(stream, address, key, 0);
  // A flag keeps its size when it changes, so all positions stay as they are.
  for (const p of flags) lp.replaceByInteger(p, lp.integer(p) | DELETED);
  changeCounts(lp, -flags.length, flags.length);
  stream.length -= flags.length;
  return flags.length;
}

/** Positions of the flags of the entries to be marked, which are all in the stream's first node. */
function dueEntries(stream: Stream, { minId, maxLength }: TrimTarget): number[] {
  const flags: number[] = [];
  cursor.attach(stream).begin(MIN, MAX);
  while (cursor.next()) {
    const isKept =
      minId === undefined
        ? stream.length - flags.length <= maxLength
        : cursor.id.compare(minId) >= 0;
    if (isKept) break;
    flags.push(cursor.flagsAt);
  }
  return flags;
}

const MIN = new StreamId();
const MAX = StreamId.max();

// Scratch: what they look at means nothing between calls.
const it = new RaxIterator();
const node = new NodeStore();
const lp = new Listpack(node);
const cursor = new EntryCursor();
const lastId = new StreamId();
