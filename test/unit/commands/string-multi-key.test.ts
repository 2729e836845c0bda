import { beforeEach, describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

let rig: HandlerRig;
const run = (request: string) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig(stringCommands);
});

describe('MGET', () => {
  it('replies null for a missing key and for a key of another type', () => {
    run('SET a 1');
    rig.addHash('h');
    expect(run('MGET a none h a')).toBe('*4\r\n$1\r\n1\r\n$-1\r\n$-1\r\n$1\r\n1\r\n');
    expect([rig.keyspace.hits, rig.keyspace.misses]).toEqual([3, 1]);
  });
});

describe('MSET', () => {
  it('sets all pairs, whatever the keys held, and takes times to live away', () => {
    run('SET a 1 EX 10');
    rig.addHash('h');
    const before = rig.dirty;
    expect(run('MSET a 2 h 3 n x')).toBe('+OK\r\n');
    expect(run('MGET a h n')).toBe('*3\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\nx\r\n');
    expect(['a', 'h', 'n'].map((key) => rig.encoding(key))).toEqual(['int', 'int', 'embstr']);
    expect(rig.expiry('a')).toBe(-1n);
    expect(rig.dirty - before).toBe(3);
  });

  it('tells of each key and propagates as it is', () => {
    run('MSET a 1 b 2');
    expect(rig.events).toEqual(['n new a', '$ set a', 'n new b', '$ set b']);
    expect(rig.changedKeys).toEqual(['a', 'b']);
    expect(rig.propagated).toEqual(['MSET a 1 b 2']);
  });

  it('gives a key named twice its last value', () => {
    expect(run('MSET a 1 a 2')).toBe('+OK\r\n');
    expect(run('GET a')).toBe('$1\r\n2\r\n');
  });

  it('refuses a key without a value, and sets none', () => {
    expect(run('MSET a 1 b')).toBe("-ERR wrong number of arguments for 'mset' command\r\n");
    expect(rig.encoding('a')).toBe('none');
  });
});

describe('MSETNX', () => {
  it('sets all keys or none', () => {
    run('SET b 1');
    expect(run('MSETNX a 1 b 2 c 3')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
    expect(run('MGET a b c')).toBe('*3\r\n$-1\r\n$1\r\n1\r\n$-1\r\n');
    expect(run('MSETNX a 1 c 3')).toBe(':1\r\n');
    expect(rig.propagated).toEqual(['MSETNX a 1 c 3']);
    expect(rig.events).toEqual(['n new a', '$ set a', 'n new c', '$ set c']);
  });

  it('counts a key of another type as existing', () => {
    rig.addHash('h');
    expect(run('MSETNX h 1')).toBe(':0\r\n');
  });

  it('gives a key named twice its last value', () => {
    expect(run('MSETNX a 1 a 2')).toBe(':1\r\n');
    expect(run('GET a')).toBe('$1\r\n2\r\n');
  });

  it('refuses a key without a value', () => {
    expect(run('MSETNX a 1 b')).toBe("-ERR wrong number of arguments for 'msetnx' command\r\n");
  });
});
