import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

const OVERFLOW = '-ERR increment or decrement would overflow\r\n';
const NOT_INTEGER = '-ERR value is not an integer or out of range\r\n';
const NOT_FLOAT = '-ERR value is not a valid float\r\n';
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

beforeEach(() => {
  rig = new HandlerRig(stringCommands);
});

describe('INCR, DECR, INCRBY and DECRBY', () => {
  it('begin at 0 and keep the value as int', () => {
    expect(run('INCR a')).toBe(':1\r\n');
    expect(run('DECR b')).toBe(':-1\r\n');
    expect(run('INCRBY c 12')).toBe(':12\r\n');
    expect(run('DECRBY d 12')).toBe(':-12\r\n');
    expect(['a', 'b', 'c', 'd'].map((key) => rig.encoding(key))).toEqual(Array(4).fill('int'));
  });

  it('are exact where the number of digits or the sign changes', () => {
    for (const [from, by, to] of [
      ['9', '1', '10'],
      ['10', '-1', '9'],
      ['-9', '-1', '-10'],
      ['0', '-1', '-1'],
      ['-1', '1', '0'],
      ['99999', '-99999', '0'],
      ['100000', '-99990', '10'],
      ['2147483647', '1', '2147483648'],
      ['999999999999999', '1', '1000000000000000'],
    ]) {
      run(`SET k ${from}`);
      expect(run(`INCRBY k ${by}`)).toBe(`:${to}\r\n`);
      expect(run('GET k')).toBe(bulk(to!));
      expect(rig.encoding('k')).toBe('int');
    }
  });

  it('are exact beyond 2^53, where numbers of JavaScript are not', () => {
    run('SET k 9007199254740991');
    expect(run('INCR k')).toBe(':9007199254740992\r\n');
    expect(run('INCR k')).toBe(':9007199254740993\r\n');
    expect(run('INCR k')).toBe(':9007199254740994\r\n');
    expect(run('DECRBY k 9007199254740993')).toBe(':1\r\n');
    expect(run('INCRBY k 9223372036854775806')).toBe(`:${MAX}\r\n`);
    expect(run('GET k')).toBe(bulk(String(MAX)));
    expect(rig.encoding('k')).toBe('int');
  });

  it('equal 64-bit arithmetic for any value and step', () => {
    const edge = fc.bigInt(-20n, 20n);
    const near = (center: bigint) => edge.map((d) => center + d);
    const int64 = fc
      .oneof(
        fc.bigInt(MIN, MAX),
        fc.bigInt(-1000n, 1000n),
        near(2n ** 53n),
        near(-(2n ** 53n)),
        near(MAX),
        near(MIN),
        fc.nat(18).chain((digits) => near(10n ** BigInt(digits))),
      )
      .filter((n) => n >= MIN && n <= MAX);
    fc.assert(
      fc.property(int64, int64, fc.boolean(), (value, step, isDecrement) => {
        run(`SET k ${value}`);
        const reply = run(`${isDecrement ? 'DECRBY' : 'INCRBY'} k ${step}`);
        const sum = isDecrement ? value - step : value + step;
        if (isDecrement && step === MIN) {
          expect(reply).toBe('-ERR decrement would overflow\r\n');
        } else if (sum > MAX || sum < MIN) {
          expect(reply).toBe(OVERFLOW);
          expect(run('GET k')).toBe(bulk(String(value)));
        } else {
          expect(reply).toBe(`:${sum}\r\n`);
          expect(run('GET k')).toBe(bulk(String(sum)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuse to leave 64 bits, and change nothing', () => {
    run(`SET k ${MAX}`);
    const { dirty } = rig;
    expect(run('INCR k')).toBe(OVERFLOW);
    expect(run(`SET k ${MIN}`)).toBe('+OK\r\n');
    expect(run('DECR k')).toBe(OVERFLOW);
    expect(run('DECRBY k 1')).toBe(OVERFLOW);
    expect(run('DECRBY none -9223372036854775808')).toBe('-ERR decrement would overflow\r\n');
    expect([rig.dirty - dirty, rig.encoding('none')]).toEqual([1, 'none']);
  });

  it('refuse values and steps that are no canonical integers', () => {
    for (const value of ['', ' 1', '1 ', '+1', '01', '-0', '1.0', '9223372036854775808', 'x']) {
      run(['SET', 'k', value]);
      expect([value, run('INCR k')]).toEqual([value, NOT_INTEGER]);
      expect([value, run(['INCRBY', 'n', value])]).toEqual([value, NOT_INTEGER]);
      expect([value, run(['DECRBY', 'n', value])]).toEqual([value, NOT_INTEGER]);
    }
    run(['SET', 'k', '1'.repeat(5000)]);
    expect(run('INCR k')).toBe(NOT_INTEGER);
    rig.addHash('h');
    expect(run('INCR h')).toMatch(/^-WRONGTYPE /);
    expect(run('INCRBY h 9223372036854775807')).toMatch(/^-WRONGTYPE /);
  });

  it('make an int of a raw string of digits', () => {
    run('SET k 1');
    run('APPEND k 2');
    expect(rig.encoding('k')).toBe('raw');
    expect(run('INCR k')).toBe(':13\r\n');
    expect(rig.encoding('k')).toBe('int');
  });

  it('keep the time to live, whether the digits fit in place or not', () => {
    run('SET k 8 EX 10');
    for (const value of [9, 10, 11]) {
      expect(run('INCR k')).toBe(`:${value}\r\n`);
      expect(rig.expiry('k')).toBe(BigInt(RIG_START_MS + 10_000));
    }
  });

  it('notify incrby and propagate as they are', () => {
    run('INCR k');
    expect([rig.events, rig.propagated]).toEqual([['n new k', '$ incrby k'], ['INCR k']]);
    run('DECRBY k 5');
    expect([rig.events, rig.propagated]).toEqual([['$ incrby k'], ['DECRBY k 5']]);
    expect([rig.changedKeys, rig.dirty]).toEqual([['k'], 2]);
  });
});

describe('INCRBYFLOAT', () => {
  it('adds with the precision of a long double and prints at most 17 decimals', () => {
    for (const [from, by, to] of [
      ['10.5', '0.1', '10.6'],
      ['0.1', '0.2', '0.3'],
      ['3.0', '1.1', '4.1'],
      ['5.0e3', '200', '5200'],
      ['1', '-1', '0'],
      ['-0', '0', '0'],
      ['9223372036854775807', '1', '9223372036854775808'],
      ['1e17', '0.5', '100000000000000000.5'],
      ['0x10', '1', '17'],
    ]) {
      run(`SET k ${from}`);
      expect(run(`INCRBYFLOAT k ${by}`)).toBe(bulk(to!));
      expect(run('GET k')).toBe(bulk(to!));
    }
    expect(run('INCRBYFLOAT none 1.50')).toBe(bulk('1.5'));
  });

  it('leaves an embstr or raw string, never an int, and keeps the time to live', () => {
    run('SET k 1 EX 10');
    run('INCRBYFLOAT k 1');
    expect([rig.encoding('k'), rig.expiry('k')]).toEqual(['embstr', BigInt(RIG_START_MS + 10_000)]);
    run('INCRBYFLOAT k 1e60');
    expect(rig.encoding('k')).toBe('raw');
    run('INCRBYFLOAT k 1e4930');
    expect(run('STRLEN k')).toBe(':4931\r\n');
    expect(rig.encoding('k')).toBe('raw');
  });

  it('propagates the SET of its result', () => {
    run('INCRBYFLOAT k 0.5');
    expect(rig.events).toEqual(['n new k', '$ incrbyfloat k']);
    expect(rig.propagated).toEqual(['SET k 0.5 KEEPTTL']);
  });

  it('refuses what is no number, and infinite results', () => {
    for (const text of ['', ' 1', '1 ', 'x', 'nan', '1e5000', '1'.repeat(5120)]) {
      run(['SET', 'k', text]);
      expect([text, run('INCRBYFLOAT k 1')]).toEqual([text, NOT_FLOAT]);
      expect([text, run(['INCRBYFLOAT', 'n', text])]).toEqual([text, NOT_FLOAT]);
    }
    expect(run('INCRBYFLOAT n inf')).toBe('-ERR increment would produce NaN or Infinity\r\n');
    run('SET k inf');
    expect(run('INCRBYFLOAT k -inf')).toBe('-ERR increment would produce NaN or Infinity\r\n');
    expect([run('GET n'), run('GET k')]).toEqual(['$-1\r\n', bulk('inf')]);
    rig.addHash('h');
    expect(run('INCRBYFLOAT h x')).toMatch(/^-WRONGTYPE /);
  });
});
