/** The work of struct.pack: values as the bytes that a format says. See struct.ts. */
import type { LuaRuntime } from '../runtime.js';
import type { LuaValue } from '../value.js';
import { checkNumber, checkString, toInt64 } from './arguments.js';
import type { ByteSink } from './byte-sink.js';
import { BATCH, STEPS_PER_OPTION, StructFormat } from './struct-format.js';

const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

const CHARS_PER_OPTION = 128;

export class StructPacker {
  private readonly format: StructFormat;
  private args: readonly LuaValue[] = [];
  /** Index of the next argument. */
  private next = 1;
  /** Bytes so far. */
  private size = 0;
  private work = 0;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly sink: ByteSink,
  ) {
    this.format = new StructFormat(lua);
  }

  /** @param args the format is the first of them */
  begin(format: string, args: readonly LuaValue[]): void {
    this.format.begin(format);
    this.args = args;
    this.next = 1;
    this.size = this.work = 0;
    this.sink.begin();
  }

  finish(): string {
    this.args = [];
    return this.sink.finish();
  }

  get steps(): number {
    return this.work * STEPS_PER_OPTION;
  }

  run(): boolean {
    while (this.format.next()) {
      this.put();
      if (++this.work < BATCH) continue;
      const { steps } = this;
      this.work = 0;
      if (this.lua.spend(steps)) return false;
    }
    return true;
  }

  private put(): void {
    const { format, sink } = this;
    let { size } = format;
    const padding = format.padding(this.size);
    for (let i = 0; i < padding; i++) sink.byte(0);
    this.size += padding;
    switch (format.option) {
      case 'b':
      case 'B':
      case 'h':
      case 'H':
      case 'l':
      case 'L':
      case 'T':
      case 'i':
      case 'I':
        this.integer(size);
        break;
      case 'x':
        sink.byte(0);
        break;
      case 'f':
      case 'd':
        this.float(size);
        break;
      case 'c':
      case 's':
        size = this.string(size);
        break;
      default:
        format.control();
    }
    this.size += size;
  }

  /** Of arguments that are missing, messages say that they are nil. */
  private nextNumber(): number {
    const n = ++this.next;
    return checkNumber(this.lua, this.args[n - 1], n, n);
  }

  private integer(size: number): void {
    const value = toBits64(this.nextNumber());
    const low = value >>> 0;
    const high = Math.floor(value / TWO_32) >>> 0;
    this.sink.reserve(size);
    const { buffer, n } = this.sink;
    for (let i = 0; i < size; i++) {
      const word = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4));
      buffer[this.format.isLittle ? n + i : n + size - 1 - i] = i < 8 ? word : 0;
    }
    this.sink.n = n + size;
  }

  private float(size: number): void {
    const number = this.nextNumber();
    this.sink.reserve(size);
    const { buffer, n } = this.sink;
    const { isLittle } = this.format;
    if (size === 8) {
      if (isLittle) buffer.writeDoubleLE(number, n);
      else buffer.writeDoubleBE(number, n);
    } else if (isLittle) buffer.writeFloatLE(number, n);
    else buffer.writeFloatBE(number, n);
    // Lua's 0/0 is x86-64's NaN, whose sign is set.
    if (Number.isNaN(number)) buffer[isLittle ? n + size - 1 : n] = 0xff;
    this.sink.n = n + size;
  }

  /** @returns its size in bytes */
  private string(size: number): number {
    const n = ++this.next;
    const text = checkString(this.lua, this.args[n - 1], n, n);
    const length = size === 0 ? text.length : size;
    // It is the next argument that lua_struct.c blames.
    if (text.length < length) throw this.lua.argError(n + 1, 'string too short');
    this.sink.string(length === text.length ? text : text.slice(0, length));
    this.work += (length / CHARS_PER_OPTION) | 0;
    if (this.format.option === 'c') return length;
    this.sink.byte(0);
    return length + 1;
  }
}

/** C's cast to a 64-bit integer with a sign if the number is negative, else to one without. */
function toBits64(n: number): number {
  if (n >= TWO_63) return n < TWO_64 ? n : 0;
  return toInt64(n);
}
