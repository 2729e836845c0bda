/** Files as old servers wrote them, made by hand from the formats' descriptions. */
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { HandlerRig } from '../../support/handler-rig.js';
import { readRdb } from '../../support/rdb-file.js';

type Part = number | string | Buffer;

function bytes(...parts: Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number'
        ? Buffer.from([part])
        : typeof part === 'string'
          ? Buffer.from(part, 'latin1')
          : part,
    ),
  );
}

/** A string with a short length. */
function text(of: string | Buffer): Buffer {
  return bytes(of.length < 64 ? of.length : bytes(0x40 | (of.length >>> 8), of.length & 255), of);
}

/** Loads one key `k` of a type, and answers a command about it. */
function load(version: number, type: number, value: Buffer, before: Buffer = bytes()): HandlerRig {
  const rig = new HandlerRig(allCommands);
  const file = bytes(`REDIS000${version}`, 0xfe, 0, before, type, text('k'), value, 0xff);
  const end = version >= 5 ? Buffer.alloc(8) : bytes();
  const { fault } = readRdb(rig.keyspace, bytes(file, end), { isDeep: true });
  if (fault !== undefined) throw new Error(fault.reason);
  return rig;
}

const words = (reply: string) =>
  reply.split('\r\n').filter((line) => line !== '' && !/^[*$]/.test(line));

/** A ziplist of elements that are given as encoding and data. */
function ziplist(...elements: Buffer[]): Buffer {
  let before = 0;
  const entries = elements.map((element) => {
    const prefix = before < 254 ? bytes(before) : bytes(254, word(before));
    const entry = bytes(prefix, element);
    before = entry.length;
    return entry;
  });
  const body = Buffer.concat(entries);
  const size = 10 + body.length + 1;
  return bytes(word(size), word(size - 1 - before), elements.length, 0, body, 255);
}

function word(n: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(n);
  return buffer;
}

const zipText = (of: string) => bytes(of.length, of);

describe('files of Redis 1 to 6', () => {
  it('lists, sets and hashes element by element', () => {
    const three = bytes(3, text('a'), text('b'), bytes(0xc0, 0xff));
    expect(words(load(1, 1, three).run('LRANGE k 0 -1'))).toEqual(['a', 'b', '-1']);
    expect(words(load(1, 2, three).run('SMEMBERS k')).sort()).toEqual(['-1', 'a', 'b']);
    const pairs = bytes(2, text('f'), text('v'), text('g'), bytes(0xc1, 0x39, 0x30));
    expect(words(load(1, 4, pairs).run('HGETALL k'))).toEqual(['f', 'v', 'g', '12345']);
  });

  it('sorted sets with scores as text, and the infinite ones', () => {
    const value = bytes(3, text('a'), text('1.5'), text('b'), 254, text('c'), 255);
    const answer = words(load(1, 3, value).run('ZRANGE k 0 -1 WITHSCORES'));
    expect(answer).toEqual(['c', '-inf', 'a', '1.5', 'b', 'inf']);
  });

  it('times to live in seconds', () => {
    const rig = load(1, 0, text('v'), bytes(0xfd, word(2_000_000_000)));
    rig.run('EXISTS k');
    expect(rig.expiry('k')).toBe(2_000_000_000_000n);
  });

  it('zipmaps, with long values and free bytes', () => {
    const long = 'x'.repeat(300);
    const map = bytes(2, 1, 'f', 1, 2, 'v', 0, 0, 1, 'g', 254, word(300), 0, long, 255);
    expect(words(load(2, 9, text(map)).run('HGETALL k'))).toEqual(['f', 'v', 'g', long]);
  });

  it('ziplists, with every kind of element', () => {
    const long = 'y'.repeat(300);
    const list = ziplist(
      zipText('a'),
      bytes(0x40 | (long.length >>> 8), long.length & 255, long),
      bytes(0x80, 0, 0, 0, 5, 'hello'),
      bytes(0xc0, 0xff, 0x7f),
      bytes(0xf0, 0xff, 0xff, 0xff),
      bytes(0xd0, word(0x80000000)),
      bytes(0xe0, word(0), word(0x80000000)),
      bytes(0xfe, 0x80),
      bytes(0xf1),
      bytes(0xfd),
    );
    const expected = [
      'a',
      long,
      'hello',
      '32767',
      '-1',
      '-2147483648',
      '-9223372036854775808',
      '-128',
      '0',
      '12',
    ];
    expect(words(load(4, 10, text(list)).run('LRANGE k 0 -1'))).toEqual(expected);
    expect(words(load(4, 13, text(list)).run('HGETALL k'))).toEqual(expected);
    const twice = bytes(2, text(list), text(list));
    expect(words(load(7, 14, twice).run('LRANGE k 0 -1'))).toEqual([...expected, ...expected]);
    const scores = ziplist(zipText('m'), bytes(0xf3), zipText('n'), zipText('2.5'));
    expect(words(load(4, 12, text(scores)).run('ZRANGE k 0 -1 WITHSCORES'))).toEqual([
      'm',
      '2',
      'n',
      '2.5',
    ]);
  });

  it('refuses ziplists and zipmaps that do not add up', () => {
    const good = ziplist(zipText('a'), zipText('b'));
    for (let at = 0; at < good.length - 1; at++) {
      const wrong = Buffer.from(good);
      wrong[at] = wrong[at]! + 1;
      // The letters may be others.
      if (at === 12 || at === 15) continue;
      expect(() => load(4, 13, text(wrong)), `byte ${at}`).toThrow(/ziplist/);
    }
    for (const map of [
      bytes(),
      bytes(1),
      bytes(0, 255),
      bytes(1, 1, 'f', 5, 0, 'v', 255),
      bytes(2, 1, 'f', 1, 0, 'v', 255),
    ]) {
      expect(() => load(2, 9, text(map))).toThrow(/Zipmap/);
    }
  });

  it('intsets', () => {
    const set = bytes(word(2), word(3), 0xff, 0xff, 1, 0, 2, 0);
    expect(words(load(4, 11, text(set)).run('SMEMBERS k'))).toEqual(['-1', '1', '2']);
    const unsorted = bytes(word(2), word(2), 2, 0, 1, 0);
    expect(() => load(4, 11, text(unsorted))).toThrow(/Intset/);
  });

  it('streams without counters, which are worked out', () => {
    const node = bytes(word(0), 0, 0);
    const integers = (...values: number[]) => Buffer.concat(values.map((value) => bytes(value, 1)));
    const string = (of: string) => bytes(0x80 | of.length, of, of.length + 1);
    const body = bytes(
      integers(2, 0, 1),
      string('f'),
      integers(0),
      integers(2, 0, 0),
      string('v'),
      integers(4),
      integers(2, 1, 0),
      string('w'),
      integers(4),
      255,
    );
    const listpack = bytes(node, body);
    listpack.writeUInt32LE(listpack.length, 0);
    listpack.writeUInt16LE(15, 4);
    const key = bytes(word(0), 0, 0, 0, 5, word(0), 0, 0, 0, 1);
    const pending = bytes(key, Buffer.alloc(8), 3);
    const group = bytes(text('g'), 5, 1, 1, pending, 1, text('me'), Buffer.alloc(8), 1, key);
    const stream = bytes(1, text(key), text(listpack), 2, 6, 1, 1, group);
    const rig = load(9, 15, stream);
    expect(words(rig.run('XRANGE k - +'))).toEqual(['5-1', 'f', 'v', '6-1', 'f', 'w']);
    expect(rig.run('XINFO STREAM k')).toMatch(/entries-added\r\n:2\r\n/);
    expect(rig.run('XINFO GROUPS k')).toMatch(/entries-read\r\n:1\r\n\$3\r\nlag\r\n:1\r\n/);
    expect(words(rig.run('XPENDING k g'))).toEqual([':1', '5-1', '5-1', 'me', '1']);
  });

  it('collections without members, which were written by mistake, are left out', () => {
    for (const [type, value] of [
      [1, bytes(0)],
      [2, bytes(0)],
      [4, bytes(0)],
      [5, bytes(0)],
      [14, bytes(0)],
      [10, text(ziplist())],
      [13, text(ziplist())],
      [12, text(ziplist())],
    ] as const) {
      expect(load(9, type, value).run('EXISTS k')).toBe(':0\r\n');
    }
  });

  it("Redis 7.4's fields with deadlines, also as its pre-releases wrote them", () => {
    const at = (ms: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(ms);
      return buffer;
    };
    const length64 = (n: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64BE(n);
      return bytes(0x81, buffer);
    };
    const fields = bytes(text('a'), text('1'));
    const times = (rig: HandlerRig) => rig.run('HPEXPIRETIME k FIELDS 2 a b');
    const expected = '*2\r\n:1800000000000\r\n:-1\r\n';
    const final = bytes(at(1_800_000_000_000n), 2, 1, fields, 0, text('b'), text('2'));
    const early = bytes(2, length64(1_800_000_000_000n), fields, 0, text('b'), text('2'));
    // Versions have one digit here: 9 stands for 12, which types don't depend on.
    expect(times(load(9, 24, final))).toBe(expected);
    expect(times(load(9, 22, early))).toBe(expected);
  });
});
