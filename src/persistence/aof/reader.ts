/**
 * Reads the commands of an append-only file of any size, block by block.
 *
 *     file   ... whole commands | *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nvvvv...
 *     block      [ parsed, batch by batch ][ unfinished: moved to the front, more is read behind it ]
 *
 * A file that the server was writing when it died ends in the middle of a command, or of a MULTI: it is
 * *torn*, and right up to the last point where neither was the case (`validUpTo`). Anything else that is
 * no command is damage: the file is *bad*. So a file is whole, torn or bad (or can't be read), and that
 * verdict comes with the place.
 *
 * The grammar is the one that servers write, to the byte: `*` and `$` with digits alone, CRLF, no empty
 * commands. Redis's own loader looks away at more; its check tool doesn't.
 *
 * Memory is for one block, or one command: no length is believed that goes beyond the file's end.
 * `next` allocates nothing: a load spends its time in the commands, not here.
 */
import { Args } from '../../resp/args.js';

/** Where the bytes come from: AofFiles.read of an open file. */
export type ReadAt = (buf: Uint8Array, off: number, len: number, position: number) => number;

export type AofVerdict =
  | { readonly kind: 'whole' }
  /** It ends too early: cut off at `validUpTo`, it is whole. */
  | {
      readonly kind: 'torn';
      readonly validUpTo: number;
      /** Where the unfinished command or MULTI begins. */
      readonly offset: number;
      readonly reason: string;
      /** Whether all commands are complete, but for the EXEC that is missing. */
      readonly lacksExec: boolean;
    }
  /** It isn't what a server has written. */
  | {
      readonly kind: 'bad';
      readonly validUpTo: number;
      readonly offset: number;
      readonly reason: string;
    }
  | { readonly kind: 'unreadable'; readonly offset: number; readonly error: unknown };

const BLOCK_BYTES = 1024 * 1024;
/** At most so many commands are parsed at one go, and about so many arguments. */
const BATCH_COMMANDS = 256;
const BATCH_ARGS = 4096;
/** Longest command, in bytes: offsets are 32-bit integers. */
export const COMMAND_MAX_BYTES = 0x7fffffff - BLOCK_BYTES;
/** Longest annotation, its line end included, in bytes. */
export const ANNOTATION_MAX = 1024;
/** Least bytes of an argument: `$0\r\n\r\n`. */
const ARG_MIN_BYTES = 6;
/** Longest line of a number: `*`, digits, CRLF. */
const DIGITS_MAX = 10;

const CR = 13;
const LF = 10;
const HASH = 35;
const STAR = 42;
const DOLLAR = 36;

/** What `number` answers beside a number. */
const SHORT = -1;
const BROKEN = -2;

export class AofReader {
  /** The command that `next` came to: valid until the next call. */
  readonly args: Args;
  /** Where it begins in the file. */
  offset = 0;
  /** The file, once `next` has come to its end. */
  verdict: AofVerdict | undefined = undefined;
  /** Unix time in seconds of the last time annotation that was parsed; 0: there was none. */
  timestamp = 0;
  /** Up to where the file is whole: outside of any command and MULTI, of those that `next` has given. */
  validUpTo: number;
  /** Whether `next` is between MULTI and EXEC. */
  inMulti = false;

  private buf = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** Place of buf[0] in the file. */
  private base: number;
  private at = 0;
  private end = 0;

  // The batch: per command its first argument, how many it has, where it begins.
  private readonly first = new Int32Array(BATCH_COMMANDS);
  private readonly argc = new Int32Array(BATCH_COMMANDS);
  private readonly begin = new Int32Array(BATCH_COMMANDS + 1);
  private count = 0;
  private taken = 0;
  /** Behind the line that `number` has read. */
  private behind = 0;
  /** Bytes, from `at` on, without which the unfinished command can't go on. */
  private needed = 0;
  /** What is wrong at `wrongAt`, for `next` to tell when it has come there. */
  private wrong = '';
  private wrongAt = 0;

  /**
   * @param from where the commands begin (behind an RDB preamble)
   * @param size the file's size in bytes
   */
  constructor(
    private readonly read: ReadAt,
    from: number,
    private readonly size: number,
  ) {
    this.base = from;
    this.offset = from;
    this.validUpTo = from;
    const tables = [0, 1, 2].map(() => new Int32Array(BATCH_ARGS));
    this.args = new Args(this.buf, tables[0]!, tables[1]!, tables[2]!);
  }

  /** Where the command that `next` came to ends in the file. */
  get commandEnd(): number {
    return this.base + this.begin[this.taken]!;
  }

  /** Moves to the next command; false at the end, which `verdict` tells of. */
  next(): boolean {
    if (this.verdict !== undefined) return false;
    if (this.taken > 0) this.passCommand();
    if (this.taken === this.count && !this.fill()) return false;
    const i = this.taken++;
    const { args } = this;
    args.base = this.first[i]!;
    args.count = this.argc[i]!;
    this.offset = this.base + this.begin[i]!;
    return true;
  }

  /** Notes that the command before was one, and whether it opens or closes a MULTI. */
  private passCommand(): void {
    const { args } = this;
    if (args.count === 1) {
      if (args.is(0, 'MULTI')) this.inMulti = true;
      else if (args.is(0, 'EXEC')) this.inMulti = false;
    }
    if (!this.inMulti) this.validUpTo = this.base + this.begin[this.taken]!;
  }

  /** Parses a batch; false if there is none. */
  private fill(): boolean {
    this.taken = 0;
    this.count = 0;
    for (;;) {
      if (this.wrong !== '') return this.judgeBad();
      this.parse();
      if (this.count > 0) return true;
      // Annotations alone.
      if (!this.inMulti) this.validUpTo = this.base + this.at;
      if (this.wrong !== '') continue;
      if (this.base + this.end >= this.size || this.needed > this.size - this.base - this.at) {
        return this.judgeEnd();
      }
      if (this.needed > COMMAND_MAX_BYTES || this.end - this.at >= COMMAND_MAX_BYTES) {
        this.fail(this.at, 'the command is too long');
      } else if (!this.readMore()) {
        return false;
      }
    }
  }

  // --------------------------------------------------------------------------------------- blocks

  /** Reads on behind what is unfinished. */
  private readMore(): boolean {
    const left = this.end - this.at;
    let room = Math.max(BLOCK_BYTES, this.needed, left * 2);
    const rest = Math.max(BLOCK_BYTES, this.size - this.base - this.at);
    room = Math.min(room, rest, COMMAND_MAX_BYTES);
    let to = this.buf;
    if (room > to.length || (to.length > BLOCK_BYTES && room === BLOCK_BYTES)) {
      to = Buffer.allocUnsafeSlow(room);
    }
    this.buf.copy(to, 0, this.at, this.end);
    this.base += this.at;
    this.at = 0;
    this.end = left;
    this.buf = to;
    this.args.buf = to;
    return this.readBlock();
  }

  private readBlock(): boolean {
    const position = this.base + this.end;
    const len = Math.min(this.buf.length - this.end, this.size - position);
    try {
      const got = this.read(this.buf, this.end, len, position);
      this.end += got;
      // Somebody has made it shorter meanwhile.
      if (got === 0) return this.judgeEnd();
      return true;
    } catch (error) {
      this.verdict = { kind: 'unreadable', offset: position, error };
      return false;
    }
  }

  // -------------------------------------------------------------------------------------- parsing

  /** Parses the commands that are there from `at` on, up to a full batch. */
  private parse(): void {
    const { buf, end, first, argc, begin, args } = this;
    let { offs, lens, hashes } = args;
    let at = this.at;
    let top = 0;
    let count = 0;
    this.needed = 0;

    scan: while (at < end && count < BATCH_COMMANDS && top < BATCH_ARGS) {
      if (buf[at] !== STAR) {
        if (buf[at] !== HASH) {
          this.fail(at, 'a command was expected');
          break;
        }
        const next = this.annotation(at);
        if (next < 0) break;
        at = next;
        this.at = at;
        continue;
      }
      const start = at;
      // *<count>\r\n: one digit is nearly all there is.
      let c = buf[at + 1]! - 48;
      let multi: number;
      if (c > 0 && c <= 9 && at + 4 <= end && buf[at + 2] === CR && buf[at + 3] === LF) {
        multi = c;
        at += 4;
      } else {
        multi = this.number(at, 'number of arguments');
        if (multi < 0) break;
        if (multi === 0) {
          this.fail(at, 'a command without arguments');
          break;
        }
        at = this.behind;
      }
      if (top + multi > BATCH_ARGS) {
        if (count > 0) break;
        if (multi > offs.length) {
          this.needed = at - start + multi * ARG_MIN_BYTES;
          // A count alone is no reason for tables: the bytes must be there.
          if (end - start < this.needed) break;
          this.growTables(multi);
          ({ offs, lens, hashes } = args);
        }
      }
      for (let left = multi, to = top; left > 0; left--, to++) {
        // $<length>\r\n<bytes>\r\n
        let size: number;
        c = buf[at + 1]! - 48;
        if (
          at + 4 <= end &&
          c >= 0 &&
          c <= 9 &&
          buf[at] === DOLLAR &&
          buf[at + 2] === CR &&
          buf[at + 3] === LF
        ) {
          size = c;
          at += 4;
        } else {
          const d = buf[at + 2]! - 48;
          if (
            at + 5 <= end &&
            buf[at] === DOLLAR &&
            c > 0 &&
            c <= 9 &&
            d >= 0 &&
            d <= 9 &&
            buf[at + 3] === CR &&
            buf[at + 4] === LF
          ) {
            size = c * 10 + d;
            at += 5;
          } else {
            size = this.argumentLength(at);
            if (size < 0) {
              if (size === SHORT) this.needed = at - start + left * ARG_MIN_BYTES;
              break scan;
            }
            at = this.behind;
          }
        }
        const until = at + size;
        if (end < until + 2) {
          this.needed = until + 2 - start + (left - 1) * ARG_MIN_BYTES;
          break scan;
        }
        if (buf[until] !== CR || buf[until + 1] !== LF) {
          this.fail(until, 'an argument does not end where its length says');
          break scan;
        }
        offs[to] = at;
        lens[to] = size;
        hashes[to] = 0;
        at = until + 2;
      }
      first[count] = top;
      argc[count] = multi;
      begin[count++] = start;
      top += multi;
      this.at = at;
    }
    begin[count] = this.at;
    this.count = count;
  }

  /** @returns the offset behind the annotation at `at`; negative: it is unfinished, or none */
  private annotation(at: number): number {
    const { buf, end } = this;
    const newline = buf.subarray(at, Math.min(end, at + ANNOTATION_MAX)).indexOf(LF);
    if (newline < 0) {
      if (end - at >= ANNOTATION_MAX) this.fail(at, 'an annotation is too long');
      this.needed = end - at + 1;
      return -1;
    }
    const line = buf.toString('latin1', at, at + newline + 1);
    if (line.startsWith('#TS:')) {
      const digits = /^#TS:(\d{1,15})\r\n$/.exec(line);
      if (digits === null) {
        this.fail(at, 'a time annotation without a time');
        return -1;
      }
      this.timestamp = Number(digits[1]);
    }
    return at + newline + 1;
  }

  /** An argument's length, from the line at `at`; negative as `number`. */
  private argumentLength(at: number): number {
    if (at < this.end && this.buf[at] !== DOLLAR) {
      this.fail(at, "an argument's length was expected");
      return BROKEN;
    }
    return this.number(at, "argument's length");
  }

  /** The number behind a line's first byte: digits alone. Sets `behind`. @param what for errors */
  private number(at: number, what: string): number {
    const { buf, end } = this;
    const limit = Math.min(end, at + 1 + DIGITS_MAX);
    let i = at + 1;
    let value = 0;
    while (i < limit && buf[i]! >= 48 && buf[i]! <= 57) value = value * 10 + buf[i++]! - 48;
    this.behind = i + 2;
    const isCut = i >= end || (buf[i] === CR && i + 1 >= end);
    if (isCut && i < at + 1 + DIGITS_MAX) return SHORT;
    const hasDigits = i > at + 1 && !(buf[at + 1] === 48 && i > at + 2);
    if (!hasDigits || buf[i] !== CR || buf[i + 1] !== LF || value > 0x7fffffff) {
      this.fail(at, `the ${what} is no number`);
      return BROKEN;
    }
    return value;
  }

  private growTables(args: number): void {
    this.args.offs = new Int32Array(args);
    this.args.lens = new Int32Array(args);
    this.args.hashes = new Int32Array(args);
  }

  // -------------------------------------------------------------------------------------- verdict

  private fail(at: number, reason: string): void {
    this.wrong = reason;
    this.wrongAt = this.base + at;
  }

  private judgeBad(): boolean {
    const { validUpTo } = this;
    this.verdict = { kind: 'bad', validUpTo, offset: this.wrongAt, reason: this.wrong };
    return false;
  }

  /** The file's end, or a length that goes beyond it. */
  private judgeEnd(): boolean {
    const offset = this.base + this.at;
    const { validUpTo } = this;
    if (offset < this.size) {
      const reason = 'the file ends in the middle of a command';
      this.verdict = { kind: 'torn', validUpTo, offset, reason, lacksExec: false };
    } else if (this.inMulti) {
      const reason = 'the file ends between MULTI and EXEC';
      this.verdict = { kind: 'torn', validUpTo, offset: validUpTo, reason, lacksExec: true };
    } else {
      this.verdict = { kind: 'whole' };
    }
    return false;
  }
}
