/** Replies as Lua's values, and Lua's values as replies. */
import { describe, expect, test } from 'vitest';
import { ReplyWriter } from '../../../../src/resp/reply-writer.js';
import { errorText, ReplyReader } from '../../../../src/scripting/lua/from-reply.js';
import { ReplyMaker } from '../../../../src/scripting/lua/to-reply.js';
import { LuaTable, type LuaValue, Userdata } from '../../../../src/scripting/lua/value.js';

/** A value as plain data: tables as objects, their array part as '1', '2', … */
function plain(value: LuaValue): unknown {
  if (!(value instanceof LuaTable)) return value;
  const found: Record<string, unknown> = {};
  for (let at = value.seek(0); at >= 0; at = value.seek(at + 1)) {
    found[String(value.keyAt(at))] = plain(value.valueAt(at));
  }
  return found;
}

function table(entries: Record<string, LuaValue> | LuaValue[]): LuaTable {
  const made = new LuaTable();
  if (Array.isArray(entries)) {
    entries.forEach((value, i) => {
      if (value !== undefined) made.set(i + 1, value);
    });
  } else for (const [key, value] of Object.entries(entries)) made.set(key, value);
  return made;
}

describe('a reply as a value', () => {
  const reader = new ReplyReader({ charge() {} });
  const read = (text: string) => {
    const bytes = Buffer.from(`xx${text.replaceAll(' ', '\r\n')}\r\n`, 'latin1');
    return plain(reader.read(bytes, 2, bytes.length));
  };

  test('of RESP2', () => {
    expect(read('$3 foo')).toBe('foo');
    expect(read(`$40 ${'\xff'.repeat(40)}`)).toBe('\xff'.repeat(40));
    expect(read('$0 ')).toBe('');
    expect(read('$-1')).toBe(false);
    expect(read('*-1')).toBe(false);
    expect(read(':0')).toBe(0);
    expect(read(':-12')).toBe(-12);
    expect(read(':9223372036854775807')).toBe(2 ** 63);
    expect(read('+OK')).toEqual({ ok: 'OK' });
    expect(read('*3 $1 a :5 *1 $-1')).toEqual({ 1: 'a', 2: 5, 3: { 1: false } });
    expect(read('*0')).toEqual({});
  });

  test('that is an error, which is counted already', () => {
    const bytes = Buffer.from('-WRONGTYPE no such luck\r\n');
    expect(plain(reader.read(bytes, 0, bytes.length))).toEqual({
      err: 'WRONGTYPE no such luck',
      ignore_error_stats_update: true,
    });
  });

  test('of RESP3', () => {
    expect(read('_ ')).toBe(undefined);
    expect(read('#t')).toBe(true);
    expect(read('#f')).toBe(false);
    expect(read(',-1.5')).toEqual({ double: -1.5 });
    expect(read(',-inf')).toEqual({ double: Number.NEGATIVE_INFINITY });
    expect(read('(123')).toEqual({ big_number: '123' });
    expect(read('=7 txt:abc')).toEqual({ verbatim_string: { string: 'abc', format: 'txt' } });
    expect(read('%2 $1 k :1 :2 $1 v')).toEqual({ map: { k: 1, 2: 'v' } });
    expect(read('~2 $1 a :7')).toEqual({ set: { a: true, 7: true } });
    expect(read('*2 |1 $1 a :1 $1 b $1 c')).toEqual({ 1: 'b', 2: 'c' });
    expect(read('*3 $1 a _ $1 c')).toEqual({ 1: 'a', 3: 'c' });
  });
});

describe('an error of the server', () => {
  test('has its own code behind a dash, and else none', () => {
    expect(errorText('-READONLY no writes')).toBe('READONLY no writes');
    expect(errorText('-READONLY')).toBe('ERR READONLY');
    expect(errorText('no code\r\n')).toBe('ERR no code');
  });
});

describe('a value as a reply', () => {
  function write(value: LuaValue, resp3 = false, scriptResp3 = false): string {
    const reply = new ReplyWriter();
    reply.open(resp3);
    new ReplyMaker().write(value, reply, scriptResp3);
    return Buffer.concat(reply.take()).toString('latin1').trimEnd().replaceAll('\r\n', ' ');
  }

  test('is what it stands for', () => {
    expect(write('a\r\nb')).toBe('$4 a b');
    expect(write(5.9)).toBe(':5');
    expect(write(-0.5)).toBe(':0');
    expect(write(2 ** 62)).toBe(':4611686018427387904');
    expect(write(Number.NaN)).toBe(':-9223372036854775808');
    expect(write(undefined)).toBe('$-1');
    expect(write(undefined, true)).toBe('_');
    expect(write(new Userdata('x'))).toBe('$-1');
    expect(write(table([1, 'a', undefined, 4]))).toBe('*2 :1 $1 a');
    expect(write(table([]))).toBe('*0');
    expect(write(table({ x: 1 }))).toBe('*0');
    expect(write(table([table([1]), table([]), 2]))).toBe('*3 *1 :1 *0 :2');
  });

  test('has truth as integers, unless the script has chosen RESP3', () => {
    expect(write(true)).toBe(':1');
    expect(write(false)).toBe('$-1');
    expect(write(true, true)).toBe(':1');
    expect(write(false, true)).toBe('_');
    expect(write(false, true, true)).toBe('#f');
    expect(write(false, false, true)).toBe(':0');
  });

  test('may be an error, a status, or one of the types of RESP3', () => {
    expect(write(table({ err: 'MY error\nhere' }))).toBe('-MY error here');
    expect(write(table({ ok: 'fi\nne' }))).toBe('+fi ne');
    expect(write(table({ double: 1.5 }))).toBe('$3 1.5');
    expect(write(table({ double: 1.5 }), true)).toBe(',1.5');
    expect(write(table({ big_number: '12\n3' }), true)).toBe('(12 3');
    const verbatim = table({ verbatim_string: table({ format: 'tx', string: 'abc' }) });
    expect(write(verbatim, true)).toBe('=7 tx :abc');
    expect(write(verbatim)).toBe('$3 abc');
    expect(write(table({ map: table({ k: table([1]) }) }), true)).toBe('%1 $1 k *1 :1');
    expect(write(table({ map: table({ k: table([1]) }) }))).toBe('*2 $1 k *1 :1');
    expect(write(table({ set: table({ a: true }) }), true)).toBe('~1 $1 a');
    expect(write(table({ err: 1, ok: 2, 1: 3 }))).toBe('*0');
  });

  test('that has no end is cut off where the interpreter of Redis has no room', () => {
    const endless = table([]);
    endless.set(1, endless);
    const text = write(endless);
    expect(text.endsWith('-ERR reached lua stack limit')).toBe(true);
    expect(text.match(/\*1/g)).toHaveLength(7995);
  });

  test('counts as an error where it is one', () => {
    const counted: string[] = [];
    const reply = new ReplyWriter((code) => counted.push(code));
    reply.open(false);
    const maker = new ReplyMaker();
    maker.write(table({ err: 'A b' }), reply, false);
    maker.write(table({ err: 'B c', ignore_error_stats_update: true }), reply, false);
    expect(counted).toEqual(['A']);
    expect(reply.errors).toBe(2);
  });
});
