/**
 * Copies of a few bytes: a loop is faster than a native call, whose fixed cost is that of some 60
 * bytes.
 */
const NATIVE_COPY = 64;

/** Copies `len` bytes to another place; the two may not overlap. */
export function copyBytes(
  from: Uint8Array,
  off: number,
  len: number,
  to: Uint8Array,
  at: number,
): void {
  if (len < NATIVE_COPY) for (let i = 0; i < len; i++) to[at + i] = from[off + i]!;
  else to.set(from.subarray(off, off + len), at);
}

/** Moves buf[from .. end) so that it begins at `to`; the two may overlap. */
export function moveBytes(buf: Uint8Array, to: number, from: number, end: number): void {
  if (end - from >= NATIVE_COPY) {
    buf.copyWithin(to, from, end);
  } else if (to < from) {
    for (let i = from; i < end; i++) buf[to + i - from] = buf[i]!;
  } else {
    for (let i = end - 1; i >= from; i--) buf[to + i - from] = buf[i]!;
  }
}

/** Whether a[aOff .. aOff + len) and b[bOff .. bOff + len) are the same. */
export function sameBytes(
  a: Uint8Array,
  aOff: number,
  b: Uint8Array,
  bOff: number,
  len: number,
): boolean {
  for (let i = 0; i < len; i++) if (a[aOff + i] !== b[bOff + i]) return false;
  return true;
}

/** Order of two byte strings, as memcmp and then by length: negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  aOff: number,
  aLen: number,
  b: Uint8Array,
  bOff: number,
  bLen: number,
): number {
  const n = Math.min(aLen, bLen);
  for (let i = 0; i < n; i++) {
    const difference = a[aOff + i]! - b[bOff + i]!;
    if (difference !== 0) return difference;
  }
  return aLen - bLen;
}
