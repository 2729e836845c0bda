/**
 * A file as C's stdio reads it: lines of at most so many bytes, and where they begin.
 *
 * The check's messages name offsets and bytes as redis-check-aof does, which follow from how fgets,
 * strtol and fread behave on odd bytes; so these are here as they are there. Everything is read, front
 * to back, through one window: what can't be read isn't fine.
 */
import type { AofFiles } from '../../persistence/aof/files.js';

const WINDOW_BYTES = 1024 * 1024;
const LF = 10;
const CR = 13;
/** Digits of a plain number at most, and bytes of its line. */
const PLAIN_DIGITS = 9;
const PLAIN_LINE_MAX = 12;

export class CFile {
  readonly size: number;
  /** Offset of the next byte. */
  position = 0;
  /** Whether reading has met the end. */
  isAtEnd = false;

  private readonly window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  /** The window holds the file's bytes from `from` to `until`. */
  private from = 0;
  private until = 0;

  constructor(
    private readonly files: AofFiles,
    private readonly fd: number,
    /** Told how far reading has come, from 0 to 1. */
    private readonly onProgress: ((fraction: number) => void) | undefined = undefined,
  ) {
    this.size = files.size(fd);
  }

  /** The next byte, which stays next; -1 at the end. */
  peek(): number {
    this.isAtEnd = this.available() === 0;
    return this.isAtEnd ? -1 : this.window[this.position - this.from]!;
  }

  /**
   * The next line as fgets gives it: up to its newline, but `max` - 1 bytes at most. Valid until the
   * next call; undefined at the end.
   */
  line(max: number): Buffer | undefined {
    let available = this.available();
    if (available < max - 1 && this.until < this.size) available = this.slide();
    if (available === 0) {
      this.isAtEnd = true;
      return undefined;
    }
    const start = this.position - this.from;
    const limit = Math.min(start + max - 1, start + available);
    let end = start;
    while (end < limit && this.window[end++] !== LF);
    if (end === start + available && this.window[end - 1] !== LF)
      this.isAtEnd = end - start < max - 1;
    this.position += end - start;
    return this.window.subarray(start, end);
  }

  /**
   * A number in a line of its own as servers write it: this byte, up to 9 digits, CRLF. The line is passed.
   * @returns -1 where it is anything else, or at the window's end: nothing is passed then
   */
  plainNumber(prefix: number): number {
    const { window } = this;
    let at = this.position - this.from;
    if (this.until - this.position < PLAIN_LINE_MAX || window[at] !== prefix) return -1;
    const first = ++at;
    let value = 0;
    let digit = window[at]! - 48;
    while (digit >= 0 && digit <= 9 && at < first + PLAIN_DIGITS) {
      value = value * 10 + digit;
      digit = window[++at]! - 48;
    }
    if (at === first || window[at] !== CR || window[at + 1] !== LF) return -1;
    this.position = this.from + at + 2;
    return value;
  }

  /** Passes `n` bytes and CRLF behind them, if all that is in the window; false: nothing is passed. */
  passPlain(n: number): boolean {
    const at = this.position - this.from + n;
    if (at + 2 > this.until - this.from) return false;
    if (this.window[at] !== CR || this.window[at + 1] !== LF) return false;
    this.position += n + 2;
    return true;
  }

  /** Passes `n` bytes, reading them. @returns how many there were */
  skip(n: number): number {
    const wanted = Math.min(n, this.size - this.position);
    let left = wanted;
    while (left > 0) {
      const step = Math.min(left, this.available());
      if (step === 0) break;
      this.position += step;
      left -= step;
    }
    if (wanted - left < n) this.isAtEnd = true;
    return wanted - left;
  }

  /** `n` bytes from the next on, without passing them; fewer at the end. */
  ahead(n: number): Buffer {
    if (this.available() < n && this.until < this.size) this.slide();
    const start = this.position - this.from;
    return this.window.subarray(start, Math.min(start + n, this.until - this.from));
  }

  /** Cuts the file off. */
  truncate(size: number): void {
    this.files.truncate(this.fd, size);
  }

  /** Bytes in the window from the next on; 0 at the end only. */
  private available(): number {
    return this.position < this.until ? this.until - this.position : this.slide();
  }

  /** Moves the window so that it begins with the next byte. */
  private slide(): number {
    const left = Math.max(0, this.until - this.position);
    if (left > 0) this.window.copyWithin(0, this.position - this.from, this.until - this.from);
    this.from = this.position;
    this.until = this.position + left;
    while (this.until - this.from < WINDOW_BYTES) {
      const at = this.until - this.from;
      const got = this.files.read(this.fd, this.window, at, WINDOW_BYTES - at, this.until);
      if (got === 0) break;
      this.until += got;
    }
    if (this.size > 0) this.onProgress?.(this.position / this.size);
    return this.until - this.position;
  }
}

/** C's LONG_MAX. */
export const LONG_MAX = 2n ** 63n - 1n;

/** What strtol makes of bytes: a number, and where it ends. */
export interface Long {
  readonly value: bigint;
  readonly end: number;
  /** Whether it was beyond what a long holds. */
  readonly isOutOfRange: boolean;
}

/** C's strtol with base 10, from `at` on. Without digits: 0, ending at `at`. */
export function parseLong(line: Uint8Array, at: number): Long {
  let i = at;
  while (line[i] === 32 || (line[i]! >= 9 && line[i]! <= 13)) i++;
  const isNegative = line[i] === 45;
  if (isNegative || line[i] === 43) i++;
  const digits = i;
  while (line[i]! >= 48 && line[i]! <= 57) i++;
  if (i === digits) return { value: 0n, end: at, isOutOfRange: false };
  const spelled = BigInt(Buffer.from(line.subarray(digits, i)).toString('latin1'));
  const value = isNegative ? -spelled : spelled;
  if (value > LONG_MAX) return { value: LONG_MAX, end: i, isOutOfRange: true };
  if (value < -LONG_MAX - 1n) return { value: -LONG_MAX - 1n, end: i, isOutOfRange: true };
  return { value, end: i, isOutOfRange: false };
}
