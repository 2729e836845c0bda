/**
 * Where a library writes the bytes of a long string, piece by piece.
 *
 *     whole: what was written before, a string  |  buffer: the bytes since, `n` of them
 *
 * A writer asks for room once (`reserve`) and then puts bytes into `buffer` at `n` by itself: no
 * call per byte. A full buffer becomes a piece of the string, so that a result of any size is never
 * copied as a whole, and no time is spent on it at the end. Memory is charged to the script before
 * it is taken.
 *
 * A sink belongs to one library of one interpreter and is used again; `begin` forgets what a writer
 * that failed or was killed has left.
 */
import type { LuaRuntime } from '../runtime.js';

const FIRST_BYTES = 512;
/** Size of a full piece: as long as it takes to copy is what a pause may be late. */
const MAX_BYTES = 64 * 1024;

/** The most that `reserve` gives. */
export const MAX_RESERVED = MAX_BYTES / 2;
/** Strings from here on are faster copied by Node than byte by byte. */
const COPY_FROM = 64;

export class ByteSink {
  buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  n = 0;
  private whole = '';

  constructor(private readonly lua: LuaRuntime) {}

  begin(): void {
    this.n = 0;
    this.whole = '';
  }

  /** Makes room for so many bytes, MAX_RESERVED at most. */
  reserve(bytes: number): void {
    if (this.n + bytes > this.buffer.length) this.makeRoom(bytes);
  }

  private makeRoom(bytes: number): void {
    let size = this.buffer.length;
    while (size < this.n + bytes && size < MAX_BYTES) size *= 2;
    if (size > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(size);
      grown.set(this.buffer.subarray(0, this.n));
      this.buffer = grown;
    }
    if (this.n + bytes > size) this.flush();
  }

  private flush(): void {
    if (this.n === 0) return;
    this.lua.charge(this.n);
    this.whole += this.buffer.toString('latin1', 0, this.n);
    this.n = 0;
  }

  byte(byte: number): void {
    this.reserve(1);
    this.buffer[this.n++] = byte;
  }

  /** All of a string, as it is. */
  string(text: string): void {
    const length = text.length;
    if (length > MAX_RESERVED) {
      this.flush();
      this.whole += text;
      return;
    }
    this.reserve(length);
    const { buffer } = this;
    if (length >= COPY_FROM) this.n += buffer.write(text, this.n, 'latin1');
    else for (let i = 0; i < length; i++) buffer[this.n++] = text.charCodeAt(i);
  }

  /** All that was written since `begin`. */
  finish(): string {
    this.flush();
    const { whole } = this;
    this.whole = '';
    return whole;
  }
}
