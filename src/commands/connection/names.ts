/** Names that clients give themselves, as fields of CLIENT LIST: nothing that would break a line. */
import { ReplyError } from '../../resp/reply-error.js';

const BAD_NAME = new ReplyError(
  'ERR Client names cannot contain spaces, newlines or special characters.',
);
/** Redis checks a C string: what stands behind a NUL byte is never shown. */
const PRINTABLE = /^[!-~]*(?:\0|$)/;

/** Whether a text (latin1) can be a field's value. */
export function isPrintableWord(text: string): boolean {
  return PRINTABLE.test(text);
}

/** @throws ReplyError unless this can be a client's name; the empty one takes a name away */
export function checkName(name: string): void {
  if (!isPrintableWord(name)) throw BAD_NAME;
}
