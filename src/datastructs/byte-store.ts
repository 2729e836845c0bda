/**
 * Where the bytes of a listpack or intset lie, and how they are made more or fewer.
 *
 * The structures know their format, not their memory: the same code edits a listpack inside a key's
 * block (keyspace/inline-value.ts), in a node of a list or stream, or in a buffer of its own.
 *
 *     Listpack ──> ByteRange { buf, off, len }      one class, whoever holds the bytes
 *         └──────> ByteStore { range, resize }      a class for each kind of memory
 *
 * The range is an object apart for speed: it is looked at several times for each element, and V8
 * compiles that to plain loads only while all that is ever looked at there is of one class.
 */

const EMPTY = new Uint8Array(0);

/** The bytes buf[off .. off + len); the object stays, what it says is anew after every `resize`. */
export class ByteRange {
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;
}

export interface ByteStore {
  /** Always the same object. */
  readonly range: ByteRange;
  /** Makes it `len` bytes long and keeps its first bytes, as far as they fit. */
  resize(len: number): void;
}

const FIRST_CAPACITY = 64;

/** A store with a buffer of its own: for values being built, and for tests. */
export class HeapBytes implements ByteStore {
  readonly range = new ByteRange();

  /** @param bytes its first content, copied */
  constructor(bytes: Uint8Array = EMPTY) {
    const { range } = this;
    range.buf = new Uint8Array(Math.max(bytes.length, FIRST_CAPACITY));
    range.buf.set(bytes);
    range.len = bytes.length;
  }

  resize(len: number): void {
    const { range } = this;
    const { buf } = range;
    if (len > buf.length) {
      range.buf = new Uint8Array(Math.max(len, buf.length * 2));
      range.buf.set(buf.subarray(0, range.len));
    }
    range.len = len;
  }

  /** The bytes, in place. */
  view(): Uint8Array {
    return this.range.buf.subarray(0, this.range.len);
  }
}
