/**
 * The two lengths that a dict's block begins with, each with 7 bits per byte, the lowest first; the
 * high bit says that more follow. So an ordinary key and value cost two bytes.
 */

/** Bytes of a block for this key and value: both, and their lengths. */
export function blockSize(keyLen: number, valLen: number): number {
  return lengthBytes(keyLen) + lengthBytes(valLen) + keyLen + valLen;
}

/** Bytes that a length takes. */
export function lengthBytes(n: number): number {
  return n < 0x80 ? 1 : n < 0x4000 ? 2 : n < 0x200000 ? 3 : n < 0x10000000 ? 4 : 5;
}

/** The length written at `at`. */
export function readLength(bytes: Uint8Array, at: number): number {
  let n = 0;
  for (let shift = 0; ; shift += 7) {
    const b = bytes[at++]!;
    n |= (b & 0x7f) << shift;
    if (b < 0x80) return n;
  }
}

/** Writes a length at `at`. @returns where it ends */
export function writeLength(bytes: Uint8Array, at: number, n: number): number {
  while (n >= 0x80) {
    bytes[at++] = (n & 0x7f) | 0x80;
    n >>>= 7;
  }
  bytes[at] = n;
  return at + 1;
}
