/**
 * Scripts by the SHA-1 of their source: what EVALSHA runs.
 *
 * Each is compiled once. Those that SCRIPT LOAD brought stay until SCRIPT FLUSH, since somebody counts
 * on them; of those that only EVAL brought, the EVAL_SCRIPTS_MAX used last stay (as since Redis 7.4):
 * a client that puts its arguments into the source would fill the memory else.
 *
 * EVAL finds a script by its source, so that it need not be hashed each time.
 */
import { createHash } from 'node:crypto';
import type { Script } from '../../scripting/engine.js';

export const EVAL_SCRIPTS_MAX = 500;
export const SHA1_LENGTH = 40;
const NAME_WORDS = SHA1_LENGTH / 4;
/** A larger buffer is not held on to, in bytes. */
const VIEWED_MAX = 1024 * 1024;
/** What a cached script takes beside its source and name, in bytes (the order of it). */
const OVERHEAD_BYTES = 200;

export class CachedScript {
  /** When it was used last, as a count of uses. */
  lastUse = 0;
  /** Its name, four bytes at a time. */
  private readonly nameWords: Int32Array;

  constructor(
    /** Its SHA-1, in small letters. */
    readonly name: string,
    readonly source: string,
    /** Bits of ScriptFlag. */
    readonly flags: number,
    readonly script: Script,
    /** Whether it stays: SCRIPT LOAD. */
    public isKept: boolean,
  ) {
    const bytes = Buffer.from(name, 'latin1');
    this.nameWords = Int32Array.from({ length: NAME_WORDS }, (_, i) => bytes.readInt32LE(4 * i));
  }

  /** Whether its name in small letters stands at this place. */
  isNamed(view: DataView, at: number): boolean {
    const { nameWords } = this;
    for (let i = 0; i < NAME_WORDS; i++) {
      if (view.getInt32(at + 4 * i, true) !== nameWords[i]) return false;
    }
    return true;
  }

  get bytes(): number {
    return this.source.length + this.name.length + OVERHEAD_BYTES;
  }
}

export class ScriptCache {
  private bySha = new Map<string, CachedScript>();
  private bySource = new Map<string, CachedScript>();
  /** How many of them may go. */
  private evictable = 0;
  private uses = 0;
  private last: CachedScript | undefined = undefined;
  /** Where a name was last looked for, and a view of it: requests are nearly always in one buffer. */
  private viewed: Buffer | undefined = undefined;
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** Of all of them. */
  bytes = 0;
  /** How many have gone for others. */
  evicted = 0;

  get size(): number {
    return this.bySha.size;
  }

  /** @param sha in any case */
  get(sha: string): CachedScript | undefined {
    return this.bySha.get(sha) ?? this.bySha.get(sha.toLowerCase());
  }

  /** The script whose SHA-1 stands at buf[off..off + SHA1_LENGTH), often the same as last time. */
  at(buf: Buffer, off: number): CachedScript | undefined {
    const { last } = this;
    if (buf !== this.viewed && !this.look(buf)) return this.get(nameAt(buf, off));
    if (last?.isNamed(this.view, off)) return last;
    this.last = this.get(nameAt(buf, off));
    return this.last;
  }

  /** @returns false: it is too large to be kept for the next time */
  private look(buf: Buffer): boolean {
    if (buf.length > VIEWED_MAX) return false;
    this.viewed = buf;
    this.view = new DataView(buf.buffer, buf.byteOffset, buf.length);
    return true;
  }

  /** By its source. */
  find(source: string): CachedScript | undefined {
    return this.bySource.get(source);
  }

  /** Takes note that a script is run. */
  use(script: CachedScript): void {
    script.lastUse = ++this.uses;
  }

  add(script: CachedScript): void {
    this.bySha.set(script.name, script);
    this.bySource.set(script.source, script);
    this.bytes += script.bytes;
    this.use(script);
    if (script.isKept) return;
    if (++this.evictable > EVAL_SCRIPTS_MAX) this.evictOldest();
  }

  /** From now on it stays. */
  keep(script: CachedScript): void {
    if (script.isKept) return;
    script.isKept = true;
    this.evictable--;
  }

  clear(): void {
    this.bySha = new Map();
    this.bySource = new Map();
    this.last = undefined;
    this.evictable = 0;
    this.bytes = 0;
  }

  private evictOldest(): void {
    let oldest: CachedScript | undefined;
    for (const script of this.bySha.values()) {
      if (script.isKept) continue;
      if (oldest === undefined || script.lastUse < oldest.lastUse) oldest = script;
    }
    if (oldest === undefined) return;
    this.bySha.delete(oldest.name);
    this.bySource.delete(oldest.source);
    if (this.last === oldest) this.last = undefined;
    this.bytes -= oldest.bytes;
    this.evictable--;
    this.evicted++;
  }
}

function nameAt(buf: Buffer, off: number): string {
  return buf.toString('latin1', off, off + SHA1_LENGTH);
}

/** The SHA-1 of a text (latin1), in hexadecimal digits. */
export function sha1(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex');
}
