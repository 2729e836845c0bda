/** Taking members from either end, and waiting for them: one suite over both encodings. */
import { beforeEach, describe, expect, it } from 'vitest';
import { zsetCommands } from '../../../src/commands/zset/index.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

let rig: HandlerRig;
const run = (request: string) => rig.run(request);
const left = (key: string) =>
  run(`ZRANGE ${key} 0 -1`)
    .replaceAll(/[*$]\d+\r\n/g, '')
    .split('\r\n');

describe.each([
  ['listpack', {}],
  ['skiplist', { 'zset-max-listpack-entries': 0 }],
])('in a %s', (_encoding, options) => {
  beforeEach(() => {
    rig = new HandlerRig(zsetCommands, options);
    run('ZADD z 1 a 2 b 3 c');
  });

  it('ZPOPMIN and ZPOPMAX take one member, or as many as asked for', () => {
    expect(run('ZPOPMIN z')).toBe('*2\r\n$1\r\na\r\n$1\r\n1\r\n');
    expect(rig.events).toEqual(['z zpopmin z']);
    expect(run('ZPOPMAX z 5')).toBe('*4\r\n$1\r\nc\r\n$1\r\n3\r\n$1\r\nb\r\n$1\r\n2\r\n');
    expect(rig.events).toEqual(['z zpopmax z', 'g del z']);
    expect(rig.propagated).toEqual(['ZPOPMAX z 5']);
    expect(rig.dirty).toBe(6);
    expect(run('ZPOPMIN z')).toBe('*0\r\n');
  });

  it('a count of 0 takes nothing, and one that is none is refused', () => {
    expect(run('ZPOPMIN z 0')).toBe('*0\r\n');
    expect([rig.events, rig.propagated]).toEqual([[], []]);
    for (const count of ['-1', 'x']) {
      expect(run(`ZPOPMIN z ${count}`)).toBe('-ERR value is out of range, must be positive\r\n');
    }
    expect(run('ZPOPMIN z 1 2')).toBe('-ERR syntax error\r\n');
  });

  it('ZMPOP takes from the first set that is there, and is propagated as a plain pop', () => {
    expect(run('ZMPOP 3 none z y MAX COUNT 2')).toBe(
      '*2\r\n$1\r\nz\r\n*2\r\n*2\r\n$1\r\nc\r\n$1\r\n3\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n',
    );
    expect(rig.propagated).toEqual(['ZPOPMAX z 2']);
    expect(rig.events).toEqual(['z zpopmax z']);
    expect(left('z')).toEqual(['a', '']);
    expect(run('ZMPOP 1 none MIN')).toBe('*-1\r\n');
  });

  it('ZMPOP refuses what makes no sense', () => {
    expect(run('ZMPOP 0 z MIN')).toBe('-ERR numkeys should be greater than 0\r\n');
    expect(run('ZMPOP x z MIN')).toBe('-ERR numkeys should be greater than 0\r\n');
    expect(run('ZMPOP 1 z MIN COUNT 0')).toBe('-ERR count should be greater than 0\r\n');
    for (const rest of ['2 z MIN', '1 z FOO', '1 z MIN COUNT', '1 z MIN COUNT 1 COUNT 2']) {
      expect(run(`ZMPOP ${rest}`)).toBe('-ERR syntax error\r\n');
    }
  });

  it('BZPOPMIN and BZPOPMAX take at once what is there', () => {
    expect(run('BZPOPMIN none z 0')).toBe('*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1\r\n');
    expect(rig.propagated).toEqual(['ZPOPMIN z']);
    expect(run('BZPOPMAX z 0')).toBe('*3\r\n$1\r\nz\r\n$1\r\nc\r\n$1\r\n3\r\n');
    expect(rig.propagated).toEqual(['ZPOPMAX z']);
    expect(rig.waits).toEqual([]);
  });

  it('BZMPOP takes at once what is there', () => {
    expect(run('BZMPOP 0 2 none z MIN COUNT 10')).toContain('*2\r\n$1\r\nz\r\n*3\r\n');
    expect(rig.propagated).toEqual(['ZPOPMIN z 3']);
    expect(rig.events).toEqual(['z zpopmin z', 'g del z']);
  });

  it('they wait for all of their keys otherwise', () => {
    expect(run('BZPOPMIN x y 1.5')).toBe('');
    expect(run('BZMPOP 0 2 x y MAX')).toBe('');
    expect(rig.waits).toEqual([
      { keys: [1, 2], deadlineMs: RIG_START_MS + 1500, nullReply: 'array' },
      { keys: [3, 4], deadlineMs: 0, nullReply: 'array' },
    ]);
    expect(rig.propagated).toEqual([]);
  });

  it('they do not wait where that is not allowed', () => {
    rig.call.canBlock = false;
    expect(run('BZPOPMIN x 0')).toBe('*-1\r\n');
    expect(run('BZMPOP 0 1 x MIN')).toBe('*-1\r\n');
    expect(rig.waits).toEqual([]);
  });

  it('they refuse a bad timeout and a key of another type', () => {
    rig.addHash('h');
    expect(run('BZPOPMIN none h z 0')).toBe(
      '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
    );
    expect(run('BZPOPMIN z x')).toBe('-ERR timeout is not a float or out of range\r\n');
    expect(run('BZMPOP -1 1 z MIN')).toBe('-ERR timeout is negative\r\n');
    expect(left('z')).toEqual(['a', 'b', 'c', '']);
  });
});
