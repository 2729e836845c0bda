/**
 * Commands that have been carried out and are to be passed on together, in their order.
 *
 * Their arguments lie one behind the other in a few arrays that are used again and again:
 *
 *     bytes  SETk1vDELk2 …      offs, lens  of each argument     first, counts  of each command
 *
 * `at` shows one of them as Args, in place: valid until the next call. Beyond KEPT_BYTES the memory is
 * given back once the queue is empty.
 */
import { Args } from '../../resp/args.js';

const FIRST_BYTES = 4096;
const FIRST_ARGS = 64;
const KEPT_BYTES = 1024 * 1024;
const KEPT_ARGS = 64 * 1024;

export class EffectQueue {
  /** How many commands wait. */
  count = 0;
  private readonly dbs: number[] = [];
  private readonly targets: number[] = [];
  private readonly first: number[] = [];
  private readonly counts: number[] = [];
  private args = emptyArgs();
  private usedBytes = 0;
  private usedArgs = 0;

  /** @param to bits of PropagateTo */
  add(db: number, to: number, request: Args): void {
    const { count } = request;
    this.begin(db, to, count);
    for (let i = 0; i < count; i++) {
      const off = request.off(i);
      this.addArg(request.buf, off, off + request.len(i));
    }
  }

  addWords(db: number, to: number, words: readonly (string | Uint8Array)[]): void {
    this.begin(db, to, words.length);
    for (const word of words) {
      const bytes = typeof word === 'string' ? Buffer.from(word, 'latin1') : word;
      this.addArg(bytes, 0, bytes.length);
    }
  }

  dbOf(i: number): number {
    return this.dbs[i]!;
  }

  targetsOf(i: number): number {
    return this.targets[i]!;
  }

  at(i: number): Args {
    const { args } = this;
    args.base = this.first[i]!;
    args.count = this.counts[i]!;
    return args;
  }

  clear(): void {
    this.count = 0;
    this.usedBytes = 0;
    this.usedArgs = 0;
    const { buf, offs } = this.args;
    if (buf.length > KEPT_BYTES || offs.length > KEPT_ARGS) this.args = emptyArgs();
  }

  private begin(db: number, to: number, count: number): void {
    const i = this.count++;
    this.dbs[i] = db;
    this.targets[i] = to;
    this.first[i] = this.usedArgs;
    this.counts[i] = count;
    const { args } = this;
    const needed = this.usedArgs + count;
    if (needed <= args.offs.length) return;
    const size = Math.max(needed, args.offs.length * 2);
    args.offs = grown(args.offs, size);
    args.lens = grown(args.lens, size);
    args.hashes = grown(args.hashes, size);
  }

  private addArg(from: Uint8Array, start: number, end: number): void {
    const { args, usedBytes } = this;
    const needed = usedBytes + end - start;
    if (needed > args.buf.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(needed, args.buf.length * 2));
      args.buf.copy(bigger, 0, 0, usedBytes);
      args.buf = bigger;
    }
    args.buf.set(start === 0 && end === from.length ? from : from.subarray(start, end), usedBytes);
    args.offs[this.usedArgs] = usedBytes;
    args.lens[this.usedArgs] = end - start;
    this.usedArgs++;
    this.usedBytes = needed;
  }
}

function emptyArgs(): Args {
  const words = () => new Int32Array(FIRST_ARGS);
  return new Args(Buffer.allocUnsafeSlow(FIRST_BYTES), words(), words(), words());
}

function grown(old: Int32Array, size: number): Int32Array {
  const bigger = new Int32Array(size);
  bigger.set(old);
  return bigger;
}
