/** A bit for each entry number of a dict: those that a walk has done with, or is to leave out. */
export class EntryMarks {
  private readonly words: Int32Array;

  /** @param top numbers from this on are never asked for, and need no bit */
  constructor(readonly top: number) {
    this.words = new Int32Array((top + 31) >>> 5);
  }

  add(e: number): void {
    // A typed array lets what is beyond its end fall.
    this.words[e >>> 5]! |= 1 << (e & 31);
  }

  /** @param e below `top` */
  has(e: number): boolean {
    return (this.words[e >>> 5]! & (1 << (e & 31))) !== 0;
  }
}
