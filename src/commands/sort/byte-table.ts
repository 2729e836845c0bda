/**
 * A growing list of byte strings, one behind the other in a single buffer:
 *
 *     buf    a b c | d e | | f …
 *     offs   0       3   5 5
 *     lens   3       2   0 1
 *
 * SORT copies what it sorts: looking up keys for BY and GET may remove keys, and move others.
 */
const FIRST_BYTES = 1024;
const FIRST_ITEMS = 64;

export class ByteTable {
  buf = new Uint8Array(FIRST_BYTES);
  offs = new Float64Array(FIRST_ITEMS);
  lens = new Int32Array(FIRST_ITEMS);
  count = 0;
  /** Bytes in use. */
  private end = 0;

  /** @returns the new one's number: they count from 0 */
  add(bytes: Uint8Array, off: number, len: number): number {
    this.makeRoom(len);
    const { buf, count, end } = this;
    if (len > 0) buf.set(bytes.subarray(off, off + len), end);
    this.offs[count] = end;
    this.lens[count] = len;
    this.end = end + len;
    return this.count++;
  }

  /** Lengths as C sees them: up to the first NUL. */
  textLengths(): Int32Array {
    const { buf, offs, lens, count } = this;
    if (buf.subarray(0, this.end).indexOf(0) < 0) return lens;
    return Int32Array.from({ length: count }, (_, i) => {
      const nul = buf.subarray(offs[i]!, offs[i]! + lens[i]!).indexOf(0);
      return nul < 0 ? lens[i]! : nul;
    });
  }

  private makeRoom(len: number): void {
    if (this.end + len > this.buf.length) {
      const bigger = new Uint8Array(Math.max(this.end + len, this.buf.length * 2));
      bigger.set(this.buf.subarray(0, this.end));
      this.buf = bigger;
    }
    if (this.count < this.lens.length) return;
    const offs = new Float64Array(this.count * 2);
    offs.set(this.offs);
    this.offs = offs;
    const lens = new Int32Array(this.count * 2);
    lens.set(this.lens);
    this.lens = lens;
  }
}
