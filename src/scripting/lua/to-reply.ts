/**
 * A Lua value as a reply: what a script returns, as its client gets it.
 *
 *     "foo"          bulk string           {err = "ERR no"}        error
 *     5.9            integer 5             {ok = "fine"}           status
 *     true           1; true in RESP3      {double = 1.5}          double
 *     false, nil     null                  {map = {k = v}}         map
 *     {1, 2, nil, 4} array of 1 and 2      {set = {m = true}}      set
 *
 * Tables nest as deep as the script likes, so that what is open is kept in a list and not on the
 * stack; deeper than Redis's interpreter has room for (MAX_ROOM values), there is an error in place of
 * the value. A reply that grows beyond all bounds (a table that contains itself twice) is an error.
 */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import { LuaTable, type LuaValue } from './value.js';

/** Values that PUC's stack has room for, and those that a conversion needs. */
const MAX_ROOM = 8000;
const NEEDED_ROOM = 4;
/** Values on it when the conversion begins. */
const FIRST_ROOM = 2;
/** A larger reply is an error, in bytes. */
const MAX_BYTES = 512 * 1024 * 1024;
const TOO_DEEP = 'ERR reached lua stack limit';
const TOO_LARGE = 'ERR the reply of the script is too large';
/** Doubles that are 64-bit integers. */
const INT64_LIMIT = 2 ** 63;
/** What C makes of others. */
const NOT_AN_INT64 = -(2n ** 63n);

type Kind = 'array' | 'map' | 'set';
/** Values that stand on PUC's stack for an aggregate while it converts one within. */
const ROOM_OF_KEY = { array: 1, map: 4, set: 3 } as const;
const ROOM_OF_VALUE = 3;

/** A table that is being written. */
class Open {
  /** The next position (seek) or index. */
  position: number;
  /** Whether the key was written and its value is next: of a map. */
  isAtValue = false;

  constructor(
    readonly table: LuaTable,
    readonly kind: Kind,
    readonly room: number,
    /** Elements that are still to come: of an array. */
    public left: number,
  ) {
    this.position = kind === 'array' ? 1 : 0;
  }
}

export class ReplyMaker {
  private readonly open: Open[] = [];
  private reply!: ReplyWriter;
  /** Whether the script has chosen RESP3. */
  private resp3 = false;

  write(value: LuaValue, reply: ReplyWriter, resp3: boolean): void {
    this.reply = reply;
    this.resp3 = resp3;
    const { size } = reply;
    this.value(value, FIRST_ROOM);
    if (this.open.length > 0) this.writeOpen(size);
  }

  private writeOpen(start: number): void {
    const { open, reply } = this;
    while (open.length > 0) {
      if (reply.isAbandoned || reply.size - start > MAX_BYTES) {
        open.length = 0;
        if (reply.isAbandoned) return;
        reply.truncate(start);
        reply.error(TOO_LARGE);
        return;
      }
      const last = open[open.length - 1]!;
      if (last.kind === 'array') this.nextElement(last);
      else this.nextPair(last);
    }
  }

  private nextElement(array: Open): void {
    if (array.left-- === 0) {
      this.open.pop();
      return;
    }
    this.value(array.table.getIndex(array.position++), array.room + ROOM_OF_KEY.array);
  }

  private nextPair(pairs: Open): void {
    const { kind, room, table } = pairs;
    if (pairs.isAtValue) {
      pairs.isAtValue = false;
      this.value(table.valueAt(pairs.position++), room + ROOM_OF_VALUE);
      return;
    }
    pairs.position = table.seek(pairs.position);
    if (pairs.position < 0) {
      this.open.pop();
      return;
    }
    const key = table.keyAt(pairs.position);
    if (kind === 'map') pairs.isAtValue = true;
    else pairs.position++;
    this.value(key, room + ROOM_OF_KEY[kind]);
  }

  /** Writes a value, or its header and leaves the rest to `writeOpen`. */
  private value(value: LuaValue, room: number): void {
    const { reply } = this;
    if (typeof value === 'string') reply.bulkText(value);
    else if (typeof value === 'number') writeInteger(reply, value);
    else if (room + NEEDED_ROOM > MAX_ROOM) reply.error(TOO_DEEP);
    else if (typeof value === 'boolean') this.boolean(value);
    else if (value instanceof LuaTable) this.table(value, room);
    else reply.nil();
  }

  private boolean(value: boolean): void {
    if (this.resp3) this.reply.bool(value);
    else if (value) this.reply.int(1);
    else this.reply.nil();
  }

  private table(table: LuaTable, room: number): void {
    // Most tables are arrays and have no names.
    const hasNames = table.seek(table.arraySize) >= 0;
    if (hasNames && this.named(table, room)) return;
    let length = 0;
    while (table.getIndex(length + 1) !== undefined) length++;
    this.reply.array(length);
    if (length > 0) this.open.push(new Open(table, 'array', room, length));
  }

  /** @returns whether the table stands for something else than an array */
  private named(table: LuaTable, room: number): boolean {
    const { reply } = this;
    const err = table.getString('err');
    if (typeof err === 'string') {
      if (table.getString('ignore_error_stats_update') === true) reply.repeatedError(cString(err));
      else reply.error(cString(err));
      return true;
    }
    const ok = table.getString('ok');
    if (typeof ok === 'string') {
      reply.status(onOneLine(cString(ok)));
      return true;
    }
    const double = table.getString('double');
    if (typeof double === 'number') {
      reply.double(double);
      return true;
    }
    const digits = table.getString('big_number');
    if (typeof digits === 'string') {
      reply.bigNumber(onOneLine(digits));
      return true;
    }
    if (this.verbatim(table.getString('verbatim_string'))) return true;
    return this.aggregate(table, 'map', room) || this.aggregate(table, 'set', room);
  }

  private verbatim(value: LuaValue): boolean {
    if (!(value instanceof LuaTable)) return false;
    const format = value.getString('format');
    const text = value.getString('string');
    if (typeof format !== 'string' || typeof text !== 'string') return false;
    const { reply } = this;
    if (!reply.resp3) {
      reply.bulkText(text);
      return true;
    }
    const letters = cString(format).slice(0, 3).padEnd(3);
    const bytes = Buffer.from(`=${text.length + 4}\r\n${letters}:${text}\r\n`, 'latin1');
    reply.raw(bytes, 0, bytes.length);
    return true;
  }

  private aggregate(table: LuaTable, kind: 'map' | 'set', room: number): boolean {
    const inner = table.getString(kind);
    if (!(inner instanceof LuaTable)) return false;
    let count = 0;
    for (let at = inner.seek(0); at >= 0; at = inner.seek(at + 1)) count++;
    if (kind === 'map') this.reply.map(count);
    else this.reply.set(count);
    if (count > 0) this.open.push(new Open(inner, kind, room, 0));
    return true;
  }
}

/** A number without its fraction, as C converts it. */
function writeInteger(reply: ReplyWriter, n: number): void {
  const whole = Math.trunc(n);
  if (Number.isSafeInteger(whole)) reply.int(whole === 0 ? 0 : whole);
  else if (whole >= -INT64_LIMIT && whole < INT64_LIMIT) reply.int64(BigInt(whole));
  else reply.int64(NOT_AN_INT64);
}

/** C's strings end at the first zero byte. */
function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function onOneLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text;
}
