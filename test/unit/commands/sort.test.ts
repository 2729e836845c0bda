import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashCommands } from '../../../src/commands/hash/index.js';
import { listCommands } from '../../../src/commands/list/index.js';
import { setCommands } from '../../../src/commands/set/index.js';
import { ByteTable } from '../../../src/commands/sort/byte-table.js';
import { sortCommands } from '../../../src/commands/sort/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { zsetCommands } from '../../../src/commands/zset/index.js';
import { Args } from '../../../src/resp/args.js';
import { keyPositions } from '../../../src/server/api/keys.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

const NOT_NUMERIC = "-ERR One or more scores can't be converted into double\r\n";
const SYNTAX_ERROR = '-ERR syntax error\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig([
    ...sortCommands,
    ...stringCommands,
    ...listCommands,
    ...setCommands,
    ...hashCommands,
    ...zsetCommands,
  ]);
});

/** The elements of an array reply of bulk strings; null is null. */
function elements(reply: string): (string | null)[] {
  const lines = reply.split('\r\n');
  const found: (string | null)[] = [];
  for (let i = 1; i < lines.length - 1; i++) {
    if (lines[i] === '$-1') found.push(null);
    else found.push(lines[++i]!);
  }
  return found;
}

const sorted = (request: string | readonly string[]) => elements(run(request));

describe('SORT', () => {
  it('sorts numbers, and with ALPHA texts, up or down', () => {
    run('RPUSH l 10 9 1.5 -3 1e2 inf');
    expect(sorted('SORT l')).toEqual(['-3', '1.5', '9', '10', '1e2', 'inf']);
    expect(sorted('SORT l DESC LIMIT 1 2')).toEqual(['1e2', '10']);
    expect(sorted('SORT l ALPHA')).toEqual(['-3', '1.5', '10', '1e2', '9', 'inf']);
    run('RPUSH l x');
    expect(run('SORT l')).toBe(NOT_NUMERIC);
  });

  it('takes lists, sets and sorted sets, and nothing else', () => {
    run('SADD s 3 1 2');
    run('ZADD z 1 3 2 1 3 2');
    run('SET k v');
    expect(sorted('SORT s')).toEqual(['1', '2', '3']);
    expect(sorted('SORT z DESC')).toEqual(['3', '2', '1']);
    expect(run('SORT k')).toMatch(/^-WRONGTYPE/);
    expect(run('SORT none')).toBe('*0\r\n');
  });

  it('makes a small sorted set a skip list, as Redis does, and keeps its members', () => {
    run('ZADD z 1 a 2 b 2.5 c');
    expect(rig.encoding('z')).toBe('listpack');
    run('SORT z ALPHA');
    expect(rig.encoding('z')).toBe('skiplist');
    expect(elements(run('ZRANGE z 0 -1 WITHSCORES'))).toEqual(['a', '1', 'b', '2', 'c', '2.5']);
    expect(rig.dirty).toBe(3);
  });

  it('reads numbers as C does: blanks in front, no text, up to a NUL', () => {
    run(['RPUSH', 'l', '2', ' 1', '', '3\0x', '0x10']);
    expect(sorted('SORT l')).toEqual(['', ' 1', '2', '3\0x', '0x10']);
    run(['RPUSH', 'm', '1 ']);
    expect(run('SORT m')).toBe(NOT_NUMERIC);
  });

  it('agrees with a sort of the whole, whatever part LIMIT takes', () => {
    const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 100 });
    const bound = fc.integer({ min: -3, max: 110 });
    fc.assert(
      fc.property(numbers, bound, bound, fc.boolean(), (values, start, count, isDescending) => {
        run('LTRIM l 1 0');
        run(['RPUSH', 'l', ...values.map(String)]);
        const order = isDescending ? 'DESC' : 'ASC';
        const expected = values.toSorted((a, b) => (isDescending ? b - a : a - b)).map(String);
        const from = Math.max(start, 0);
        const part = count < 0 ? expected.slice(from) : expected.slice(from, from + count);
        expect(sorted(`SORT l ${order} LIMIT ${start} ${count}`)).toEqual(part);
        expect(sorted(`SORT l BY * LIMIT ${start} ${count} ${order}`).length).toBe(part.length);
      }),
      { numRuns: 80 },
    );
  });
});

describe('BY and GET', () => {
  beforeEach(() => {
    run('RPUSH l 1 2 3 4');
    run('MSET w_1 30 w_2 10 w_3 20');
    run('HSET h_1 n one t x');
    run('HSET h_3 n three');
  });

  it('sort by what other keys hold; what is not there counts as 0', () => {
    expect(sorted('SORT l BY w_*')).toEqual(['4', '2', '3', '1']);
    expect(sorted('SORT l BY w_* DESC LIMIT 0 2')).toEqual(['1', '3']);
    run('SET w_2 b');
    expect(run('SORT l BY w_*')).toBe(NOT_NUMERIC);
    expect(sorted('SORT l BY w_* ALPHA')).toEqual(['4', '3', '1', '2']);
  });

  it('look at fields of hashes', () => {
    expect(sorted('SORT l BY h_*->n ALPHA DESC GET # GET h_*->n')).toEqual([
      '3',
      'three',
      '1',
      'one',
      '2',
      null,
      '4',
      null,
    ]);
    expect(sorted('SORT l GET h_*->none GET w_*->n LIMIT 0 1')).toEqual([null, null]);
    run('SET h_2-> arrow');
    expect(sorted('SORT l GET h_*-> LIMIT 1 1')).toEqual(['arrow']);
  });

  it('find nothing in a field or key that is due', () => {
    run(`SET w_4 x PXAT ${RIG_START_MS + 10}`);
    run(`HPEXPIREAT h_1 ${RIG_START_MS + 10} FIELDS 1 n`);
    expect(sorted('SORT l GET w_* LIMIT 3 1')).toEqual(['x']);
    expect(sorted('SORT l GET h_*->n LIMIT 0 1')).toEqual(['one']);
    rig.now += 20;
    expect(sorted('SORT l GET w_* LIMIT 3 1')).toEqual([null]);
    expect(sorted('SORT l GET h_*->n LIMIT 0 1')).toEqual([null]);
  });

  it('find nothing by a pattern without a star', () => {
    expect(sorted('SORT l GET w_1 LIMIT 0 1')).toEqual([null]);
    run('SET w_9\0* x');
    expect(sorted(['SORT', 'l', 'GET', 'w_\0*', 'LIMIT', '0', '1'])).toEqual([null]);
  });
});

describe('BY a pattern that names no key', () => {
  it("keeps a list's and a sorted set's own order, or turns it round", () => {
    run('RPUSH l c a b');
    run('ZADD z 1 c 2 a 3 b');
    for (const key of ['l', 'z']) {
      expect(sorted(`SORT ${key} BY nosort`)).toEqual(['c', 'a', 'b']);
      expect(sorted(`SORT ${key} BY nosort DESC LIMIT 1 2`)).toEqual(['a', 'c']);
      expect(sorted(`SORT ${key} BY nosort LIMIT 2 9`)).toEqual(['b']);
      expect(sorted(`SORT ${key} BY nosort LIMIT 5 1`)).toEqual([]);
    }
    expect(sorted('SORT l BY w_* BY nosort')).toEqual(['c', 'a', 'b']);
  });

  it('still sorts a set that is to be stored, so that others store the same', () => {
    run('SADD s c a b');
    run('SORT s BY nosort STORE d');
    expect(elements(run('LRANGE d 0 -1'))).toEqual(['a', 'b', 'c']);
    expect(sorted('SORT s BY nosort').toSorted()).toEqual(['a', 'b', 'c']);
  });
});

describe('STORE', () => {
  it('makes a list, in place of whatever there is', () => {
    run('RPUSH l 3 1 2');
    run(`SET d old PXAT ${RIG_START_MS + 10}`);
    expect(run('SORT l STORE d')).toBe(':3\r\n');
    expect(rig.events).toContainEqual(expect.stringContaining('sortstore d'));
    expect([rig.encoding('d'), rig.expiry('d')]).toEqual(['listpack', -1n]);
    expect(elements(run('LRANGE d 0 -1'))).toEqual(['1', '2', '3']);
    expect(run('SORT l DESC STORE l')).toBe(':3\r\n');
    expect(elements(run('LRANGE l 0 -1'))).toEqual(['3', '2', '1']);
    run('SORT l GET none_* STORE d');
    expect(elements(run('LRANGE d 0 -1'))).toEqual(['', '', '']);
  });

  it('makes a quicklist of many', () => {
    run(['SADD', 's', ...Array.from({ length: 3000 }, (_, i) => String(i))]);
    expect(run('SORT s STORE d')).toBe(':3000\r\n');
    expect(rig.encoding('d')).toBe('quicklist');
    expect(elements(run('LRANGE d 2998 -1'))).toEqual(['2998', '2999']);
    expect(rig.dirty).toBe(6000);
  });

  it('removes the destination when there is nothing to store', () => {
    run('SET d old');
    expect(run('SORT none STORE d')).toBe(':0\r\n');
    expect(rig.events).toContain('g del d');
    expect(rig.encoding('d')).toBe('none');
  });

  it('compares whole texts; replies are compared up to their first NUL', () => {
    run(['RPUSH', 'l', 'a\0z', 'a\0b']);
    expect(sorted('SORT l ALPHA')).toEqual(['a\0z', 'a\0b']);
    run('SORT l ALPHA STORE d');
    expect(elements(run('LRANGE d 0 -1'))).toEqual(['a\0b', 'a\0z']);
  });

  it('is no option of SORT_RO, and names its key to those who ask', () => {
    expect(run('SORT_RO l STORE d')).toBe(SYNTAX_ERROR);
    expect(run('SORT l LIMIT 1')).toBe(SYNTAX_ERROR);
    expect(run('SORT l LIMIT 1 x')).toMatch(/^-ERR value is not an integer/);
    const [sort, sortRo] = sortCommands;
    const keysOf = (spec: typeof sort, request: string) =>
      keyPositions(spec!, Args.from(request.split(' '))).map(({ index }) => index);
    expect(keysOf(sort, 'SORT l GET STORE STORE d STORE e')).toEqual([1, 7]);
    expect(keysOf(sortRo, 'SORT_RO l GET #')).toEqual([1]);
  });
});

describe('the table of elements', () => {
  it('holds any number of texts', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 300 }), (texts) => {
        const table = new ByteTable();
        for (const [i, text] of texts.entries()) expect(table.add(text, 0, text.length)).toBe(i);
        const cut = table.textLengths();
        for (const [i, text] of texts.entries()) {
          const off = table.offs[i]!;
          expect(Buffer.compare(table.buf.subarray(off, off + table.lens[i]!), text)).toBe(0);
          expect(cut[i]).toBe(text.includes(0) ? text.indexOf(0) : text.length);
        }
      }),
      { numRuns: 40 },
    );
  });
});
