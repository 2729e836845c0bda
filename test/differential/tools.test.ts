/** The differential test's own tools: a test that cannot fail proves nothing. */
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import type { ReplySchema } from '../../src/server/api/declaration.js';
import { ReplyDecoder } from '../support/resp-client.js';
import { type Step, step } from './duel.js';
import { type Exchange, sameElements, sameInstant, sameRemaining, sameScan } from './exchange.js';
import { FormTable, formsOf, isSince } from './forms.js';
import { Random } from './random.js';
import { violation } from './reply-schema.js';
import { shrink } from './report.js';
import { RequestGenerator } from './requests.js';
import { Transaction } from './transaction.js';
import { Values } from './values.js';

describe('random numbers', () => {
  it('are the same for the same seed, here and everywhere', () => {
    const numbers = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 3 }, () => random.uint32());
    };
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(2));
    expect(numbers(20_090_510)).toEqual([323_183_411, 387_412_287, 4_171_399_955]);
  });
});

describe('generated requests', () => {
  const forms = formsOf(allCommands);

  function stream(seed: number, count: number): Buffer[][] {
    const random = new Random(seed);
    const generator = new RequestGenerator(random, new Values(random, ['string'], 6, 30), '7.2.6');
    const other = () => generator.unknownCommand();
    return Array.from({ length: count }, () => [...generator.request(random.pick(forms), other)]);
  }

  it('are the same for the same seed', () => {
    expect(stream(7, 500)).toEqual(stream(7, 500));
  });

  it('give keys no time to live that could end during a test', () => {
    const table = new FormTable(forms);
    const isShort = (word: Buffer | undefined) =>
      word !== undefined && /^[1-9]\d{0,6}$/.test(word.toString('latin1'));
    const short = stream(8, 50_000).filter((request) => {
      const name = table.of(request)?.name;
      if (name === 'setex' || name === 'psetex') return isShort(request[2]);
      if (name === 'expire' || name === 'pexpire') return isShort(request[2]);
      if (name !== 'set' && name !== 'getex') return false;
      return request.some((word, i) => /^[ep]x$/i.test(word.toString()) && isShort(request[i + 1]));
    });
    expect(short).toEqual([]);
  });
});

describe('a transaction that is followed', () => {
  const table = new FormTable(formsOf(allCommands));

  function follow(...lines: [request: string, reply: string][]): Exchange[] {
    const transaction = new Transaction();
    return lines.map(([text, reply]) => {
      const { request } = step(0, ...text.split(' '));
      const received = new ReplyDecoder().push(Buffer.from(reply))[0]!;
      const form = table.of(request);
      return transaction.follow({
        ...{ request, form, ours: received, theirs: received },
        previous: undefined,
      });
    });
  }

  it('gives each request that was kept its part of the answer to EXEC', () => {
    const exchanges = follow(
      ['MULTI', '+OK\r\n'],
      ['SET k 1', '+QUEUED\r\n'],
      ['GET', '-ERR wrong\r\n'],
      ['GET k', '+QUEUED\r\n'],
      ['EXEC', '*2\r\n+OK\r\n$1\r\n1\r\n'],
      ['GET k', '$1\r\n1\r\n'],
    );
    expect(exchanges.map(({ isQueued }) => isQueued === true)).toEqual([
      ...[false, true, false, true, false, false],
    ]);
    const ran = exchanges[4]!.ran!.map(({ form, ours }) => [form?.name, ours.reply.kind]);
    expect(ran).toEqual([
      ['set', 'status'],
      ['get', 'bulk'],
    ]);
  });

  it('ends by DISCARD, RESET and a refused EXEC, not by a refused DISCARD', () => {
    const isKept = (...ends: [string, string][]) =>
      follow(['MULTI', '+OK\r\n'], ...ends, ['GET k', '+QUEUED\r\n']).at(-1)!.isQueued === true;
    expect(isKept(['DISCARD', '+OK\r\n'])).toBe(false);
    expect(isKept(['RESET', '+RESET\r\n'])).toBe(false);
    expect(isKept(['EXEC x', '-EXECABORT because\r\n'])).toBe(false);
    expect(isKept(['DISCARD x', '-ERR wrong\r\n'])).toBe(true);
  });
});

describe('reply schemas', () => {
  it.each<[ReplySchema, 2 | 3, string, boolean]>([
    ['OK', 2, '+OK\r\n', true],
    ['OK', 2, '$2\r\nOK\r\n', false],
    ['null', 2, '$-1\r\n', true],
    ['null', 2, '*-1\r\n', true],
    ['null', 3, '_\r\n', true],
    ['null', 3, '$-1\r\n', false],
    ['boolean', 3, '#t\r\n', true],
    ['boolean', 3, ':1\r\n', false],
    ['boolean', 2, ':1\r\n', true],
    ['double', 3, ',1.5\r\n', true],
    ['double', 2, '$3\r\n1.5\r\n', true],
    ['verbatim', 3, '=5\r\ntxt:a\r\n', true],
    ['bulk', 3, '=5\r\ntxt:a\r\n', false],
    [{ const: 1 }, 2, ':1\r\n', true],
    [{ const: 1 }, 2, ':2\r\n', false],
    [{ oneOf: ['integer', 'null'] }, 3, '_\r\n', true],
    [{ arrayOf: 'bulk' }, 2, '*1\r\n$1\r\na\r\n', true],
    [{ arrayOf: 'bulk' }, 2, '*1\r\n:1\r\n', false],
    [{ setOf: 'bulk' }, 3, '*1\r\n$1\r\na\r\n', false],
    [{ setOf: 'bulk' }, 3, '~1\r\n$1\r\na\r\n', true],
    [{ mapOf: 'integer' }, 2, '*2\r\n$1\r\na\r\n:1\r\n', true],
    [{ mapOf: 'integer' }, 2, '*1\r\n$1\r\na\r\n', false],
    [{ mapOf: 'integer' }, 3, '%1\r\n$1\r\na\r\n:1\r\n', true],
    [{ tuple: ['bulk', 'integer'] }, 2, '*2\r\n$1\r\na\r\n:1\r\n', true],
    [{ tuple: ['bulk', 'integer'] }, 2, '*1\r\n$1\r\na\r\n', false],
    ['none', 2, '+OK\r\n', false],
  ])('%j in RESP%i, held against %j: %s', (schema, resp, raw, matches) => {
    const [received] = new ReplyDecoder().push(Buffer.from(raw));
    expect(violation(received!.reply, schema, resp) === undefined).toBe(matches);
  });
});

describe('answers that are not compared to the byte', () => {
  const forms = new FormTable(formsOf(allCommands));

  function exchange(request: string, ours: string, theirs: string): Exchange {
    const words = request.split(' ').map((word) => Buffer.from(word));
    const [our] = new ReplyDecoder().push(Buffer.from(ours));
    const [their] = new ReplyDecoder().push(Buffer.from(theirs));
    return {
      request: words,
      form: forms.of(words),
      ours: our!,
      theirs: their!,
      previous: undefined,
    };
  }

  it('hold the same elements in any order, as often', () => {
    const ab = '*2\r\n$1\r\na\r\n$1\r\nb\r\n';
    expect(sameElements(exchange('KEYS *', ab, '*2\r\n$1\r\nb\r\n$1\r\na\r\n'))).toBe(true);
    expect(sameElements(exchange('KEYS *', ab, '*2\r\n$1\r\na\r\n$1\r\na\r\n'))).toBe(false);
  });

  it('hold times that are near, and the same one if it was absolute', () => {
    expect(sameRemaining(1000)(exchange('TTL k', ':1000\r\n', ':1001\r\n'))).toBe(true);
    expect(sameRemaining(1000)(exchange('TTL k', ':1000\r\n', ':1010\r\n'))).toBe(false);
    expect(sameRemaining(1000)(exchange('TTL k', ':-1\r\n', ':-2\r\n'))).toBe(false);
    const [soon, sooner] = [':1800000000000\r\n', ':1800000000001\r\n'];
    const [far, farther] = [':5000000000000\r\n', ':5000000000001\r\n'];
    expect(sameInstant(1)(exchange('PEXPIRETIME k', soon, sooner))).toBe(true);
    expect(sameInstant(1)(exchange('PEXPIRETIME k', far, farther))).toBe(false);
  });

  it('hold the keys of a SCAN that found them all at once', () => {
    const found = (cursor: string, key: string) =>
      `*2\r\n$${cursor.length}\r\n${cursor}\r\n*1\r\n$1\r\n${key}\r\n`;
    expect(sameScan(exchange('SCAN 0', found('0', 'a'), found('0', 'b')))).toBe(false);
    expect(sameScan(exchange('SCAN 0', found('0', 'a'), found('0', 'a')))).toBe(true);
    expect(sameScan(exchange('SCAN 0', found('17', 'a'), found('8', 'b')))).toBe(true);
    expect(sameScan(exchange('SCAN 0', found('17', 'a'), '*0\r\n'))).toBe(false);
  });
});

describe('a difference', () => {
  const noise = (i: number) => step(0, 'SET', `other:${i}`, 'x');
  const history: Step[] = [
    ...Array.from({ length: 50 }, (_, i) => noise(i)),
    step(0, 'SET', 'k', '-'),
    ...Array.from({ length: 50 }, (_, i) => noise(i)),
    step(0, 'INCR', 'k'),
  ];
  const has = (steps: readonly Step[], word: string) =>
    steps.some(({ request }) => request[0]!.toString() === word && request[1]!.toString() === 'k');

  it('is shrunk to the requests that it needs', async () => {
    const differs = async (steps: readonly Step[]) => has(steps, 'SET') && has(steps, 'INCR');
    for (const involved of [[Buffer.from('k')], []]) {
      const shrunk = await shrink(history, involved, differs);
      expect(shrunk?.map(({ request }) => request.join(' '))).toEqual(['SET k -', 'INCR k']);
    }
  });

  it('that does not come again is said not to', async () => {
    expect(await shrink(history, [], async () => false)).toBeUndefined();
  });
});

it('A version has what is there since an older one', () => {
  expect(isSince('7.0.15', '7.0.0')).toBe(true);
  expect(isSince('7.0.15', '7.2')).toBe(false);
  expect(isSince('7.2.6', '7.2')).toBe(true);
  expect(isSince('10.0.0', '7.2.6')).toBe(true);
});
