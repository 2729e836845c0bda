/**
 * ACL LOG: what was refused to whom. Similar refusals within a minute are one entry with a count, so
 * that a client that tries again and again doesn't push all else out.
 */
import type { AclLogEntry, DenialContext, DenialReason } from '../api/acl.js';

/** Refusals this far apart are not similar any more. */
const GROUPING_MS = 60_000;
/** How many of the newest entries are looked at for a similar one. */
const SIMILAR_AMONG = 10;

/** Something that was refused. */
export interface Denial {
  readonly reason: DenialReason;
  readonly context: DenialContext;
  readonly object: string;
  readonly username: string;
  readonly clientInfo: string;
}

type Entry = { -readonly [Field in keyof AclLogEntry]: AclLogEntry[Field] };

export class AclLog {
  /** Newest first. */
  private entries: Entry[] = [];
  private nextId = 0;

  /** @param maxLength how many entries may be kept */
  constructor(private readonly maxLength: () => number) {}

  all(): readonly AclLogEntry[] {
    return this.entries;
  }

  clear(): void {
    this.entries = [];
  }

  add(denial: Denial, nowMs: number): void {
    const { entries } = this;
    const at = entries.findIndex(
      (entry, i) => i < SIMILAR_AMONG && isSimilar(entry, denial, nowMs),
    );
    const [found] = at < 0 ? [] : entries.splice(at, 1);
    if (found !== undefined) {
      found.count++;
      found.clientInfo = denial.clientInfo;
      found.updatedMs = nowMs;
      entries.unshift(found);
      return;
    }
    entries.unshift({
      ...denial,
      count: 1,
      id: this.nextId++,
      createdMs: nowMs,
      updatedMs: nowMs,
    });
    const limit = this.maxLength();
    if (entries.length > limit) entries.length = limit;
  }
}

function isSimilar(entry: Entry, denial: Denial, nowMs: number): boolean {
  return (
    entry.reason === denial.reason &&
    entry.context === denial.context &&
    Math.abs(nowMs - entry.updatedMs) <= GROUPING_MS &&
    entry.object === denial.object &&
    entry.username === denial.username
  );
}
