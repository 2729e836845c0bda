import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { HandlerRig } from '../../support/handler-rig.js';
import { readRdb, writeRdb } from '../../support/rdb-file.js';
import { digestOf, emptyKeyspace, facts, fullRig } from './rdb-support.js';

const SEED = 20_260_705;

describe('an RDB file', () => {
  const rig = fullRig();
  const written = writeRdb(rig.keyspace);
  const digest = digestOf(rig.keyspace);

  it('gives back every key with its encoding, time to live and content', () => {
    const keyspace = emptyKeyspace();
    const reader = readRdb(keyspace, written, { isDeep: true });
    expect(reader.fault).toBeUndefined();
    expect(facts(keyspace)).toEqual(facts(rig.keyspace));
    expect(reader.keys).toBe(rig.keyspace.databases[0]!.size);
  });

  it.each([9, 10, 11, 12])('gives the same in version %i, compressed or not', (version) => {
    const bytes = writeRdb(rig.keyspace, { version, compresses: version % 2 === 0 });
    expect(bytes.toString('latin1', 0, 9)).toBe(`REDIS${String(version).padStart(4, '0')}`);
    const keyspace = emptyKeyspace();
    expect(readRdb(keyspace, bytes, { isDeep: true }).fault).toBeUndefined();
    expect(digestOf(keyspace)).toBe(digest);
  });

  it('is the same whatever the size of the steps in which collections are written', () => {
    for (const stepBytes of [1, 777]) {
      expect(writeRdb(rig.keyspace, { stepBytes }).equals(written)).toBe(true);
    }
  });

  it('is read the same in chunks of any size', () => {
    const small = new HandlerRig(allCommands);
    for (const [i, size] of [3, 200, 600].entries()) {
      const members = Array.from({ length: size }, (_, n) => `member ${n}`);
      small.run(['RPUSH', `list:${i}`, ...members]);
      small.run(['SADD', `set:${i}`, ...members]);
      small.run(['HSET', `hash:${i}`, ...members.flatMap((member) => [member, member])]);
      small.run(['ZADD', `zset:${i}`, ...members.flatMap((member, n) => [String(n / 3), member])]);
      small.run(['SET', `string:${i}`, 'x'.repeat(size * 20), 'PXAT', '3000000000000']);
    }
    small.run('XADD stream 1-1 a b');
    small.run('XGROUP CREATE stream group 0');
    small.run('XREADGROUP GROUP group me STREAMS stream >');
    const bytes = writeRdb(small.keyspace, { compresses: false });
    for (const chunkBytes of [1, 7, 4096]) {
      const keyspace = emptyKeyspace();
      expect(readRdb(keyspace, bytes, { chunkBytes }).fault).toBeUndefined();
      expect(facts(keyspace)).toEqual(facts(small.keyspace));
    }
  });

  it('keeps groups, consumers and what is pending', () => {
    const answers = (from: HandlerRig) => from.run('XINFO STREAM stream:big FULL COUNT 0');
    const other = new HandlerRig(allCommands);
    readRdb(other.keyspace, written);
    expect(answers(other)).toBe(answers(rig));
    expect(other.run('XPENDING stream:big readers')).toBe(rig.run('XPENDING stream:big readers'));
  });

  it('keeps the deadlines of fields, and names the version that has them', () => {
    const timed = new HandlerRig(allCommands);
    timed.run('HSET small a 1 b 2 c 3');
    timed.run('HPEXPIREAT small 1800000000000 FIELDS 1 b');
    timed.run('HPEXPIREAT small 1700000500000 FIELDS 1 c');
    const fields = Array.from({ length: 2000 }, (_, n) => [`f${n}`, `v${n}`]).flat();
    timed.run(['HSET', 'big', ...fields]);
    timed.run('HPEXPIREAT big 1900000000000 FIELDS 2 f7 f8');
    timed.run('HSET cleared a 1');
    timed.run('HPEXPIREAT cleared 1800000000000 FIELDS 1 a');
    timed.run('HPERSIST cleared FIELDS 1 a');
    const bytes = writeRdb(timed.keyspace);
    expect(bytes.toString('latin1', 5, 9)).toBe('0012');
    const other = new HandlerRig(allCommands);
    expect(readRdb(other.keyspace, bytes, { isDeep: true }).fault).toBeUndefined();
    for (const request of [
      'HPEXPIRETIME small FIELDS 3 a b c',
      'HPEXPIRETIME big FIELDS 3 f7 f8 f9',
      'HPEXPIRETIME cleared FIELDS 1 a',
    ]) {
      expect(other.run(request)).toBe(timed.run(request));
    }
    other.now = 1_700_000_500_001;
    expect(other.run('HMGET small a b c')).toBe('*3\r\n$1\r\n1\r\n$1\r\n2\r\n$-1\r\n');
  });

  it('needs version 10 for what Redis 7.0 has, and 11 only for what it has not', () => {
    const version = (...requests: string[]) => {
      const one = new HandlerRig(allCommands);
      for (const request of requests) one.run(request);
      return Number(writeRdb(one.keyspace).toString('latin1', 5, 9));
    };
    expect(version('SET a b', 'SADD c 1 2 3')).toBe(9);
    expect(version('RPUSH a b', 'HSET c d e', 'ZADD f 1 g', 'SADD h i')).toBe(10);
    expect(version('XADD s 1-1 a b', 'XGROUP CREATE s g 0')).toBe(10);
    expect(version('XADD s 1-1 a b', 'XGROUP CREATE s g 0', 'XGROUP CREATECONSUMER s g c')).toBe(
      11,
    );
  });

  it('leaves out keys that are due, unless they are wanted', () => {
    const one = new HandlerRig(allCommands);
    one.run('SET due x PXAT 1700000000001');
    one.run('RPUSH due:list x');
    one.run('PEXPIREAT due:list 1700000000001');
    one.run('SET stays x');
    const bytes = writeRdb(one.keyspace);
    const keyspace = emptyKeyspace();
    const reader = readRdb(keyspace, bytes, { now: 1_700_000_000_002 });
    expect([reader.keys, reader.expired]).toEqual([1, 2]);
    const all = emptyKeyspace();
    expect(readRdb(all, bytes, { now: 1_700_000_000_002, keepsExpired: true }).keys).toBe(3);
  });

  it('says when keys were used, by time or by count', () => {
    const one = new HandlerRig(allCommands);
    one.run('SET key x');
    const db = one.keyspace.databases[0]!;
    db.clock = 1_700_000_000 & 0xffffff;
    db.setClock(1, db.clock - 1234);
    const idle = emptyKeyspace();
    readRdb(idle, writeRdb(one.keyspace, { usage: 1 }));
    expect(idle.databases[0]!.clockOf(1)).toBe(db.clock - 1234);
    db.setClock(1, 77);
    const counted = emptyKeyspace();
    readRdb(counted, writeRdb(one.keyspace, { usage: 2, lfuDecayMinutes: 0 }), {
      countsUses: true,
    });
    expect(counted.databases[0]!.clockOf(1) & 0xff).toBe(77);
  });

  it('hands notes and functions on, and passes the data of modules over', () => {
    const notes: string[] = [];
    const functions: string[] = [];
    const options = {
      onNote: (name: string, value: string) => void notes.push(`${name}=${value}`),
      onFunctions(code: Buffer) {
        functions.push(code.toString());
        return undefined;
      },
    };
    const name = [0x81, 0, 0, 0, 0, 0, 0, 4, 1];
    const zeros = Array(8).fill(0);
    const parts = [2, 5, 3, ...zeros.slice(4), 4, ...zeros, 5, 3, 97, 98, 99, 0];
    const module = [0xf7, ...name, 2, 1, ...parts];
    const bytes = Buffer.concat([
      Buffer.from('REDIS0010'),
      Buffer.from([0xfa, 3, 97, 98, 99, 0xc0, 7]),
      Buffer.from([0xf5, 8]),
      Buffer.from('#!lua ab'),
      Buffer.from(module),
      Buffer.from([0xf4, 1, 2, 3]),
      Buffer.from([0, 1, 107, 1, 118, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]);
    const reader = readRdb(emptyKeyspace(), bytes, options);
    expect(reader.fault?.reason).toBeUndefined();
    expect(reader.keys).toBe(1);
    expect(notes).toEqual(['abc=7']);
    expect(functions).toEqual(['#!lua ab']);
    expect(readRdb(emptyKeyspace(), bytes, { needsModules: true }).fault?.reason).toMatch(
      /data of the module 'AAAAAAAAB'/,
    );
  });

  it('leaves what follows its end', () => {
    const bytes = Buffer.concat([written, Buffer.from('*1\r\n')]);
    const reader = readRdb(emptyKeyspace(), bytes);
    expect(Buffer.from(reader.rest).toString()).toBe('*1\r\n');
    expect(reader.offset).toBe(written.length);
  });

  it('replaces keys that are there already, if it may', () => {
    const keyspace = emptyKeyspace();
    readRdb(keyspace, written);
    expect(readRdb(keyspace, written).fault?.reason).toBe('the key is there twice');
    expect(readRdb(keyspace, written, { replaces: true }).fault).toBeUndefined();
    expect(digestOf(keyspace)).toBe(digest);
  });

  it('follows the limits of encodings at the time of loading', () => {
    const one = new HandlerRig(allCommands);
    one.run('HSET hash a 1 b 2 c 3');
    one.run('ZADD zset 1 a 2 b 3 c');
    one.run('SADD ints 1 2 3');
    one.run('SADD set a b c');
    one.run('RPUSH list a b c');
    const strict = new HandlerRig(allCommands, {
      'hash-max-listpack-entries': 2,
      'zset-max-listpack-entries': 2,
      'set-max-intset-entries': 2,
      'set-max-listpack-entries': 2,
      'list-max-listpack-size': 2,
    });
    strict.run('EXISTS hash');
    for (const version of [10, 11]) {
      strict.keyspace.databases[0]!.clear();
      readRdb(strict.keyspace, writeRdb(one.keyspace, { version }), { isDeep: true });
      const names = ['hash', 'zset', 'ints', 'set', 'list'].map((key) => strict.encoding(key));
      expect(names).toEqual(['hashtable', 'skiplist', 'hashtable', 'hashtable', 'quicklist']);
      expect(digestOf(strict.keyspace)).toBe(digestOf(one.keyspace));
    }
  });

  it('carries any bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 300 })), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.integer({ min: 9, max: 12 }),
        (pairs, version) => {
          const one = new HandlerRig(allCommands);
          for (const [key, value] of pairs) {
            one.run(['SET', key, value]);
            one.run(['RPUSH', Buffer.concat([Buffer.from('l'), key]), value, key]);
            one.run(['SADD', Buffer.concat([Buffer.from('s'), key]), value, key]);
            one.run(['HSET', 'hash', key, value]);
            one.run(['ZADD', 'zset', String(value.length / 7), key]);
          }
          const keyspace = emptyKeyspace();
          expect(readRdb(keyspace, writeRdb(one.keyspace, { version })).fault).toBeUndefined();
          expect(facts(keyspace)).toEqual(facts(one.keyspace));
        },
      ),
      { seed: SEED, numRuns: 25 },
    );
  });
});
