/** Adding, removing and asking: one suite over both encodings. */
import { beforeEach, describe, expect, it } from 'vitest';
import { zsetCommands } from '../../../src/commands/zset/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

const NIL = '$-1\r\n';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n';
const NOT_A_FLOAT = '-ERR value is not a valid float\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

/** A RESP2 array of bulk strings as its texts, anything else as it is. */
function list(request: string | readonly (string | Uint8Array)[]): string[] | string {
  const reply = run(request);
  if (!reply.startsWith('*') || reply.startsWith('*-1')) return reply;
  const parts = reply.split('\r\n');
  return parts.filter((part, i) => i > 0 && i < parts.length - 1 && !/^\$\d+$/.test(part));
}

const all = (key: string) => list(`ZRANGE ${key} 0 -1 WITHSCORES`);

describe.each([
  ['listpack', {}],
  ['skiplist', { 'zset-max-listpack-entries': 0 }],
])('in a %s', (encoding, options) => {
  beforeEach(() => {
    rig = new HandlerRig(zsetCommands, options);
  });

  describe('ZADD', () => {
    it('adds members, in order of score and then of bytes', () => {
      expect(run('ZADD z 2 b 1 c 2 a')).toBe(':3\r\n');
      expect(all('z')).toEqual(['c', '1', 'a', '2', 'b', '2']);
      expect(rig.encoding('z')).toBe(encoding);
    });

    it('tells of new keys, counts every change and propagates itself', () => {
      run('ZADD z 1 a 2 b');
      expect(rig.events).toEqual(['n new z', 'z zadd z']);
      expect(rig.changedKeys).toEqual(['z']);
      expect(rig.dirty).toBe(2);
      expect(rig.propagated).toEqual(['ZADD z 1 a 2 b']);
    });

    it('replies how many are new, with CH how many changed', () => {
      run('ZADD z 1 a 2 b');
      expect(run('ZADD z 1 a 5 b 3 c')).toBe(':1\r\n');
      expect(run('ZADD z CH 1 a 6 b 3 d')).toBe(':2\r\n');
      expect(run('ZADD z CH 1 a')).toBe(':0\r\n');
      expect([rig.events, rig.propagated]).toEqual([[], []]);
    });

    it('obeys NX, XX, GT and LT', () => {
      expect(run('ZADD z XX 1 a')).toBe(':0\r\n');
      expect(rig.encoding('z')).toBe('none');
      run('ZADD z 1 a');
      expect(run('ZADD z NX 9 a 2 b')).toBe(':1\r\n');
      expect(run('ZADD z XX CH 3 a 4 new')).toBe(':1\r\n');
      expect(run('ZADD z GT CH 2 a 9 b 0 c')).toBe(':2\r\n');
      expect(run('ZADD z LT CH 9 a 1 b')).toBe(':1\r\n');
      expect(all('z')).toEqual(['c', '0', 'b', '1', 'a', '3']);
    });

    it('adds to a score with INCR, and replies null when a condition forbids it', () => {
      expect(run('ZADD z INCR 1.5 a')).toBe('$3\r\n1.5\r\n');
      expect(run('ZADD z INCR 1 a')).toBe('$3\r\n2.5\r\n');
      expect(rig.events).toEqual(['z zincr z']);
      expect(run('ZADD z NX INCR 1 a')).toBe(NIL);
      expect(run('ZADD z XX INCR 1 b')).toBe(NIL);
      expect(run('ZADD z GT INCR -1 a')).toBe(NIL);
      expect(run('ZADD none XX INCR 1 b')).toBe(NIL);
      expect(run('ZADD z INCR 0 a')).toBe('$3\r\n2.5\r\n');
      expect(rig.events).toEqual([]);
    });

    it('refuses options and pairs that make no sense', () => {
      expect(run('ZADD z NX XX 1 a')).toBe(
        '-ERR XX and NX options at the same time are not compatible\r\n',
      );
      for (const options of ['GT NX', 'LT NX', 'GT LT']) {
        expect(run(`ZADD z ${options} 1 a`)).toBe(
          '-ERR GT, LT, and/or NX options at the same time are not compatible\r\n',
        );
      }
      expect(run('ZADD z INCR 1 a 2 b')).toBe(
        '-ERR INCR option supports a single increment-element pair\r\n',
      );
      expect(run('ZADD z 1 a 2')).toBe('-ERR syntax error\r\n');
      expect(run('ZADD z CH NX')).toBe('-ERR syntax error\r\n');
    });

    it('adds nothing when one of the scores is no number', () => {
      expect(run('ZADD z 1 a x b')).toBe(NOT_A_FLOAT);
      expect(run('ZADD z nan a')).toBe(NOT_A_FLOAT);
      expect(rig.encoding('z')).toBe('none');
    });

    it('refuses a key of another type', () => {
      rig.addHash('h');
      for (const request of ['ZADD h 1 a', 'ZINCRBY h 1 a', 'ZREM h a', 'ZSCORE h a', 'ZCARD h']) {
        expect(run(request)).toBe(WRONG_TYPE);
      }
    });
  });

  describe('ZINCRBY', () => {
    it('begins at 0 and replies the new score', () => {
      expect(run('ZINCRBY z 2 a')).toBe('$1\r\n2\r\n');
      expect(rig.events).toEqual(['n new z', 'z zincr z']);
      expect(run('ZINCRBY z -0.5 a')).toBe('$3\r\n1.5\r\n');
      expect(run('ZINCRBY z inf a')).toBe('$3\r\ninf\r\n');
    });

    it('refuses infinities that cancel each other', () => {
      run('ZADD z inf a');
      expect(run('ZINCRBY z -inf a')).toBe('-ERR resulting score is not a number (NaN)\r\n');
      expect(all('z')).toEqual(['a', 'inf']);
    });
  });

  describe('ZREM', () => {
    it('replies how many were there', () => {
      run('ZADD z 1 a 2 b 3 c');
      expect(run('ZREM z a x c')).toBe(':2\r\n');
      expect(rig.events).toEqual(['z zrem z']);
      expect(rig.dirty).toBe(5);
      expect(run('ZREM z x')).toBe(':0\r\n');
      expect(run('ZREM none x')).toBe(':0\r\n');
      expect(rig.propagated).toEqual([]);
    });

    it('removes the key with the last member', () => {
      run('ZADD z 1 a 2 b');
      expect(run('ZREM z a b c')).toBe(':2\r\n');
      expect(rig.events).toEqual(['z zrem z', 'g del z']);
      expect(rig.encoding('z')).toBe('none');
    });
  });

  describe('ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX', () => {
    beforeEach(() => {
      run('ZADD z 1 a 2 b 3 c 4 d');
      run('ZADD l 0 a 0 b 0 c 0 d');
    });

    it('remove a range and reply its size', () => {
      expect(run('ZREMRANGEBYRANK z 1 -3')).toBe(':1\r\n');
      expect(rig.events).toEqual(['z zremrangebyrank z']);
      expect(run('ZREMRANGEBYSCORE z (1 3')).toBe(':1\r\n');
      expect(all('z')).toEqual(['a', '1', 'd', '4']);
      expect(run('ZREMRANGEBYLEX l (a [c')).toBe(':2\r\n');
      expect(rig.propagated).toEqual(['ZREMRANGEBYLEX l (a [c']);
      expect(all('l')).toEqual(['a', '0', 'd', '0']);
    });

    it('do nothing for an empty range or no key', () => {
      for (const request of [
        'ZREMRANGEBYRANK z 3 1',
        'ZREMRANGEBYRANK z 4 9',
        'ZREMRANGEBYSCORE z (4 9',
        'ZREMRANGEBYLEX l + -',
        'ZREMRANGEBYRANK none 0 -1',
        'ZREMRANGEBYSCORE none 0 1',
        'ZREMRANGEBYLEX none - +',
      ]) {
        expect(run(request)).toBe(':0\r\n');
        expect([rig.events, rig.propagated]).toEqual([[], []]);
      }
    });

    it('remove the key with all members', () => {
      const { dirty } = rig;
      expect(run('ZREMRANGEBYRANK z -100 100')).toBe(':4\r\n');
      expect(rig.events).toEqual(['z zremrangebyrank z', 'g del z']);
      expect(rig.dirty - dirty).toBe(4);
      expect(run('ZREMRANGEBYLEX l - +')).toBe(':4\r\n');
      expect(rig.encoding('l')).toBe('none');
    });

    it('refuse ends that are none', () => {
      expect(run('ZREMRANGEBYRANK z a 1')).toBe('-ERR value is not an integer or out of range\r\n');
      expect(run('ZREMRANGEBYSCORE z a 1')).toBe('-ERR min or max is not a float\r\n');
      expect(run('ZREMRANGEBYLEX z a +')).toBe('-ERR min or max not valid string range item\r\n');
    });
  });

  describe('ZCARD, ZCOUNT and ZLEXCOUNT', () => {
    it('count members', () => {
      run('ZADD z 1 a 2 b 3 c');
      run('ZADD l 0 a 0 b 0 c');
      expect([run('ZCARD z'), run('ZCARD none')]).toEqual([':3\r\n', ':0\r\n']);
      expect(run('ZCOUNT z (1 +inf')).toBe(':2\r\n');
      expect(run('ZCOUNT z (1 (2')).toBe(':0\r\n');
      expect(run('ZCOUNT none 0 1')).toBe(':0\r\n');
      expect(run('ZLEXCOUNT l [a (c')).toBe(':2\r\n');
      expect(run('ZLEXCOUNT l + -')).toBe(':0\r\n');
      expect(run('ZLEXCOUNT none - +')).toBe(':0\r\n');
    });

    it('read ends of score ranges as C does', () => {
      run('ZADD z 0 zero 1 one inf inf');
      expect(run(['ZCOUNT', 'z', '', ''])).toBe(':1\r\n');
      expect(run(['ZCOUNT', 'z', ' 1', '1e999'])).toBe(':2\r\n');
      expect(run(['ZCOUNT', 'z', '-1e-999', '0x1'])).toBe(':2\r\n');
      expect(run(['ZCOUNT', 'z', '1\0x', '1'])).toBe(':1\r\n');
      for (const end of ['nan', '((1', '1 ', ' ']) {
        expect(run(['ZCOUNT', 'z', end, '1'])).toBe('-ERR min or max is not a float\r\n');
      }
    });
  });

  describe('ZSCORE, ZMSCORE, ZRANK and ZREVRANK', () => {
    beforeEach(() => run('ZADD z 1 a 2.5 b 3 c'));

    it('tell of members', () => {
      expect(run('ZSCORE z b')).toBe('$3\r\n2.5\r\n');
      expect([run('ZSCORE z x'), run('ZSCORE none x')]).toEqual([NIL, NIL]);
      expect(run('ZMSCORE z a x')).toBe(`*2\r\n$1\r\n1\r\n${NIL}`);
      expect(run('ZMSCORE none a')).toBe(`*1\r\n${NIL}`);
      expect([run('ZRANK z c'), run('ZREVRANK z c')]).toEqual([':2\r\n', ':0\r\n']);
      expect([run('ZRANK z x'), run('ZRANK none x')]).toEqual([NIL, NIL]);
    });

    it('tell the score with the rank', () => {
      expect(run('ZRANK z b WITHSCORE')).toBe('*2\r\n:1\r\n$3\r\n2.5\r\n');
      expect(run('ZREVRANK z x withscore')).toBe('*-1\r\n');
      expect(run('ZRANK z b foo')).toBe('-ERR syntax error\r\n');
      expect(run('ZRANK z b WITHSCORE x')).toBe(
        "-ERR wrong number of arguments for 'zrank' command\r\n",
      );
    });
  });

  describe('ZRANGE', () => {
    beforeEach(() => {
      run('ZADD z 1 a 2 b 3 c 4 d');
      run('ZADD l 0 a 0 b 0 c 0 d');
    });

    it('returns ranks, from either end', () => {
      expect(list('ZRANGE z 1 2')).toEqual(['b', 'c']);
      expect(list('ZRANGE z -2 100')).toEqual(['c', 'd']);
      expect(list('ZRANGE z 0 1 REV WITHSCORES')).toEqual(['d', '4', 'c', '3']);
      expect(list('ZREVRANGE z -1 -1')).toEqual(['a']);
      expect(run('ZRANGE z 3 1')).toBe('*0\r\n');
      expect(run('ZRANGE none 0 -1')).toBe('*0\r\n');
    });

    it('returns scores', () => {
      expect(list('ZRANGE z (1 3 BYSCORE')).toEqual(['b', 'c']);
      expect(list('ZRANGE z +inf (2 BYSCORE REV')).toEqual(['d', 'c']);
      expect(list('ZRANGEBYSCORE z -inf 2 WITHSCORES')).toEqual(['a', '1', 'b', '2']);
      expect(list('ZREVRANGEBYSCORE z 3 2')).toEqual(['c', 'b']);
    });

    it('returns members', () => {
      expect(list('ZRANGE l [b (d BYLEX')).toEqual(['b', 'c']);
      expect(list('ZRANGE l + [c BYLEX REV')).toEqual(['d', 'c']);
      expect(list('ZRANGEBYLEX l - (c')).toEqual(['a', 'b']);
      expect(list('ZREVRANGEBYLEX l (c -')).toEqual(['b', 'a']);
    });

    it('leaves out and cuts off with LIMIT', () => {
      expect(list('ZRANGE z -inf +inf BYSCORE LIMIT 1 2')).toEqual(['b', 'c']);
      expect(list('ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2')).toEqual(['c', 'b']);
      expect(list('ZRANGEBYSCORE z 2 4 LIMIT 1 -1')).toEqual(['c', 'd']);
      expect(list('ZRANGEBYLEX l - + LIMIT 3 5')).toEqual(['d']);
      for (const limit of ['4 1', '-1 1', '0 0']) {
        expect(run(`ZRANGEBYSCORE z -inf +inf LIMIT ${limit}`)).toBe('*0\r\n');
      }
    });

    it('refuses options that do not go together', () => {
      expect(run('ZRANGE z 0 1 LIMIT 0 1')).toBe(
        '-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX\r\n',
      );
      expect(run('ZRANGE l - + BYLEX WITHSCORES')).toBe(
        '-ERR syntax error, WITHSCORES not supported in combination with BYLEX\r\n',
      );
      for (const request of [
        'ZRANGE z 0 1 BYLEX BYSCORE',
        'ZREVRANGE z 0 1 REV',
        'ZRANGEBYSCORE z 0 1 BYLEX',
        'ZRANGEBYSCORE z 0 1 LIMIT 1',
        'ZRANGESTORE d z 0 1 WITHSCORES',
      ]) {
        expect(run(request)).toBe('-ERR syntax error\r\n');
      }
    });

    it('pairs members with scores in RESP3', () => {
      const { reply } = rig.call;
      const open = reply.open.bind(reply);
      reply.open = () => open(true);
      expect(run('ZRANGE z 0 0 WITHSCORES')).toBe('*1\r\n*2\r\n$1\r\na\r\n,1\r\n');
      expect(run('ZSCORE z a')).toBe(',1\r\n');
      expect(run('ZRANK none a WITHSCORE')).toBe('_\r\n');
      expect(run('ZPOPMIN z')).toBe('*2\r\n$1\r\na\r\n,1\r\n');
      expect(run('ZPOPMIN z 1')).toBe('*1\r\n*2\r\n$1\r\nb\r\n,2\r\n');
    });
  });

  describe('ZRANGESTORE', () => {
    it('stores a range in place of whatever was there', () => {
      run('ZADD z 1 a 2 b 3 c');
      rig.addHash('d');
      expect(run('ZRANGESTORE d z 0 1 REV')).toBe(':2\r\n');
      expect(rig.events).toEqual(['z zrangestore d']);
      expect(all('d')).toEqual(['b', '2', 'c', '3']);
      expect(rig.encoding('d')).toBe(encoding);
      expect(run('ZRANGESTORE z z (1 2 BYSCORE')).toBe(':1\r\n');
      expect(all('z')).toEqual(['b', '2']);
    });

    it('removes the destination when the range is empty', () => {
      run('ZADD d 1 a');
      expect(run('ZRANGESTORE d none 0 -1')).toBe(':0\r\n');
      expect([rig.events, rig.propagated]).toEqual([
        ['m keymiss none', 'g del d'],
        ['ZRANGESTORE d none 0 -1'],
      ]);
      expect(run('ZRANGESTORE d none 0 -1')).toBe(':0\r\n');
      expect(rig.propagated).toEqual([]);
    });
  });

  describe('ZSCAN', () => {
    it('returns all members and scores in the end', () => {
      for (let i = 0; i < 50; i++) run(`ZADD z ${i} m${i}`);
      const found = new Set<string>();
      let cursor = '0';
      do {
        const [next, ...pairs] = list(`ZSCAN z ${cursor}`) as string[];
        cursor = next!;
        const texts = pairs.filter((text) => !text.startsWith('*'));
        for (let i = 0; i < texts.length; i += 2) found.add(`${texts[i]}=${texts[i + 1]}`);
      } while (cursor !== '0');
      expect(found).toEqual(new Set(Array.from({ length: 50 }, (_, i) => `m${i}=${i}`)));
    });

    it('matches a pattern, and hides bad options behind a missing key', () => {
      run('ZADD z 1.5 abc 2 xyz');
      expect(run('ZSCAN z 0 MATCH a* COUNT 100')).toBe(
        '*2\r\n$1\r\n0\r\n*2\r\n$3\r\nabc\r\n$3\r\n1.5\r\n',
      );
      expect(run('ZSCAN none 0 FOO')).toBe('*2\r\n$1\r\n0\r\n*0\r\n');
      expect(run('ZSCAN z 0 FOO')).toBe('-ERR syntax error\r\n');
      expect(run('ZSCAN none x')).toBe('-ERR invalid cursor\r\n');
    });
  });

  describe('ZRANDMEMBER', () => {
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`);

    beforeEach(() => {
      for (const [score, name] of names.entries()) run(`ZADD z ${score} ${name}`);
    });

    it('returns one member, or so many different ones, or so many draws', () => {
      expect(names).toContain((run('ZRANDMEMBER z').split('\r\n') as string[])[1]);
      for (const count of [1, 5, 19]) {
        const members = list(`ZRANDMEMBER z ${count}`) as string[];
        expect(new Set(members).size).toBe(count);
      }
      expect((list('ZRANDMEMBER z 100') as string[]).sort()).toEqual([...names].sort());
      expect(list('ZRANDMEMBER z -30')).toHaveLength(30);
      expect(list('ZRANDMEMBER z 2 WITHSCORES')).toHaveLength(4);
    });

    it('knows nothing of a missing key', () => {
      expect(run('ZRANDMEMBER none')).toBe(NIL);
      expect(run('ZRANDMEMBER none 5')).toBe('*0\r\n');
      expect(run('ZRANDMEMBER z 0')).toBe('*0\r\n');
    });

    it('refuses counts without a magnitude', () => {
      expect(run('ZRANDMEMBER z -9223372036854775808')).toBe(
        '-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n',
      );
      expect(run('ZRANDMEMBER z 9223372036854775807 WITHSCORES')).toBe(
        '-ERR value is out of range\r\n',
      );
      expect(run('ZRANDMEMBER z 1 FOO')).toBe('-ERR syntax error\r\n');
    });
  });
});

describe('the encoding of a result', () => {
  beforeEach(() => {
    rig = new HandlerRig(zsetCommands, { 'zset-max-listpack-entries': 3 });
  });

  it('is a skiplist at once when more members are given than a listpack may hold', () => {
    run('ZADD z 1 a 1 a 1 a 1 a');
    expect(rig.encoding('z')).toBe('skiplist');
    run('ZADD y 1 a 2 b 3 c');
    expect(rig.encoding('y')).toBe('listpack');
    run('ZADD y 4 d');
    expect(rig.encoding('y')).toBe('skiplist');
  });

  it('is a listpack again where a result is stored', () => {
    run('ZADD z 1 a 2 b 3 c 4 d');
    run('ZRANGESTORE d z 0 1');
    expect(rig.encoding('d')).toBe('listpack');
    run('ZUNIONSTORE u 1 d');
    expect(rig.encoding('u')).toBe('listpack');
    run('ZUNIONSTORE u 1 z');
    expect(rig.encoding('u')).toBe('skiplist');
  });
});
