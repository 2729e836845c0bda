/** Times to live: setting, asking, taking away. */
import { beforeEach, describe, expect, it } from 'vitest';
import { keyCommands } from '../../../src/commands/keys/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig, RIG_START_MS as NOW } from '../../support/handler-rig.js';

let rig: HandlerRig;
const run = (request: string | readonly string[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig([...keyCommands, ...stringCommands]);
  run('SET k v');
});

describe('EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT', () => {
  it.each([
    ['EXPIRE k 10', NOW + 10_000],
    ['PEXPIRE k 1500', NOW + 1500],
    [`EXPIREAT k ${NOW / 1000 + 7}`, NOW + 7000],
    [`PEXPIREAT k ${NOW + 1}`, NOW + 1],
  ])('%s sets when the key expires', (request, atMs) => {
    expect(run(request)).toBe(':1\r\n');
    expect(rig.expiry('k')).toBe(BigInt(atMs));
    expect(rig.events).toEqual(['g expire k']);
    expect(rig.changedKeys).toEqual(['k']);
    expect(rig.propagated).toEqual([`PEXPIREAT k ${atMs}`]);
  });

  it('propagate the instant, with the options as they were sent', () => {
    run('EXPIRE k 10 lt');
    expect(rig.propagated).toEqual([`PEXPIREAT k ${NOW + 10_000} lt`]);
  });

  it.each(['EXPIRE k 0', 'EXPIRE k -5', 'PEXPIRE k -1', 'EXPIREAT k 1', `PEXPIREAT k ${NOW}`])(
    '%s deletes the key at once',
    (request) => {
      expect(run(request)).toBe(':1\r\n');
      expect(rig.events).toEqual(['g del k']);
      expect(rig.propagated).toEqual(['DEL k']);
      expect(rig.keyspace.expired).toBe(0);
      expect(run('EXISTS k')).toBe(':0\r\n');
    },
  );

  it('propagate the deletion as UNLINK when expiry is lazy', () => {
    rig = new HandlerRig([...keyCommands, ...stringCommands], { 'lazyfree-lazy-expire': true });
    run('SET k v');
    run('EXPIRE k -1');
    expect(rig.propagated).toEqual(['UNLINK k']);
  });

  it('answer 0 for no key', () => {
    expect(run('EXPIRE none 10')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
  });

  it.each([
    // condition, time to live before (0: none), new one, whether it is set
    ['NX', 0, 10, 1],
    ['NX', 20, 10, 0],
    ['XX', 0, 10, 0],
    ['XX', 20, 10, 1],
    ['GT', 0, 10, 0],
    ['GT', 5, 10, 1],
    ['GT', 10, 10, 0],
    ['GT', 20, 10, 0],
    ['LT', 0, 10, 1],
    ['LT', 5, 10, 0],
    ['LT', 10, 10, 0],
    ['LT', 20, 10, 1],
    ['XX GT', 5, 10, 1],
    ['XX GT', 0, 10, 0],
    ['XX LT', 20, 10, 1],
    ['XX LT', 0, 10, 0],
    ['LT', 20, -1, 1],
    ['GT', 20, -1, 0],
  ])('%s, %i s before, %i s asked for: %i', (condition, before, seconds, expected) => {
    if (before > 0) run(`EXPIRE k ${before}`);
    expect(run(`EXPIRE k ${seconds} ${condition}`)).toBe(`:${expected}\r\n`);
    const after = expected === 1 ? seconds : before;
    const ttl = after < 0 ? -2 : after === 0 ? -1 : after;
    expect(run('TTL k')).toBe(`:${ttl}\r\n`);
  });

  it('refuse conditions that contradict each other', () => {
    const others = '-ERR NX and XX, GT or LT options at the same time are not compatible\r\n';
    for (const conditions of ['NX XX', 'GT NX', 'NX LT', 'NX XX GT LT']) {
      expect(run(`EXPIRE k 10 ${conditions}`)).toBe(others);
    }
    expect(run('EXPIRE k 10 GT LT')).toBe(
      '-ERR GT and LT options at the same time are not compatible\r\n',
    );
    expect(run('EXPIRE k 10 ab')).toBe('-ERR Unsupported option ab\r\n');
    expect(run('EXPIRE k 10 XX a\0b')).toBe('-ERR Unsupported option a\r\n');
    expect(run('EXPIRE k x ab')).toBe('-ERR Unsupported option ab\r\n');
    expect(run('EXPIRE k x NX')).toBe('-ERR value is not an integer or out of range\r\n');
  });

  it('take every time that fits 64 bits as milliseconds, and no other', () => {
    const max = 2n ** 63n - 1n;
    const overflow = (name: string) => `-ERR invalid expire time in '${name}' command\r\n`;
    expect(run(`PEXPIREAT k ${max}`)).toBe(':1\r\n');
    expect(rig.expiry('k')).toBe(max);
    expect(run(`PEXPIRE k ${max}`)).toBe(overflow('pexpire'));
    expect(run(`PEXPIRE k ${max - BigInt(NOW)}`)).toBe(':1\r\n');
    expect(rig.expiry('k')).toBe(max);
    expect(run(`EXPIREAT k ${max / 1000n}`)).toBe(':1\r\n');
    expect(rig.expiry('k')).toBe((max / 1000n) * 1000n);
    expect(rig.propagated).toEqual([`PEXPIREAT k ${(max / 1000n) * 1000n}`]);
    expect(run(`EXPIREAT k ${max / 1000n + 1n}`)).toBe(overflow('expireat'));
    expect(run(`EXPIRE k ${max / 1000n}`)).toBe(overflow('expire'));
    expect(run(`EXPIRE k -${max / 1000n + 1n}`)).toBe(overflow('expire'));
    expect(run(`EXPIRE k -${max / 1000n}`)).toBe(':1\r\n');
    expect(run('EXISTS k')).toBe(':0\r\n');
    run('SET k v');
    expect(run(`PEXPIREAT k -${max + 1n}`)).toBe(':1\r\n');
    expect(run(`PEXPIRE k ${max + 1n}`)).toBe('-ERR value is not an integer or out of range\r\n');
  });

  it('compare exact times beyond 2^53', () => {
    const at = 2n ** 60n;
    run(`PEXPIREAT k ${at}`);
    expect(run(`PEXPIREAT k ${at} GT`)).toBe(':0\r\n');
    expect(run(`PEXPIREAT k ${at + 1n} GT`)).toBe(':1\r\n');
    expect(run(`PEXPIREAT k ${at + 1n} LT`)).toBe(':0\r\n');
    expect(run(`PEXPIREAT k ${at} LT`)).toBe(':1\r\n');
  });
});

describe('TTL, PTTL, EXPIRETIME and PEXPIRETIME', () => {
  const ask = () => ['TTL k', 'PTTL k', 'EXPIRETIME k', 'PEXPIRETIME k'].map((r) => run(r).trim());

  it('answer -2 for no key, and -1 for one that lives for ever', () => {
    expect(ask()).toEqual([':-1', ':-1', ':-1', ':-1']);
    run('DEL k');
    expect(ask()).toEqual([':-2', ':-2', ':-2', ':-2']);
  });

  it('round seconds to the nearest', () => {
    run(`PEXPIREAT k ${NOW + 1499}`);
    expect(ask()).toEqual([':1', ':1499', `:${NOW / 1000 + 1}`, `:${NOW + 1499}`]);
    run(`PEXPIREAT k ${NOW + 1500}`);
    expect(ask()).toEqual([':2', ':1500', `:${NOW / 1000 + 2}`, `:${NOW + 1500}`]);
    run(`PEXPIREAT k ${NOW + 499}`);
    expect(ask()[0]).toBe(':0');
  });

  it('are right to the last digit for times beyond 2^53', () => {
    for (const at of [2n ** 62n + 12_345n, 2n ** 63n - 1n]) {
      run(`PEXPIREAT k ${at}`);
      expect(ask()).toEqual([
        `:${(at - BigInt(NOW) + 500n) / 1000n}`,
        `:${at - BigInt(NOW)}`,
        `:${(at + 500n) / 1000n}`,
        `:${at}`,
      ]);
    }
  });

  it('see a key to the last millisecond of its time', () => {
    run('PEXPIRE k 100');
    rig.now += 100;
    expect(run('PTTL k')).toBe(':0\r\n');
    rig.now++;
    expect(run('PTTL k')).toBe(':-2\r\n');
    expect(rig.events).toEqual(['x expired k', 'm keymiss k']);
    expect(rig.keyspace.expired).toBe(1);
  });
});

describe('PERSIST', () => {
  it('takes the time to live away', () => {
    run('EXPIRE k 10');
    expect(run('PERSIST k')).toBe(':1\r\n');
    expect(rig.events).toEqual(['g persist k']);
    expect(rig.expiry('k')).toBe(-1n);
    expect(run('PERSIST k')).toBe(':0\r\n');
    expect(run('PERSIST none')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
  });
});
