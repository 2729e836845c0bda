import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../../src/persistence/crc64.js';
import { lzfCompress, lzfDecompress } from '../../../src/persistence/lzf.js';

const SEED = 20_260_705;

function crcOf(bytes: Uint8Array): Crc64 {
  const crc = new Crc64();
  crc.update(bytes, 0, bytes.length);
  return crc;
}

/** As `lzfCompress`, to a buffer of just the size that is allowed. */
function compress(bytes: Uint8Array, max = bytes.length + 64): Buffer | undefined {
  const out = Buffer.alloc(max + 3, 0xaa);
  const size = lzfCompress(bytes, 0, bytes.length, out, 0, max);
  expect(out.subarray(max).every((byte) => byte === 0xaa)).toBe(true);
  return size === 0 ? undefined : out.subarray(0, size);
}

describe('CRC-64 (Jones)', () => {
  it('gives the check value of its specification', () => {
    expect(crcOf(Buffer.from('123456789')).toString()).toBe('e9c6d914c4b8d9ca');
    expect(crcOf(Buffer.alloc(0)).isZero).toBe(true);
  });

  it('is the same for a text at one go, in pieces, and at any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), fc.nat(), fc.nat(7), (bytes, cut, off) => {
        const whole = crcOf(bytes).toString();
        const at = bytes.length === 0 ? 0 : cut % bytes.length;
        const inPieces = crcOf(bytes.subarray(0, at));
        inPieces.update(bytes, at, bytes.length - at);
        expect(inPieces.toString()).toBe(whole);
        const moved = new Uint8Array(off + bytes.length);
        moved.set(bytes, off);
        const ofMoved = new Crc64();
        ofMoved.update(moved, off, bytes.length);
        expect(ofMoved.toString()).toBe(whole);
      }),
      { seed: SEED, numRuns: 50 },
    );
  });

  it('is joined from the checksums of two parts', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
        const joined = crcOf(a);
        joined.append(crcOf(b), b.length);
        expect(joined.toString()).toBe(crcOf(Buffer.concat([a, b])).toString());
      }),
      { seed: SEED, numRuns: 20 },
    );
  });
});

describe('LZF', () => {
  it('gives back what went in', () => {
    const repetitive = fc
      .array(fc.constantFrom('abc', 'abcd', 'x', '\0\0\0\0', 'something longer, '), {
        maxLength: 3000,
      })
      .map((parts) => Buffer.from(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 2000 })), (bytes) => {
        const small = compress(bytes);
        if (bytes.length === 0) return;
        const back = Buffer.alloc(bytes.length);
        expect(lzfDecompress(small!, 0, small!.length, back, 0, back.length)).toBe(true);
        expect(back.equals(bytes)).toBe(true);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('says so where the room does not suffice, and writes nothing beyond it', () => {
    const text = Buffer.from(`${'abcdefghij'.repeat(10)}klmnopqrst`);
    const size = compress(text)!.length;
    for (let max = 0; max < size; max++) expect(compress(text, max)).toBeUndefined();
    expect(compress(text, size)).toHaveLength(size);
  });

  it('makes a long run short', () => {
    expect(compress(Buffer.alloc(100_000, 7))!.length).toBeLessThan(1200);
  });

  it('reads what another program wrote: literals, short and long copies that overlap', () => {
    const bytes = Buffer.from([2, 97, 98, 99, 0x20, 2, 0xe0, 1, 0]);
    const out = Buffer.alloc(16);
    expect(lzfDecompress(bytes, 0, bytes.length, out, 0, 16)).toBe(true);
    expect(out.toString()).toBe('abcabccccccccccc'.slice(0, 16));
  });

  it('refuses any bytes that say something else, without writing beyond the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(100), (bytes, size) => {
        const out = Buffer.alloc(size + 8, 0xaa);
        lzfDecompress(bytes, 0, bytes.length, out, 4, size);
        expect(out.subarray(0, 4).every((byte) => byte === 0xaa)).toBe(true);
        expect(out.subarray(4 + size).every((byte) => byte === 0xaa)).toBe(true);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
