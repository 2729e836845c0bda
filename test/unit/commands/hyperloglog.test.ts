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
