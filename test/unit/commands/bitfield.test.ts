import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  NUMBER_BITS,
  readExact,
  readField,
  writeExact,
  writeField,
} from '../../../src/commands/bitmap/fields.js';
import { bitmapCommands } from '../../../src/commands/bitmap/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { Args } from '../../../src/resp/args.js';
import { keyPositions } from '../../../src/server/api/keys.js';
import { HandlerRig } from '../../support/handler-rig.js';

const BAD_OFFSET = '-ERR bit offset is not an integer or out of range\r\n';
const BAD_TYPE =
  '-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig([...bitmapCommands, ...stringCommands]);
});

interface FieldType {
  signed: boolean;
  bits: number;
}

const anyType: fc.Arbitrary<FieldType> = fc
  .record({ signed: fc.boolean(), bits: fc.integer({ min: 1, max: 64 }) })
  .filter(({ signed, bits }) => signed || bits < 64);
const anyBit = fc.integer({ min: 0, max: 100 });
const anyInt64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -300, max: 300 }).map(BigInt),
  fc.maxSafeInteger().map(BigInt),
);

function limits({ signed, bits }: FieldType): [min: bigint, max: bigint] {
  const max = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  return [signed ? -max - 1n : 0n, max];
}

function wrap({ signed, bits }: FieldType, value: bigint): bigint {
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** The bytes as one text of binary digits, with zeros behind. */
function bitText(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .padEnd(400, '0');
}

describe('fields', () => {
  it('are read at any bit, with zeros behind the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), anyBit, anyType, (bytes, bit, type) => {
        const digits = bitText(bytes).slice(bit, bit + type.bits);
        const expected = wrap(type, BigInt(`0b${digits}`));
        const framed = Uint8Array.from([0xff, ...bytes, 0xff]);
        const { bits, signed } = type;
        expect(readExact(framed, 1, bytes.length, bit, bits, signed)).toBe(expected);
        if (bits > NUMBER_BITS) return;
        expect(readField(framed, 1, bytes.length, bit, bits, signed)).toBe(Number(expected));
      }),
    );
  });

  it('are written without a change to their neighbours', () => {
    const bytes = fc.uint8Array({ minLength: 25, maxLength: 25 });
    fc.assert(
      fc.property(bytes, anyBit, anyType, anyInt64, (before, bit, type, any) => {
        const value = wrap(type, any);
        const after = Uint8Array.from(before);
        const { bits, signed } = type;
        writeExact(after, 0, bit, bits, value);
        expect(readExact(after, 0, after.length, bit, bits, signed)).toBe(value);
        const outside = (text: string) => text.slice(0, bit) + text.slice(bit + bits);
        expect(outside(bitText(after))).toBe(outside(bitText(before)));
        if (bits > NUMBER_BITS) return;
        const again = Uint8Array.from(before);
        writeField(again, 0, bit, bits, Number(value));
        expect(again).toEqual(after);
      }),
    );
  });
});

describe('BITFIELD', () => {
  it('gets, sets and adds in one string, in turns', () => {
    expect(run('BITFIELD k SET u8 0 200 GET u4 0 INCRBY i5 100 1 GET u8 #1')).toBe(
      '*4\r\n:0\r\n:12\r\n:1\r\n:0\r\n',
    );
    expect(rig.events).toEqual(['n new k', '$ setbit k']);
    expect(run('STRLEN k')).toBe(':14\r\n');
    expect(rig.dirty).toBe(2);
  });

  it('tells of changes only', () => {
    run('BITFIELD k SET u8 0 200');
    expect(run('BITFIELD k SET u8 0 200 GET u8 0')).toBe('*2\r\n:200\r\n:200\r\n');
    expect([rig.events, rig.propagated]).toEqual([[], []]);
    run('BITFIELD k SET u8 0 200 SET u8 100 0');
    expect(rig.events).toEqual(['$ setbit k']);
    expect(run('BITFIELD k')).toBe('*0\r\n');
  });

  it('agrees with exact arithmetic on every type and overflow', () => {
    const overflow = fc.constantFrom('WRAP', 'SAT', 'FAIL');
    fc.assert(
      fc.property(anyType, anyBit, anyInt64, anyInt64, overflow, (type, bit, start, by, how) => {
        const before = wrap(type, start);
        const [min, max] = limits(type);
        const name = `${type.signed ? 'i' : 'u'}${type.bits}`;
        run(['SET', 'k', '']);
        run(['BITFIELD', 'k', 'SET', name, `${bit}`, `${before}`]);
        const sum = before + by;
        const fits = sum >= min && sum <= max;
        let after: bigint | undefined = sum;
        if (!fits) after = how === 'WRAP' ? wrap(type, sum) : sum > max ? max : min;
        if (!fits && how === 'FAIL') after = undefined;
        const request = ['BITFIELD', 'k', 'OVERFLOW', how, 'INCRBY', name, `${bit}`, `${by}`];
        const replied = after === undefined ? '$-1' : `:${after}`;
        expect(run([...request, 'GET', name, `${bit}`])).toBe(
          `*2\r\n${replied}\r\n:${after ?? before}\r\n`,
        );
      }),
      { numRuns: 400 },
    );
  });

  it('takes a SET far below a signed field, or below an unsigned one, as too large', () => {
    expect(run('BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0')).toBe(
      '*2\r\n:0\r\n:127\r\n',
    );
    expect(run('BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775000 GET i8 0')).toBe(
      '*2\r\n:127\r\n:-128\r\n',
    );
    expect(run('BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0')).toBe('*2\r\n:128\r\n:255\r\n');
    expect(run('BITFIELD k OVERFLOW FAIL SET u8 0 256')).toBe('*1\r\n$-1\r\n');
    expect(run('BITFIELD k SET u8 0 -2 GET u8 0')).toBe('*2\r\n:255\r\n:254\r\n');
  });

  it('refuses what it cannot read before it changes anything', () => {
    for (const type of ['u64', 'i65', 'u0', 'x8', 'U8', 'u', 'u08']) {
      expect(run(`BITFIELD k SET u8 0 1 GET ${type} 0`)).toBe(BAD_TYPE);
    }
    for (const offset of ['-1', '#-1', '#', '4294967296', '#536870912']) {
      expect(run(`BITFIELD k SET u8 0 1 GET u8 ${offset}`)).toBe(BAD_OFFSET);
    }
    expect(run('BITFIELD k SET u8 0')).toBe('-ERR syntax error\r\n');
    expect(run('BITFIELD k OVERFLOW NEVER')).toBe('-ERR Invalid OVERFLOW type specified\r\n');
    const notInteger = '-ERR value is not an integer or out of range\r\n';
    expect(run('BITFIELD k INCRBY u8 0 1.5')).toBe(notInteger);
    expect(rig.encoding('k')).toBe('none');
  });

  it('reads its key only, when it does nothing but GET', () => {
    const bitfield = bitmapCommands.find(({ name }) => name === 'bitfield')!;
    const flagsOf = (request: string) => keyPositions(bitfield, Args.from(request.split(' ')));
    expect(flagsOf('BITFIELD k GET u8 0')).toEqual([{ index: 1, flags: ['RO', 'access'] }]);
    const write = [{ index: 1, flags: ['RW', 'access', 'update'] }];
    expect(flagsOf('BITFIELD k GET u8 0 SET u8 0 1')).toEqual(write);
  });
});

describe('BITFIELD_RO', () => {
  it('reads integers and strings as they are, and takes nothing but GET', () => {
    run('SET k 12');
    expect(run('BITFIELD_RO k GET u8 0 GET u8 #1 GET i64 8')).toBe(
      '*3\r\n:49\r\n:50\r\n:3602879701896396800\r\n',
    );
    expect(rig.encoding('k')).toBe('int');
    expect(run('BITFIELD_RO none GET u8 0')).toBe('*1\r\n:0\r\n');
    expect(run('BITFIELD_RO k SET u8 0 1')).toBe(
      '-ERR BITFIELD_RO only supports the GET subcommand\r\n',
    );
  });
});
