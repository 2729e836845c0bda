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
/** What a cached script takes beside its source and name, in bytes (the order of it). */
const OVERHEAD_BYTES = 200;

export class CachedScript {
  /** When it was used last, as a count of uses. */
  lastUse = 0;
  private readonly nameBytes: Buffer;

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
    this.nameBytes = Buffer.from(name, 'latin1');
  }

  /** Whether its name in small letters stands at buf[off..off + SHA1_LENGTH). */
  isNamed(buf: Uint8Array, off: number): boolean {
    const { nameBytes } = this;
    for (let i = 0; i < SHA1_LENGTH; i++) if (buf[off + i] !== nameBytes[i]) return false;
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
    if (last?.isNamed(buf, off)) return last;
    this.last = this.get(buf.toString('latin1', off, off + SHA1_LENGTH));
    return this.last;
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

/** The SHA-1 of a text (latin1), in hexadecimal digits. */
export function sha1(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex');
}
