/**
 * Patterns of keys and channels, made ready for matching.
 *
 * Most patterns are a plain name (`jobs`), a prefix (`cache:*`) or `*`; those are compared byte by
 * byte where the key stands in the read buffer. What is left goes through the glob matcher.
 *
 *     ~cache:*      all permissions         %R~cache:*    only to read
 *     %W~cache:*    only to write           &news.*       a channel
 *
 * As with every glob of Redis, `*` does not match the empty name.
 */
import { globMatch, isPlainPattern } from '../../text/glob.js';

/** What may be done to a key, one bit each. */
export const Permission = { Read: 1, Write: 2, All: 3 } as const;

const STAR = 42;
// Shapes of patterns.
const PLAIN = 0;
const PREFIX = 1;
const GLOB = 2;

/** One glob pattern. */
export class Pattern {
  /** As written, one character per byte. */
  readonly text: string;
  private readonly bytes: Buffer;
  private readonly shape: number;
  /** Bytes of the name, or of the prefix. */
  private readonly length: number;

  constructor(text: string) {
    this.text = text;
    this.bytes = Buffer.from(text, 'latin1');
    const { length } = this.bytes;
    const hasStarAtEnd = length > 0 && this.bytes[length - 1] === STAR;
    this.length = hasStarAtEnd ? length - 1 : length;
    if (!isPlainPattern(this.bytes.subarray(0, this.length))) this.shape = GLOB;
    else this.shape = hasStarAtEnd ? PREFIX : PLAIN;
  }

  /** Whether it matches `len` bytes of `buf`. Allocates nothing. */
  matches(buf: Uint8Array, off: number, len: number): boolean {
    const { bytes, length, shape } = this;
    if (shape === GLOB) return globMatch(bytes, buf, off, len);
    if (shape === PLAIN ? len !== length : len < length || len === 0) return false;
    for (let i = 0; i < length; i++) if (bytes[i] !== buf[off + i]) return false;
    return true;
  }

  /** As `matches`, for a name with one character per byte. */
  matchesText(name: string): boolean {
    return this.matches(Buffer.from(name, 'latin1'), 0, name.length);
  }
}

/** A pattern of keys, and what may be done to those that match. */
export class KeyPattern extends Pattern {
  /** @param permissions bits of Permission */
  constructor(
    text: string,
    readonly permissions: number,
  ) {
    super(text);
  }

  /** As in a rule. */
  describe(): string {
    if (this.permissions === Permission.All) return `~${this.text}`;
    return this.permissions === Permission.Read ? `%R~${this.text}` : `%W~${this.text}`;
  }
}
