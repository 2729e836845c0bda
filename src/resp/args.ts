/**
 * The arguments of one request, as offsets and lengths over the bytes they came in.
 *
 * Nothing is decoded before a handler asks: `args.int(2)`, `args.is(3, 'EX')`, `args.text(1)`. An
 * Args object is a window on tables that the RequestReader fills: the next request moves the
 * window, and the next read overwrites the bytes. A handler that must keep arguments beyond its
 * call (MULTI's queue, a blocked client) takes `copy()`.
 *
 * Argument 0 is the command's name (1 is the subcommand's name of a container command).
 *
 * Reading arguments allocates nothing, except `text`, `bytes`, `int64` and `copy`.
 */
import { parseDouble } from '../text/double.js';
import { parseInt64, parseInteger } from '../text/int64.js';
import { encodeRequest } from './encode-request.js';
import { NOT_A_FLOAT, NOT_AN_INT32, NOT_AN_INTEGER } from './errors.js';
import type { ReplyError } from './reply-error.js';

export class Args {
  /** The bytes that `off` points into. */
  buf: Buffer;
  /** Offsets, lengths and key hashes (0: not yet computed) of all arguments of the batch. */
  offs: Int32Array;
  lens: Int32Array;
  hashes: Int32Array;
  /** Where this request's arguments begin in those tables. */
  base = 0;
  /** How many there are, the command's name included. */
  count = 0;

  constructor(buf: Buffer, offs: Int32Array, lens: Int32Array, hashes: Int32Array) {
    this.buf = buf;
    this.offs = offs;
    this.lens = lens;
    this.hashes = hashes;
  }

  /** Builds Args of their own from texts (latin1) or bytes: for scripts, tests and replay. */
  static from(values: readonly (string | Uint8Array)[]): Args {
    const parts = values.map((v) => (typeof v === 'string' ? Buffer.from(v, 'latin1') : v));
    const args = new Args(
      Buffer.concat(parts),
      new Int32Array(parts.length),
      new Int32Array(parts.length),
      new Int32Array(parts.length),
    );
    let at = 0;
    for (let i = 0; i < parts.length; i++) {
      args.offs[i] = at;
      args.lens[i] = parts[i]!.length;
      at += parts[i]!.length;
    }
    args.count = parts.length;
    return args;
  }

  /** Offset of argument `i` in `buf`. */
  off(i: number): number {
    return this.offs[this.base + i]!;
  }

  /** Length of argument `i` in bytes. */
  len(i: number): number {
    return this.lens[this.base + i]!;
  }

  /** Hash of argument `i`'s bytes as keys and members are hashed; 0 if it is not yet known. */
  hash(i: number): number {
    return this.hashes[this.base + i]!;
  }

  /** Argument `i` as a latin1 string: one character per byte, nothing lost. */
  text(i: number): string {
    const off = this.offs[this.base + i]!;
    return this.buf.toString('latin1', off, off + this.lens[this.base + i]!);
  }

  /** Argument `i` decoded as UTF-8, for texts that people read (client names, messages). */
  utf8(i: number): string {
    const off = this.off(i);
    return this.buf.toString('utf8', off, off + this.len(i));
  }

  /** A copy of argument `i`'s bytes, safe to keep. */
  bytes(i: number): Buffer {
    return Buffer.from(this.view(i));
  }

  /** Argument `i`'s bytes in place: valid only until the handler returns. */
  view(i: number): Buffer {
    const off = this.off(i);
    return this.buf.subarray(off, off + this.len(i));
  }

  /**
   * Whether argument `i` is this word, in any case.
   * @param word ASCII, in capitals (letters, digits, `-`, `_`)
   */
  is(i: number, word: string): boolean {
    const length = word.length;
    const at = this.base + i;
    if (this.lens[at] !== length) return false;
    const off = this.offs[at]!;
    for (let k = 0; k < length; k++) {
      let c = this.buf[off + k]!;
      if (c >= 97 && c <= 122) c -= 32;
      if (c !== word.charCodeAt(k)) return false;
    }
    return true;
  }

  /** Whether arguments `i` and `j` hold the same bytes. */
  same(i: number, j: number): boolean {
    const length = this.len(i);
    if (length !== this.len(j)) return false;
    const a = this.off(i);
    const b = this.off(j);
    return this.buf.compare(this.buf, b, b + length, a, a + length) === 0;
  }

  /**
   * Argument `i` as a signed 64-bit integer; beyond ±2^53 the nearest double.
   * @throws ReplyError "value is not an integer or out of range", or `error`
   */
  int(i: number, error: ReplyError = NOT_AN_INTEGER): number {
    const value = parseInteger(this.buf, this.offs[this.base + i]!, this.lens[this.base + i]!);
    if (Number.isNaN(value)) throw error;
    return value;
  }

  /** Argument `i` as an exact signed 64-bit integer. @throws ReplyError as `int` */
  int64(i: number, error: ReplyError = NOT_AN_INTEGER): bigint {
    const value = parseInt64(this.buf, this.off(i), this.len(i));
    if (value === undefined) throw error;
    return value;
  }

  /**
   * Argument `i` as an integer within [min, max].
   * @throws ReplyError `notInteger` if it is none, `outside` if it is beyond the limits
   */
  intWithin(
    i: number,
    min: number,
    max: number,
    outside: ReplyError = NOT_AN_INTEGER,
    notInteger: ReplyError = NOT_AN_INTEGER,
  ): number {
    const value = this.int(i, notInteger);
    if (value < min || value > max) throw outside;
    return value;
  }

  /**
   * Argument `i` as a 32-bit integer.
   * @throws ReplyError `error` in every case, if it is given
   */
  int32(i: number, error?: ReplyError): number {
    const value = this.int(i, error);
    if (value < -0x80000000 || value > 0x7fffffff) throw error ?? NOT_AN_INT32;
    return value;
  }

  /** Argument `i` as a double (`inf` allowed, NaN not). @throws ReplyError "not a valid float" */
  double(i: number, error: ReplyError = NOT_A_FLOAT): number {
    const value = parseDouble(this.buf, this.off(i), this.len(i));
    if (Number.isNaN(value)) throw error;
    return value;
  }

  /** The arguments from `first` on, as a request of their own; valid as long as these are. */
  tail(first: number): Args {
    const tail = new Args(this.buf, this.offs, this.lens, this.hashes);
    tail.base = this.base + first;
    tail.count = this.count - first;
    return tail;
  }

  /** A copy that outlives the read buffer. */
  copy(): Args {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < this.count; i++) parts.push(this.view(i));
    const copy = Args.from(parts);
    for (let i = 0; i < this.count; i++) copy.hashes[i] = this.hashes[this.base + i]!;
    return copy;
  }

  /** The request as it would be sent again: a RESP array of bulk strings. */
  encode(): Buffer {
    return encodeRequest(...Array.from({ length: this.count }, (_, i) => this.view(i)));
  }
}
