import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SipHasher } from '../../../src/datastructs/siphash.js';

/** HalfSipHash-c-d with 32 bits of output, written from the paper: the state as four numbers. */
function reference(c: number, d: number, k0: number, k1: number, data: Uint8Array): number {
  const v = new Uint32Array([k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1]);
  const rotl = (i: number, n: number) => {
    v[i] = (v[i]! << n) | (v[i]! >>> (32 - n));
  };
  const add = (i: number, j: number) => {
    v[i] = v[i]! + v[j]!;
  };
  const xor = (i: number, x: number) => {
    v[i] = v[i]! ^ x;
  };
  const rounds = (n: number) => {
    for (let i = 0; i < n; i++) {
      add(0, 1);
      rotl(1, 5);
      xor(1, v[0]!);
      rotl(0, 16);
      add(2, 3);
      rotl(3, 8);
      xor(3, v[2]!);
      add(0, 3);
      rotl(3, 7);
      xor(3, v[0]!);
      add(2, 1);
      rotl(1, 13);
      xor(1, v[2]!);
      rotl(2, 16);
    }
  };
  const padded = Buffer.alloc((data.length & ~3) + 4);
  padded.set(data);
  padded[padded.length - 1] = data.length & 0xff;
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readUInt32LE(at);
    xor(3, word);
    rounds(c);
    xor(0, word);
  }
  xor(2, 0xff);
  rounds(d);
  return (v[1]! ^ v[3]!) | 0;
}

describe('the keyed hash', () => {
  it('stands beside a reference that gives the published values of HalfSipHash-2-4', () => {
    const key = [0x03020100, 0x07060504] as const;
    const published = ['a9359f5b', '27475ab8', 'fa62a603', '8afee704'];
    published.forEach((expected, length) => {
      const data = Uint8Array.from({ length }, (_, i) => i);
      const out = Buffer.alloc(4);
      out.writeInt32LE(reference(2, 4, ...key, data));
      expect(out.toString('hex')).toBe(expected);
    });
  });

  it('is HalfSipHash-1-3 for every key, place and length', () => {
    const property = fc.property(
      fc.integer(),
      fc.integer(),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(9),
      (k0, k1, data, off) => {
        const buf = new Uint8Array(data.length + off + 3).fill(0xee);
        buf.set(data, off);
        const expected = reference(1, 3, k0, k1, data) || 1;
        expect(new SipHasher(k0, k1).hash(buf, off, data.length)).toBe(expected);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('differs from key to key', () => {
    const data = Buffer.from('the same bytes');
    const hashes = new Set<number>();
    for (let k = 0; k < 1000; k++) hashes.add(new SipHasher(k, 1).hash(data, 0, data.length));
    expect(hashes.size).toBe(1000);
  });
});
