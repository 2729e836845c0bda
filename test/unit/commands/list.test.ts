/** The list commands; what does not depend on the encoding is asked of all of them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { keyCommands } from '../../../src/commands/keys/index.js';
import { listCommands } from '../../../src/commands/list/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import type { DirectiveOptions } from '../../../src/server/config/directives.js';
import { HandlerRig } from '../../support/handler-rig.js';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n';
const SYNTAX_ERROR = '-ERR syntax error\r\n';
const NOT_AN_INTEGER = '-ERR value is not an integer or out of range\r\n';
const MUST_BE_POSITIVE = '-ERR value is out of range, must be positive\r\n';
const NIL = '$-1\r\n';
const NIL_ARRAY = '*-1\r\n';
const NOTHING = '*0\r\n';
const OK = '+OK\r\n';
const COMMANDS = [...listCommands, ...keyCommands, ...stringCommands];

let rig: HandlerRig;
const run = (request: string | readonly string[]) => rig.run(request);
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const array = (...texts: string[]) => `*${texts.length}\r\n${texts.map(bulk).join('')}`;
const int = (n: number) => `:${n}\r\n`;
const all = (key: string) => run(`LRANGE ${key} 0 -1`);

interface Encoding {
  encoding: string;
  options: DirectiveOptions;
  /** Elements as they are kept: by themselves from this length on. */
  threshold?: number;
}

const ENCODINGS: [string, Encoding][] = [
  ['a listpack', { encoding: 'listpack', options: {} }],
  ['a quicklist of 2', { encoding: 'quicklist', options: { 'list-max-listpack-size': 2 } }],
  [
    'a compressed quicklist',
    {
      encoding: 'quicklist',
      options: { 'list-max-listpack-size': 3, 'list-compress-depth': 1 },
    },
  ],
  [
    'a quicklist of plain nodes',
    { encoding: 'quicklist', options: { 'list-max-listpack-size': 1 }, threshold: 1 },
  ],
];

function newRig({ options, threshold }: Encoding): HandlerRig {
  const made = new HandlerRig(COMMANDS, options);
  if (threshold !== undefined) made.keyspace.limits.listPackedThreshold = threshold;
  return made;
}

beforeEach(() => {
  rig = new HandlerRig(COMMANDS);
});

describe.each(ENCODINGS)('A list kept as %s', (_, kept) => {
  beforeEach(() => {
    rig = newRig(kept);
    // Longer than a node may be uncompressed, and integers among them.
    run(['RPUSH', 'k', 'a', 'b', '3', 'b', '-40000', 'c'.repeat(100)]);
  });
  const long = 'c'.repeat(100);

  it('has its encoding', () => {
    expect(rig.encoding('k')).toBe(kept.encoding);
  });

  it('answers ranges by indexes from either end', () => {
    expect(all('k')).toBe(array('a', 'b', '3', 'b', '-40000', long));
    expect(run('LRANGE k 1 2')).toBe(array('b', '3'));
    expect(run('LRANGE k -2 100')).toBe(array('-40000', long));
    expect(run('LRANGE k -100 0')).toBe(array('a'));
    expect(run('LRANGE k 4 3')).toBe(NOTHING);
    expect(run('LRANGE k 6 7')).toBe(NOTHING);
    expect(run('LLEN k')).toBe(int(6));
  });

  it('answers single elements', () => {
    expect(run('LINDEX k 0')).toBe(bulk('a'));
    expect(run('LINDEX k 2')).toBe(bulk('3'));
    expect(run('LINDEX k -1')).toBe(bulk(long));
    expect(run('LINDEX k -6')).toBe(bulk('a'));
    expect(run('LINDEX k 6')).toBe(NIL);
    expect(run('LINDEX k -7')).toBe(NIL);
  });

  it('takes elements at both ends, several in the order in which they are given', () => {
    expect(run('LPUSH k x y')).toBe(int(8));
    expect(rig.events).toEqual(['l lpush k']);
    expect(run('RPUSH k z')).toBe(int(9));
    expect(all('k')).toBe(array('y', 'x', 'a', 'b', '3', 'b', '-40000', long, 'z'));
  });

  it('gives elements from both ends', () => {
    expect(run('LPOP k')).toBe(bulk('a'));
    expect(rig.events).toEqual(['l lpop k']);
    expect(run('RPOP k')).toBe(bulk(long));
    expect(run('LPOP k 2')).toBe(array('b', '3'));
    expect(run('RPOP k 0')).toBe(NOTHING);
    expect(run('RPOP k 10')).toBe(array('-40000', 'b'));
    expect(rig.events).toEqual(['l rpop k', 'g del k']);
    expect(run('EXISTS k')).toBe(int(0));
  });

  it('counts each element that is popped or pushed as a change', () => {
    const before = rig.dirty;
    run('RPOP k 4');
    run('LPUSH k 1 2 3');
    expect(rig.dirty - before).toBe(7);
  });

  it('has elements replaced by index', () => {
    expect(run('LSET k 1 new')).toBe(OK);
    expect(rig.events).toEqual(['l lset k']);
    run('LSET k -1 77');
    run(['LSET', 'k', '0', 'z'.repeat(200)]);
    expect(all('k')).toBe(array('z'.repeat(200), 'new', '3', 'b', '-40000', '77'));
    expect(run('LSET k 6 x')).toBe('-ERR index out of range\r\n');
    expect(run('LSET k -7 x')).toBe('-ERR index out of range\r\n');
    expect(run('LSET k one x')).toBe(NOT_AN_INTEGER);
  });

  it('has an element inserted beside the first that is equal to another', () => {
    expect(run('LINSERT k BEFORE b x')).toBe(int(7));
    expect(rig.events).toEqual(['l linsert k']);
    expect(run('LINSERT k after -40000 y')).toBe(int(8));
    expect(run('LINSERT k BEFORE a first')).toBe(int(9));
    expect(run(['LINSERT', 'k', 'AFTER', long, 'last'])).toBe(int(10));
    const inserted = ['first', 'a', 'x', 'b', '3', 'b', '-40000', 'y', long, 'last'];
    expect(all('k')).toBe(array(...inserted));
    expect(run('LINSERT k BEFORE none x')).toBe(int(-1));
    expect(run('LINSERT k BESIDE b x')).toBe(SYNTAX_ERROR);
  });

  it('has equal elements removed, all or some from an end', () => {
    run('RPUSH k b 3 b');
    expect(run('LREM k 1 b')).toBe(int(1));
    expect(rig.events).toEqual(['l lrem k']);
    expect(all('k')).toBe(array('a', '3', 'b', '-40000', long, 'b', '3', 'b'));
    expect(run('LREM k -1 b')).toBe(int(1));
    expect(all('k')).toBe(array('a', '3', 'b', '-40000', long, 'b', '3'));
    expect(run('LREM k 0 3')).toBe(int(2));
    expect(run('LREM k 0 none')).toBe(int(0));
    expect(rig.events).toEqual([]);
    expect(run('LREM k -5 b')).toBe(int(2));
    expect(all('k')).toBe(array('a', '-40000', long));
    expect(run('LREM k 0 -40000')).toBe(int(1));
    run(['LREM', 'k', '0', long]);
    expect(run('LREM k 0 a')).toBe(int(1));
    expect(rig.events).toEqual(['l lrem k', 'g del k']);
  });

  it('is trimmed to a range', () => {
    const before = rig.dirty;
    expect(run('LTRIM k 1 -2')).toBe(OK);
    expect(rig.events).toEqual(['l ltrim k']);
    expect(rig.dirty - before).toBe(2);
    expect(all('k')).toBe(array('b', '3', 'b', '-40000'));
    expect(run('LTRIM k 0 100')).toBe(OK);
    expect(rig.propagated).toEqual([]);
    expect(run('LTRIM k 3 2')).toBe(OK);
    expect(rig.events).toEqual(['l ltrim k', 'g del k']);
  });

  it('tells where elements are', () => {
    run('RPUSH k b');
    expect(run('LPOS k b')).toBe(int(1));
    expect(run('LPOS k -40000')).toBe(int(4));
    expect(run('LPOS k b RANK 2')).toBe(int(3));
    expect(run('LPOS k b RANK -1')).toBe(int(6));
    expect(run('LPOS k b RANK 4')).toBe(NIL);
    expect(run('LPOS k b COUNT 0')).toBe('*3\r\n:1\r\n:3\r\n:6\r\n');
    expect(run('LPOS k b COUNT 2 RANK -1')).toBe('*2\r\n:6\r\n:3\r\n');
    expect(run('LPOS k b COUNT 0 MAXLEN 4')).toBe('*2\r\n:1\r\n:3\r\n');
    expect(run('LPOS k b COUNT 0 RANK -1 MAXLEN 1')).toBe('*1\r\n:6\r\n');
    expect(run('LPOS k none')).toBe(NIL);
    expect(run('LPOS k none COUNT 0')).toBe(NOTHING);
  });

  it('gives an element to another list, or turns', () => {
    expect(run('LMOVE k other LEFT RIGHT')).toBe(bulk('a'));
    expect(rig.events).toEqual(['n new other', 'l rpush other', 'l lpop k']);
    expect(rig.changedKeys).toEqual(['other', 'k']);
    expect(run('RPOPLPUSH k other')).toBe(bulk(long));
    expect(all('other')).toBe(array(long, 'a'));
    expect(run('LMOVE k k RIGHT LEFT')).toBe(bulk('-40000'));
    expect(all('k')).toBe(array('-40000', 'b', '3', 'b'));
    run('LPOP k 3');
    expect(run('RPOPLPUSH k k')).toBe(bulk('b'));
    expect(rig.events).toEqual(['l lpush k', 'l rpop k']);
    expect(run('LMOVE k other LEFT LEFT')).toBe(bulk('b'));
    expect(rig.events).toEqual(['l lpush other', 'l lpop k', 'g del k']);
  });

  it('keeps its time to live when its elements or its encoding change', () => {
    run('PEXPIREAT k 1800000000000');
    run('RPUSH k 1 2 3 4 5 6');
    run(['RPUSH', 'k', 'x'.repeat(9000)]);
    run('LTRIM k 0 0');
    expect(rig.expiry('k')).toBe(1_800_000_000_000n);
    expect(all('k')).toBe(array('a'));
  });

  it('is copied, renamed and moved to another database', () => {
    run('COPY k copy');
    run('LPOP copy');
    run('COPY k far DB 1');
    run('RENAME copy renamed');
    expect(run('LRANGE renamed 0 1')).toBe(array('b', '3'));
    expect(run('MOVE renamed 1')).toBe(int(1));
    expect(all('k')).toBe(array('a', 'b', '3', 'b', '-40000', long));
  });
});

describe('A list without elements', () => {
  it('does not exist', () => {
    expect(run('LPOP k')).toBe(NIL);
    expect(run('RPOP k 2')).toBe(NIL_ARRAY);
    expect(run('LLEN k')).toBe(int(0));
    expect(run('LRANGE k 0 -1')).toBe(NOTHING);
    expect(run('LINDEX k nonsense')).toBe(NIL);
    expect(run('LREM k 0 x')).toBe(int(0));
    expect(run('LTRIM k 0 1')).toBe(OK);
    expect(run('LINSERT k BEFORE a b')).toBe(int(0));
    expect(run('LPOS k a')).toBe(NIL);
    expect(run('LPOS k a COUNT 1')).toBe(NOTHING);
    expect(run('LSET k 0 x')).toBe('-ERR no such key\r\n');
    expect(run('RPOPLPUSH k k2')).toBe(NIL);
    expect(run('LMPOP 2 k k2 LEFT')).toBe(NIL_ARRAY);
  });

  it('is not created by LPUSHX and RPUSHX', () => {
    expect(run('LPUSHX k a')).toBe(int(0));
    expect(run('RPUSHX k a')).toBe(int(0));
    expect(rig.propagated).toEqual([]);
    run('RPUSH k a');
    expect(rig.events).toEqual(['n new k', 'l rpush k']);
    expect(run('LPUSHX k b c')).toBe(int(3));
    expect(run('RPUSHX k d')).toBe(int(4));
    expect(all('k')).toBe(array('c', 'b', 'a', 'd'));
  });
});

describe('A key of another type', () => {
  it.each([
    'LPUSH s a',
    'RPUSHX s a',
    'LPOP s',
    'RPOP s 1',
    'LLEN s',
    'LINDEX s 0',
    'LSET s 0 x',
    'LRANGE s 0 -1',
    'LTRIM s 0 0',
    'LREM s 0 x',
    'LINSERT s BEFORE a b',
    'LPOS s a',
    'LMOVE s d LEFT LEFT',
    'LMOVE k s LEFT LEFT',
    'RPOPLPUSH k s',
    'LMPOP 1 s LEFT',
    'BLPOP s 0',
    'BLMOVE s d LEFT LEFT 0',
    'BLMPOP 0 1 s LEFT',
  ])('is refused: %s', (request) => {
    run('SET s x');
    run('RPUSH k a');
    expect(run(request)).toBe(WRONG_TYPE);
    expect(all('k')).toBe(array('a'));
  });
});

describe('The encoding of a list', () => {
  it('becomes a quicklist before it outgrows the limit in bytes', () => {
    run(['RPUSH', 'k', 'x'.repeat(8000)]);
    expect(rig.encoding('k')).toBe('listpack');
    run(['RPUSH', 'k', 'x'.repeat(200)]);
    expect(rig.encoding('k')).toBe('quicklist');
  });

  it('becomes a listpack again at half of the limit', () => {
    run(['RPUSH', 'k', 'x'.repeat(5000), 'y'.repeat(3000), 'z'.repeat(3000)]);
    run('RPOP k');
    expect(rig.encoding('k')).toBe('quicklist');
    run('LPOP k');
    expect(rig.encoding('k')).toBe('listpack');
    expect(run('LINDEX k 0')).toBe(bulk('y'.repeat(3000)));
  });

  it('changes by the number of elements, if that is the limit', () => {
    rig = new HandlerRig(COMMANDS, { 'list-max-listpack-size': 4 });
    run('RPUSH k 1 2 3 4');
    expect(rig.encoding('k')).toBe('listpack');
    run('RPUSH k 5');
    expect(rig.encoding('k')).toBe('quicklist');
    run('LTRIM k 0 2');
    expect(rig.encoding('k')).toBe('quicklist');
    run('LREM k 1 1');
    expect(rig.encoding('k')).toBe('listpack');
  });

  it('changes even if the element that might not have fitted is not inserted', () => {
    rig = new HandlerRig(COMMANDS, { 'list-max-listpack-size': 3 });
    run('RPUSH k 1 2 3');
    run('LINSERT k BEFORE none x');
    expect(rig.encoding('k')).toBe('quicklist');
  });
});

describe('LMPOP', () => {
  it('pops from the first list that has elements, and is propagated as a pop', () => {
    run('RPUSH k2 a b c');
    expect(run('LMPOP 2 k1 k2 RIGHT COUNT 2')).toBe(`*2\r\n${bulk('k2')}${array('c', 'b')}`);
    expect(rig.propagated).toEqual(['RPOP k2 2']);
    expect(run('LMPOP 1 k2 LEFT COUNT 9')).toBe(`*2\r\n${bulk('k2')}${array('a')}`);
    expect(rig.propagated).toEqual(['LPOP k2 1']);
    expect(rig.events).toEqual(['l lpop k2', 'g del k2']);
  });

  it('says what is wrong with its arguments', () => {
    expect(run('LMPOP 0 k LEFT')).toBe('-ERR numkeys should be greater than 0\r\n');
    expect(run('LMPOP x k LEFT')).toBe('-ERR numkeys should be greater than 0\r\n');
    expect(run('LMPOP 2 k LEFT')).toBe(SYNTAX_ERROR);
    expect(run('LMPOP 1 k UP')).toBe(SYNTAX_ERROR);
    expect(run('LMPOP 1 k LEFT COUNT')).toBe(SYNTAX_ERROR);
    expect(run('LMPOP 1 k LEFT COUNT 0')).toBe('-ERR count should be greater than 0\r\n');
    expect(run('LMPOP 1 k LEFT COUNT 1 COUNT 1')).toBe(SYNTAX_ERROR);
  });
});

describe('Bad arguments', () => {
  it('of pops', () => {
    expect(run('LPOP k -1')).toBe(MUST_BE_POSITIVE);
    expect(run('RPOP k x')).toBe(MUST_BE_POSITIVE);
    expect(run('LPOP k 1 2')).toBe("-ERR wrong number of arguments for 'lpop' command\r\n");
  });

  it('of LPOS', () => {
    expect(run('LPOS k a RANK 0')).toMatch(/^-ERR RANK can't be zero: use 1 to start/);
    expect(run('LPOS k a RANK x')).toBe(NOT_AN_INTEGER);
    expect(run('LPOS k a RANK -9223372036854775808')).toMatch(/^-ERR value is out of range, value/);
    expect(run('LPOS k a COUNT -1')).toBe("-ERR COUNT can't be negative\r\n");
    expect(run('LPOS k a MAXLEN -1')).toBe("-ERR MAXLEN can't be negative\r\n");
    expect(run('LPOS k a MAXLEN')).toBe(SYNTAX_ERROR);
  });

  it('of moves and of ranges', () => {
    expect(run('LMOVE k d UP LEFT')).toBe(SYNTAX_ERROR);
    expect(run('LRANGE k a b')).toBe(NOT_AN_INTEGER);
    expect(run('BLPOP k -1')).toBe('-ERR timeout is negative\r\n');
    expect(run('BLMOVE k d LEFT LEFT x')).toBe('-ERR timeout is not a float or out of range\r\n');
  });
});

describe('A command that may wait', () => {
  it('answers at once if there are elements, and is propagated as its sister', () => {
    run('RPUSH k a b c d e');
    expect(run('BLPOP none k 0')).toBe(array('k', 'a'));
    expect(rig.propagated).toEqual(['LPOP k']);
    expect(run('BRPOP k 1.5')).toBe(array('k', 'e'));
    expect(rig.propagated).toEqual(['RPOP k']);
    expect(run('BLMOVE k d RIGHT LEFT 0')).toBe(bulk('d'));
    expect(rig.propagated).toEqual(['LMOVE k d RIGHT LEFT']);
    expect(run('BRPOPLPUSH k d 0')).toBe(bulk('c'));
    expect(rig.propagated).toEqual(['RPOPLPUSH k d']);
    expect(run('BLMPOP 0 2 none d LEFT COUNT 5')).toBe(`*2\r\n${bulk('d')}${array('c', 'd')}`);
    expect(rig.propagated).toEqual(['LPOP d 2']);
    expect(rig.waits).toEqual([]);
  });

  it('waits for the keys it names', () => {
    run('BLPOP a b 0');
    run('BRPOP a 2');
    run('BLMPOP 0.5 2 a b LEFT');
    run('BLMOVE a b LEFT LEFT 0');
    run('BRPOPLPUSH a b 0');
    expect(rig.waits).toEqual([
      { keys: [1, 2], deadlineMs: 0, nullReply: 'array' },
      { keys: [1], deadlineMs: rig.now + 2000, nullReply: 'array' },
      { keys: [3, 4], deadlineMs: rig.now + 500, nullReply: 'array' },
      { keys: [1], deadlineMs: 0, nullReply: 'array' },
      { keys: [1], deadlineMs: 0, nullReply: 'array' },
    ]);
  });

  it('answers null at once where it may not wait', () => {
    rig.call.canBlock = false;
    expect(run('BLPOP a 0')).toBe(NIL_ARRAY);
    expect(run('BLMPOP 0 1 a LEFT')).toBe(NIL_ARRAY);
    expect(run('BLMOVE a b LEFT LEFT 0')).toBe(NIL);
    expect(run('BRPOPLPUSH a b 0')).toBe(NIL);
    rig.call.canBlock = true;
  });
});
