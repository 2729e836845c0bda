/**
 * Commands on their way into the append-only file, as the bytes that will stand there.
 *
 *     #TS:1700000000\r\n                              once a second, if asked for
 *     *2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n               where the database is another than before
 *     *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n
 *
 * The bytes are those that a client would send. They gather until the turn of the event loop ends and
 * then leave with one write. MULTI and EXEC take no database with them: the commands between do.
 *
 * `append` allocates nothing while the buffer is big enough: it is given back beyond KEPT_BYTES only.
 */
import type { Args } from '../../resp/args.js';
import { writeInteger } from '../../text/int64.js';

/** A buffer of more than this is given back once it is empty, in bytes. */
const KEPT_BYTES = 1024 * 1024;
const FIRST_BYTES = 16 * 1024;
/** `$`, digits, CRLF in front, CRLF behind. */
const ARG_OVERHEAD = 24;
/** An annotation and a SELECT at their longest, and an array's head. */
const COMMAND_OVERHEAD = 128;
/** Copying byte by byte is faster than a call up to so many bytes. */
const LOOP_COPY_MAX = 64;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;

export const NO_DATABASE = -1;

export class CommandBuffer {
  /** What is to be written: the first `length` bytes. */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;
  /** `aof-timestamp-enabled` */
  stampsTime = false;

  /** The database that the file is at behind the buffer's end, and in front of its beginning. */
  private selected = NO_DATABASE;
  private selectedBefore = NO_DATABASE;
  private stamped = 0;

  /**
   * Appends a command.
   * @param db the database it works on; NO_DATABASE: it doesn't matter
   * @param now Unix time in seconds
   */
  append(db: number, args: Args, now: number): void {
    const { buf, offs, lens, base, count } = args;
    let size = COMMAND_OVERHEAD + count * ARG_OVERHEAD;
    for (let i = base; i < base + count; i++) size += lens[i]!;
    if (this.length + size > this.bytes.length) this.grow(size);
    if (this.stampsTime || db !== this.selected) this.begin(db, now);
    const { bytes } = this;
    let at = writeHead(bytes, this.length, STAR, count);
    for (let i = base; i < base + count; i++) {
      const len = lens[i]!;
      at = writeHead(bytes, at, DOLLAR, len);
      const off = offs[i]!;
      if (len > LOOP_COPY_MAX) buf.copy(bytes, at, off, off + len);
      else for (let k = 0; k < len; k++) bytes[at + k] = buf[off + k]!;
      at += len;
      bytes[at] = CR;
      bytes[at + 1] = LF;
      at += 2;
    }
    this.length = at;
  }

  /** Appends a command of words alone: MULTI, EXEC. @param words ASCII */
  appendWords(words: readonly string[], now: number): void {
    this.grow(COMMAND_OVERHEAD);
    this.begin(NO_DATABASE, now);
    this.appendText(encodeWords(words));
  }

  /** Has the next command name its database. */
  forgetDatabase(): void {
    this.selected = NO_DATABASE;
  }

  /** Another file begins, with what is in the buffer: its first command names its database, too. */
  beginFile(): void {
    if (this.length > 0 && this.selectedBefore !== NO_DATABASE) {
      const select = Buffer.from(encodeWords(['SELECT', String(this.selectedBefore)]));
      this.grow(select.length);
      this.bytes.copyWithin(select.length, 0, this.length);
      select.copy(this.bytes);
      this.length += select.length;
    }
    this.selectedBefore = NO_DATABASE;
    this.selected = NO_DATABASE;
  }

  /** Drops all: it is to be part of no file. */
  clear(): void {
    this.drop(this.length);
    this.beginFile();
  }

  /** Drops the first `n` bytes: they were written. */
  drop(n: number): void {
    if (n < this.length) {
      this.bytes.copyWithin(0, n, this.length);
      this.length -= n;
      return;
    }
    this.length = 0;
    this.selectedBefore = this.selected;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** What has to stand before a command. */
  private begin(db: number, now: number): void {
    if (this.stampsTime && this.stamped < now) {
      this.stamped = now;
      this.appendText(timeAnnotation(now));
    }
    if (db !== this.selected && db !== NO_DATABASE) {
      this.selected = db;
      this.appendText(encodeWords(['SELECT', String(db)]));
    }
  }

  private appendText(text: string): void {
    this.length += this.bytes.write(text, this.length, 'latin1');
  }

  /** Makes room for `size` bytes. */
  private grow(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(bigger, 0, 0, this.length);
    this.bytes = bigger;
  }
}

/** A line that tells when what follows was executed. @param now Unix time in seconds */
export function timeAnnotation(now: number): string {
  return `#TS:${now}\r\n`;
}

function encodeWords(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

/** `$12\r\n`: a mark and a number, most often of one digit or two. @returns the offset behind it */
function writeHead(dst: Uint8Array, at: number, mark: number, n: number): number {
  let pos = at;
  dst[pos++] = mark;
  if (n < 10) {
    dst[pos++] = ZERO + n;
  } else if (n < 100) {
    const tens = (n / 10) | 0;
    dst[pos++] = ZERO + tens;
    dst[pos++] = ZERO + n - tens * 10;
  } else {
    pos = writeInteger(dst, pos, n);
  }
  dst[pos] = CR;
  dst[pos + 1] = LF;
  return pos + 2;
}
