/**
 * Sessions of TLS that clients may resume, by their ids.
 *
 * Most clients are given a ticket: the session itself, encrypted, which they keep and show again.
 * That costs the server no memory. This cache is for those that ask for no ticket and send an id
 * instead, which only TLS 1.2 and older have: sessions of TLS 1.3 are passed by.
 *
 * Invariant: at most `maxSessions` (0: no limit), none older than `timeoutMs`; the oldest goes first.
 */
import type { Clock } from '../api/clock.js';

interface Session {
  readonly bytes: Buffer;
  readonly endsMs: number;
}

/**
 * A session is ASN.1: SEQUENCE { INTEGER 1, INTEGER version, … }, the version in two bytes. Behind
 * the sequence's length, of 1 to 3 bytes, stands this:
 */
const TLS13_MARK = Buffer.from([2, 1, 1, 2, 2, 3, 4]);
const MARK_END_MAX = 12;

export class SessionCache {
  private readonly sessions = new Map<string, Session>();

  constructor(
    private readonly clock: Clock,
    private readonly maxSessions: number,
    private readonly timeoutMs: number,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  add(id: Buffer, bytes: Buffer): void {
    if (bytes.subarray(0, MARK_END_MAX).includes(TLS13_MARK)) return;
    const now = this.clock.now();
    this.sessions.set(id.toString('latin1'), { bytes, endsMs: now + this.timeoutMs });
    for (const [oldest, { endsMs }] of this.sessions) {
      const isTooMany = this.maxSessions > 0 && this.sessions.size > this.maxSessions;
      if (endsMs > now && !isTooMany) break;
      this.sessions.delete(oldest);
    }
  }

  find(id: Buffer): Buffer | undefined {
    const session = this.sessions.get(id.toString('latin1'));
    return session !== undefined && session.endsMs > this.clock.now() ? session.bytes : undefined;
  }
}
