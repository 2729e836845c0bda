import { beforeEach, describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

const NOW = RIG_START_MS;
const NIL = '$-1\r\n';
const VALUE = '$1\r\nv\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig(stringCommands);
});

describe('GET', () => {
  it('replies null for a missing key and counts hits and misses', () => {
    expect(run('GET k')).toBe(NIL);
    expect(rig.events).toEqual(['m keymiss k']);
    run('SET k v');
    expect(run('GET k')).toBe(VALUE);
    expect([rig.keyspace.hits, rig.keyspace.misses]).toEqual([1, 1]);
    expect(rig.propagated).toEqual([]);
  });

  it('refuses a key of another type', () => {
    rig.addHash('k');
    expect(run('GET k')).toBe(
      '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
    );
  });

  it('replies a key until its last millisecond, and then null', () => {
    run('SET k v PX 100');
    rig.now += 100;
    expect(run('GET k')).toBe(VALUE);
    rig.now += 1;
    expect(run('GET k')).toBe(NIL);
    expect(rig.encoding('k')).toBe('none');
  });
});

describe('GETEX', () => {
  it('without an option is a GET', () => {
    run('SET k v EX 10');
    expect(run('GETEX k')).toBe(VALUE);
    expect(rig.expiry('k')).toBe(BigInt(NOW + 10_000));
    expect([rig.propagated, rig.events]).toEqual([[], []]);
  });

  it('sets a time to live in four forms', () => {
    run('SET k v');
    for (const [option, time, at] of [
      ['ex', '10', NOW + 10_000],
      ['PX', '10', NOW + 10],
      ['EXAT', '1900000000', 1_900_000_000_000],
      ['PXAT', '9223372036854775807', 9223372036854775807n],
    ]) {
      expect(run(`GETEX k ${option} ${time}`)).toBe(VALUE);
      expect(rig.expiry('k')).toBe(BigInt(at!));
      expect(rig.events).toEqual(['g expire k']);
      expect(rig.propagated).toEqual([`PEXPIREAT k ${at}`]);
    }
  });

  it('with PERSIST takes the time to live away, and tells only if there was one', () => {
    run('SET k v EX 10');
    expect(run('GETEX k PERSIST')).toBe(VALUE);
    expect(rig.expiry('k')).toBe(-1n);
    expect([rig.events, rig.propagated]).toEqual([['g persist k'], ['PERSIST k']]);
    expect(run('GETEX k PERSIST')).toBe(VALUE);
    expect([rig.events, rig.propagated]).toEqual([[], []]);
  });

  it('deletes the key when the time given is not in the future', () => {
    for (const [lazy, propagated] of [
      ['no', 'DEL k'],
      ['yes', 'UNLINK k'],
    ] as const) {
      rig = new HandlerRig(stringCommands, { 'lazyfree-lazy-expire': lazy === 'yes' });
      for (const option of ['EXAT 1', `PXAT ${NOW}`]) {
        run('SET k v');
        expect(run(`GETEX k ${option}`)).toBe(VALUE);
        expect(rig.encoding('k')).toBe('none');
        expect([rig.events, rig.propagated]).toEqual([['g del k'], [propagated]]);
      }
    }
  });

  it('looks for the key before it judges the time', () => {
    expect(run('GETEX k EX 0')).toBe(NIL);
    expect(run('GETEX k EX x')).toBe(NIL);
    run('SET k v');
    expect(run('GETEX k EX 0')).toBe("-ERR invalid expire time in 'getex' command\r\n");
    expect(run('GETEX k EX x')).toBe('-ERR value is not an integer or out of range\r\n');
  });

  it('refuses options that exclude each other, lack their argument or are not its own', () => {
    const wrong = ['EX 1 PX 1', 'PERSIST EX 1', 'EX 1 PERSIST', 'EX', 'NX', 'GET', 'KEEPTTL', 'X'];
    for (const options of wrong) {
      expect([options, run(`GETEX k ${options}`)]).toEqual([options, '-ERR syntax error\r\n']);
    }
  });

  it('refuses a key of another type', () => {
    rig.addHash('k');
    expect(run('GETEX k EX 10')).toMatch(/^-WRONGTYPE /);
    expect(rig.expiry('k')).toBe(-1n);
  });
});

describe('GETDEL', () => {
  it('replies the string and deletes the key', () => {
    run('SET k v EX 10');
    expect(run('GETDEL k')).toBe(VALUE);
    expect([rig.events, rig.propagated]).toEqual([['g del k'], ['DEL k']]);
    expect(run('GETDEL k')).toBe(NIL);
    expect([rig.events, rig.propagated]).toEqual([['m keymiss k'], []]);
  });

  it('refuses a key of another type', () => {
    rig.addHash('k');
    expect(run('GETDEL k')).toMatch(/^-WRONGTYPE /);
    expect(rig.encoding('k')).toBe('listpack');
  });
});
