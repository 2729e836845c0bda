/**
 * MessagePack as Lua's values, as cmsgpack reads it.
 *
 * The first byte of a value says what it is. Those of an array or a map follow it, and while they
 * do it stands on a stack:
 *
 *     93 01 81 a1 61 02 …       stack:  array, 1 to come;  map, complete
 *        1  {  "a"  2  ^
 *
 * An array whose announced length is a lie costs nothing: it ends where the bytes end. Integers
 * without sign of 64 bits are read as with one, and what MessagePack has added since 2012 (binary,
 * extensions) is a bad format.
 */
import { placedError } from '../placed-error.js';
import type { LuaRuntime } from '../runtime.js';
import { LuaTable, type LuaValue } from '../value.js';
import { MAX_C_STACK } from './c-stack.js';

/** Values between two looks at the time. */
const BATCH = 64;
const STEPS_PER_VALUE = 4;
const TABLE_BYTES = 192;
const VALUE_BYTES = 40;

const TWO_32 = 2 ** 32;
const INT_MAX = 2 ** 31 - 1;
const TOO_MANY_VALUES = 'too many return values at once; use unpack_one or unpack_limit instead.';

const scratch = new DataView(new ArrayBuffer(8));

/** A table that is open. */
class Frame {
  readonly table = new LuaTable();
  /** Of a map, the key that has come and waits for its value. */
  key: LuaValue = undefined;
  hasKey = false;

  constructor(
    /** Of an array, the index of its last element; -1: it is a map. */
    public index: number,
    /** Elements or pairs to come. */
    public left: number,
    /** That of the table around it. */
    readonly outer: Frame | undefined,
  ) {}
}

export class MsgpackDecoder {
  private text = '';
  private at = 0;
  private limit = 0;
  /** Whether the place where to go on is wanted in front of the results. */
  private tellsOffset = false;
  private results: LuaValue[] = [];

  private frame: Frame | undefined = undefined;
  /** Values that lua-cmsgpack would have on its stack. */
  private slots = 0;
  private work = 0;
  private bytes = 0;

  constructor(private readonly lua: LuaRuntime) {}

  /** All values. @param slots how many arguments the call has */
  begin(text: string, slots: number): void {
    this.reset(text, slots);
    this.limit = INT_MAX;
    this.at = 0;
    this.tellsOffset = false;
  }

  /** At most `limit` values from `offset` on. */
  beginSome(text: string, limit: number, offset: number): void {
    this.reset(text, 1);
    this.limit = limit;
    this.at = offset;
    this.tellsOffset = true;
  }

  private reset(text: string, slots: number): void {
    this.forget();
    this.text = text;
    this.slots = slots;
    this.work = this.bytes = 0;
  }

  finish(): LuaValue | LuaValue[] {
    const { results } = this;
    this.lua.charge(this.bytes);
    if (this.tellsOffset) {
      this.checkStack('in function mp_unpack_full');
      results.unshift(this.at === this.text.length ? -1 : this.at);
    }
    this.forget();
    return results.length === 1 ? results[0] : results;
  }

  /** Steps that were not yet spent. */
  get steps(): number {
    return this.work * STEPS_PER_VALUE;
  }

  /** So that nothing is kept alive; after a failure there may be some. */
  private forget(): void {
    this.frame = undefined;
    this.results = [];
    this.text = '';
  }

  /** @returns false if it is time to pause */
  run(): boolean {
    for (;;) {
      const { frame } = this;
      if (frame !== undefined && frame.left === 0) this.close(frame);
      else if (frame === undefined && this.isDone()) return true;
      else this.read();
      if (++this.work < BATCH) continue;
      const { bytes } = this;
      this.work = this.bytes = 0;
      this.lua.charge(bytes);
      if (this.lua.spend(BATCH * STEPS_PER_VALUE)) return false;
    }
  }

  private isDone(): boolean {
    return this.at === this.text.length || this.results.length >= this.limit;
  }

  private read(): void {
    this.need(1);
    this.checkStack(TOO_MANY_VALUES);
    const first = this.text.charCodeAt(this.at++);
    if (first < 0x80) this.put(first);
    else if (first < 0x90) this.open(-1, first & 15);
    else if (first < 0xa0) this.open(0, first & 15);
    else if (first < 0xc0) this.string(first & 31);
    else if (first < 0xe0) this.form(first);
    else this.put(first - 0x100);
  }

  /** A value whose first byte says nothing but its form. */
  private form(first: number): void {
    switch (first) {
      case 0xc0:
        this.put(undefined);
        break;
      case 0xc2:
      case 0xc3:
        this.put(first === 0xc3);
        break;
      case 0xca:
        scratch.setUint32(0, this.unsigned(4));
        this.put(scratch.getFloat32(0));
        break;
      case 0xcb:
        this.need(8);
        scratch.setUint32(0, this.unsigned(4));
        scratch.setUint32(4, this.unsigned(4));
        this.put(scratch.getFloat64(0));
        break;
      case 0xcc:
      case 0xcd:
      case 0xce:
        this.put(this.unsigned(1 << (first - 0xcc)));
        break;
      case 0xd0:
        this.put((this.unsigned(1) << 24) >> 24);
        break;
      case 0xd1:
        this.put((this.unsigned(2) << 16) >> 16);
        break;
      case 0xd2:
        this.put(this.unsigned(4) | 0);
        break;
      case 0xcf:
      case 0xd3:
        this.need(8);
        this.put((this.unsigned(4) | 0) * TWO_32 + this.unsigned(4));
        break;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.string(this.unsigned(1 << (first - 0xd9)));
        break;
      case 0xdc:
      case 0xdd:
        this.open(0, this.unsigned(first === 0xdc ? 2 : 4));
        break;
      case 0xde:
      case 0xdf:
        this.open(-1, this.unsigned(first === 0xde ? 2 : 4));
        break;
      default:
        throw this.lua.error('Bad data format in input.');
    }
  }

  private need(bytes: number): void {
    if (this.text.length - this.at < bytes) throw this.lua.error('Missing bytes in input.');
  }

  /** A big-endian number of so many bytes, 4 at most. */
  private unsigned(bytes: number): number {
    this.need(bytes);
    let value = 0;
    for (let i = 0; i < bytes; i++) value = (value << 8) | this.text.charCodeAt(this.at++);
    return value >>> 0;
  }

  private string(length: number): void {
    this.need(length);
    const { at } = this;
    this.at = at + length;
    this.put(this.text.slice(at, at + length));
  }

  /** @param index 0 for an array, -1 for a map */
  private open(index: number, length: number): void {
    this.bytes += TABLE_BYTES;
    this.frame = new Frame(index, length, this.frame);
    this.slots++;
    if (index < 0) return;
    this.checkStack('in function mp_decode_to_lua_array');
    this.slots++;
  }

  private close(frame: Frame): void {
    this.slots -= frame.index < 0 ? 1 : 2;
    this.frame = frame.outer;
    this.put(frame.table);
  }

  /** A value is complete. */
  private put(value: LuaValue): void {
    const { frame } = this;
    this.bytes += VALUE_BYTES;
    if (frame === undefined) {
      this.results.push(value);
      this.slots++;
    } else if (frame.index >= 0) {
      frame.table.setIndex(++frame.index, value);
      frame.left--;
    } else if (frame.hasKey) {
      setPair(this.lua, frame.table, frame.key, value);
      frame.hasKey = false;
      frame.left--;
      this.slots--;
    } else {
      frame.key = value;
      frame.hasKey = true;
      this.slots++;
    }
  }

  private checkStack(why: string): void {
    if (this.slots + 1 > MAX_C_STACK) throw this.lua.error(`stack overflow (${why})`);
  }
}

/** The errors are Lua's own, which names no place for them. */
function setPair(lua: LuaRuntime, table: LuaTable, key: LuaValue, value: LuaValue): void {
  if (key === undefined) throw placedError(lua, 'table index is nil');
  if (typeof key === 'number' && Number.isNaN(key)) throw placedError(lua, 'table index is NaN');
  table.set(key, value);
}
