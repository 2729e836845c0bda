/** The replacement string of string.gsub, where %0 to %9 stand for the match and its captures. */
import type { Matcher } from './pattern-matcher.js';

const ZERO = 48;
const NINE = 57;

/** The whole match, as a part of a template. */
const WHOLE = -1;

export class Template {
  /** Text as it is, or index of a capture. */
  private readonly parts: (string | number)[] = [];

  constructor(text: string) {
    let literal = '';
    let from = 0;
    for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', from)) {
      literal += text.slice(from, at);
      const byte = text.charCodeAt(at + 1);
      if (byte >= ZERO && byte <= NINE) {
        if (literal !== '') this.parts.push(literal);
        literal = '';
        this.parts.push(byte - ZERO - 1);
      } else {
        // PUC Lua takes what ends a string in C, a zero byte, for the character behind a last %.
        literal += text[at + 1] ?? '\0';
      }
      from = at + 2;
    }
    literal += text.slice(from);
    if (literal !== '') this.parts.push(literal);
  }

  /** The text for a match that was just found. */
  fill(matcher: Matcher): string {
    let text = '';
    for (const part of this.parts) {
      if (typeof part === 'string') text += part;
      else text += part === WHOLE ? matcher.whole() : matcher.capture(part);
    }
    return text;
  }
}
