import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { hyperloglogCommands } from '../../../src/commands/hyperloglog/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

let rig: HandlerRig;

beforeEach(() => {
  rig = new HandlerRig([...hyperloglogCommands, ...stringCommands]);
});

describe('HyperLogLog commands', () => {
  it('count distinct elements, and tell of changes only', () => {
    expect(rig.run('PFADD k a b c')).toBe(':1\r\n');
    expect([rig.dirty, rig.events]).toEqual([4, ['n new k', '$ pfadd k']]);
    expect(rig.run('PFADD k a')).toBe(':0\r\n');
    expect(rig.propagated).toEqual([]);
    expect(rig.run('PFCOUNT k')).toBe(':3\r\n');
    expect(rig.propagated).toEqual(['PFCOUNT k']);
    rig.run('PFCOUNT k');
    expect(rig.propagated).toEqual([]);
  });

  it('merge to the union, dense if any of them is', () => {
    rig.run('PFADD a 1 2 3');
    rig.run('PFADD b 3 4');
    expect(rig.run('PFDEBUG TODENSE b')).toBe(':1\r\n');
    expect(rig.run('PFMERGE c a b')).toBe('+OK\r\n');
    expect([rig.run('PFCOUNT c'), rig.run('PFCOUNT a b')]).toEqual([':4\r\n', ':4\r\n']);
    expect(rig.run('PFDEBUG ENCODING c')).toBe('+dense\r\n');
  });

  it('refuse other strings, and corrupted ones', () => {
    rig.run('SET k text');
    const wrong = '-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n';
    expect(rig.run('PFADD k a')).toBe(wrong);
    rig.run('PFADD h a b');
    rig.run('APPEND h hello');
    expect(rig.run('PFCOUNT h')).toBe('-INVALIDOBJ Corrupted HLL object detected\r\n');
  });
});

const WRONG = '-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n';
const CORRUPTED = '-INVALIDOBJ Corrupted HLL object detected\r\n';

describe('PFADD', () => {
  it('makes an empty one without elements, and tells of it', () => {
    expect(rig.run('PFADD k')).toBe(':1\r\n');
    expect(rig.events).toEqual(['n new k', '$ pfadd k']);
    expect(rig.run('PFADD k')).toBe(':0\r\n');
    expect(rig.run('PFCOUNT k')).toBe(':0\r\n');
    expect([rig.encoding('k'), rig.run('PFDEBUG ENCODING k')]).toEqual(['raw', '+sparse\r\n']);
  });

  it('goes over to dense registers at hll-sparse-max-bytes, with the same count', () => {
    const limited = new HandlerRig(hyperloglogCommands, { 'hll-sparse-max-bytes': 30 });
    for (let i = 0; i < 100; i++) {
      limited.run(`PFADD k ${i}`);
      rig.run(`PFADD k ${i}`);
    }
    expect(limited.run('PFDEBUG ENCODING k')).toBe('+dense\r\n');
    expect(rig.run('PFDEBUG ENCODING k')).toBe('+sparse\r\n');
    expect(limited.run('PFCOUNT k')).toBe(rig.run('PFCOUNT k'));
    expect(limited.run('PFDEBUG GETREG k')).toBe(rig.run('PFDEBUG GETREG k'));
  });
});

describe('PFCOUNT and PFMERGE', () => {
  it('are within the error of the count of distinct elements', () => {
    const element = fc.integer({ min: 0, max: 3000 }).map(String);
    const lists = fc.array(fc.array(element, { minLength: 1, maxLength: 300 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(lists, (sets) => {
        const keys = sets.map((_, i) => `k${i}`);
        for (const key of keys) rig.run(['SET', key, '']);
        for (const key of keys) rig.run(['GETDEL', key]);
        rig.run('GETDEL merged');
        sets.forEach((items, i) => {
          rig.run(['PFADD', keys[i]!, ...items]);
        });
        const distinct = new Set(sets.flat()).size;
        const counted = rig.run(['PFCOUNT', ...keys]);
        expect(Math.abs(Number(counted.slice(1)) - distinct)).toBeLessThanOrEqual(
          Math.max(2, distinct * 0.05),
        );
        rig.run(['PFMERGE', 'merged', ...keys]);
        expect(rig.run('PFCOUNT merged')).toBe(counted);
        expect(rig.run(['PFCOUNT', 'merged', ...keys])).toBe(counted);
      }),
      { numRuns: 30 },
    );
  });

  it('answer from the cache until something is added', () => {
    rig.run('PFADD k a');
    rig.run('PFCOUNT k');
    rig.run(['SETRANGE', 'k', '8', '\x2a\0\0\0\0\0\0\0']);
    expect(rig.run('PFCOUNT k')).toBe(':42\r\n');
    expect(rig.run('PFADD k a')).toBe(':0\r\n');
    expect(rig.run('PFCOUNT k')).toBe(':42\r\n');
    rig.run('PFADD k b');
    expect(rig.run('PFCOUNT k')).toBe(':2\r\n');
  });
});

describe('corrupted bytes', () => {
  it('of the header make it no HyperLogLog for any command', () => {
    rig.run('PFADD k a');
    rig.run('SETRANGE k 0 X');
    for (const request of ['PFADD k a', 'PFCOUNT k', 'PFCOUNT k k', 'PFMERGE k k']) {
      expect(rig.run(request)).toBe(WRONG);
    }
    rig.run('PFADD d a');
    rig.run('PFDEBUG TODENSE d');
    rig.run('APPEND d x');
    expect(rig.run('PFCOUNT d')).toBe(WRONG);
  });

  it('of the registers are an error, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (tail) => {
        rig.run('GETDEL k');
        rig.run('PFADD k a');
        rig.run(['SETRANGE', 'k', '16', tail]);
        // The cache is out of date after PFADD, so the registers are read.
        for (const request of ['PFCOUNT k', 'PFCOUNT k k', 'PFDEBUG GETREG k', 'PFMERGE n k']) {
          const reply = rig.run(request);
          expect(reply === CORRUPTED || !reply.startsWith('-')).toBe(true);
        }
        expect(rig.run('PFADD k x y z')).toMatch(/^(:[01]|-INVALIDOBJ .*)\r\n$/);
      }),
      { numRuns: 100 },
    );
  });
});

describe('PFDEBUG and PFSELFTEST', () => {
  it('look inside', () => {
    expect(rig.run('PFDEBUG ENCODING none')).toBe('-ERR The specified key does not exist\r\n');
    rig.run('PFADD k');
    expect(rig.run('PFDEBUG DECODE k')).toBe('$7\r\nZ:16384\r\n');
    expect(rig.run('PFDEBUG NOSUCH k')).toMatch(/^-ERR Unknown PFDEBUG subcommand 'NOSUCH'/);
    rig.run('PFDEBUG TODENSE k');
    expect(rig.run('PFDEBUG DECODE k')).toBe('-ERR HLL encoding is not sparse\r\n');
    expect(rig.run('PFDEBUG GETREG k')).toBe(`*16384\r\n${':0\r\n'.repeat(16384)}`);
  });
});
