/**
 * Bytes of a configuration value as a JavaScript string, and back without loss.
 *
 * Values are text to everyone who reads `config.values`, but a password or a file name may hold
 * bytes that are no UTF-8. Such a byte becomes a lone surrogate U+DC80..U+DCFF, which no valid
 * UTF-8 decodes to (the trick is Python's PEP 383, "surrogateescape"), so that
 * `bytesFromText(textFromBytes(b))` is `b` for every b.
 */
import { isUtf8 } from 'node:buffer';

const ESCAPE_BASE = 0xdc00;
const LONGEST_SEQUENCE = 4;
const HAS_ESCAPE = /[\u{dc80}-\u{dcff}]/u;

/** The text of the bytes: UTF-8, with each byte that is not part of any kept as an escape. */
export function textFromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    text +=
      length === 0
        ? String.fromCharCode(ESCAPE_BASE | (buffer[at] as number))
        : buffer.toString('utf8', at, at + length);
    at += length || 1;
  }
  return text;
}

/** The bytes that `textFromBytes` made the text of; of any other text, its UTF-8. */
export function bytesFromText(text: string): Uint8Array {
  if (!HAS_ESCAPE.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    const escaped = code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff;
    parts.push(escaped ? Buffer.from([code & 0xff]) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** The text of bytes that stand one per character, as a command's arguments come. */
export function fromLatin1(bytes: string): string {
  return textFromBytes(Buffer.from(bytes, 'latin1'));
}

/** A text's bytes, one per character, as a reply takes them. */
export function toLatin1(text: string): string {
  return Buffer.from(bytesFromText(text)).toString('latin1');
}

/** How many bytes the valid UTF-8 sequence at `at` has; 0 when there is none. */
function sequenceLength(buffer: Buffer, at: number): number {
  for (let length = 1; length <= LONGEST_SEQUENCE && at + length <= buffer.length; length++) {
    if (isUtf8(buffer.subarray(at, at + length))) return length;
  }
  return 0;
}
