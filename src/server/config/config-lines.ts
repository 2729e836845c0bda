/**
 * Lines of a config file: split off, trimmed, and taken apart into words.
 *
 * Shared by the reader and the rewriter, which must agree on what a line is. A line is handled as
 * text that keeps every byte (config-text.ts).
 */
import { splitArgs } from '../../text/quote.js';
import { bytesFromText, textFromBytes } from './config-text.js';

const OUTER_BLANKS = /^[ \t\r\n]+|[ \t\r\n]+$/g;
/** Words that must stand before a comment: a name and a value. */
const COMPLETE_WORDS = 2;

/** The lines of a file's text, without the blanks around them. */
export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.replace(OUTER_BLANKS, ''));
}

/** The words of a line, quotes and escapes resolved; undefined when quotes are unbalanced. */
export function lineWords(line: string): string[] | undefined {
  return splitArgs(bytesFromText(line))?.map(textFromBytes);
}

/** Whether there is nothing to read in a line. */
export function isBlankOrComment(line: string): boolean {
  return line === '' || line.startsWith('#');
}

/**
 * Where a comment begins that stands behind a complete directive (the blank before its `#`), or
 * -1. Redis knows no such comments, but published config files have them.
 */
export function commentStart(line: string): number {
  const start = unquotedHash(line);
  if (start < 0) return -1;
  const before = lineWords(line.slice(0, start));
  return before !== undefined && before.length >= COMPLETE_WORDS ? start : -1;
}

/** Where blanks and then a `#` stand outside of quotes. */
function unquotedHash(line: string): number {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (quote !== '') {
      if (character === '\\' && (quote === '"' || line[at + 1] === quote)) at++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === '#' && /[ \t]$/.test(line.slice(0, at))) {
      return line.slice(0, at).replace(/[ \t]+$/, '').length;
    }
  }
  return -1;
}
