/** Requests as they go over the wire: arrays of bulk strings. */

/** @param words texts have one byte per character */
export function encodeRequest(...words: readonly (string | Uint8Array)[]): Buffer {
  const pieces: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === 'string' ? Buffer.from(word, 'latin1') : word;
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, LINE_END);
  }
  return Buffer.concat(pieces);
}

const LINE_END = Buffer.from('\r\n');
