/** Copies and comparisons of bytes, on both sides of the length from which a native call is used. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  copyBytes,
  moveBytes,
  sameBytes,
} from '../../../src/datastructs/move-bytes.js';

const bytes = fc.uint8Array({ minLength: 200, maxLength: 200 });
const place = fc.nat(60);
const length = fc.nat(130);
const short = fc.uint8Array({ maxLength: 4, max: 3 });

describe('bytes', () => {
  it('move within a buffer as if they were taken out first', () => {
    fc.assert(
      fc.property(bytes, place, place, length, (buf, to, from, len) => {
        const expected = Uint8Array.from(buf);
        expected.set(buf.slice(from, from + len), to);
        moveBytes(buf, to, from, from + len);
        expect(buf).toEqual(expected);
      }),
    );
  });

  it('are copied to another buffer, and nothing beside them', () => {
    fc.assert(
      fc.property(bytes, place, place, length, (source, from, to, len) => {
        const target = new Uint8Array(200);
        copyBytes(source, from, len, target, to);
        const expected = new Uint8Array(200);
        expected.set(source.subarray(from, from + len), to);
        expect(target).toEqual(expected);
        expect(sameBytes(source, from, target, to, len)).toBe(true);
      }),
    );
  });

  it('are in the order of memcmp, a beginning before what goes on', () => {
    fc.assert(
      fc.property(short, short, (a, b) => {
        const order = compareBytes(a, 0, a.length, b, 0, b.length);
        expect(Math.sign(order)).toBe(Buffer.compare(a, b));
      }),
    );
  });

  it('differ when one of them does', () => {
    const a = Uint8Array.from([1, 2, 3, 4]);
    expect(sameBytes(a, 0, Uint8Array.from([0, 1, 2, 9]), 1, 2)).toBe(true);
    expect(sameBytes(a, 0, Uint8Array.from([0, 1, 2, 9]), 1, 3)).toBe(false);
  });
});
