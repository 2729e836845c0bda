/** The commands for keys: what they reply, tell and propagate. */
import { beforeEach, describe, expect, it } from 'vitest';
import { keyCommands } from '../../../src/commands/keys/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { ClientFlag } from '../../../src/server/api/client.js';
import type { DirectiveOptions } from '../../../src/server/config/directives.js';
import { HandlerRig, RIG_START_MS as NOW } from '../../support/handler-rig.js';

let rig: HandlerRig;

const start = (options: DirectiveOptions = {}) => {
  rig = new HandlerRig([...keyCommands, ...stringCommands], options);
};
beforeEach(() => start());

const run = (request: string | readonly string[]) => rig.run(request);

/** Runs a command on another database than 0. */
function runIn(index: number, request: string): string {
  const { databases } = rig.keyspace;
  const first = databases[0]!;
  databases[0] = databases[index]!;
  try {
    return run(request);
  } finally {
    databases[0] = first;
  }
}

describe.each(['DEL', 'UNLINK'])('%s', (name) => {
  it('removes keys and counts them, each once', () => {
    run('MSET a 1 b 2 c 3');
    expect(run(`${name} a c none a`)).toBe(':2\r\n');
    expect(rig.events).toEqual(['g del a', 'g del c']);
    expect(rig.changedKeys).toEqual(['a', 'c']);
    expect(rig.propagated).toEqual([`${name} a c none a`]);
    expect(run('EXISTS a b c')).toBe(':1\r\n');
  });

  it('changes nothing when there is nothing to remove', () => {
    expect(run(`${name} none`)).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
  });

  it('does not count a key whose time has come', () => {
    run('SET k v PX 10');
    rig.now += 11;
    expect(run(`${name} k`)).toBe(':0\r\n');
    expect(rig.events).toEqual(['x expired k']);
  });
});

describe('EXISTS, TOUCH and TYPE', () => {
  it('count a key as often as it is named', () => {
    run('MSET a 1 b 2');
    expect(run('EXISTS a a none b')).toBe(':3\r\n');
    expect(run('TOUCH a a none b')).toBe(':3\r\n');
    expect(rig.events).toEqual(['m keymiss none']);
  });

  it('count hits and misses', () => {
    run('SET a 1');
    const { hits, misses } = rig.keyspace;
    run('EXISTS a none');
    run('TYPE a');
    run('TTL none');
    run('OBJECT ENCODING a');
    expect(rig.keyspace.hits - hits).toBe(3);
    expect(rig.keyspace.misses - misses).toBe(2);
  });

  it('only TOUCH sets the access clock, even for a client that asked not to', () => {
    run('SET a 1');
    const db = rig.call.db;
    const clock = () => db.clockOf(db.find(Buffer.from('a'), 0, 1, 0));
    db.clock = 100;
    for (const request of ['EXISTS a', 'TYPE a', 'TTL a', 'OBJECT IDLETIME a']) run(request);
    expect(clock()).toBe(0);
    rig.call.client.flags = ClientFlag.NoTouch;
    run('GET a');
    expect(clock()).toBe(0);
    run('TOUCH a');
    expect(clock()).toBe(100);
  });

  it('name the type of a value', () => {
    run('SET s 1');
    rig.addHash('h');
    expect(run('TYPE s')).toBe('+string\r\n');
    expect(run('TYPE h')).toBe('+hash\r\n');
    expect(run('TYPE none')).toBe('+none\r\n');
  });
});

describe('RENAME and RENAMENX', () => {
  it('give value and time to live to another name', () => {
    run(`SET a value PXAT ${NOW + 5000}`);
    run('SET b old');
    expect(run('RENAME a b')).toBe('+OK\r\n');
    expect(rig.events).toEqual(['n new b', 'g rename_from a', 'g rename_to b']);
    expect(rig.changedKeys).toEqual(['a', 'b']);
    expect(rig.propagated).toEqual(['RENAME a b']);
    expect(run('GET b')).toBe('$5\r\nvalue\r\n');
    expect(rig.expiry('b')).toBe(BigInt(NOW + 5000));
    expect(run('EXISTS a')).toBe(':0\r\n');
  });

  it('drop the time to live of the key that is replaced', () => {
    run('SET a 1');
    run('SET b 2 EX 100');
    run('RENAME a b');
    expect(rig.expiry('b')).toBe(-1n);
  });

  it('keep a big value and its encoding', () => {
    run(['SET', 'a', 'x'.repeat(100_000)]);
    run('RENAME a b');
    expect(run('STRLEN b')).toBe(':100000\r\n');
    rig.addHash('h');
    run('RENAME h b');
    expect(run('TYPE b')).toBe('+hash\r\n');
  });

  it('need a source, and do nothing when both names are the same', () => {
    for (const name of ['RENAME', 'RENAMENX']) {
      expect(run(`${name} none b`)).toBe('-ERR no such key\r\n');
      expect(run(`${name} none none`)).toBe('-ERR no such key\r\n');
    }
    run('SET a 1');
    expect(run('RENAME a a')).toBe('+OK\r\n');
    expect(run('RENAMENX a a')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
    expect(run('GET a')).toBe('$1\r\n1\r\n');
  });

  it('RENAMENX leaves a key that exists alone, unless its time has come', () => {
    run('MSET a 1 b 2');
    expect(run('RENAMENX a b')).toBe(':0\r\n');
    expect(run('GET b')).toBe('$1\r\n2\r\n');
    run('PEXPIRE b 10');
    rig.now += 11;
    expect(run('RENAMENX a b')).toBe(':1\r\n');
    expect(run('GET b')).toBe('$1\r\n1\r\n');
  });
});

describe('COPY', () => {
  it('copies value and time to live, and leaves the source', () => {
    run(`SET a value PXAT ${NOW + 5000}`);
    expect(run('COPY a b')).toBe(':1\r\n');
    expect(rig.events).toEqual(['n new b', 'g copy_to b']);
    expect(rig.changedKeys).toEqual(['b']);
    run('APPEND a !');
    expect(run('MGET a b')).toBe('*2\r\n$6\r\nvalue!\r\n$5\r\nvalue\r\n');
    expect(rig.expiry('b')).toBe(BigInt(NOW + 5000));
  });

  it('copies big values so that they share nothing', () => {
    run(['SET', 'a', 'x'.repeat(10_000)]);
    run('COPY a b');
    run('SETRANGE a 0 y');
    expect(run('GETRANGE b 0 1')).toBe('$2\r\nxx\r\n');
  });

  it('replaces a key only with REPLACE', () => {
    run('MSET a 1 b 2');
    expect(run('COPY a b')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
    expect(run('COPY a b REPLACE')).toBe(':1\r\n');
    expect(run('GET b')).toBe('$1\r\n1\r\n');
  });

  it('copies to another database', () => {
    run('SET a 1');
    expect(run('COPY a a DB 3')).toBe(':1\r\n');
    expect(run('COPY a c replace db 3')).toBe(':1\r\n');
    expect(runIn(3, 'MGET a c')).toBe('*2\r\n$1\r\n1\r\n$1\r\n1\r\n');
    expect(run('EXISTS c')).toBe(':0\r\n');
  });

  it('refuses what makes no sense', () => {
    run('SET a 1');
    expect(run('COPY a a')).toBe('-ERR source and destination objects are the same\r\n');
    expect(run('COPY a a DB 0')).toBe('-ERR source and destination objects are the same\r\n');
    expect(run('COPY a b DB')).toBe('-ERR syntax error\r\n');
    expect(run('COPY a b DB 16')).toBe('-ERR DB index is out of range\r\n');
    expect(run('COPY a b DB -1')).toBe('-ERR DB index is out of range\r\n');
    expect(run('COPY a b DB x')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(run('COPY a b DB 2147483648')).toBe(
      '-ERR value is out of range, value must between -2147483648 and 2147483647\r\n',
    );
    expect(run('COPY a b NOSUCH')).toBe('-ERR syntax error\r\n');
    expect(run('COPY none b')).toBe(':0\r\n');
  });
});

describe('MOVE', () => {
  it('moves a key with its time to live to another database', () => {
    run(`SET a value PXAT ${NOW + 5000}`);
    expect(run('MOVE a 2')).toBe(':1\r\n');
    expect(rig.events).toEqual(['n new a', 'g move_from a', 'g move_to a']);
    expect(run('EXISTS a')).toBe(':0\r\n');
    expect(runIn(2, 'PEXPIRETIME a')).toBe(`:${NOW + 5000}\r\n`);
    expect(runIn(2, 'GET a')).toBe('$5\r\nvalue\r\n');
  });

  it('moves nothing where the key exists already, or does not exist here', () => {
    run('SET a 1');
    runIn(2, 'SET a 2');
    expect(run('MOVE a 2')).toBe(':0\r\n');
    expect(run('MOVE none 2')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
  });

  it('refuses the same database, and one that there is not', () => {
    run('SET a 1');
    expect(run('MOVE a 0')).toBe('-ERR source and destination objects are the same\r\n');
    expect(run('MOVE a 16')).toBe('-ERR DB index is out of range\r\n');
    expect(run('MOVE a x')).toBe('-ERR value is not an integer or out of range\r\n');
  });
});

describe('OBJECT', () => {
  it('tells encodings', () => {
    run(['MSET', 'i', '123', 'e', 'abc', 'r', 'x'.repeat(45), 'l', 'x'.repeat(5000)]);
    expect(run('OBJECT ENCODING i')).toBe('$3\r\nint\r\n');
    expect(run('OBJECT ENCODING e')).toBe('$6\r\nembstr\r\n');
    expect(run('OBJECT ENCODING r')).toBe('$3\r\nraw\r\n');
    expect(run('OBJECT ENCODING l')).toBe('$3\r\nraw\r\n');
    expect(run('OBJECT ENCODING none')).toBe('$-1\r\n');
    expect(rig.events).toEqual([]);
  });

  it('answers for the integers 0 to 9999 as Redis does for its shared objects', () => {
    run('MSET a 0 b 9999 c 10000 d -1 e x');
    const counts = ['a', 'b', 'c', 'd', 'e'].map((key) => run(`OBJECT REFCOUNT ${key}`));
    expect(counts).toEqual([':2147483647\r\n', ':2147483647\r\n', ':1\r\n', ':1\r\n', ':1\r\n']);
    start({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
    run('SET a 0');
    expect(run('OBJECT REFCOUNT a')).toBe(':1\r\n');
  });

  it('tells the idle time, but not under an LFU policy', () => {
    rig.keyspace.setClock(1000);
    run('SET a 1');
    rig.keyspace.setClock(1042);
    expect(run('OBJECT IDLETIME a')).toBe(':42\r\n');
    rig.keyspace.setClock(5);
    expect(run('OBJECT IDLETIME a')).toBe(`:${5 + 0xffffff - 1000}\r\n`);
    expect(run('OBJECT FREQ a')).toMatch(/^-ERR An LFU maxmemory policy is not selected, access/);
    start({ 'maxmemory-policy': 'allkeys-lfu' });
    run('SET a 1');
    expect(run('OBJECT IDLETIME a')).toMatch(/^-ERR An LFU maxmemory policy is selected, idle/);
    expect(run('OBJECT IDLETIME none')).toBe('$-1\r\n');
  });
});

describe('SWAPDB', () => {
  it('lets every client see the keys of the other database', () => {
    const { databases } = rig.keyspace;
    const [zero, one, two] = databases;
    const clients = [zero, one, two].map((db) => ({ db }));
    Object.assign(rig.call.server, { clients: { all: () => clients } });
    run('SET a zero');
    runIn(1, 'SET a one');
    expect(run('SWAPDB 0 1')).toBe('+OK\r\n');
    expect(rig.events).toEqual(['swapped 0 1']);
    expect(rig.propagated).toEqual(['SWAPDB 0 1']);
    expect(clients.map(({ db }) => db)).toEqual([one, zero, two]);
    expect(databases.map((db) => db.index)).toEqual(databases.map((_, i) => i));
    expect(run('GET a')).toBe('$3\r\none\r\n');
    expect(run('SWAPDB 1 1')).toBe('+OK\r\n');
    expect(rig.events).toEqual([]);
  });

  it('refuses numbers that are none, or of no database', () => {
    expect(run('SWAPDB x 1')).toBe('-ERR invalid first DB index\r\n');
    expect(run('SWAPDB 1 2147483648')).toBe('-ERR invalid second DB index\r\n');
    expect(run('SWAPDB 0 16')).toBe('-ERR DB index is out of range\r\n');
    expect(run('SWAPDB -1 0')).toBe('-ERR DB index is out of range\r\n');
  });
});

describe('FLUSHDB, FLUSHALL and DBSIZE', () => {
  it('count and remove the keys of one database or of all', () => {
    run('MSET a 1 b 2');
    run('EXPIRE a 100');
    runIn(5, 'SET c 3');
    expect(run('DBSIZE')).toBe(':2\r\n');
    const before = rig.dirty;
    expect(run('FLUSHDB')).toBe('+OK\r\n');
    expect(rig.dirty - before).toBe(2);
    expect(rig.events).toEqual(['flushed 0']);
    expect(run('DBSIZE')).toBe(':0\r\n');
    expect(runIn(5, 'DBSIZE')).toBe(':1\r\n');
    run('SET a 1');
    expect(run('FLUSHALL async')).toBe('+OK\r\n');
    expect(rig.dirty - before).toBe(5);
    expect(rig.events).toEqual(['flushed']);
    expect(runIn(5, 'DBSIZE')).toBe(':0\r\n');
  });

  it('are propagated even when there is nothing to remove', () => {
    run('FLUSHDB SYNC');
    expect(rig.call.rewritten?.map((words) => words.map(String))).toEqual([['FLUSHDB', 'SYNC']]);
  });

  it('take SYNC or ASYNC and nothing else', () => {
    for (const name of ['FLUSHDB', 'FLUSHALL']) {
      expect(run(`${name} SYNC`)).toBe('+OK\r\n');
      expect(run(`${name} NOW`)).toBe('-ERR syntax error\r\n');
      expect(run(`${name} SYNC ASYNC`)).toBe('-ERR syntax error\r\n');
    }
  });
});
