import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

const TOO_LONG = '-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n';
const MIB = 1024 * 1024;

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

beforeEach(() => {
  rig = new HandlerRig(stringCommands);
});

describe('STRLEN', () => {
  it('replies the length in bytes, 0 for a missing key', () => {
    expect(run('STRLEN k')).toBe(':0\r\n');
    run('SET k -12');
    expect(run('STRLEN k')).toBe(':3\r\n');
    run(['SET', 'k', 'x'.repeat(70_000)]);
    expect(run('STRLEN k')).toBe(':70000\r\n');
    rig.addHash('h');
    expect(run('STRLEN h')).toMatch(/^-WRONGTYPE /);
  });
});

describe('GETRANGE and SUBSTR', () => {
  it('reply a part, both ends included, negative numbers counting from the end', () => {
    run('SET k Hello');
    for (const [range, part] of [
      ['0 1', 'He'],
      ['0 -1', 'Hello'],
      ['-3 -2', 'll'],
      ['3 100', 'lo'],
      ['-100 1', 'He'],
      ['-100 -99', 'H'],
      ['-1 -3', ''],
      ['3 1', ''],
      ['5 5', ''],
      ['9223372036854775807 9223372036854775807', ''],
      ['-9223372036854775808 9223372036854775807', 'Hello'],
    ]) {
      expect([range, run(`GETRANGE k ${range}`)]).toEqual([range, bulk(part!)]);
      expect([range, run(`SUBSTR k ${range}`)]).toEqual([range, bulk(part!)]);
    }
  });

  it('reply nothing for a missing or empty string', () => {
    expect(run('GETRANGE k 0 -1')).toBe(bulk(''));
    run(['SET', 'k', '']);
    expect(run('GETRANGE k 0 -1')).toBe(bulk(''));
    expect(run('GETRANGE k -1 0')).toBe(bulk(''));
  });

  it('judge the numbers before the key', () => {
    rig.addHash('h');
    expect(run('GETRANGE h x 1')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(run('GETRANGE h 0 1')).toMatch(/^-WRONGTYPE /);
  });
});

describe('SETRANGE', () => {
  it('overwrites in place and fills the gap with zero bytes', () => {
    expect(run('SETRANGE k 2 ab')).toBe(':4\r\n');
    expect(run('GET k')).toBe(bulk('\0\0ab'));
    expect(run('SETRANGE k 1 x')).toBe(':4\r\n');
    expect(run('SETRANGE k 6 y')).toBe(':7\r\n');
    expect(run('GET k')).toBe(bulk('\0xab\0\0y'));
  });

  it('makes any string raw, and keeps the time to live', () => {
    run('SET k 1234 EX 10');
    expect(run('SETRANGE k 1 9')).toBe(':4\r\n');
    expect([rig.encoding('k'), rig.expiry('k')]).toEqual(['raw', BigInt(RIG_START_MS + 10_000)]);
    expect(run('GET k')).toBe(bulk('1934'));
    expect([rig.events, rig.propagated]).toEqual([[], []]);
    run('SETRANGE fresh 0 1');
    expect(rig.encoding('fresh')).toBe('raw');
    expect([rig.events, rig.propagated]).toEqual([
      ['n new fresh', '$ setrange fresh'],
      ['SETRANGE fresh 0 1'],
    ]);
  });

  it('with an empty value changes nothing', () => {
    expect(run(['SETRANGE', 'k', '1000000000000', ''])).toBe(':0\r\n');
    expect(rig.encoding('k')).toBe('none');
    run('SET k 12');
    expect(run(['SETRANGE', 'k', '5', ''])).toBe(':2\r\n');
    expect([rig.encoding('k'), rig.events, rig.propagated]).toEqual(['int', [], []]);
  });

  it('refuses what would become longer than proto-max-bulk-len', () => {
    rig = new HandlerRig(stringCommands, { 'proto-max-bulk-len': MIB });
    expect(run(`SETRANGE k ${MIB - 1} a`)).toBe(`:${MIB}\r\n`);
    for (const offset of [MIB, 2 ** 31, '9223372036854775807']) {
      expect(run(`SETRANGE k ${offset} a`)).toBe(TOO_LONG);
      expect(run(`SETRANGE none ${offset} a`)).toBe(TOO_LONG);
    }
    expect(run('STRLEN k')).toBe(`:${MIB}\r\n`);
    expect(rig.encoding('none')).toBe('none');
  });

  it('refuses lengths that no buffer can have, whatever the limit', () => {
    rig = new HandlerRig(stringCommands, { 'proto-max-bulk-len': Number.MAX_SAFE_INTEGER });
    expect(run('SETRANGE k 9223372036854775807 a')).toBe(TOO_LONG);
    expect(run(`SETRANGE k ${2 ** 52} a`)).toBe(TOO_LONG);
  });

  it('refuses negative offsets, texts and other types', () => {
    rig.addHash('h');
    expect(run('SETRANGE h -1 a')).toBe('-ERR offset is out of range\r\n');
    expect(run('SETRANGE h x a')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(run('SETRANGE h 0 a')).toMatch(/^-WRONGTYPE /);
    expect(run(['SETRANGE', 'h', '0', ''])).toMatch(/^-WRONGTYPE /);
  });
});

describe('APPEND', () => {
  it('to a missing key is a SET that keeps its name', () => {
    expect(run('APPEND k 12')).toBe(':2\r\n');
    expect(rig.encoding('k')).toBe('int');
    expect([rig.events, rig.propagated]).toEqual([['n new k', '$ append k'], ['APPEND k 12']]);
    expect(run(['APPEND', 'e', ''])).toBe(':0\r\n');
    expect(rig.encoding('e')).toBe('embstr');
  });

  it('makes a string raw, even if nothing is appended, and keeps the time to live', () => {
    run('SET k 12 EX 10');
    expect(run(['APPEND', 'k', ''])).toBe(':2\r\n');
    expect([rig.encoding('k'), rig.expiry('k')]).toEqual(['raw', BigInt(RIG_START_MS + 10_000)]);
    expect(rig.events).toEqual(['$ append k']);
    expect(run('APPEND k 3')).toBe(':3\r\n');
    expect(run('GET k')).toBe(bulk('123'));
  });

  it('refuses what would become longer than proto-max-bulk-len', () => {
    rig = new HandlerRig(stringCommands, { 'proto-max-bulk-len': MIB });
    run(['SET', 'k', 'x'.repeat(MIB - 1)]);
    expect(run('APPEND k 1')).toBe(`:${MIB}\r\n`);
    expect(run('APPEND k 1')).toBe(TOO_LONG);
    expect(run('STRLEN k')).toBe(`:${MIB}\r\n`);
  });

  it('refuses a key of another type', () => {
    rig.addHash('h');
    expect(run('APPEND h 1')).toMatch(/^-WRONGTYPE /);
  });
});

describe('a string that grows', () => {
  it('equals a model through any appends, overwrites and reads', () => {
    const piece = fc.string({ maxLength: 6000, unit: 'binary-ascii' });
    const step = fc.oneof(
      fc.record({ append: piece }),
      fc.record({ offset: fc.nat(9000), set: piece }),
      fc.record({ expire: fc.boolean() }),
    );
    fc.assert(
      fc.property(piece, fc.array(step, { maxLength: 12 }), (first, steps) => {
        rig = new HandlerRig(stringCommands);
        run(['SET', 'k', first]);
        let model = first;
        for (const action of steps) {
          if ('append' in action) {
            model += action.append;
            expect(run(['APPEND', 'k', action.append])).toBe(`:${model.length}\r\n`);
          } else if ('set' in action) {
            model = overwritten(model, action.offset, action.set);
            const reply = run(['SETRANGE', 'k', String(action.offset), action.set]);
            expect(reply).toBe(`:${model.length}\r\n`);
          } else {
            run(action.expire ? 'GETEX k EX 10' : 'GETEX k PERSIST');
          }
          expect(run('GET k')).toBe(bulk(model));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is appended to in time that does not depend on its length', () => {
    run(['SET', 'k', Buffer.alloc(64 * MIB)]);
    const started = performance.now();
    for (let i = 0; i < 20_000; i++) run('APPEND k x');
    // Copying 64 MiB each time would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(run('STRLEN k')).toBe(`:${64 * MIB + 20_000}\r\n`);
  });
});

function overwritten(text: string, offset: number, part: string): string {
  if (part === '') return text;
  return text.padEnd(offset, '\0').slice(0, offset) + part + text.slice(offset + part.length);
}
