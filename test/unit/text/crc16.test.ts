import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16, keyHashSlot } from '../../../src/text/crc16.js';

function slot(key: string): number {
  return keyHashSlot(Buffer.from(`{${key}}`, 'latin1'), 1, key.length);
}

/** The definition, a bit at a time. */
function crcBitwise(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

describe('crc16', () => {
  it('gives the check value of CRC-16/XMODEM', () => {
    expect(crc16(Buffer.from('123456789'), 0, 9)).toBe(0x31c3);
  });

  it('agrees with the definition', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(crc16(bytes, 0, bytes.length)).toBe(crcBitwise(bytes));
      }),
    );
  });
});

describe('keyHashSlot', () => {
  // Recorded from CLUSTER KEYSLOT of Redis 7.2.6.
  it.each([
    ['', 0],
    ['foo', 12182],
    ['{foo}bar', 12182],
    ['{}x', 10595],
    ['{{a}b', 10276],
    ['a{b', 13340],
    ['a}{b}c{d}', 3300],
  ])('puts %j into slot %d', (key, expected) => {
    expect(slot(key)).toBe(expected);
  });

  it('puts keys with the same tag into the same slot', () => {
    const part = fc.string({ unit: fc.constantFrom(...'abc}:'), maxLength: 6 });
    const tag = fc.string({ unit: fc.constantFrom(...'xyz{'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(part, tag, part, (before, name, after) => {
        expect(slot(`${before}{${name}}${after}`)).toBe(
          slot(name.includes('{') ? `{${name}}` : name),
        );
      }),
    );
  });
});
