/**
 * The commands that a client sends to the debugger, one at a time: arrays of bulk strings, as requests
 * are, but few and short. What does not look like one ends the script.
 */
const MAX_WORDS = 1024;
const MAX_WORD_LENGTH = 1024;
const MAX_INPUT = 1024 * 1024;

/** Why the script is to end. */
export const PROTOCOL_ERROR = 'protocol error';
export const TOO_MUCH_INPUT = 'max client buffer reached';

export class DebugInput {
  private text = '';

  /** @returns what is wrong, if there is too much */
  add(bytes: Buffer): string | undefined {
    this.text += bytes.toString('latin1');
    if (this.text.length <= MAX_INPUT) return undefined;
    this.text = '';
    return TOO_MUCH_INPUT;
  }

  /** @returns a command's words; undefined: it is not there yet; a text: what is wrong */
  next(): string[] | string | undefined {
    const { text } = this;
    if (text === '') return undefined;
    let at = text.indexOf('*');
    if (at < 0) return PROTOCOL_ERROR;
    const count = numberAt(text, at + 1);
    if (count === undefined) return undefined;
    if (!(count.value > 0 && count.value <= MAX_WORDS)) return PROTOCOL_ERROR;
    at = count.end;
    const words: string[] = [];
    while (words.length < count.value) {
      if (at >= text.length) return undefined;
      if (text[at] !== '$') return PROTOCOL_ERROR;
      const length = numberAt(text, at + 1);
      if (length === undefined) return undefined;
      if (!(length.value > 0 && length.value <= MAX_WORD_LENGTH)) return PROTOCOL_ERROR;
      const end = length.end + length.value;
      if (end + 2 > text.length) return undefined;
      words.push(text.slice(length.end, end));
      if (text.slice(end, end + 2) !== '\r\n') return PROTOCOL_ERROR;
      at = end + 2;
    }
    this.text = text.slice(at);
    return words;
  }
}

/** As C's atoi of a line. */
function numberAt(text: string, from: number): { value: number; end: number } | undefined {
  const end = text.indexOf('\r\n', from);
  if (end < 0) return undefined;
  return { value: toInteger(text.slice(from, end)), end: end + 2 };
}

/** The integer that a text begins with; 0 if there is none. */
export function toInteger(text: string): number {
  return Number(/^\s*[+-]?\d+/.exec(text)?.[0] ?? 0);
}
