/**
 * Whether bytes from outside are a listpack, an intset, a stream's macro node: looked at element by
 * element before anything else walks them, for all else trusts them.
 */
import { elementBytes, LISTPACK_HEADER_BYTES } from '../../datastructs/listpack.js';
import { readWord } from '../../datastructs/words.js';

const LISTPACK_END = 0xff;
const UNCOUNTED = 0xffff;
const STRING32 = 0xf0;
const INT64 = 0xf4;
const STRING32_BODY = 5;
const INTSET_HEADER_BYTES = 8;

/**
 * The number of a listpack's elements, having checked each of them: its length, what kind it is, and
 * the length behind it that leads back.
 * @returns -1 if it is none
 */
export function checkListpack(buf: Uint8Array, off: number, len: number): number {
  if (len < LISTPACK_HEADER_BYTES + 1 || readWord(buf, off) >>> 0 !== len) return -1;
  const end = off + len - 1;
  if (buf[end] !== LISTPACK_END) return -1;
  let at = off + LISTPACK_HEADER_BYTES;
  let count = 0;
  while (at < end) {
    const size = checkElement(buf, at, end);
    if (size === 0) return -1;
    at += size;
    count++;
  }
  const told = buf[off + 4]! | (buf[off + 5]! << 8);
  return told === count || told === UNCOUNTED ? count : -1;
}

/** Bytes of the element at `at`, 0 if it is none that ends before `end`. */
function checkElement(buf: Uint8Array, at: number, end: number): number {
  const b = buf[at]!;
  if (b > INT64) return 0;
  if (b === STRING32) {
    if (at + STRING32_BODY >= end) return 0;
    // Before the length is used for anything else: it may be any.
    if (readWord(buf, at + 1) >>> 0 > end - at) return 0;
  } else if (b >= 0xe0 && b < STRING32 && at + 1 >= end) return 0;
  const size = elementBytes(buf, at);
  if (at + size > end) return 0;
  return hasBackLength(buf, at, size) ? size : 0;
}

/** Whether the last bytes of an element say how long the rest of it is. */
function hasBackLength(buf: Uint8Array, at: number, size: number): boolean {
  let p = at + size - 1;
  let body = buf[p]! & 127;
  let scale = 128;
  let bytes = 1;
  while (buf[p]! >= 128) {
    if (++bytes > 5 || p === at) return false;
    p--;
    body += (buf[p]! & 127) * scale;
    scale *= 128;
  }
  return body + bytes === size;
}

/** The number of an intset's members, which must rise. @returns -1 if it is none */
export function checkIntset(buf: Uint8Array, off: number, len: number): number {
  if (len < INTSET_HEADER_BYTES) return -1;
  const width = readWord(buf, off);
  if (width !== 2 && width !== 4 && width !== 8) return -1;
  const count = readWord(buf, off + 4) >>> 0;
  if (count * width + INTSET_HEADER_BYTES !== len) return -1;
  const end = off + len;
  for (let at = off + INTSET_HEADER_BYTES + width; at < end; at += width) {
    if (compareIntegers(buf, at - width, at, width) >= 0) return -1;
  }
  return count;
}

function compareIntegers(buf: Uint8Array, a: number, b: number, width: number): number {
  if (width === 2) return int16(buf, a) - int16(buf, b);
  if (width === 4) return readWord(buf, a) - readWord(buf, b);
  const high = readWord(buf, a + 4) - readWord(buf, b + 4);
  return high !== 0 ? high : (readWord(buf, a) >>> 0) - (readWord(buf, b) >>> 0);
}

function int16(buf: Uint8Array, at: number): number {
  return ((buf[at]! | (buf[at + 1]! << 8)) << 16) >> 16;
}
