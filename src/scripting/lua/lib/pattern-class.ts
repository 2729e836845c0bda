/**
 * The classes of bytes in patterns (%a, %d …), as tables of 256 flags: C's isalpha and its like in
 * the "C" locale, so no byte from 128 on belongs to one of them (but does to its complement, %A).
 */

export const ANY_BYTE = new Uint8Array(256).fill(1);

const CLASSES = new Map<string, Uint8Array>([
  ['a', matching(/[A-Za-z]/)],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class of control characters
  ['c', matching(/[\x00-\x1f\x7f]/)],
  ['d', matching(/[0-9]/)],
  ['l', matching(/[a-z]/)],
  ['p', matching(/[!-/:-@[-`{-~]/)],
  ['s', matching(/[\t-\r ]/)],
  ['u', matching(/[A-Z]/)],
  ['w', matching(/[A-Za-z0-9]/)],
  ['x', matching(/[A-Fa-f0-9]/)],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class of the zero byte
  ['z', matching(/\x00/)],
]);

function matching(expression: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    expression.test(String.fromCharCode(byte)) ? 1 : 0,
  );
}

/** The set of one byte. */
export function byteSet(byte: number): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes[byte] = 1;
  return bytes;
}

/** Adds what `%` and a letter stand for: a class, its complement (a capital), or the byte itself. */
export function addClass(bytes: Uint8Array, letter: number): void {
  const name = String.fromCharCode(letter);
  const members = CLASSES.get(name.toLowerCase());
  if (members === undefined) {
    bytes[letter] = 1;
    return;
  }
  const outside = name === name.toLowerCase() ? 0 : 1;
  for (let byte = 0; byte < 256; byte++) bytes[byte]! |= members[byte]! ^ outside;
}
