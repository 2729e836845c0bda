/**
 * The arguments of a command that a script runs, gathered one by one into the form in which requests
 * of clients come: bytes, and Args over them. The next command overwrites it.
 *
 *     begin(); addText('SET'); addText(key); addNumber(7);  ->  args
 *
 * Allocates only to grow; guarded by `npm run bench`.
 */
import { Args } from '../resp/args.js';
import { formatDouble } from '../text/double.js';

const START_BYTES = 4096;
const START_COUNT = 32;
/** A buffer beyond this is not kept, in bytes. */
const KEEP_BYTES = 1024 * 1024;
/** Offsets are 32-bit integers. */
const MAX_BYTES = 0x7fffffff;
/** A text from this length on is written by native code, which costs some 50 ns to call. */
const NATIVE_WRITE = 32;

export class RequestBuffer {
  readonly args: Args;
  /** The first argument as it was added: the command's name. */
  name = '';
  private end = 0;

  constructor() {
    this.args = new Args(
      Buffer.allocUnsafeSlow(START_BYTES),
      new Int32Array(START_COUNT),
      new Int32Array(START_COUNT),
      new Int32Array(START_COUNT),
    );
  }

  /** Begins a request. */
  begin(): void {
    this.args.count = 0;
    this.end = 0;
    if (this.args.buf.length > KEEP_BYTES) {
      this.args.buf = Buffer.allocUnsafeSlow(START_BYTES);
      this.name = '';
    }
  }

  /** Bytes so far. */
  get size(): number {
    return this.end;
  }

  /**
   * Adds an argument. @param text latin1
   * @returns false: the request is too large
   */
  addText(text: string): boolean {
    const { args } = this;
    const { length } = text;
    if (args.count === 0 && text === this.name) {
      // Scripts often run the same command again, whose name is there still.
      args.count = 1;
      args.lens[0] = length;
      this.end = length;
      return true;
    }
    const at = this.end;
    if (at + length > args.buf.length && !this.grow(at + length)) return false;
    const n = args.count++;
    if (n === args.offs.length) this.growTables();
    args.offs[n] = at;
    args.lens[n] = length;
    args.hashes[n] = 0;
    const { buf } = args;
    if (length < NATIVE_WRITE) for (let i = 0; i < length; i++) buf[at + i] = text.charCodeAt(i);
    else buf.write(text, at, length, 'latin1');
    this.end = at + length;
    if (n === 0) this.name = text;
    return true;
  }

  /** Adds a number: an integer without a fraction or exponent, else as few digits as tell it. */
  addNumber(n: number): boolean {
    return this.addText(formatArgument(n));
  }

  private grow(bytes: number): boolean {
    if (bytes > MAX_BYTES) return false;
    const { args } = this;
    const next = Buffer.allocUnsafeSlow(Math.min(MAX_BYTES, Math.max(bytes, args.buf.length * 2)));
    next.set(args.buf.subarray(0, this.end));
    args.buf = next;
    return true;
  }

  private growTables(): void {
    const { args } = this;
    args.offs = doubled(args.offs);
    args.lens = doubled(args.lens);
    args.hashes = doubled(args.hashes);
  }
}

function doubled(table: Int32Array): Int32Array {
  const next = new Int32Array(table.length * 2);
  next.set(table);
  return next;
}

function formatArgument(n: number): string {
  // What is no number has its sign set, as the processor makes it of 0/0.
  if (Number.isNaN(n)) return '-nan';
  return n === 0 ? '0' : formatDouble(n);
}
