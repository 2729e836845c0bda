/** What we use of the package lz4js, which brings no types: LZ4 blocks, without frames. */
declare module 'lz4js' {
  /** Room that the compressed form of `n` bytes may need. */
  export function compressBound(n: number): number;

  /**
   * Compresses src[from .. from + length) to the begin of `dst`.
   * @param hashTable of 2^16 zeros
   * @returns bytes written; 0 when they would not be fewer
   */
  export function compressBlock(
    src: Uint8Array,
    dst: Uint8Array,
    from: number,
    length: number,
    hashTable: Uint32Array,
  ): number;

  /** Writes what was compressed to dst[at ..). @returns where it ends */
  export function decompressBlock(
    src: Uint8Array,
    dst: Uint8Array,
    from: number,
    length: number,
    at: number,
  ): number;
}
