import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesFromText,
  fromLatin1,
  textFromBytes,
  toLatin1,
} from '../../../src/server/config/config-text.js';

describe('the text of a value', () => {
  it('is its UTF-8', () => {
    expect(textFromBytes(Buffer.from('grün €'))).toBe('grün €');
    expect(Buffer.from(bytesFromText('grün €')).toString()).toBe('grün €');
  });

  it('gives back any bytes it was made of', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const bytes = Buffer.concat(pieces);
        expect(Buffer.from(bytesFromText(textFromBytes(bytes)))).toEqual(bytes);
        const latin1 = bytes.toString('latin1');
        expect(toLatin1(fromLatin1(latin1))).toBe(latin1);
      }),
    );
  });
});
