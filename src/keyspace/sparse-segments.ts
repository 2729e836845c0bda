/** Which segments of an arena are worth emptying: see defragmenter.ts. */
import { type Arena, SEGMENT_BYTES } from '../datastructs/arena.js';

/** Share of the free room that moved blocks may be expected to fit into. */
const ROOM_TO_FILL = 0.9;

/** A segment that may be worth emptying, and the bytes that would have to move. */
export interface SparseSegment {
  readonly segment: number;
  readonly used: number;
}

/**
 * Chooses the segments whose blocks should move so that as many segments as possible can be given back.
 * @param room bytes that no one uses, in all segments
 */
export function chooseSegments(sparse: readonly SparseSegment[], room: number): number[] {
  const total = sparse.reduce((sum, { used }) => sum + used, 0);
  // All that move may go to fresh segments, of which no page is in memory but for those in use, if that
  // frees more than it takes; else what stays must have room for what moves.
  if (total <= (sparse.length * SEGMENT_BYTES) / 2) return sparse.map(({ segment }) => segment);
  const chosen: number[] = [];
  let moving = 0;
  let left = room;
  for (const { segment, used } of [...sparse].sort((a, b) => a.used - b.used)) {
    left -= SEGMENT_BYTES - used;
    moving += used;
    if (moving > left * ROOM_TO_FILL) break;
    chosen.push(segment);
  }
  return chosen;
}

/** As `chooseSegments`, of an arena that is small enough to be looked at as a whole. */
export function chooseSegmentsOf(arena: Arena): number[] {
  const sparse: SparseSegment[] = [];
  // The first is small, and never given back.
  for (let segment = 1; segment < arena.segments; segment++) {
    const used = arena.sparseBytes(segment);
    if (used >= 0) sparse.push({ segment, used });
  }
  return chooseSegments(sparse, arena.capacityBytes - arena.usedBytes);
}
