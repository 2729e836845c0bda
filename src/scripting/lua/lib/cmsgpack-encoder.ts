/**
 * Lua's values as MessagePack, as cmsgpack writes them.
 *
 * A number that is a 64-bit integer becomes the shortest integer, any other a float if nothing is
 * lost, else a double. A table whose keys are exactly 1 to n becomes an array (so an empty one
 * does), any other a map, in the order of its pairs. What MessagePack has no form for is nil:
 * functions, cjson.null, and tables that are MAX_NESTING deep, so that one that contains itself has
 * an end.
 *
 * A map says how many pairs it has before the first of them: so the keys of a table are looked at
 * twice, first to see what it is and to count. As in cjson-encoder.ts the work is a loop over a
 * stack of open tables.
 */
import type { LuaRuntime } from '../runtime.js';
import { LuaTable, type LuaValue } from '../value.js';
import type { ByteSink } from './byte-sink.js';

const MAX_NESTING = 16;

/** Work between two looks at the time, in values; and what costs as much. */
const BATCH = 64;
const STEPS_PER_VALUE = 4;
const KEYS_PER_VALUE = 4;
const CHARS_PER_VALUE = 256;

const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const INT_MAX = 2 ** 31 - 1;
/** Of a form, its first byte and eight of its number. */
const MAX_NUMBER_BYTES = 9;

const NIL = 0xc0;

/** What a table is at. */
const SCANNING = 0;
/** It is no array, and its keys are counted. */
const COUNTING = 1;
const ARRAY = 2;
const MAP = 3;
/** A map whose key is written, and its value is not. */
const MAP_VALUE = 4;

const NO_ARGS: readonly LuaValue[] = [];

/** A table that is being written. */
class Frame {
  state = SCANNING;
  /** Of the next pair; of an array, the next index. */
  position = 0;
  /** Pairs that the table has, or that were counted so far. */
  count = 0;
  greatestKey = 0;

  constructor(
    readonly table: LuaTable,
    /** That of the table around it. */
    readonly outer: Frame | undefined,
    readonly depth: number,
  ) {}
}

export class MsgpackEncoder {
  private args = NO_ARGS;
  private nextArg = 0;
  private frame: Frame | undefined = undefined;
  private work = 0;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly sink: ByteSink,
  ) {}

  /** Then `run` until it has returned true, then `finish`. */
  begin(args: readonly LuaValue[]): void {
    this.forget();
    this.args = args;
    this.nextArg = 0;
    this.work = 0;
    this.sink.begin();
  }

  finish(): string {
    this.forget();
    return this.sink.finish();
  }

  /** Steps that were not yet spent. */
  get steps(): number {
    return this.work * STEPS_PER_VALUE;
  }

  /** So that no table is kept alive; after a failure there may be some. */
  private forget(): void {
    this.frame = undefined;
    this.args = NO_ARGS;
  }

  /** @returns false if it is time to pause */
  run(): boolean {
    for (;;) {
      const { frame } = this;
      if (frame === undefined) {
        if (this.nextArg === this.args.length) return true;
        this.value(this.args[this.nextArg++]);
      } else if (frame.state === ARRAY) this.nextElement(frame);
      else if (frame.state === MAP) this.nextKey(frame);
      else if (frame.state === MAP_VALUE) this.nextValue(frame);
      else if (frame.state === SCANNING) this.scan(frame);
      else this.countPairs(frame);
      if (++this.work < BATCH) continue;
      const { steps } = this;
      this.work = 0;
      if (this.lua.spend(steps)) return false;
    }
  }

  private nextElement(frame: Frame): void {
    if (frame.position > frame.count) this.frame = frame.outer;
    else this.value(frame.table.getIndex(frame.position++));
  }

  private nextKey(frame: Frame): void {
    const position = frame.table.seek(frame.position);
    if (position < 0) this.frame = frame.outer;
    else {
      frame.position = position;
      frame.state = MAP_VALUE;
      this.value(frame.table.keyAt(position));
    }
  }

  private nextValue(frame: Frame): void {
    frame.state = MAP;
    this.value(frame.table.valueAt(frame.position++));
  }

  private value(value: LuaValue): void {
    if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'boolean') this.sink.byte(value ? 0xc3 : 0xc2);
    else if (value instanceof LuaTable) this.open(value);
    else this.sink.byte(NIL);
  }

  private string(text: string): void {
    const length = text.length;
    if (length < 32) this.sink.byte(0xa0 | length);
    else if (length < 0x100) this.header(0xd9, length, 1);
    else this.sized(0xda, length);
    this.sink.string(text);
    this.work += (length / CHARS_PER_VALUE) | 0;
  }

  /** A form that has two lengths of its size: 16 bits, or 32 with the next first byte. */
  private sized(first: number, size: number): void {
    if (size < 0x10000) this.header(first, size, 2);
    else this.header(first + 1, size, 4);
  }

  /** A first byte, and a number of so many bytes, 4 at most. */
  private header(first: number, number: number, bytes: number): void {
    this.sink.reserve(MAX_NUMBER_BYTES);
    const { buffer } = this.sink;
    let { n } = this.sink;
    buffer[n++] = first;
    for (let shift = 8 * (bytes - 1); shift >= 0; shift -= 8) buffer[n++] = number >>> shift;
    this.sink.n = n;
  }

  private number(n: number): void {
    if (!Number.isInteger(n) || n < -TWO_63 || n >= TWO_63) this.float(n);
    else if (n >= 0) this.positive(n);
    else this.negative(n);
  }

  private positive(n: number): void {
    if (n < 0x80) this.sink.byte(n);
    else if (n < 0x100) this.header(0xcc, n, 1);
    else if (n < 0x10000) this.header(0xcd, n, 2);
    else if (n < TWO_32) this.header(0xce, n, 4);
    else this.wide(0xcf, n);
  }

  private negative(n: number): void {
    if (n >= -32) this.sink.byte(n & 0xff);
    else if (n >= -0x80) this.header(0xd0, n, 1);
    else if (n >= -0x8000) this.header(0xd1, n, 2);
    else if (n >= -0x80000000) this.header(0xd2, n, 4);
    else this.wide(0xd3, n);
  }

  /** 64 bits. */
  private wide(first: number, n: number): void {
    this.header(first, Math.floor(n / TWO_32), 4);
    this.sink.n = this.sink.buffer.writeUInt32BE(n >>> 0, this.sink.n);
  }

  private float(n: number): void {
    this.sink.reserve(MAX_NUMBER_BYTES);
    const { buffer } = this.sink;
    const at = this.sink.n;
    if (Math.fround(n) === n) {
      buffer[at] = 0xca;
      this.sink.n = buffer.writeFloatBE(n, at + 1);
    } else {
      buffer[at] = 0xcb;
      this.sink.n = buffer.writeDoubleBE(n, at + 1);
      // Lua's 0/0 is x86-64's NaN, whose sign is set.
      if (Number.isNaN(n)) buffer[at + 1] = 0xff;
    }
  }

  private open(table: LuaTable): void {
    const depth = this.frame === undefined ? 1 : this.frame.depth + 1;
    if (depth > MAX_NESTING) this.sink.byte(NIL);
    else this.frame = new Frame(table, this.frame, depth);
  }

  /** Looks at some more keys, to see whether the table is an array. */
  private scan(frame: Frame): void {
    const { table } = frame;
    let at = frame.position;
    const until = frame.count + BATCH;
    while (frame.count < until) {
      at = table.seek(at);
      if (at < 0) break;
      const key = table.keyAt(at);
      if (typeof key !== 'number' || key <= 0 || key > INT_MAX || !Number.isInteger(key)) {
        frame.state = COUNTING;
        break;
      }
      at++;
      if (key > frame.greatestKey) frame.greatestKey = key;
      frame.count++;
    }
    if (at < 0) {
      if (frame.greatestKey === frame.count) this.beginArray(frame);
      else this.beginMap(frame);
    } else {
      frame.position = at;
      this.work += BATCH / KEYS_PER_VALUE;
    }
  }

  private countPairs(frame: Frame): void {
    const { table } = frame;
    let at = frame.position;
    const until = frame.count + BATCH;
    while (frame.count < until) {
      at = table.seek(at);
      if (at < 0) break;
      at++;
      frame.count++;
    }
    if (at < 0) this.beginMap(frame);
    else {
      frame.position = at;
      this.work += BATCH / KEYS_PER_VALUE;
    }
  }

  private beginArray(frame: Frame): void {
    if (frame.count < 16) this.sink.byte(0x90 | frame.count);
    else this.sized(0xdc, frame.count);
    frame.state = ARRAY;
    frame.position = 1;
  }

  private beginMap(frame: Frame): void {
    if (frame.count < 16) this.sink.byte(0x80 | frame.count);
    else this.sized(0xde, frame.count);
    frame.state = MAP;
    frame.position = 0;
  }
}
