/** The order in which SCAN visits buckets: counting with the bits in reverse (see dict.ts). */

/** Adds one to the cursor's bits above the mask's complement, from the highest bit downwards. */
export function nextCursor(v: number, mask: number): number {
  return reverse((reverse(v | ~mask) + 1) | 0);
}

/** The 32 bits in reverse order, as an unsigned number. */
function reverse(v: number): number {
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1);
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2);
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4);
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8);
  return ((v >>> 16) | (v << 16)) >>> 0;
}
