import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { bitmapCommands } from '../../../src/commands/bitmap/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { ClientFlag } from '../../../src/server/api/client.js';
import { HandlerRig } from '../../support/handler-rig.js';

const BAD_OFFSET = '-ERR bit offset is not an integer or out of range\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig([...bitmapCommands, ...stringCommands]);
});

describe('SETBIT and GETBIT', () => {
  it('change a bit, reply what it was, and tell only of changes', () => {
    expect(run('SETBIT k 7 1')).toBe(':0\r\n');
    expect(rig.events).toEqual(['n new k', '$ setbit k']);
    expect(run('SETBIT k 7 1')).toBe(':1\r\n');
    expect(rig.events).toEqual([]);
    expect(run('SETBIT k 40000 0')).toBe(':0\r\n');
    expect(rig.events).toEqual(['$ setbit k']);
    expect(run('STRLEN k')).toBe(':5001\r\n');
    expect(run('GETBIT k 7')).toBe(':1\r\n');
    expect(run('GETBIT k 50000')).toBe(':0\r\n');
  });

  it('make an integer a raw string', () => {
    run('SET k 1');
    expect(run('SETBIT k 6 1')).toBe(':0\r\n');
    expect(run('GET k')).toBe('$1\r\n3\r\n');
    expect(rig.encoding('k')).toBe('raw');
  });

  it('refuse offsets and bits out of range', () => {
    expect(run('SETBIT k 4294967296 1')).toBe(BAD_OFFSET);
    expect(run('GETBIT k -1')).toBe(BAD_OFFSET);
    expect(run('SETBIT k 0 2')).toBe('-ERR bit is not an integer or out of range\r\n');
  });
});

describe('BITOP', () => {
  it('deletes the destination when the result is empty', () => {
    run('SET d x');
    expect(run('BITOP AND d none')).toBe(':0\r\n');
    expect(rig.events).toContain('g del d');
    expect(run('BITOP NOT d a b')).toMatch(/single source key/);
    expect(run('BITOP NAND d a')).toBe('-ERR syntax error\r\n');
  });

  it("renews its destination's access clock, unless the client touches nothing", () => {
    run('MSET d x s y');
    const { db } = rig.call;
    const clock = () => db.clockOf(db.find(Buffer.from('d'), 0, 1, 0));
    db.clock = 100;
    rig.call.client.flags = ClientFlag.NoTouch;
    run('BITOP NOT d s');
    expect(clock()).toBe(0);
    rig.call.client.flags = 0;
    run('BITOP NOT d s');
    expect(clock()).toBe(100);
  });

  it('agrees with a byte by byte model', () => {
    const sources = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sources, fc.constantFrom('AND', 'OR', 'XOR', 'NOT'), (values, operation) => {
        const used = operation === 'NOT' ? values.slice(0, 1) : values;
        run('SET d old');
        const names = used.map((_, i) => `s${i}`);
        used.forEach((value, i) => {
          run(['SET', names[i]!, value]);
        });
        const expected = bitopModel(operation, used);
        expect(run(['BITOP', operation, 'd', ...names])).toBe(`:${expected.length}\r\n`);
        const text = Buffer.from(expected).toString('latin1');
        expect(run('GET d')).toBe(text === '' ? '$-1\r\n' : `$${text.length}\r\n${text}\r\n`);
      }),
    );
  });
});

describe('BITCOUNT and BITPOS', () => {
  it('agree with a bit by bit model', () => {
    const byte = fc.constantFrom(0, 0, 0, 255, 255, 255, 1, 0x5a);
    const value = fc.array(byte, { minLength: 1, maxLength: 300 });
    const end = fc.integer({ min: -2600, max: 2600 });
    const unit = fc.constantFrom('BIT', 'BYTE');
    fc.assert(
      fc.property(value, end, end, unit, fc.constantFrom('0', '1'), (bytes, from, to, u, bit) => {
        run(['SET', 'k', Uint8Array.from(bytes)]);
        const bits = bytes.map((b) => b.toString(2).padStart(8, '0')).join('');
        const scale = u === 'BIT' ? 1 : 8;
        const size = bits.length / scale;
        const start = from < 0 ? Math.max(from + size, 0) : from;
        const last = Math.min(to < 0 ? Math.max(to + size, 0) : to, size - 1);
        const part = start > last ? '' : bits.slice(start * scale, (last + 1) * scale);
        const found = part.indexOf(bit);
        const position = found < 0 ? -1 : found + start * scale;
        expect(run(`BITPOS k ${bit} ${from} ${to} ${u}`)).toBe(`:${position}\r\n`);
        const ones = from < 0 && to < 0 && from > to ? 0 : part.replaceAll('0', '').length;
        expect(run(`BITCOUNT k ${from} ${to} ${u}`)).toBe(`:${ones}\r\n`);
      }),
    );
  });

  it('take a string without an end to go on with zeros', () => {
    run(['SET', 'k', '\xff\xff\xff']);
    expect(run('BITPOS k 0')).toBe(':24\r\n');
    expect(run('BITPOS k 0 0 -1')).toBe(':-1\r\n');
    expect(run('BITPOS none 0')).toBe(':0\r\n');
    expect(run('BITPOS none 1')).toBe(':-1\r\n');
    expect(run('BITPOS k 2')).toBe('-ERR The bit argument must be 1 or 0.\r\n');
    expect(run('BITCOUNT k 1')).toBe('-ERR syntax error\r\n');
  });
});

function bitopModel(operation: string, values: readonly Uint8Array[]): number[] {
  const length = Math.max(...values.map((value) => value.length));
  return Array.from({ length }, (_, i) => {
    const bytes = values.map((value) => value[i] ?? 0);
    if (operation === 'NOT') return ~bytes[0]! & 255;
    if (operation === 'AND') return bytes.reduce((a, b) => a & b);
    return bytes.reduce((a, b) => (operation === 'OR' ? a | b : a ^ b));
  });
}
