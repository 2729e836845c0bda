/** SCAN, KEYS and RANDOMKEY. */
import { beforeEach, describe, expect, it } from 'vitest';
import { keyCommands } from '../../../src/commands/keys/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

let rig: HandlerRig;
const run = (request: string | readonly string[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig([...keyCommands, ...stringCommands]);
});

/** The bulk strings of a reply. */
function bulks(reply: string): string[] {
  return [...reply.matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map((match) => match[1]!);
}

function fill(count: number, prefix = 'key:'): void {
  for (let i = 0; i < count; i++) run(`SET ${prefix}${i} ${i}`);
}

/** All keys that a whole iteration returns. */
function scanAll(options = ''): string[] {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, ...some] = bulks(run(`SCAN ${cursor}${options}`));
    found.push(...some);
    cursor = next!;
  } while (cursor !== '0');
  return found;
}

describe('SCAN', () => {
  it('returns every key of a database that stands still once', () => {
    fill(1000);
    while (rig.call.db.dict.rehashAt >= 0) rig.call.db.dict.rehashStep();
    const found = scanAll();
    expect(found.length).toBe(1000);
    expect(new Set(found).size).toBe(1000);
    expect(run('SCAN 0')).toMatch(/^\*2\r\n\$\d+\r\n\d+\r\n\*1\d\r\n/);
  });

  it('answers at once when the database is empty', () => {
    expect(run('SCAN 0')).toBe('*2\r\n$1\r\n0\r\n*0\r\n');
    expect(run('SCAN 77 COUNT 1000')).toBe('*2\r\n$1\r\n0\r\n*0\r\n');
  });

  it('returns about as many keys per call as COUNT says', () => {
    fill(1000);
    const [, ...some] = bulks(run('SCAN 0 COUNT 100'));
    expect(some.length).toBeGreaterThanOrEqual(100);
    expect(some.length).toBeLessThan(120);
    const all = bulks(run('SCAN 0 COUNT 9223372036854775807'));
    expect(all.length).toBe(1001);
    expect(all[0]).toBe('0');
  });

  it('looks at no more than ten buckets per key asked for', () => {
    fill(10);
    const { dict } = rig.call.db;
    while (dict.rehashAt >= 0) dict.rehashStep();
    dict.expand(100_000);
    while (dict.rehashAt >= 0) dict.rehashStep();
    let calls = 0;
    let cursor = '0';
    do {
      cursor = bulks(run(`SCAN ${cursor} COUNT 100`))[0]!;
      calls++;
    } while (cursor !== '0');
    expect(calls).toBeGreaterThan(100);
    expect(scanAll(' COUNT 100').length).toBe(10);
  });

  it('returns what matches, and counts what it has looked at', () => {
    fill(500, 'a:');
    fill(500, 'b:');
    const found = scanAll(' MATCH a:1*');
    expect(new Set(found)).toEqual(
      new Set(Array.from({ length: 500 }, (_, i) => `a:${i}`).filter((k) => k.startsWith('a:1'))),
    );
    expect(new Set(scanAll(' match *')).size).toBe(1000);
  });

  it('returns keys of a type, in any case; of a type that there is not, none', () => {
    fill(20);
    rig.addHash('h');
    expect(scanAll(' TYPE hash')).toEqual(['h']);
    expect(scanAll(' type STRING').length).toBe(20);
    expect(scanAll(' TYPE string MATCH key:1').length).toBe(1);
    expect(scanAll(' TYPE nosuch')).toEqual([]);
  });

  it('removes the keys it meets whose time has come', () => {
    fill(100);
    for (let i = 0; i < 50; i++) run(`PEXPIRE key:${i} 10`);
    rig.now += 11;
    expect(scanAll(' MATCH key:1').length).toBe(0);
    expect(run('DBSIZE')).toBe(':99\r\n');
    expect(new Set(scanAll()).size).toBe(50);
    expect(run('DBSIZE')).toBe(':50\r\n');
    expect(rig.keyspace.expired).toBe(50);
  });

  it.each(['x', '1x', ' 1', '\n1', '-', '+', '0x10', '1.5', '18446744073709551616'])(
    'refuses %j as a cursor',
    (cursor) => {
      expect(run(['SCAN', cursor])).toBe('-ERR invalid cursor\r\n');
    },
  );

  it.each(['', '0', '+0', '-1', '18446744073709551615', '-18446744073709551615', '1\0x', '007'])(
    'takes %j as a cursor',
    (cursor) => {
      fill(3);
      expect(run(['SCAN', cursor])).toMatch(/^\*2\r\n/);
    },
  );

  it('refuses bad options', () => {
    expect(run('SCAN 0 COUNT')).toBe('-ERR syntax error\r\n');
    expect(run('SCAN 0 COUNT 0')).toBe('-ERR syntax error\r\n');
    expect(run('SCAN 0 COUNT x')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(run('SCAN 0 MATCH')).toBe('-ERR syntax error\r\n');
    expect(run('SCAN 0 NOSUCH 1')).toBe('-ERR syntax error\r\n');
    expect(run('SCAN x COUNT 0')).toBe('-ERR invalid cursor\r\n');
  });
});

describe('KEYS', () => {
  it('returns the keys that match', () => {
    fill(20);
    run(['SET', '', 'empty']);
    run('SET other 1');
    expect(bulks(run('KEYS key:1?')).sort()).toEqual(
      Array.from({ length: 10 }, (_, i) => `key:1${i}`),
    );
    expect(bulks(run('KEYS *')).length).toBe(22);
    expect(bulks(run('KEYS key:7'))).toEqual(['key:7']);
    expect(run('KEYS none')).toBe('*0\r\n');
    expect(run('KEYS none*')).toBe('*0\r\n');
    expect(run(['KEYS', ''])).toBe('*1\r\n$0\r\n\r\n');
  });

  it('passes over keys whose time has come, and leaves them', () => {
    fill(3);
    run('PEXPIRE key:1 10');
    rig.now += 11;
    expect(bulks(run('KEYS *')).sort()).toEqual(['key:0', 'key:2']);
    expect(run('KEYS key:1')).toBe('*0\r\n');
    expect(rig.events).toEqual([]);
    expect(run('DBSIZE')).toBe(':3\r\n');
  });

  it('replies more keys than the reply buffer holds', () => {
    const name = 'x'.repeat(500);
    fill(2000, name);
    const found = bulks(run('KEYS *'));
    expect(new Set(found).size).toBe(2000);
    expect(run('KEYS *').startsWith('*2000\r\n$501')).toBe(true);
  });
});

describe('RANDOMKEY', () => {
  it('returns a key, or null when there is none', () => {
    expect(run('RANDOMKEY')).toBe('$-1\r\n');
    run('SET a 1');
    expect(run('RANDOMKEY')).toBe('$1\r\na\r\n');
  });

  it('removes keys it draws whose time has come', () => {
    fill(50);
    for (let i = 0; i < 50; i++) run(`PEXPIRE key:${i} 10`);
    rig.now += 11;
    expect(run('RANDOMKEY')).toBe('$-1\r\n');
    expect(run('DBSIZE')).toBe(':0\r\n');
  });
});
