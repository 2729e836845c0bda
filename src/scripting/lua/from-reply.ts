/**
 * A command's reply as a Lua value, as redis.call gives it.
 *
 *     $3 foo    "foo"                     *2 …   {…, …}
 *     :5        5                         %1 …   {map = {k = v}}
 *     +OK       {ok = "OK"}               ~1 …   {set = {member = true}}
 *     -ERR no   {err = "ERR no", …}       ,1.5   {double = 1.5}
 *     $-1 *-1   false                     _      nil        #t   true
 *     (12       {big_number = "12"}       =7 txt:abc   {verbatim_string = {format =, string =}}
 *
 * Attributes are left out. The bytes are the server's own, so that nothing is checked. One value is
 * read at a time; a string costs nothing but itself.
 */
import { latin1Text } from '../../text/latin1.js';
import type { LuaRuntime } from './runtime.js';
import { LuaTable, type LuaValue } from './value.js';

const BULK = 36; // $
const INTEGER = 58; // :
const STATUS = 43; // +
const ERROR = 45; // -
const ARRAY = 42; // *
const NULL = 95; // _
const BOOLEAN = 35; // #
const DOUBLE = 44; // ,
const MAP = 37; // %
const SET = 126; // ~
const BIG_NUMBER = 40; // (
const VERBATIM = 61; // =
const ATTRIBUTE = 124; // |
const CR = 13;
const MINUS = 45;
const TRUE = 116; // t

/** Integers of so many digits are exact in doubles. */
const SAFE_DIGITS = 15;
/** Replies from this size on count as memory that the script takes, in bytes. */
const COUNTED_BYTES = 1024;

export class ReplyReader {
  private buf: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(private readonly lua: Pick<LuaRuntime, 'charge'>) {}

  /** @throws LuaError when there is no memory for it */
  read(buf: Buffer, start: number, end: number): LuaValue {
    if (end - start > COUNTED_BYTES) this.lua.charge(end - start);
    this.buf = buf;
    this.at = start;
    return this.value();
  }

  private value(): LuaValue {
    switch (this.buf[this.at++]) {
      case BULK:
        return this.bulk();
      case INTEGER:
        return this.integer();
      case STATUS:
        return single('ok', this.line());
      case ERROR:
        return errorTable(this.line());
      case ARRAY:
        return this.array();
      default:
        this.at--;
        return this.resp3();
    }
  }

  private resp3(): LuaValue {
    const { buf } = this;
    switch (buf[this.at++]) {
      case NULL:
        this.line();
        return undefined;
      case BOOLEAN:
        return this.line().charCodeAt(0) === TRUE;
      case DOUBLE:
        return single('double', parseDouble(this.line()));
      case BIG_NUMBER:
        return single('big_number', this.line());
      case VERBATIM:
        return this.verbatim();
      case MAP:
        return this.map();
      case SET:
        return this.set();
      case ATTRIBUTE:
        for (let left = 2 * this.integer(); left > 0; left--) this.value();
        return this.value();
      default:
        throw new Error(`no reply begins with byte ${buf[this.at - 1]}`);
    }
  }

  private integer(): number {
    const { buf } = this;
    let at = this.at;
    const isNegative = buf[at] === MINUS;
    if (isNegative) at++;
    const first = at;
    let n = 0;
    for (let c = buf[at]!; c !== CR; c = buf[++at]!) n = n * 10 + c - 48;
    this.at = at + 2;
    if (at - first > SAFE_DIGITS) n = Number(buf.toString('latin1', first, at));
    return isNegative ? -n : n;
  }

  private bulk(): LuaValue {
    const length = this.integer();
    if (length < 0) return false;
    const { at, buf } = this;
    this.at = at + length + 2;
    return latin1Text(buf, at, length);
  }

  private line(): string {
    const { buf } = this;
    const start = this.at;
    let end = start;
    while (buf[end] !== CR) end++;
    this.at = end + 2;
    return latin1Text(buf, start, end - start);
  }

  private array(): LuaValue {
    const length = this.integer();
    if (length < 0) return false;
    const table = new LuaTable();
    if (length > 0) table.presize(1 << (32 - Math.clz32(length - 1)), 0);
    for (let i = 1; i <= length; i++) {
      const value = this.value();
      if (value !== undefined) table.setIndex(i, value);
    }
    return table;
  }

  private map(): LuaValue {
    const length = this.integer();
    const table = new LuaTable();
    for (let i = 0; i < length; i++) {
      const key = this.value();
      const value = this.value();
      if (key !== undefined && value !== undefined) table.set(key, value);
    }
    return single('map', table);
  }

  private set(): LuaValue {
    const length = this.integer();
    const table = new LuaTable();
    for (let i = 0; i < length; i++) {
      const member = this.value();
      if (member !== undefined) table.set(member, true);
    }
    return single('set', table);
  }

  private verbatim(): LuaValue {
    const length = this.integer();
    const { at, buf } = this;
    this.at = at + length + 2;
    const inner = new LuaTable();
    inner.setString('string', latin1Text(buf, at + 4, length - 4));
    inner.setString('format', latin1Text(buf, at, 3));
    return single('verbatim_string', inner);
  }
}

function parseDouble(word: string): number {
  if (word === 'inf') return Number.POSITIVE_INFINITY;
  if (word === '-inf') return Number.NEGATIVE_INFINITY;
  return Number(word);
}

function single(name: string, value: LuaValue): LuaTable {
  const table = new LuaTable();
  table.setString(name, value);
  return table;
}

/** The error of a command, which was counted when it replied. */
function errorTable(line: string): LuaTable {
  return countedError(line.includes(' ') ? line : `ERR ${line}`);
}

/** An error that INFO's counters know of. @param text begins with its code */
export function countedError(text: string): LuaTable {
  const table = single('err', text);
  table.setString('ignore_error_stats_update', true);
  return table;
}

/**
 * What scripts get for an error of the server's.
 * @param error with its code behind a `-`; without one, it has none
 */
export function errorText(error: string): string {
  if (!error.startsWith('-')) return `ERR ${trimBreaks(error)}`;
  const blank = error.indexOf(' ');
  if (blank < 0) return `ERR ${error.slice(1)}`;
  return `${error.slice(1, blank)} ${trimBreaks(error.slice(blank + 1))}`;
}

/** An error table for what the server itself refuses. */
export function newError(error: string): LuaTable {
  return single('err', errorText(error));
}

function trimBreaks(words: string): string {
  return words.replace(/^[\r\n]+|[\r\n]+$/g, '');
}
