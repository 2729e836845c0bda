/** Hash commands: one suite over all encodings, then what depends on the encoding. */
import { describe, expect, it } from 'vitest';
import { hashCommands } from '../../../src/commands/hash/index.js';
import { keyCommands } from '../../../src/commands/keys/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

const OK = '+OK\r\n';
const NIL = '$-1\r\n';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n';
const COMMANDS = [...hashCommands, ...keyCommands, ...stringCommands];

function int(n: number | bigint): string {
  return `:${n}\r\n`;
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function array(...texts: (string | null)[]): string {
  return `*${texts.length}\r\n${texts.map((t) => (t === null ? NIL : bulk(t))).join('')}`;
}

/** The bulk strings of an array reply. */
function items(reply: string): string[] {
  return reply
    .split('\r\n')
    .slice(1, -1)
    .filter((_, i) => i % 2 === 1);
}

/** The pairs of a flat array reply, in order of the fields. */
function pairs(reply: string): string[] {
  const flat = items(reply);
  const found: string[] = [];
  for (let i = 0; i < flat.length; i += 2) found.push(`${flat[i]}=${flat[i + 1]}`);
  return found.sort();
}

interface Encoding {
  name: string;
  options: Record<string, number>;
  /** What OBJECT ENCODING says. */
  says: string;
  /** Commands that make the hash at key `h` that encoding, before or after it has its fields. */
  before: string[];
  after: string[];
}

const BIG = 'x'.repeat(5000);
const EXPIRE_NONE = 'HEXPIRE h 1000 FIELDS 1 none';

const ENCODINGS: Encoding[] = [
  { name: 'a listpack', options: {}, says: 'listpack', before: [], after: [] },
  {
    name: 'a listpack with deadlines',
    options: {},
    says: 'listpackex',
    before: [],
    after: [EXPIRE_NONE],
  },
  {
    name: 'a small hash table',
    options: { 'hash-max-listpack-entries': 0 },
    says: 'hashtable',
    before: [],
    after: [],
  },
  {
    name: 'a hash table',
    options: {},
    says: 'hashtable',
    before: [`HSET h big ${BIG}`],
    after: ['HDEL h big'],
  },
  {
    name: 'a hash table with deadlines',
    options: {},
    says: 'hashtable',
    before: [`HSET h big ${BIG}`],
    after: ['HDEL h big', EXPIRE_NONE],
  },
];

describe.each(ENCODINGS)('with a hash that is $name', ({ options, says, before, after }) => {
  let rig: HandlerRig;
  const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

  /** Makes the hash `h`. */
  function make(...fields: string[]): void {
    rig = new HandlerRig(COMMANDS, options);
    for (const command of before) run(command);
    run(['HSET', 'h', ...fields]);
    for (const command of after) run(command);
    expect(run('OBJECT ENCODING h')).toBe(bulk(says));
  }

  it('HSET adds and replaces fields, and counts those that are new', () => {
    make('a', '1');
    const { dirty } = rig;
    expect(run('HSET h a 2 b 3 b 4')).toBe(int(1));
    expect(run('HMGET h a b c')).toBe(array('2', '4', null));
    expect(rig.dirty - dirty).toBe(3);
    run('HSET h a x');
    expect(rig.events).toEqual(['h hset h']);
    expect(rig.propagated).toEqual(['HSET h a x']);
    expect(run('HMSET h a y d z')).toBe(OK);
    expect(pairs(run('HGETALL h'))).toEqual(['a=y', 'b=4', 'd=z']);
  });

  it('fields and values are any bytes, empty ones included', () => {
    make('a', '1');
    const bytes = Buffer.from(Array.from({ length: 40 }, (_, i) => i * 6));
    run(['HSET', 'h', bytes, '', '', bytes]);
    expect(run(['HGET', 'h', bytes])).toBe(bulk(''));
    expect(run(['HGET', 'h', ''])).toBe(bulk(bytes.toString('latin1')));
    expect(run(['HSTRLEN', 'h', ''])).toBe(int(40));
    for (const number of ['0', '-1', '127', '128', '4096', '-9223372036854775808', '007']) {
      run(['HSET', 'h', number, `${number}0`]);
      expect(run(['HGET', 'h', number])).toBe(bulk(`${number}0`));
    }
  });

  it('HSETNX sets a field only if it has no value', () => {
    make('a', '1');
    expect(run('HSETNX h a 2')).toBe(int(0));
    expect([rig.events, rig.propagated]).toEqual([[], []]);
    expect(run('HSETNX h b 2')).toBe(int(1));
    expect(rig.events).toEqual(['h hset h']);
    expect(pairs(run('HGETALL h'))).toEqual(['a=1', 'b=2']);
  });

  it('HGET, HEXISTS, HSTRLEN and HLEN know what is there', () => {
    make('a', 'hello', 'b', '12345');
    expect([run('HGET h a'), run('HGET h c')]).toEqual([bulk('hello'), NIL]);
    expect([run('HEXISTS h a'), run('HEXISTS h c')]).toEqual([int(1), int(0)]);
    expect([run('HSTRLEN h b'), run('HSTRLEN h c')]).toEqual([int(5), int(0)]);
    expect(run('HLEN h')).toBe(int(2));
  });

  it('HKEYS, HVALS and HGETALL return all of it', () => {
    make('a', '1', 'b', '2', 'c', 'three');
    expect(items(run('HKEYS h')).sort()).toEqual(['a', 'b', 'c']);
    expect(items(run('HVALS h')).sort()).toEqual(['1', '2', 'three']);
    expect(pairs(run('HGETALL h'))).toEqual(['a=1', 'b=2', 'c=three']);
  });

  it('HDEL removes fields, and the hash with the last of them', () => {
    make('a', '1', 'b', '2', 'c', '3');
    const { dirty } = rig;
    expect(run('HDEL h a x a b')).toBe(int(2));
    expect(rig.dirty - dirty).toBe(2);
    expect(rig.events).toEqual(['h hdel h']);
    expect(run('HDEL h x')).toBe(int(0));
    expect([rig.events, rig.propagated]).toEqual([[], []]);
    expect(run('HDEL h c b a')).toBe(int(1));
    expect(rig.events).toEqual(['h hdel h', 'g del h']);
    expect(run('EXISTS h')).toBe(int(0));
  });

  it('HINCRBY counts within 64 bits', () => {
    make('a', '1', 'max', '9223372036854775807', 'text', 'x');
    expect(run('HINCRBY h a -5')).toBe(int(-4));
    expect(run('HINCRBY h new 7')).toBe(int(7));
    expect(rig.events).toEqual(['h hincrby h']);
    expect(run('HINCRBY h max -1')).toBe(int(9223372036854775806n));
    expect(run('HINCRBY h a 9007199254740993')).toBe(int(9007199254740989n));
    expect(run('HINCRBY h a 9007199254740993')).toBe(int(18014398509481982n));
    expect(run('HGET h a')).toBe(bulk('18014398509481982'));
    const overflow = '-ERR increment or decrement would overflow\r\n';
    expect(run('HINCRBY h max 2')).toBe(overflow);
    expect(run('HINCRBY h text 1')).toBe('-ERR hash value is not an integer\r\n');
    expect(run('HINCRBY h a x')).toBe('-ERR value is not an integer or out of range\r\n');
  });

  it('HINCRBYFLOAT is exact to the last digit, and propagated as HSET', () => {
    make('a', '10.50', 'text', 'x');
    expect(run('HINCRBYFLOAT h a 0.1')).toBe(bulk('10.6'));
    expect(rig.events).toEqual(['h hincrbyfloat h']);
    expect(rig.propagated).toEqual(['HSET h a 10.6']);
    expect(run('HINCRBYFLOAT h new -2e2')).toBe(bulk('-200'));
    expect(run('HINCRBYFLOAT h text 1')).toBe('-ERR hash value is not a float\r\n');
    expect(run('HINCRBYFLOAT h a x')).toBe('-ERR value is not a valid float\r\n');
    expect(run('HINCRBYFLOAT h a inf')).toBe('-ERR value is NaN or Infinity\r\n');
  });

  it('HRANDFIELD draws fields, with and without repetition', () => {
    const fields = Array.from({ length: 30 }, (_, i) => [`f${i}`, `v${i}`]).flat();
    make(...fields);
    Object.assign(rig.keyspace, { random: Math.random });
    expect(run('HRANDFIELD h')).toMatch(/^\$[23]\r\nf[0-9]+\r\n$/);
    for (const count of [1, 2, 9, 11, 29, 30, 50]) {
      const drawn = items(run(`HRANDFIELD h ${count}`));
      expect(new Set(drawn).size).toBe(Math.min(count, 30));
      const flat = items(run(`HRANDFIELD h ${count} WITHVALUES`));
      expect(flat.length).toBe(2 * Math.min(count, 30));
      for (let i = 0; i < flat.length; i += 2) expect(flat[i + 1]).toBe(`v${flat[i]!.slice(1)}`);
    }
    const repeated = items(run('HRANDFIELD h -500'));
    expect([repeated.length, new Set(repeated).size]).toEqual([500, 30]);
    expect(run('HRANDFIELD h 0')).toBe(array());
  });

  it('HSCAN returns every field, with its value or without', () => {
    const fields = Array.from({ length: 200 }, (_, i) => [`f${i}`, `v${i}`]).flat();
    make(...fields);
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const reply = run(`HSCAN h ${cursor} COUNT 7`);
      const [, next, rest] = /^\*2\r\n\$\d+\r\n(\d+)\r\n(.*)$/s.exec(reply)!;
      for (const pair of pairs(rest!)) seen.add(pair);
      cursor = next!;
    } while (cursor !== '0');
    expect(seen.size).toBe(200);
    const matching = run('HSCAN h 0 MATCH f1?? COUNT 1000 NOVALUES');
    expect(items(matching.slice(matching.indexOf('*', 1))).length).toBe(100);
  });

  it('COPY, RENAME and a time to live take it as it is', () => {
    make('a', '1', 'b', '2');
    run('EXPIRE h 100');
    expect(run('COPY h copy')).toBe(int(1));
    expect(run('RENAME h renamed')).toBe(OK);
    run('PERSIST renamed');
    run('HSET copy a 3');
    expect(pairs(run('HGETALL renamed'))).toEqual(['a=1', 'b=2']);
    expect(pairs(run('HGETALL copy'))).toEqual(['a=3', 'b=2']);
    expect(run('OBJECT ENCODING copy')).toBe(bulk(says));
    expect(run('SET copy x')).toBe(OK);
  });
});

describe('hash commands', () => {
  const rigged = (options = {}) => new HandlerRig(COMMANDS, options);

  it('make a hash where there is none', () => {
    const rig = rigged();
    expect(rig.run('HSET h a 1 b 2 a 3')).toBe(int(2));
    expect(rig.events).toEqual(['n new h', 'h hset h']);
    expect(rig.run('HSETNX i a 1')).toBe(int(1));
    expect(rig.run('HINCRBY j a 5')).toBe(int(5));
    expect(rig.run('HINCRBYFLOAT k a 5.5')).toBe(bulk('5.5'));
    expect(rig.events).toEqual(['n new k', 'h hincrbyfloat k']);
  });

  it('find nothing in a hash that is not there', () => {
    const rig = rigged();
    const replies: Record<string, string> = {
      'HGET h a': NIL,
      'HMGET h a b': array(null, null),
      'HGETALL h': array(),
      'HKEYS h': array(),
      'HVALS h': array(),
      'HLEN h': int(0),
      'HSTRLEN h a': int(0),
      'HEXISTS h a': int(0),
      'HDEL h a': int(0),
      'HRANDFIELD h': NIL,
      'HRANDFIELD h 5': array(),
      'HRANDFIELD h -5 WITHVALUES': array(),
      // The options are not looked at.
      'HSCAN h 0 NONSENSE': `*2\r\n${bulk('0')}${array()}`,
    };
    for (const [request, reply] of Object.entries(replies)) expect(rig.run(request)).toBe(reply);
  });

  it('refuse a key of another type', () => {
    const rig = rigged();
    rig.run('SET s x');
    const rest: Record<string, string> = {
      hset: 'f v',
      hmset: 'f v',
      hsetnx: 'f v',
      hincrby: 'f 1',
      hincrbyfloat: 'f 1',
      hscan: '0',
      hexpire: '10 FIELDS 1 f',
      hpexpire: '10 FIELDS 1 f',
      hexpireat: '10 FIELDS 1 f',
      hpexpireat: '10 FIELDS 1 f',
      hsetex: 'FIELDS 1 f v',
    };
    for (const { name, arity } of hashCommands) {
      const others = arity === -5 ? 'FIELDS 1 f' : Math.abs(arity) > 2 ? 'f' : '';
      const request = `${name} s ${rest[name] ?? others}`.trim();
      expect([request, rig.run(request)]).toEqual([request, WRONG_TYPE]);
    }
  });

  it('refuse a field without a value', () => {
    const rig = rigged();
    const arity = (name: string) => `-ERR wrong number of arguments for '${name}' command\r\n`;
    expect(rig.run('HSET h a 1 b')).toBe(arity('hset'));
    expect(rig.run('HMSET h a 1 b')).toBe(arity('hmset'));
  });

  it('refuse counts and cursors that are none', () => {
    const rig = rigged();
    rig.run('HSET h a 1');
    const range =
      'value is out of range, value must between -9223372036854775807 and 9223372036854775807';
    const errors: Record<string, string> = {
      'HRANDFIELD h x': 'value is not an integer or out of range',
      'HRANDFIELD h -9223372036854775808': range,
      'HRANDFIELD h 1 VALUES': 'syntax error',
      'HRANDFIELD h 1 WITHVALUES x': 'syntax error',
      'HRANDFIELD h -4611686018427387904 WITHVALUES': 'value is out of range',
      'HSCAN h x': 'invalid cursor',
      'HSCAN h 0 COUNT 0': 'syntax error',
      'HSCAN h 0 COUNT': 'syntax error',
      'HSCAN h 0 TYPE hash': 'syntax error',
    };
    for (const [request, text] of Object.entries(errors)) {
      expect([request, rig.run(request)]).toEqual([request, `-ERR ${text}\r\n`]);
    }
  });

  it('turn a listpack into a hash table at the configured limits, and never back', () => {
    const limits = { 'hash-max-listpack-entries': 3, 'hash-max-listpack-value': 5 };
    const rig = rigged(limits);
    const encodingAfter = (...requests: string[]) => {
      rig.run('DEL h');
      for (const request of requests) rig.run(request);
      return rig.encoding('h');
    };
    expect(encodingAfter('HSET h a 1 b 2 c 3')).toBe('listpack');
    expect(encodingAfter('HSET h a 1 b 2 c 3', 'HSET h d 4')).toBe('hashtable');
    // Fields are counted as they are given, repeated ones too.
    expect(encodingAfter('HSET h a 1 a 2 a 3 a 4')).toBe('hashtable');
    expect(encodingAfter('HSET h a 12345')).toBe('listpack');
    expect(encodingAfter('HSET h a 123456')).toBe('hashtable');
    expect(encodingAfter('HSET h abcdef 1')).toBe('hashtable');
    expect(encodingAfter('HSETNX h a 123456')).toBe('hashtable');
    expect(encodingAfter('HINCRBY h a 123456')).toBe('hashtable');
    expect(encodingAfter('HINCRBYFLOAT h a 1.23456')).toBe('hashtable');
    expect(encodingAfter('HSET h a 123456', 'HSET h a 1')).toBe('hashtable');
  });

  it('convert a hash that is over a limit lowered since, with its next change', () => {
    const rig = rigged();
    rig.run('HSET h a 1 b 2 c 3');
    rig.keyspace.limits.hashMaxListpackEntries = 2;
    expect([rig.run('HGET h a'), rig.encoding('h')]).toEqual([bulk('1'), 'listpack']);
    rig.run('HSET h a 2');
    expect([rig.run('HGET h a'), rig.encoding('h')]).toEqual([bulk('2'), 'hashtable']);
  });
});

describe('in RESP3', () => {
  it('HGETALL is a map, and HRANDFIELD WITHVALUES has pairs', () => {
    const rig = new HandlerRig(COMMANDS);
    rig.run('HSET h a 1');
    const { call } = rig;
    const run3 = (request: string) => {
      const open = call.reply.open.bind(call.reply);
      call.reply.open = () => open(true);
      const reply = rig.run(request);
      call.reply.open = open;
      return reply;
    };
    expect(run3('HGETALL h')).toBe('%1\r\n$1\r\na\r\n$1\r\n1\r\n');
    expect(run3('HGETALL none')).toBe('%0\r\n');
    expect(run3('HRANDFIELD h 1 WITHVALUES')).toBe('*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n');
    expect(run3('HRANDFIELD h 1')).toBe('*1\r\n$1\r\na\r\n');
    expect(run3('HGET h b')).toBe('_\r\n');
  });
});
