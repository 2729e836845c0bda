/** The set commands; what does not depend on the encoding is asked of all three. */
import { beforeEach, describe, expect, it } from 'vitest';
import { setCommands } from '../../../src/commands/set/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import type { DirectiveOptions } from '../../../src/server/config/directives.js';
import { HandlerRig } from '../../support/handler-rig.js';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n';
const NOTHING = '*0\r\n';

let rig: HandlerRig;
const run = (request: string | readonly string[]) => rig.run(request);
/** The bulk strings of a reply, sorted. */
const bulks = (reply: string) => [...reply.matchAll(/\$\d+\r\n(.*)\r\n/g)].map((m) => m[1]!).sort();
const members = (key: string) => bulks(run(`SMEMBERS ${key}`));

function newRig(options: DirectiveOptions = {}): HandlerRig {
  const made = new HandlerRig([...setCommands, ...stringCommands], options);
  let seed = 1;
  (made.keyspace as { random: () => number }).random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  return made;
}

beforeEach(() => {
  rig = newRig();
});

const ENCODINGS: [string, DirectiveOptions, string[]][] = [
  ['intset', {}, ['1', '2', '3', '40000', '-5000000000']],
  ['listpack', {}, ['a', 'b', '3', '40000', 'long']],
  ['hashtable', { 'set-max-listpack-entries': 0 }, ['a', 'b', '3', '40000', 'long']],
];

describe.each(ENCODINGS)('A set kept as %s', (encoding, options, names) => {
  const sorted = [...names].sort();

  beforeEach(() => {
    rig = newRig(options);
    run(['SADD', 's', ...names]);
  });

  it('has the members that SADD gave it, each once', () => {
    expect(rig.encoding('s')).toBe(encoding);
    expect(run('SCARD s')).toBe(':5\r\n');
    expect(members('s')).toEqual(sorted);
    const before = rig.dirty;
    expect(run(['SADD', 's', ...names])).toBe(':0\r\n');
    expect([rig.events, rig.dirty - before]).toEqual([[], 0]);
  });

  it('is asked for members with SISMEMBER and SMISMEMBER', () => {
    expect(run(`SISMEMBER s ${names[1]}`)).toBe(':1\r\n');
    expect(run('SISMEMBER s x')).toBe(':0\r\n');
    expect(run(`SMISMEMBER s ${names[0]} x ${names[4]}`)).toBe('*3\r\n:1\r\n:0\r\n:1\r\n');
  });

  it('loses members with SREM, and ends with the last', () => {
    const before = rig.dirty;
    expect(run(`SREM s ${names[0]} x ${names[0]} ${names[1]}`)).toBe(':2\r\n');
    expect([rig.events, rig.dirty - before]).toEqual([['s srem s'], 2]);
    expect(members('s')).toEqual([...names.slice(2)].sort());
    expect(run(['SREM', 's', ...names, 'x'])).toBe(':3\r\n');
    expect(rig.events).toEqual(['s srem s', 'g del s']);
    expect(rig.encoding('s')).toBe('none');
  });

  it('gives one member to SPOP, which propagates as SREM of it', () => {
    const [popped] = bulks(run('SPOP s'));
    expect(rig.propagated).toEqual([`SREM s ${popped}`]);
    expect(rig.events).toEqual(['s spop s']);
    expect(members('s')).toEqual(sorted.filter((name) => name !== popped));
    for (let i = 0; i < 4; i++) run('SPOP s');
    expect(rig.events).toEqual(['s spop s', 'g del s']);
    expect(run('SPOP s')).toBe('$-1\r\n');
  });

  it.each([1, 2, 4])('gives %i members to SPOP with that count', (count) => {
    const before = rig.dirty;
    const popped = bulks(run(`SPOP s ${count}`));
    expect(popped.length).toBe(count);
    expect(rig.dirty - before).toBe(count);
    expect(rig.propagated.map((request) => request.split(' ').sort())).toEqual([
      ['SREM', 's', ...popped].sort(),
    ]);
    expect([...members('s'), ...popped].sort()).toEqual(sorted);
  });

  it('gives all members to a SPOP that wants as many or more, which propagates as DEL', () => {
    const before = rig.dirty;
    expect(bulks(run('SPOP s 7'))).toEqual(sorted);
    expect([rig.propagated, rig.events]).toEqual([['DEL s'], ['s spop s', 'g del s']]);
    expect(rig.dirty - before).toBe(5);
  });

  it('shows any members to SRANDMEMBER and keeps them', () => {
    expect(sorted).toContain(bulks(run('SRANDMEMBER s'))[0]);
    for (const count of [1, 2, 4]) {
      const drawn = bulks(run(`SRANDMEMBER s ${count}`));
      expect(new Set(drawn).size).toBe(count);
      for (const name of drawn) expect(sorted).toContain(name);
    }
    expect(bulks(run('SRANDMEMBER s 50'))).toEqual(sorted);
    const drawn = bulks(run('SRANDMEMBER s -50'));
    expect([drawn.length, new Set(drawn).size]).toEqual([50, 5]);
    expect(run('SCARD s')).toBe(':5\r\n');
  });

  it.each([
    ['SRANDMEMBER s 1', 1],
    ['SRANDMEMBER s 2', 2],
    ['SRANDMEMBER s 4', 4],
    ['SRANDMEMBER s -10', 10],
    ['SRANDMEMBER s', 1],
  ])('is drawn from evenly by %s', (request, each) => {
    const times = new Map<string, number>(names.map((name) => [name, 0]));
    const rounds = 1000;
    for (let i = 0; i < rounds; i++) {
      for (const name of bulks(run(request))) times.set(name, times.get(name)! + 1);
    }
    expect(chiSquare([...times.values()], (rounds * each) / 5)).toBeLessThan(23.5); // 1 in 10,000
  });

  it.each(['SPOP s', 'SPOP s 2', 'SPOP s 4'])('is drawn from evenly by %s', (request) => {
    const times = new Map<string, number>(names.map((name) => [name, 0]));
    let drawn = 0;
    for (let i = 0; i < 1000; i++) {
      for (const name of bulks(run(request))) {
        times.set(name, times.get(name)! + 1);
        drawn++;
      }
      run(['SADD', 's', ...names]);
    }
    expect(chiSquare([...times.values()], drawn / 5)).toBeLessThan(23.5);
  });

  it('is combined with sets of any encoding', () => {
    run('SADD i 3 40000 77');
    run('SADD m 3 b x');
    expect(bulks(run('SINTER s i'))).toEqual(
      names.filter((n) => ['3', '40000'].includes(n)).sort(),
    );
    expect(bulks(run('SINTER m s'))).toEqual(names.filter((n) => ['3', 'b'].includes(n)).sort());
    expect(bulks(run('SUNION s i m'))).toEqual(
      [...new Set([...names, '3', '40000', '77', 'b', 'x'])].sort(),
    );
    expect(bulks(run('SDIFF s i m'))).toEqual(
      names.filter((n) => !['3', '40000', 'b'].includes(n)).sort(),
    );
    expect(bulks(run('SDIFF i s'))).toEqual(['77']);
    expect(run('SINTERCARD 2 s i')).toBe(':2\r\n');
    expect(run('SINTERCARD 2 s i LIMIT 1')).toBe(':1\r\n');
    expect(run('SDIFF s s')).toBe(NOTHING);
    expect(bulks(run('SINTER s s'))).toEqual(sorted);
    expect(bulks(run('SUNION s'))).toEqual(sorted);
    expect(bulks(run('SDIFF s'))).toEqual(sorted);
  });

  it('is stored as a result over one of its own sources', () => {
    run('SADD i 3 77');
    expect(run('SUNIONSTORE s s i')).toBe(':6\r\n');
    expect(members('s')).toEqual([...names, '77'].sort());
    expect(run('SDIFFSTORE s s i')).toBe(':4\r\n');
    expect(members('s')).toEqual(names.filter((name) => name !== '3').sort());
    expect(run('SINTERSTORE s s i')).toBe(':0\r\n');
    expect(rig.events).toEqual(['g del s']);
  });

  it('gives a member away with SMOVE', () => {
    run('SADD other 3 x');
    const before = rig.dirty;
    expect(run(`SMOVE s other ${names[0]}`)).toBe(':1\r\n');
    expect([rig.events, rig.dirty - before]).toEqual([['s srem s', 's sadd other'], 2]);
    expect(run('SMOVE s other 3')).toBe(':1\r\n');
    expect(rig.events).toEqual(['s srem s']);
    expect(run('SMOVE s other missing')).toBe(':0\r\n');
    expect(members('other')).toEqual(['3', 'x', names[0]].sort());
    expect(run(`SMOVE s s ${names[1]}`)).toBe(':1\r\n');
    expect(run('SMOVE s s missing')).toBe(':0\r\n');
  });

  it('is returned by SSCAN, the members that match', () => {
    const replies: string[] = [];
    let cursor = '0';
    do {
      const reply = run(`SSCAN s ${cursor} COUNT 2`);
      cursor = reply.split('\r\n')[2]!;
      replies.push(...reply.split('\r\n').slice(3));
    } while (cursor !== '0');
    for (const name of names) expect(replies).toContain(name);
    const all = bulks(run('SSCAN s 0 MATCH *0* COUNT 100'));
    expect(all).toEqual(['0', ...names.filter((name) => name.includes('0'))].sort());
  });
});

/** Sum of (seen - expected)^2 / expected. */
function chiSquare(seen: readonly number[], expected: number): number {
  return seen.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

describe('Encodings', () => {
  it('follow the first member and the number of members', () => {
    rig = newRig({ 'set-max-intset-entries': 3, 'set-max-listpack-entries': 4 });
    const encodingOf = (...names: string[]) => {
      run(['SADD', 's', ...names]);
      const encoding = rig.encoding('s');
      run(['SREM', 's', ...names]);
      return encoding;
    };
    expect(encodingOf('1', '2', '3')).toBe('intset');
    expect(encodingOf('1', '2', '3', '4')).toBe('listpack');
    expect(encodingOf('1', 'a')).toBe('listpack');
    expect(encodingOf('a', 'b', 'c', 'd')).toBe('listpack');
    expect(encodingOf('a', 'b', 'c', 'd', 'e')).toBe('hashtable');
    expect(encodingOf('1', '1', '1', '1', '1')).toBe('hashtable');
    expect(encodingOf('x'.repeat(65))).toBe('hashtable');
    expect(encodingOf('x'.repeat(64))).toBe('listpack');
  });

  it('change when a set grows out of them, and never back', () => {
    rig = newRig({ 'set-max-intset-entries': 3, 'set-max-listpack-entries': 4 });
    run('SADD s 1 2 3');
    run('SADD s 4');
    expect(rig.encoding('s')).toBe('hashtable');
    run('SREM s 1 2 3');
    expect(rig.encoding('s')).toBe('hashtable');
    run('SADD t 1 2');
    run('SADD t a');
    expect([rig.encoding('t'), members('t')]).toEqual(['listpack', ['1', '2', 'a']]);
  });

  it('of a result: an intset when all is integers, whatever the sources', () => {
    run('SADD a 1 2 x');
    run('SADD b 1 2 y');
    run('SINTERSTORE r a b');
    expect(rig.encoding('r')).toBe('intset');
    run('SUNIONSTORE r a b');
    expect(rig.encoding('r')).toBe('listpack');
    run('SDIFFSTORE r a b');
    expect(rig.encoding('r')).toBe('listpack');
  });

  it('of what SPOP leaves: small again when it pops most of the set', () => {
    run(['SADD', 's', ...Array.from({ length: 200 }, (_, i) => `m${i}`)]);
    run('SPOP s 150');
    expect(rig.encoding('s')).toBe('hashtable');
    run('SPOP s 45');
    expect([rig.encoding('s'), run('SCARD s')]).toEqual(['listpack', ':5\r\n']);
  });
});

describe('STORE forms', () => {
  it('replace whatever the destination holds, its time to live too, and tell', () => {
    run('SET d text EX 100');
    run('SADD a 1 2');
    const before = rig.dirty;
    expect(run('SUNIONSTORE d a none')).toBe(':2\r\n');
    expect([rig.events, rig.dirty - before]).toEqual([['m keymiss none', 's sunionstore d'], 1]);
    expect(rig.expiry('d')).toBe(-1n);
    run('SINTERSTORE new a a');
    expect(rig.events).toEqual(['n new new', 's sinterstore new']);
    run('SDIFFSTORE d a none');
    expect(rig.events).toContain('s sdiffstore d');
  });

  it('delete the destination when the result is empty', () => {
    run('SADD a 1 2');
    for (const request of ['SINTERSTORE d a none', 'SDIFFSTORE d none a', 'SUNIONSTORE d none']) {
      run('SET d text');
      expect(run(request)).toBe(':0\r\n');
      expect([rig.events.at(-1), rig.propagated]).toEqual(['g del d', [request]]);
      expect(run(request)).toBe(':0\r\n');
      expect([rig.events.includes('g del d'), rig.propagated]).toEqual([false, []]);
    }
  });
});

describe('Missing keys', () => {
  it('are empty sets', () => {
    run('SADD a 1 2');
    for (const request of ['SMEMBERS n', 'SINTER a n', 'SUNION n', 'SDIFF n a', 'SPOP n 3']) {
      expect(run(request)).toBe(NOTHING);
    }
    for (const request of ['SRANDMEMBER n 3', 'SRANDMEMBER n -3'])
      expect(run(request)).toBe(NOTHING);
    for (const request of ['SPOP n', 'SRANDMEMBER n']) expect(run(request)).toBe('$-1\r\n');
    for (const request of [
      'SCARD n',
      'SISMEMBER n a',
      'SREM n a',
      'SMOVE n a 1',
      'SINTERCARD 1 n',
    ]) {
      expect(run(request)).toBe(':0\r\n');
    }
    expect(run('SMISMEMBER n a b')).toBe('*2\r\n:0\r\n:0\r\n');
    expect(run('SSCAN n 0 WHAT')).toBe('*2\r\n$1\r\n0\r\n*0\r\n');
  });
});

describe('Errors', () => {
  it('of another type come from every command, for any of its keys', () => {
    run('SET t text');
    run('SADD a 1');
    const requests = [
      ...['SADD t 1', 'SREM t 1', 'SCARD t', 'SISMEMBER t 1', 'SMISMEMBER t 1', 'SMEMBERS t'],
      ...['SPOP t', 'SPOP t 1', 'SRANDMEMBER t', 'SRANDMEMBER t 0', 'SSCAN t 0 WHAT'],
      ...['SINTER none t', 'SUNION a t', 'SDIFF a t', 'SINTERCARD 2 none t', 'SINTERSTORE d a t'],
      ...['SUNIONSTORE d none t', 'SDIFFSTORE d none t', 'SMOVE t a 1', 'SMOVE a t 1'],
    ];
    for (const request of requests) expect([request, run(request)]).toEqual([request, WRONG_TYPE]);
    expect(run('SMOVE none t 1')).toBe(':0\r\n');
  });

  it.each([
    ['SPOP s 1 2', 'ERR syntax error'],
    ['SPOP s -1', 'ERR value is out of range, must be positive'],
    ['SPOP s x', 'ERR value is out of range, must be positive'],
    ['SRANDMEMBER s 1 2', 'ERR syntax error'],
    ['SRANDMEMBER s x', 'ERR value is not an integer or out of range'],
    [
      'SRANDMEMBER s -9223372036854775808',
      'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
    ],
    ['SINTERCARD 0 s', 'ERR numkeys should be greater than 0'],
    ['SINTERCARD x s', 'ERR numkeys should be greater than 0'],
    ['SINTERCARD 3 s s', "ERR Number of keys can't be greater than number of args"],
    ['SINTERCARD 1 s LIMIT', 'ERR syntax error'],
    ['SINTERCARD 1 s FOO 1', 'ERR syntax error'],
    ['SINTERCARD 1 s LIMIT -1', "ERR LIMIT can't be negative"],
    ['SINTERCARD 1 s LIMIT x', "ERR LIMIT can't be negative"],
    ['SSCAN s x', 'ERR invalid cursor'],
    ['SSCAN s 0 TYPE set', 'ERR syntax error'],
  ])('%s: %s', (request, text) => {
    run('SADD s 1');
    expect(run(request)).toBe(`-${text}\r\n`);
  });
});

describe('SADD', () => {
  it('tells of a new key, and counts each member', () => {
    const before = rig.dirty;
    expect(run('SADD s a b a')).toBe(':2\r\n');
    expect([rig.events, rig.dirty - before]).toEqual([['n new s', 's sadd s'], 2]);
    expect(rig.propagated).toEqual(['SADD s a b a']);
  });
});

describe('SPOP with a count', () => {
  it('propagates long results in requests of at most 1024 members', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `m${i}`);
    run(['SADD', 's', ...names]);
    const popped = bulks(run('SPOP s 2100'));
    expect(rig.propagated.map((request) => request.split(' ').length - 2)).toEqual([
      1024, 1024, 52,
    ]);
    const removed = rig.propagated.flatMap((request) => request.split(' ').slice(2));
    expect(removed.sort()).toEqual(popped);
    expect([...popped, ...members('s')].sort()).toEqual(names.sort());
  });

  it('of 0 changes nothing', () => {
    run('SADD s a');
    expect([run('SPOP s 0'), rig.events, rig.propagated]).toEqual([NOTHING, [], []]);
  });
});
