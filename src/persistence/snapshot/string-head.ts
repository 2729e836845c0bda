/** A string's length as the RDB format has it, for strings of less than 4 GiB. */
import { LENGTH_14BIT, LENGTH_32BIT } from '../rdb/format.js';

/** Longest length, in bytes. */
export const STRING_HEAD_MAX_BYTES = 5;

/** How long a length is whose first byte this is. */
export function headBytes(first: number): number {
  if (first < LENGTH_14BIT) return 1;
  return first < LENGTH_32BIT ? 2 : STRING_HEAD_MAX_BYTES;
}

/** The length at `at`. */
export function readHead(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < LENGTH_14BIT) return first;
  if (first < LENGTH_32BIT) return ((first & 0x3f) << 8) | bytes[at + 1]!;
  let length = 0;
  for (let i = 1; i < STRING_HEAD_MAX_BYTES; i++) length = length * 256 + bytes[at + i]!;
  return length;
}
