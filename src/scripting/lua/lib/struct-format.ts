/**
 * The format of struct.pack and struct.unpack: a row of options, each with its size.
 *
 *     >  <  !n       big endian; little endian (at first); align to n bytes at most (1 at first)
 *     b h l i  B H L T I    integers of 1, 2, 8, 4 bytes, in capitals unsigned; T is 8; i and I may
 *                    have a size: i3, up to 32
 *     f d            a float, a double
 *     s              a string and a NUL byte;  cn: n bytes of one;  x: a byte of padding
 *     ' '            nothing
 *
 * An option is aligned to its own size, or less if `!` says so. (Lua: lua_struct.c 0.2.)
 */
import type { LuaRuntime } from '../runtime.js';

/** Options between two looks at the time, and what one costs in steps of Lua. */
export const BATCH = 64;
export const STEPS_PER_OPTION = 4;

const INT_MAX = 2 ** 31 - 1;
const MAX_INTEGER_BYTES = 32;
/** What `!` alone means: a double's alignment. */
const DEFAULT_ALIGNMENT = 8;
/** What `i` alone means. */
const INT_BYTES = 4;

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  l: 8,
  L: 8,
  T: 8,
  f: 4,
  d: 8,
  x: 1,
};

export class StructFormat {
  /** The option that `next` has read. */
  option = '';
  /** Its size in bytes; 0 where it has none, and for `c0`. */
  size = 0;
  isLittle = true;

  private format = '';
  private at = 0;
  private alignment = 1;

  constructor(private readonly lua: LuaRuntime) {}

  begin(format: string): void {
    this.format = format;
    this.at = 0;
    this.isLittle = true;
    this.alignment = 1;
  }

  /** Reads the next option. @returns false if there is none */
  next(): boolean {
    if (this.at >= this.format.length) return false;
    const option = this.format[this.at++]!;
    this.option = option;
    if (option === 'i' || option === 'I') this.size = this.integerSize();
    else if (option === 'c') this.size = this.number(1);
    else this.size = SIZES[option] ?? 0;
    return true;
  }

  private integerSize(): number {
    const size = this.number(INT_BYTES);
    if (size <= MAX_INTEGER_BYTES) return size;
    const message = `integral size ${size} is larger than limit of ${MAX_INTEGER_BYTES}`;
    throw this.lua.error(message);
  }

  /** The number that stands here, if there is one. */
  private number(otherwise: number): number {
    let at = this.at;
    let value = 0;
    for (; at < this.format.length; at++) {
      const digit = this.format.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > INT_MAX) throw this.lua.error('integral size overflow');
    }
    if (at === this.at) return otherwise;
    this.at = at;
    return value;
  }

  /** Bytes of padding that the option needs at a position, from 0. */
  padding(position: number): number {
    if (this.size === 0 || this.option === 'c') return 0;
    const unit = Math.min(this.size, this.alignment);
    // As C does it, for sizes that are no powers of two as well.
    return (unit - (position & (unit - 1))) & (unit - 1);
  }

  /** Does what an option says that stands for no value. */
  control(): void {
    if (this.option === '>') this.isLittle = false;
    else if (this.option === '<') this.isLittle = true;
    else if (this.option === '!') this.align();
    else if (this.option !== ' ') {
      throw this.lua.argError(1, `invalid format option '${this.option}'`);
    }
  }

  private align(): void {
    const bytes = this.number(DEFAULT_ALIGNMENT);
    if (bytes === 0 || (bytes & (bytes - 1)) !== 0) {
      throw this.lua.error(`alignment ${bytes} is not a power of 2`);
    }
    this.alignment = bytes;
  }
}
