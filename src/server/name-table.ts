/**
 * Words in any case, looked up by their bytes: command and subcommand names.
 *
 * An open hash table. The hash takes the length and four of the bytes (at a quarter, in the middle
 * and at both ends, with bit 5 set, so that case doesn't matter), which tells all of Redis's command names apart
 * but a handful; the candidate is then compared byte by byte. A name that is not there costs the
 * same as one that is.
 *
 * `find` allocates nothing: it runs once per request (some 12 ns; guarded by `npm run bench`).
 */

const MULTIPLIER = 0x9e3779b1 | 0;
/** Free slots per name, so that chains stay short. */
const SPACE = 4;

export class NameTable<T> {
  private readonly entries = new Map<string, T>();
  private keys = new Int32Array(SPACE);
  private offs = new Int32Array(SPACE);
  private values: (T | undefined)[] = [];
  /** All names, small letters in even places and capitals in odd ones. */
  private bytes = new Uint8Array(0);
  private shift = 30;

  /** @param entries names and values; names in ASCII */
  constructor(entries: Iterable<readonly [string, T]> = []) {
    for (const [name, value] of entries) this.entries.set(name.toLowerCase(), value);
    this.build();
  }

  set(name: string, value: T): void {
    this.entries.set(name.toLowerCase(), value);
    this.build();
  }

  delete(name: string): void {
    this.entries.delete(name.toLowerCase());
    this.build();
  }

  /** By a whole string, for callers in no hurry. */
  get(name: string): T | undefined {
    return this.entries.get(name.toLowerCase());
  }

  /** By bytes; hot. */
  find(buf: Uint8Array, off: number, len: number): T | undefined {
    const key = nameKey(buf, off, len);
    const { keys } = this;
    const mask = keys.length - 1;
    let slot = Math.imul(key, MULTIPLIER) >>> this.shift;
    let candidate = keys[slot]!;
    while (candidate !== 0) {
      if (candidate === key && this.matches(slot, buf, off, len)) return this.values[slot];
      slot = (slot + 1) & mask;
      candidate = keys[slot]!;
    }
    return undefined;
  }

  private matches(slot: number, buf: Uint8Array, off: number, len: number): boolean {
    const { bytes } = this;
    let at = this.offs[slot]!;
    if (bytes[at] !== (len & 0xff) || bytes[at + 1] !== len >>> 8) return false;
    at += 2;
    for (let i = 0; i < len; i++, at += 2) {
      const c = buf[off + i]!;
      if (c !== bytes[at] && c !== bytes[at + 1]) return false;
    }
    return true;
  }

  private build(): void {
    let bits = 2;
    while (1 << bits < this.entries.size * SPACE) bits++;
    this.shift = 32 - bits;
    this.keys = new Int32Array(1 << bits);
    this.offs = new Int32Array(1 << bits);
    this.values = new Array<T | undefined>(1 << bits).fill(undefined);
    let size = 0;
    for (const name of this.entries.keys()) size += 2 + 2 * name.length;
    this.bytes = new Uint8Array(size);
    let at = 0;
    for (const [name, value] of this.entries) at = this.place(name, value, at);
  }

  private place(name: string, value: T, at: number): number {
    const lower = Buffer.from(name, 'latin1');
    const upper = Buffer.from(name.toUpperCase(), 'latin1');
    const { length } = lower;
    const key = nameKey(lower, 0, length);
    let slot = Math.imul(key, MULTIPLIER) >>> this.shift;
    while (this.keys[slot] !== 0) slot = (slot + 1) & (this.keys.length - 1);
    this.keys[slot] = key;
    this.offs[slot] = at;
    this.values[slot] = value;
    this.bytes[at++] = length & 0xff;
    this.bytes[at++] = length >>> 8;
    for (let i = 0; i < length; i++) {
      this.bytes[at++] = lower[i]!;
      this.bytes[at++] = upper[i]!;
    }
    return at;
  }
}

/** Never 0, which is an empty slot. */
function nameKey(buf: Uint8Array, off: number, len: number): number {
  return (
    buf[off]! |
    32 |
    ((buf[off + (len >>> 2)]! | 32) << 8) |
    ((buf[off + (len >>> 1)]! | 32) << 16) |
    (((buf[off + len - 1]! | 32) ^ len) << 24)
  );
}
