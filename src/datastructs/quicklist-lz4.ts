/**
 * Compression of the nodes inside of a list (`list-compress-depth`), as LZ4 blocks.
 *
 * Only in memory: RDB files carry LZF, as their format demands. The buffers here hold nothing
 * between calls.
 *
 * Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
import { compressBlock, compressBound, decompressBlock } from 'lz4js';

/** Shorter nodes are left as they are … */
const MIN_BYTES = 48;
/** … and so are those that would not become shorter by more than this, */
const MIN_GAIN = 8;
/** … and longer ones: compressing this takes about 2 ms. */
const MAX_BYTES = 256 * 1024;

const hashTable = new Uint32Array(1 << 16);

/** What `pack` made. */
export let packed = new Uint8Array(0);

/**
 * Compresses buf[off .. off + len) into `packed`.
 * @returns the compressed length, 0 when it is not worth it
 */
export function pack(buf: Uint8Array, off: number, len: number): number {
  if (len < MIN_BYTES || len > MAX_BYTES) return 0;
  const bound = compressBound(len);
  if (packed.length < bound) packed = new Uint8Array(bound);
  // Places of the last call must not be taken for ones of this.
  hashTable.fill(0);
  const size = compressBlock(buf, packed, off, len, hashTable);
  return size + MIN_GAIN >= len ? 0 : size;
}

/** Decompresses buf[off .. off + len) to `to[at ..)`. */
export function unpack(
  buf: Uint8Array,
  off: number,
  len: number,
  to: Uint8Array,
  at: number,
): void {
  decompressBlock(buf, to, off, len, at);
}
