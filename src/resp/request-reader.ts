/**
 * Finds the requests in a stretch of bytes that a client sent.
 *
 * A request is a RESP array of bulk strings (`*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`) or, for people on a
 * terminal, an inline line of words (`GET k\r\n`). The reader copies nothing: it notes for each
 * argument where it stands, for as many complete requests as the bytes hold (a batch), so that the
 * server can touch the memory of all of them before it runs the first. Call `parse` again behind
 * `consumed` until `count` is 0: then what is left is unfinished, or broken (`error`).
 *
 * What is unfinished stays with the caller, who offers it again with the bytes that follow; a
 * request split at any byte therefore parses the same. To keep that linear, the reader says when it
 * is worth asking again (`needed`) and how much to make room for (`room`), and a request of very
 * many arguments keeps its progress in a RequestProgress of the client's.
 *
 * An error is told only by a parse that found no request before it: the requests ahead may change
 * what is allowed (AUTH, CONFIG SET proto-max-bulk-len), so they must have run. When it is told
 * is Redis's way too: a line is judged once its CR and one more byte are there, and a NUL byte in a
 * line that lacks them hides what follows (Redis looks for the line's end in a C string).
 *
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/; limits and error texts are
 * Redis 7.2's.
 *
 * `parse` allocates nothing but for quoted inline words; guarded by `npm run bench`.
 */
import { parseInteger } from '../text/int64.js';
import { splitArgs } from '../text/quote.js';

/** At most so many requests are parsed, warmed and run as one batch. */
const BATCH_REQUESTS = 256;
/** A batch is closed when it holds this many arguments; one request may hold more. */
const BATCH_ARGS = 4096;
/** Longest inline request, and longest line of a length prefix, in bytes (Redis: 64 KiB). */
export const INLINE_MAX_SIZE = 64 * 1024;
/** Most arguments of one request (Redis: INT_MAX). */
const MULTIBULK_MAX = 0x7fffffff;
/** Longest argument, whatever proto-max-bulk-len says: offsets are 32-bit integers. */
const BULK_MAX = 0x7fffffff - 2 * INLINE_MAX_SIZE;
/** What a client that has not authenticated may send: arguments, and bytes in each. */
const UNAUTHENTICATED_MULTIBULK_MAX = 10;
const UNAUTHENTICATED_BULK_MAX = 16384;
/** Least bytes of an argument (`$0\r\n\r\n`), and a guess for those that are still to come. */
const ARG_MIN_BYTES = 6;
const ARG_LIKELY_BYTES = 32;
/** Room is made for so many arguments at most that are only announced. */
const ROOM_ARGS_MAX = 1024;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;

/** What `length` answers beside a number of bytes or arguments. */
const NEGATIVE = -1;
const INCOMPLETE = -2;
const BROKEN = -3;
const TOO_LONG = -4;

/** How far a client's unfinished request of very many arguments has been looked through. */
export class RequestProgress {
  /** Bytes of it that hold whole arguments, with the request's first line. */
  scanned = 0;
  /** Arguments behind them; 0: nothing is known. */
  left = 0;
}

export class RequestReader {
  /** Argument tables: offset, length and hash (0) of each argument of the batch. */
  offs = new Int32Array(BATCH_ARGS);
  lens = new Int32Array(BATCH_ARGS);
  hashes = new Int32Array(BATCH_ARGS);
  /** Per request: its first argument in those tables, how many it has, where its bytes begin. */
  readonly first = new Int32Array(BATCH_REQUESTS);
  readonly argc = new Int32Array(BATCH_REQUESTS);
  readonly begin = new Int32Array(BATCH_REQUESTS);
  /** Complete requests found by the last parse. */
  count = 0;
  /** Offset behind the last complete request (and any empty ones). */
  consumed = 0;
  /** With bytes left over: how many are needed, from `consumed` on, before it can go on. */
  needed = 0;
  /** … and how many the unfinished request will take at least; 0: unknown. */
  room = 0;
  /** Set when the bytes at `consumed` break the protocol: the text of the error reply. */
  error: string | undefined;
  /** What the last parse read from: the caller's buffer, or a copy for quoted inline words. */
  buf: Buffer = Buffer.alloc(0);

  /** `proto-max-bulk-len` in bytes. */
  maxBulkLength = 512 * 1024 * 1024;

  /** Behind the line that `length` has read. */
  private next = 0;
  /** Words of the line that `parseInline` has read. */
  private words = 0;
  private authenticated = true;

  /**
   * Parses the complete requests in `buf[at..end)`, up to a full batch. Results stand in the public
   * fields until the next call.
   * @param authenticated whether the client may send requests of any size
   * @param progress the client's, so that a request of thousands of arguments isn't looked through
   *   from its beginning with every read
   */
  parse(
    buf: Buffer,
    at: number,
    end: number,
    authenticated: boolean,
    progress?: RequestProgress,
  ): void {
    if (this.offs.length > BATCH_ARGS) this.grow(BATCH_ARGS);
    this.needed = 0;
    this.room = 0;
    this.error = undefined;
    this.buf = buf;
    this.authenticated = authenticated;
    let argTop = 0;
    let count = 0;
    let begin = at;
    const { first, argc } = this;

    scan: while (at < end && count < BATCH_REQUESTS && argTop < BATCH_ARGS) {
      begin = at;
      if (buf[at] !== STAR) {
        at = this.parseInline(buf, at, end, argTop, count);
        if (at < 0) break;
        if (this.words > 0) {
          first[count] = argTop;
          argc[count] = this.words;
          this.begin[count] = begin;
          argTop += this.words;
          count++;
        }
        begin = at;
        if (this.buf !== buf) break;
        continue;
      }

      // *<count>\r\n: one digit is nearly all there is.
      let c = buf[at + 1]! - 48;
      let multi: number;
      if (at + 4 <= end && c > 0 && c <= 9 && buf[at + 2] === CR) {
        multi = c;
        at += 4;
      } else {
        multi = this.multibulkLength(buf, at, end);
        if (multi < NEGATIVE) break;
        at = this.next;
        if (multi <= 0) {
          begin = at;
          continue;
        }
      }

      if (argTop + multi > BATCH_ARGS) {
        // Closes the batch before it; the tables grow for one that is big by itself, once all of it
        // is there.
        if (count > 0) break;
        if (multi > BATCH_ARGS) {
          if (!this.isWhole(buf, begin, at, end, multi, progress)) break;
          this.grow(multi);
        }
      }
      const { offs, lens, hashes } = this;
      let top = argTop;
      for (let left = multi; left > 0; left--) {
        // $<length>\r\n<bytes>\r\n
        let size: number;
        c = buf[at + 1]! - 48;
        if (at + 4 <= end && c >= 0 && c <= 9 && buf[at + 2] === CR && buf[at] === DOLLAR) {
          size = c;
          at += 4;
        } else {
          const d = buf[at + 2]! - 48;
          if (
            at + 5 <= end &&
            c > 0 &&
            c <= 9 &&
            d >= 0 &&
            d <= 9 &&
            buf[at + 3] === CR &&
            buf[at] === DOLLAR
          ) {
            size = c * 10 + d;
            at += 5;
          } else {
            size = this.bulkLength(buf, at, end);
            if (size < 0) break scan;
            at = this.next;
          }
        }
        if (end - at < size + 2) {
          this.wait(begin, at + size + 2, left - 1);
          break scan;
        }
        offs[top] = at;
        lens[top] = size;
        hashes[top] = 0;
        top++;
        at += size + 2;
      }
      first[count] = argTop;
      argc[count] = multi;
      this.begin[count] = begin;
      argTop = top;
      count++;
      begin = at;
    }
    this.count = count;
    this.consumed = begin;
    if (count > 0) this.error = undefined;
  }

  /** The number of arguments that the line at `at` announces; negative as `length`. */
  private multibulkLength(buf: Buffer, at: number, end: number): number {
    const multi = this.length(buf, at, end);
    if (multi === INCOMPLETE) return INCOMPLETE;
    if (multi === TOO_LONG) return this.fail('too big mbulk count string');
    if (multi === BROKEN || multi > MULTIBULK_MAX) return this.fail('invalid multibulk length');
    if (multi > UNAUTHENTICATED_MULTIBULK_MAX && !this.authenticated) {
      return this.fail('unauthenticated multibulk length');
    }
    return multi;
  }

  /** The length of the argument that the line at `at` announces; negative as `length`. */
  private bulkLength(buf: Buffer, at: number, end: number): number {
    const size = this.length(buf, at, end);
    if (size === INCOMPLETE) return INCOMPLETE;
    if (size === TOO_LONG) return this.fail('too big bulk count string');
    if (buf[at] !== DOLLAR) return this.fail(`expected '$', got '${char(buf[at]!)}'`);
    if (size < 0 || size > this.maxBulkLength || size > BULK_MAX) {
      return this.fail('invalid bulk length');
    }
    if (size > UNAUTHENTICATED_BULK_MAX && !this.authenticated) {
      return this.fail('unauthenticated bulk length');
    }
    return size;
  }

  /**
   * A decimal length behind its type byte at `at`, up to CR and one more byte (which Redis doesn't
   * look at either). Sets `next` behind them.
   * @returns the number, NEGATIVE for any below 0, or INCOMPLETE, BROKEN, TOO_LONG
   */
  private length(buf: Buffer, at: number, end: number): number {
    const limit = Math.min(end, at + INLINE_MAX_SIZE + 1);
    let i = at;
    while (i < limit && buf[i] !== CR && buf[i] !== 0) i++;
    if (i >= limit || buf[i] === 0) return end - at > INLINE_MAX_SIZE ? TOO_LONG : INCOMPLETE;
    if (i + 1 >= end) return INCOMPLETE;
    this.next = i + 2;
    const value = parseInteger(buf, at + 1, i - at - 1);
    if (value >= 0) return value;
    return value < 0 ? NEGATIVE : BROKEN;
  }

  private fail(error: string): number {
    this.error = `Protocol error: ${error}`;
    return BROKEN;
  }

  /**
   * Says what an unfinished request waits for.
   * @param until end of the argument that is under way @param left arguments behind it
   */
  private wait(begin: number, until: number, left: number): void {
    // The line of the argument behind it is worth a look as soon as it begins.
    this.needed = until - begin + (left > 0 ? 1 : 0);
    this.room = until - begin + Math.min(left, ROOM_ARGS_MAX) * ARG_LIKELY_BYTES;
  }

  /**
   * Whether all arguments of a big request are there; if not, tells what it waits for, or an error.
   * @param at behind the request's first line, or any later argument
   */
  private isWhole(
    buf: Buffer,
    begin: number,
    at: number,
    end: number,
    multi: number,
    progress: RequestProgress = new RequestProgress(),
  ): boolean {
    if (progress.left === 0) {
      progress.left = multi;
      progress.scanned = at - begin;
    }
    at = begin + progress.scanned;
    while (progress.left > 0) {
      const size = this.bulkLength(buf, at, end);
      if (size === INCOMPLETE) this.room = at - begin + progress.left * ARG_MIN_BYTES;
      if (size < 0) break;
      const until = this.next + size + 2;
      if (end < until) {
        this.wait(begin, until, progress.left - 1);
        break;
      }
      at = until;
      progress.left--;
      progress.scanned = at - begin;
    }
    return progress.left === 0;
  }

  /**
   * One line of words. Sets `words` (0: an empty line).
   * @returns the offset behind the line, or a negative number: it is unfinished, broken, or has to
   *   wait for the next batch
   */
  private parseInline(buf: Buffer, at: number, end: number, argTop: number, count: number): number {
    const { offs, lens, hashes } = this;
    const limit = Math.min(end, at + INLINE_MAX_SIZE + 1);
    let top = argTop;
    let isQuoted = false;
    let i = at;
    for (;;) {
      while (i < limit && isBlank(buf[i]!)) i++;
      if (i >= limit || buf[i] === LF || buf[i] === 0) break;
      const start = i;
      while (i < limit && !endsWord(buf[i]!)) {
        if (buf[i] === DOUBLE_QUOTE || buf[i] === SINGLE_QUOTE) isQuoted = true;
        i++;
      }
      if (top === offs.length) {
        if (count > 0) return INCOMPLETE;
        this.grow(INLINE_MAX_SIZE);
        return this.parseInline(buf, at, end, argTop, count);
      }
      offs[top] = start;
      lens[top] = i - start;
      hashes[top] = 0;
      top++;
    }
    if (i >= limit || buf[i] === 0) {
      return end - at > INLINE_MAX_SIZE ? this.fail('too big inline request') : INCOMPLETE;
    }
    if (isQuoted) return count > 0 ? INCOMPLETE : this.parseQuoted(buf, at, i);
    this.words = top - argTop;
    return i + 1;
  }

  /** A line with quotes: its words are copied out, as a batch of one request. */
  private parseQuoted(buf: Buffer, at: number, newline: number): number {
    const words = splitArgs(buf.subarray(at, newline));
    if (words === undefined) return this.fail('unbalanced quotes in request');
    this.buf = Buffer.concat(words);
    let top = 0;
    for (let i = 0; i < words.length; i++) {
      this.offs[i] = top;
      this.lens[i] = words[i]!.length;
      this.hashes[i] = 0;
      top += words[i]!.length;
    }
    this.words = words.length;
    return newline + 1;
  }

  /** New tables; those that one huge request made grow are given back at the next parse. */
  private grow(args: number): void {
    this.offs = new Int32Array(args);
    this.lens = new Int32Array(args);
    this.hashes = new Int32Array(args);
  }
}

/** Bytes that stand between words of an inline request; LF ends it. */
function isBlank(c: number): boolean {
  return c === 32 || (c >= 9 && c <= 13 && c !== LF);
}

/** Bytes that end a word: VT and FF don't, as Redis has it. */
function endsWord(c: number): boolean {
  return c === 32 || c === 9 || c === LF || c === CR || c === 0;
}

function char(c: number): string {
  return String.fromCharCode(c);
}
