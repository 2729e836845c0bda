/** ZUNION, ZINTER, ZDIFF and their relatives, over all encodings of their sources. */
import { beforeEach, describe, expect, it } from 'vitest';
import { setCommands } from '../../../src/commands/set/index.js';
import { zsetCommands } from '../../../src/commands/zset/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

let rig: HandlerRig;
const run = (request: string) => rig.run(request);
const texts = (request: string) =>
  run(request)
    .replaceAll(/[*$]\d+\r\n/g, '')
    .split('\r\n')
    .slice(0, -1)
    .join(' ');

describe.each([
  ['small', {}],
  [
    'big',
    {
      'zset-max-listpack-entries': 0,
      'set-max-listpack-entries': 0,
      'set-max-intset-entries': 0,
    },
  ],
])('of %s sets', (_size, options) => {
  beforeEach(() => {
    rig = new HandlerRig([...zsetCommands, ...setCommands], options);
    run('ZADD x 1 a 2 b 3 c');
    run('ZADD y 10 b 20 c 30 d');
    run('SADD s a 7 d');
    run('SADD i 5 7');
  });

  it('ZUNION adds scores up, or takes the least or the greatest', () => {
    expect(texts('ZUNION 2 x y WITHSCORES')).toBe('a 1 b 12 c 23 d 30');
    expect(texts('ZUNION 2 x y AGGREGATE MIN WITHSCORES')).toBe('a 1 b 2 c 3 d 30');
    expect(texts('ZUNION 2 x y AGGREGATE max WITHSCORES')).toBe('a 1 b 10 c 20 d 30');
    expect(texts('ZUNION 2 x y')).toBe('a b c d');
  });

  it('weights multiply scores', () => {
    expect(texts('ZUNION 2 x y WEIGHTS 2 0.5 WITHSCORES')).toBe('a 2 b 9 d 15 c 16');
    expect(texts('ZINTER 2 x y WEIGHTS 0 1 WITHSCORES')).toBe('b 10 c 20');
  });

  it('members of plain sets have the score 1', () => {
    expect(texts('ZUNION 2 x s WITHSCORES')).toBe('7 1 d 1 a 2 b 2 c 3');
    expect(texts('ZINTER 2 s i WITHSCORES')).toBe('7 2');
    expect(texts('ZDIFF 2 s x WITHSCORES')).toBe('7 1 d 1');
  });

  it('ZINTER keeps what is in all, ZDIFF what is in the first alone', () => {
    expect(texts('ZINTER 2 x y WITHSCORES')).toBe('b 12 c 23');
    expect(texts('ZINTER 2 x none')).toBe('');
    expect(texts('ZDIFF 2 x y WITHSCORES')).toBe('a 1');
    expect(texts('ZDIFF 3 x y s')).toBe('');
    expect(texts('ZDIFF 2 none x')).toBe('');
    expect(texts('ZDIFF 2 x x')).toBe('');
  });

  it('the same set may be given twice', () => {
    expect(texts('ZUNION 2 x x WITHSCORES')).toBe('a 2 b 4 c 6');
    expect(texts('ZINTER 2 x x WEIGHTS 1 10 WITHSCORES')).toBe('a 11 b 22 c 33');
  });

  it('infinities that cancel each other are 0', () => {
    run('ZADD p inf m');
    run('ZADD n -inf m');
    expect(texts('ZUNION 2 p n WITHSCORES')).toBe('m 0');
    expect(texts('ZINTER 2 p n WITHSCORES')).toBe('m 0');
    expect(texts('ZUNION 1 p WEIGHTS 0 WITHSCORES')).toBe('m 0');
  });

  it('ZINTERCARD counts, up to its limit', () => {
    expect(run('ZINTERCARD 2 x y')).toBe(':2\r\n');
    expect(run('ZINTERCARD 2 x y LIMIT 1')).toBe(':1\r\n');
    expect(run('ZINTERCARD 2 x y LIMIT 0')).toBe(':2\r\n');
    expect(run('ZINTERCARD 2 x none')).toBe(':0\r\n');
    expect(run('ZINTERCARD 1 x LIMIT -1')).toBe("-ERR LIMIT can't be negative\r\n");
    expect(run('ZINTERCARD 1 x WEIGHTS 1')).toBe('-ERR syntax error\r\n');
  });

  it('the STORE forms replace the destination, which may be a source', () => {
    expect(run('ZUNIONSTORE d 2 x y')).toBe(':4\r\n');
    expect(rig.events).toEqual(['n new d', 'z zunionstore d']);
    expect(rig.propagated).toEqual(['ZUNIONSTORE d 2 x y']);
    expect(run('ZINTERSTORE x 2 x y')).toBe(':2\r\n');
    expect(rig.events).toEqual(['z zinterstore x']);
    expect(texts('ZRANGE x 0 -1 WITHSCORES')).toBe('b 12 c 23');
    expect(run('ZDIFFSTORE s 2 d x')).toBe(':2\r\n');
    expect(texts('ZRANGE s 0 -1')).toBe('a d');
  });

  it('an empty result removes the destination', () => {
    expect(run('ZINTERSTORE x 2 x none')).toBe(':0\r\n');
    expect(rig.events.at(-1)).toBe('g del x');
    expect(rig.encoding('x')).toBe('none');
    expect(run('ZUNIONSTORE x 1 none')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
  });

  it('nothing is left of results that were only replied', () => {
    const { arena } = rig.call.db;
    const { usedBytes } = arena;
    run('ZUNION 2 x y');
    run('ZINTER 2 x y');
    run('ZINTERSTORE none 2 x none');
    expect(arena.usedBytes).toBe(usedBytes);
  });

  it('bad requests are refused, after the keys have been looked at', () => {
    rig.addHash('h');
    expect(run('ZUNION 1 h FOO')).toBe(
      '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
    );
    expect(run('ZUNION 0 x')).toBe("-ERR at least 1 input key is needed for 'zunion' command\r\n");
    expect(run('ZUNIONSTORE d x y')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(run('ZUNION 2 x y WEIGHTS 1 x')).toBe('-ERR weight value is not a float\r\n');
    for (const rest of ['3 x y', '1 x WEIGHTS', '1 x AGGREGATE FOO', '1 x FOO']) {
      expect(run(`ZUNION ${rest}`)).toBe('-ERR syntax error\r\n');
    }
    expect(run('ZDIFF 1 x WEIGHTS 1')).toBe('-ERR syntax error\r\n');
    expect(run('ZUNIONSTORE d 1 x WITHSCORES')).toBe('-ERR syntax error\r\n');
  });
});
