import { beforeEach, describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

const NOW = RIG_START_MS;
const OK = '+OK\r\n';
const NIL = '$-1\r\n';
const SYNTAX = '-ERR syntax error\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig(stringCommands);
});

describe('SET', () => {
  it('stores any bytes and gives them back', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    expect(run(['SET', bytes, bytes])).toBe(OK);
    expect(run(['GET', bytes])).toBe(`$256\r\n${bytes.toString('latin1')}\r\n`);
  });

  it('keeps canonical 64-bit integers as int, up to 44 bytes as embstr, more as raw', () => {
    const encodings: [string, string][] = [
      ['0', 'int'],
      ['-9223372036854775808', 'int'],
      ['9223372036854775807', 'int'],
      ['9223372036854775808', 'embstr'],
      ['-0', 'embstr'],
      ['01', 'embstr'],
      ['+1', 'embstr'],
      ['', 'embstr'],
      ['x'.repeat(44), 'embstr'],
      ['x'.repeat(45), 'raw'],
      ['x'.repeat(5000), 'raw'],
    ];
    for (const [value, encoding] of encodings) {
      run(['SET', 'k', value]);
      expect([value, rig.encoding('k')]).toEqual([value, encoding]);
      expect(run('GET k')).toBe(`$${value.length}\r\n${value}\r\n`);
    }
  });

  it('replaces a value of another type', () => {
    rig.addHash('k');
    expect(run('SET k v')).toBe(OK);
    expect(run('GET k')).toBe('$1\r\nv\r\n');
  });

  it('takes the time to live away, unless KEEPTTL is given', () => {
    run('SET k v PX 5000');
    run('SET k w KEEPTTL');
    expect(rig.expiry('k')).toBe(BigInt(NOW + 5000));
    run('SET k w');
    expect(rig.expiry('k')).toBe(-1n);
  });

  it('takes a time to live in four forms', () => {
    for (const [option, time, at] of [
      ['EX', '10', NOW + 10_000],
      ['PX', '10', NOW + 10],
      ['EXAT', '1900000000', 1_900_000_000_000],
      ['PXAT', '1900000000001', 1_900_000_000_001],
    ]) {
      expect(run(`SET k v ${option} ${time}`)).toBe(OK);
      expect(rig.expiry('k')).toBe(BigInt(at!));
      expect(rig.events.slice(-2)).toEqual(['$ set k', 'g expire k']);
      expect(rig.propagated).toEqual([`SET k v PXAT ${at}`]);
    }
  });

  it('accepts a time in the past: the key is gone at the next look', () => {
    expect(run('SET k v EXAT 1')).toBe(OK);
    expect(rig.propagated).toEqual(['SET k v PXAT 1000']);
    expect(run('GET k')).toBe(NIL);
    expect(rig.events).toContain('x expired k');
    expect(run('SET k w XX')).toBe(NIL);
  });

  it('keeps times beyond 2^53 to the last digit', () => {
    expect(run('SET k v PXAT 9223372036854775807')).toBe(OK);
    expect(rig.expiry('k')).toBe(9223372036854775807n);
    expect(run('SET k v EXAT 9223372036854775')).toBe(OK);
    expect(rig.expiry('k')).toBe(9223372036854775000n);
    expect(rig.propagated).toEqual(['SET k v PXAT 9223372036854775000']);
  });

  it('refuses times that are not positive or beyond 64 bits, and changes nothing', () => {
    const invalid = "-ERR invalid expire time in 'set' command\r\n";
    const notInteger = '-ERR value is not an integer or out of range\r\n';
    run('SET k old');
    for (const [options, error] of [
      ['EX 0', invalid],
      ['EX -1', invalid],
      ['PX -9223372036854775808', invalid],
      ['EX 9223372036854775807', invalid],
      ['EX 9223372036854776', invalid],
      ['EXAT 9223372036854776', invalid],
      ['PX 9223372036854775807', invalid],
      ['EX 1.5', notInteger],
      ['PXAT 9223372036854775808', notInteger],
      ['GET EX 0', invalid],
    ]) {
      expect([options, run(`SET k v ${options}`)]).toEqual([options, error]);
      expect(rig.propagated).toEqual([]);
    }
    expect(run('GET k')).toBe('$3\r\nold\r\n');
  });

  it('refuses options that exclude each other, lack their argument or are unknown', () => {
    for (const options of [
      'NX XX',
      'XX NX',
      'EX 1 PX 1',
      'EX 1 KEEPTTL',
      'KEEPTTL PXAT 1',
      'EX',
      'GET PX',
      'PERSIST',
      'FOO',
    ]) {
      expect([options, run(`SET k v ${options}`)]).toEqual([options, SYNTAX]);
    }
    expect(rig.encoding('k')).toBe('none');
  });

  it('accepts options in any case and order, and repeated; the last time counts', () => {
    expect(run('SET k v ex 1 nx eX 20 Get NX gEt')).toBe(NIL);
    expect(rig.expiry('k')).toBe(BigInt(NOW + 20_000));
    expect(run('SET k w keepttl xx KEEPTTL')).toBe(OK);
  });

  it('with NX sets only a key that is missing, with XX only one that is there', () => {
    expect(run('SET k v XX')).toBe(NIL);
    expect(run('SET k v NX')).toBe(OK);
    expect(rig.propagated).toEqual(['SET k v NX']);
    expect(run('SET k w NX')).toBe(NIL);
    expect([rig.propagated, rig.events, rig.dirty]).toEqual([[], [], 1]);
    expect(run('SET k w XX')).toBe(OK);
    expect(run('GET k')).toBe('$1\r\nw\r\n');
  });

  it('with GET replies the old string, whether it sets or not', () => {
    expect(run('SET k 1 GET')).toBe(NIL);
    expect(run('SET k 2 GET')).toBe('$1\r\n1\r\n');
    expect(run('SET k 3 GET NX')).toBe('$1\r\n2\r\n');
    expect(run('SET k 3 GET XX')).toBe('$1\r\n2\r\n');
    expect(run('SET other 3 GET XX')).toBe(NIL);
    expect(run('GET other')).toBe(NIL);
  });

  it('with GET refuses a key of another type', () => {
    rig.addHash('k');
    expect(run('SET k v GET')).toMatch(/^-WRONGTYPE /);
    expect(rig.encoding('k')).toBe('listpack');
  });

  it('propagates without GET', () => {
    run('set k v get Xx keepttl');
    expect(rig.propagated).toEqual([]);
    run('set k v get nx GET keepttl');
    expect(rig.propagated).toEqual(['set k v nx keepttl']);
    run('SET k get GET');
    expect(rig.propagated).toEqual(['SET k get']);
  });

  it('tells of a new key before the set', () => {
    run('SET k v');
    expect(rig.events).toEqual(['n new k', '$ set k']);
    run('SET k v');
    expect(rig.events).toEqual(['$ set k']);
    expect(rig.changedKeys).toEqual(['k']);
    expect(rig.propagated).toEqual(['SET k v']);
  });

  it('says that its key is read only with GET', () => {
    const { getKeys } = stringCommands.find((spec) => spec.name === 'set')!;
    rig.run('SET k v NX get');
    expect(getKeys!(rig.call.args)).toEqual([{ index: 1, flags: ['RW', 'access', 'update'] }]);
    rig.run('SET k get');
    expect(getKeys!(rig.call.args)).toEqual([{ index: 1, flags: ['OW', 'update'] }]);
  });
});

describe('SETNX', () => {
  it('sets only a key that is missing', () => {
    expect(run('SETNX k v')).toBe(':1\r\n');
    expect(rig.propagated).toEqual(['SETNX k v']);
    expect(run('SETNX k w')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
    expect(run('GET k')).toBe('$1\r\nv\r\n');
  });

  it('sets a key that has expired', () => {
    run('SET k v PX 10');
    rig.now += 11;
    expect(run('SETNX k w')).toBe(':1\r\n');
    expect(rig.expiry('k')).toBe(-1n);
  });
});

describe('SETEX and PSETEX', () => {
  it('set with a time to live and propagate its end', () => {
    expect(run('SETEX k 10 v')).toBe(OK);
    expect(rig.propagated).toEqual([`SET k v PXAT ${NOW + 10_000}`]);
    expect(rig.events).toEqual(['n new k', '$ set k', 'g expire k']);
    expect(run('PSETEX k 10 v')).toBe(OK);
    expect(rig.propagated).toEqual([`SET k v PXAT ${NOW + 10}`]);
  });

  it('refuse bad times under their own names', () => {
    expect(run('SETEX k 0 v')).toBe("-ERR invalid expire time in 'setex' command\r\n");
    expect(run('PSETEX k -1 v')).toBe("-ERR invalid expire time in 'psetex' command\r\n");
    expect(run('SETEX k x v')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(rig.encoding('k')).toBe('none');
  });
});

describe('GETSET', () => {
  it('replies the old string, sets the new one and takes the time to live away', () => {
    expect(run('GETSET k 1')).toBe(NIL);
    run('SET k 1 EX 10');
    expect(run('GETSET k 22')).toBe('$1\r\n1\r\n');
    expect([rig.encoding('k'), rig.expiry('k')]).toEqual(['int', -1n]);
    expect(rig.propagated).toEqual(['SET k 22']);
    expect(rig.events).toEqual(['$ set k']);
  });

  it('refuses a key of another type', () => {
    rig.addHash('k');
    expect(run('GETSET k v')).toMatch(/^-WRONGTYPE /);
    expect(rig.encoding('k')).toBe('listpack');
  });
});
