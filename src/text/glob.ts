/**
 * Glob patterns over bytes: KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET, ACL key patterns.
 *
 *     *       any bytes, also none           [abc]   one of these
 *     ?       any one byte                   [a-z]   one of a range (either end first)
 *     \x      the byte x itself              [^a-z]  one byte not of these
 *
 * Every element except `*` takes exactly one byte. So when an element fails, only the most recent
 * star needs another try, one byte further on; an earlier star could do nothing that this one
 * can't. That is the whole matcher: two cursors and a place to return to. It needs no memory, and
 * no pattern makes it worse than pattern length times text length.
 *
 * Redis's corner cases are kept (stringmatchlen, util.c), because ACL rules and clients depend on
 * what matches and what doesn't:
 *  - a `[` without `]` takes the rest of the pattern as its members;
 *  - `]` right after `[` or `[^` closes: `[]` matches nothing, `[^]` any byte;
 *  - `[a-]` is a range from `a` to `]`, and the class goes on behind it;
 *  - bytes are signed in ranges: 0x80 to 0xff come before 0x00 (with nocase, only 0xff does);
 *  - nocase folds ASCII letters, and a range's ends after they were put in order; an escaped
 *    member of a class stays exact;
 *  - a trailing backslash is a plain backslash;
 *  - the empty text matches the empty pattern only, not even `*`;
 *  - a pattern with more than 1000 separate stars that are followed by something matches nothing.
 */

const STAR = 42;
const QUESTION = 63;
const OPEN = 91;
const BACKSLASH = 92;
const CLOSE = 93;
const CARET = 94;
const DASH = 45;

/** Redis's limit on nested stars, there to protect its stack. */
const MAX_STARS = 1000;

/** Folds an ASCII capital to lower case. */
function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

/**
 * Whether the pattern matches all of the text.
 *
 * Allocates nothing; takes at most pattern length times text length steps.
 *
 * @param tOff where the text begins in `text`
 * @param tLen its length in bytes
 * @param nocase whether ASCII letters match in either case
 */
export function globMatch(
  pattern: Uint8Array,
  text: Uint8Array,
  tOff: number,
  tLen: number,
  nocase = false,
): boolean {
  const pEnd = pattern.length;
  const tEnd = tOff + tLen;
  if (tLen === 0) return pEnd === 0;
  let p = 0;
  let t = tOff;
  let stars = 0;
  // Where to go on after a failure: the element behind the last star, and the byte it may skip to.
  let retryPattern = -1;
  let retryText = 0;
  while (t < tEnd) {
    if (p < pEnd && pattern[p] === STAR) {
      p = skipStars(pattern, p);
      if (p === pEnd) return true;
      if (++stars > MAX_STARS) return false;
      retryPattern = p;
      retryText = t;
      continue;
    }
    const next = p < pEnd ? matchElement(pattern, p, text[t]!, nocase) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else {
      if (retryPattern < 0) return false;
      p = retryPattern;
      t = ++retryText;
    }
  }
  return skipStars(pattern, p) === pEnd;
}

/** The first position from `at` on that holds no star. */
function skipStars(pattern: Uint8Array, at: number): number {
  let p = at;
  while (p < pattern.length && pattern[p] === STAR) p++;
  return p;
}

/**
 * Matches one byte against the element at `p`, which is not a star.
 *
 * @returns the position behind the element, or -1 if the byte doesn't match
 */
function matchElement(pattern: Uint8Array, p: number, byte: number, nocase: boolean): number {
  const element = pattern[p]!;
  if (element === QUESTION) return p + 1;
  if (element === OPEN) return matchClass(pattern, p + 1, byte, nocase);
  const at = element === BACKSLASH && p + 1 < pattern.length ? p + 1 : p;
  const literal = pattern[at]!;
  if (literal === byte || (nocase && lower(literal) === lower(byte))) return at + 1;
  return -1;
}

/** Matches one byte against the class whose members begin at `start`; returns as matchElement. */
function matchClass(pattern: Uint8Array, start: number, byte: number, nocase: boolean): number {
  const end = pattern.length;
  const isNegated = start < end && pattern[start] === CARET;
  let p = isNegated ? start + 1 : start;
  let isMember = false;
  while (p < end && pattern[p] !== CLOSE) {
    const member = pattern[p]!;
    if (member === BACKSLASH && p + 1 < end) {
      if (pattern[p + 1] === byte) isMember = true;
      p += 2;
    } else if (p + 2 < end && pattern[p + 1] === DASH) {
      if (isInRange(member, pattern[p + 2]!, byte, nocase)) isMember = true;
      p += 3;
    } else {
      if (member === byte || (nocase && lower(member) === lower(byte))) isMember = true;
      p++;
    }
  }
  if (isMember === isNegated) return -1;
  return p < end ? p + 1 : end;
}

/** Whether the byte lies between two others, in any order, all taken as signed (C's char). */
function isInRange(one: number, other: number, byte: number, nocase: boolean): boolean {
  const a = (one << 24) >> 24;
  const b = (other << 24) >> 24;
  const value = (byte << 24) >> 24;
  const least = Math.min(a, b);
  const most = Math.max(a, b);
  if (!nocase) return value >= least && value <= most;
  const folded = lowerSigned(value);
  return folded >= lowerSigned(least) && folded <= lowerSigned(most);
}

/** glibc's tolower of a signed char: all but -1, which is EOF, come out as unsigned. */
function lowerSigned(value: number): number {
  return value < -1 ? value + 256 : lower(value);
}

/**
 * As globMatch, for latin1 strings (one character per byte): names of options, commands, users.
 */
export function globMatchText(pattern: string, text: string, nocase = false): boolean {
  const bytes = Buffer.from(text, 'latin1');
  return globMatch(Buffer.from(pattern, 'latin1'), bytes, 0, bytes.length, nocase);
}

/**
 * Whether the pattern can match one text only, itself: it has no `*`, `?`, `[` or backslash. A
 * lookup then does the work of a search.
 */
export function isPlainPattern(pattern: Uint8Array): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const byte = pattern[i]!;
    if (byte === STAR || byte === QUESTION || byte === OPEN || byte === BACKSLASH) return false;
  }
  return true;
}
