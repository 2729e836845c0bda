/**
 * Where the bytes of a listpack or intset lie, and how they are made more or fewer.
 *
 * The structures know their format, not their memory: the same code edits a listpack inside a key's
 * block (keyspace/inline-value.ts), in a node of a list, or in a buffer of its own.
 */
export interface ByteStore {
  /** The bytes are buf[off .. off + len). To be read anew after every `resize`. */
  buf: Uint8Array;
  off: number;
  len: number;
  /** Makes it `len` bytes long and keeps its first bytes, as far as they fit. */
  resize(len: number): void;
}

const FIRST_CAPACITY = 64;

/** A store with a buffer of its own: for values being built, and for tests. */
export class HeapBytes implements ByteStore {
  buf: Uint8Array;
  off = 0;
  len: number;

  /** @param bytes its first content, copied */
  constructor(bytes: Uint8Array = EMPTY) {
    this.buf = new Uint8Array(Math.max(bytes.length, FIRST_CAPACITY));
    this.buf.set(bytes);
    this.len = bytes.length;
  }

  resize(len: number): void {
    if (len > this.buf.length) {
      const bigger = new Uint8Array(Math.max(len, this.buf.length * 2));
      bigger.set(this.buf.subarray(0, this.len));
      this.buf = bigger;
    }
    this.len = len;
  }

  /** The bytes, in place. */
  view(): Uint8Array {
    return this.buf.subarray(0, this.len);
  }
}

const EMPTY = new Uint8Array(0);
