/**
 * How much a node of a list may hold: `list-max-listpack-size`, called *fill* here.
 *
 *     fill   -1 … -5     at most 4, 8, 16, 32, 64 KiB of listpack
 *     fill   n >= 0      at most n elements (0: one), and 8 KiB
 *
 * A single element may be longer than that; then it is alone in its node.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/config/ (redis.conf)
 */
const NODE_BYTES: readonly number[] = [4096, 8192, 16384, 32768, 65536];
/** Bytes of a node that is limited by its elements. */
const COUNTED_NODE_BYTES = 8192;
const FILL_MIN = -5;
const FILL_MAX = 0x7fff;
const DEPTH_MAX = 0xffff;
/** What an element takes in a listpack beyond its bytes, about. */
export const ELEMENT_OVERHEAD = 8;

/** From this length on an element has a plain node of its own: bytes, no listpack. */
export const PACKED_THRESHOLD = 1 << 30;

/** What may change while lists exist. */
export interface QuicklistSettings {
  /** PACKED_THRESHOLD, or what DEBUG QUICKLIST-PACKED-THRESHOLD says. */
  readonly listPackedThreshold: number;
}

export function clampFill(fill: number): number {
  return Math.max(FILL_MIN, Math.min(FILL_MAX, fill));
}

export function clampDepth(depth: number): number {
  return Math.max(0, Math.min(DEPTH_MAX, depth));
}

/** Bytes that a node may have; Infinity when its elements are counted. */
export function maxNodeBytes(fill: number): number {
  return fill < 0 ? NODE_BYTES[Math.min(-fill, NODE_BYTES.length) - 1]! : Number.POSITIVE_INFINITY;
}

/** Elements that a node may have; Infinity when its bytes are counted. */
export function maxNodeCount(fill: number): number {
  return fill < 0 ? Number.POSITIVE_INFINITY : Math.max(1, fill);
}

/** Whether so many bytes of listpack with so many elements are too much for a node. */
export function exceedsNode(fill: number, bytes: number, count: number): boolean {
  if (fill < 0) return bytes > NODE_BYTES[Math.min(-fill, NODE_BYTES.length) - 1]!;
  return bytes > COUNTED_NODE_BYTES || count > Math.max(1, fill);
}

/** Bytes that a node which takes more elements may have: also where elements are counted. */
export function maxSharedBytes(fill: number): number {
  return fill < 0 ? maxNodeBytes(fill) : COUNTED_NODE_BYTES;
}
