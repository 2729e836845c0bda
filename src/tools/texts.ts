/**
 * The check prints bytes out of files beside names of files. Its texts are latin1, a character per byte,
 * so that both come out as they are.
 */

/** A text of the system's as a text of the check's. */
export function latin1Of(text: string): string {
  return Buffer.from(text).toString('latin1');
}

export function utf8Of(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}
