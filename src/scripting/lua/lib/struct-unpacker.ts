/** The work of struct.unpack: what a format says of the bytes of a string. See struct.ts. */
import { stringToNumber } from '../number-text.js';
import type { LuaRuntime } from '../runtime.js';
import type { LuaError, LuaValue } from '../value.js';
import { checkString, optInteger, toInt64 } from './arguments.js';
import { MAX_C_STACK } from './c-stack.js';
import { BATCH, STEPS_PER_OPTION, StructFormat } from './struct-format.js';

const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

const scratch = new DataView(new ArrayBuffer(8));

export class StructUnpacker {
  private readonly format: StructFormat;
  private data = '';
  /** Of the next byte, from 0; negative is beyond any end, as C takes it. */
  private position = 0;
  private results: LuaValue[] = [];
  private argumentCount = 0;
  private work = 0;

  constructor(private readonly lua: LuaRuntime) {
    this.format = new StructFormat(lua);
  }

  /** @param args the format, the data, maybe where to begin, from 1 */
  begin(format: string, args: readonly LuaValue[]): void {
    this.data = checkString(this.lua, args[1], 2, args.length);
    const start = optInteger(this.lua, args[2], 3, 1);
    if (start === 0) throw this.lua.argError(3, 'offset must be 1 or greater');
    this.position = start - 1;
    this.format.begin(format);
    this.results = [];
    this.argumentCount = args.length;
    this.work = 0;
  }

  /** The values, and where the next byte is, from 1. */
  finish(): LuaValue | LuaValue[] {
    const { results } = this;
    this.results = [];
    this.data = '';
    if (results.length === 0) return this.position + 1;
    results.push(this.position + 1);
    return results;
  }

  get steps(): number {
    return this.work * STEPS_PER_OPTION;
  }

  run(): boolean {
    while (this.format.next()) {
      this.take();
      if (++this.work < BATCH) continue;
      this.work = 0;
      if (this.lua.spend(BATCH * STEPS_PER_OPTION)) return false;
    }
    return true;
  }

  private take(): void {
    const { format } = this;
    let { size } = format;
    this.position += format.padding(this.position);
    this.need(size);
    if (this.argumentCount + this.results.length + 2 > MAX_C_STACK) {
      throw this.lua.error('stack overflow (too many results)');
    }
    switch (format.option) {
      case 'b':
      case 'h':
      case 'l':
      case 'i':
        this.results.push(this.integer(size, true));
        break;
      case 'B':
      case 'H':
      case 'L':
      case 'T':
      case 'I':
        this.results.push(this.integer(size, false));
        break;
      case 'x':
        break;
      case 'f':
      case 'd':
        this.results.push(this.float(size));
        break;
      case 'c':
        size = this.string(size);
        break;
      case 's':
        size = this.stringToNul();
        break;
      default:
        format.control();
    }
    this.position += size;
  }

  private need(bytes: number): void {
    const { position } = this;
    if (position < 0 || position > this.data.length - bytes) throw this.tooShort();
  }

  private tooShort(): LuaError {
    return this.lua.argError(2, 'data string too short');
  }

  private byte(i: number, size: number): number {
    const at = this.format.isLittle ? i : size - 1 - i;
    return this.data.charCodeAt(this.position + at);
  }

  private integer(size: number, isSigned: boolean): number {
    let low = 0;
    let high = 0;
    // The least significant bytes; of integers over 64 bits the rest is lost.
    for (let i = 0; i < Math.min(size, 8); i++) {
      if (i < 4) low |= this.byte(i, size) << (8 * i);
      else high |= this.byte(i, size) << (8 * (i - 4));
    }
    if (!isSigned) return (high >>> 0) * TWO_32 + (low >>> 0);
    if (size > 8) return wideInteger(low, high, size);
    if (size > 4) {
      const unused = 64 - 8 * size;
      return ((high << unused) >> unused) * TWO_32 + (low >>> 0);
    }
    if (size === 0) return 0;
    const unused = 32 - 8 * size;
    return (low << unused) >> unused;
  }

  private float(size: number): number {
    for (let i = 0; i < size; i++) scratch.setUint8(i, this.byte(i, size));
    return size === 8 ? scratch.getFloat64(0, true) : scratch.getFloat32(0, true);
  }

  /** @returns its size in bytes */
  private string(size: number): number {
    let length = size;
    if (size === 0) {
      length = this.previousSize();
      this.need(length);
    }
    this.results.push(this.data.slice(this.position, this.position + length));
    return length;
  }

  /** For `c0`: the last result, which is none any more. */
  private previousSize(): number {
    const last = this.results.at(-1);
    const size = typeof last === 'string' ? stringToNumber(last) : last;
    if (typeof size !== 'number') throw this.lua.error("format 'c0' needs a previous size");
    this.results.pop();
    // C makes it a size, of which there are no negative ones but very great ones.
    if (size >= TWO_63) {
      if (size < TWO_64) throw this.tooShort();
      return 0;
    }
    const length = toInt64(size);
    if (length < 0) throw this.tooShort();
    return length;
  }

  private stringToNul(): number {
    const end = this.data.indexOf('\0', this.position);
    if (end < 0) throw this.lua.error('unfinished string in data');
    this.results.push(this.data.slice(this.position, end));
    return end - this.position + 1;
  }
}

/**
 * An integer of more than 64 bits with a sign. Its sign is looked for at a bit that a 64-bit integer
 * doesn't have; the processor counts it modulo 64, and all from there on is filled with ones.
 */
function wideInteger(low: number, high: number, size: number): number {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  const mask = BigInt.asUintN(64, -1n << BigInt((size * 8 - 1) % 64));
  return Number(BigInt.asIntN(64, (bits & mask) !== 0n ? bits | mask : bits));
}
