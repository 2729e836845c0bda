/**
 * How much memory the server uses, has used at most, and for what.
 *
 * `used` is what data, tables and client buffers hold, counted by those who hold it; it is exact,
 * because the arena knows its blocks to the byte. What Node.js itself takes is apart: it is not the
 * data's, and `maxmemory` shall limit data as it does in Redis. It shows in the resident size.
 */
import type { Keyspace } from '../keyspace/keyspace.js';
import type { DatabaseMemory, MemoryApi, MemoryReport } from './api/server.js';

/** Of so many clients the buffers may be summed up once in a millisecond. */
const CLIENTS_PER_MS = 100;

/** What a server has in memory beside data and clients, in bytes. */
export interface MemoryOverheads {
  /** What collections with an arena of their own hold there and do not use. */
  readonly collections: { readonly wastedBytes: number };
  /** How many scripts are cached. */
  scripts(): number;
  /** Scripts that are cached, and functions with their libraries: their sources and names. */
  scriptBytes(): number;
  functionBytes(): number;
  /** What waits to be written to the append-only file. */
  logBytes(): number;
}

export class MemoryTracker implements MemoryApi {
  private peakBytes = 0;
  /** Of clients and scripts, as they last were. */
  private sampledBytes = 0;
  private sampledAtMs = 0;
  private readonly startupBytes: number;

  constructor(
    private readonly keyspace: Keyspace,
    private readonly clientBytes: () => number,
    private readonly clientCount: () => number,
    private readonly overheads: MemoryOverheads,
  ) {
    this.startupBytes = this.used();
  }

  used(): number {
    const { functionBytes, logBytes, scriptBytes } = this.overheads;
    const others = scriptBytes() + functionBytes() + logBytes();
    return this.keyspace.meter.usedBytes + this.clientBytes() + others;
  }

  /**
   * Clients' buffers and scripts as they were last summed up: what evicting must look at beside the
   * meter. What waits for the append-only file is left out: evicting makes more of that.
   */
  recentClientBytes(): number {
    return this.sampledBytes;
  }

  /** Sums up clients' buffers and scripts, unless that was a moment ago. @param now in ms */
  refresh(now: number): void {
    const pauseMs = Math.max(1, this.clientCount() / CLIENTS_PER_MS);
    if (Math.abs(now - this.sampledAtMs) < pauseMs) return;
    this.sampledAtMs = now;
    this.sampledBytes = this.bytesToSample();
  }

  peak(): number {
    this.sample();
    return this.peakBytes;
  }

  /** Notes a new peak; called by the cron. */
  sample(): void {
    this.sampledBytes = this.bytesToSample();
    const used = this.keyspace.meter.usedBytes + this.sampledBytes + this.overheads.logBytes();
    this.peakBytes = Math.max(this.peakBytes, used);
  }

  resident(): number {
    return process.memoryUsage.rss();
  }

  startup(): number {
    return this.startupBytes;
  }

  clients(): number {
    return this.clientBytes();
  }

  /**
   * Gives segments and tables back that nothing needs, and has the JavaScript engine collect
   * garbage, where it lets itself be asked (`--expose-gc`).
   */
  purge(): void {
    for (const db of this.keyspace.databases) while (db.trim());
    (globalThis as { gc?: () => void }).gc?.();
  }

  report(): MemoryReport {
    const { startupBytes } = this;
    const usedBytes = this.used();
    const clientBytes = this.clientBytes();
    const databases = this.databases();
    const { functionBytes, logBytes, scriptBytes } = this.overheads;
    const waiting = logBytes();
    const scripts = scriptBytes();
    const functions = functionBytes();
    let overheadBytes = startupBytes + clientBytes + waiting + scripts + functions;
    let keys = 0;
    for (const db of databases) {
      overheadBytes += db.mainTableBytes + db.expiresBytes;
      keys += db.keys;
    }
    const addedBytes = Math.max(usedBytes - startupBytes, 1);
    const datasetBytes = Math.max(usedBytes - overheadBytes, 0);
    const peakBytes = this.peak();
    return {
      usedBytes,
      peakBytes,
      peakPercent: (usedBytes * 100) / Math.max(peakBytes, 1),
      startupBytes,
      residentBytes: this.resident(),
      clientBytes,
      logBytes: waiting,
      scripts: this.overheads.scripts(),
      scriptBytes: scripts,
      functionBytes: functions,
      databases,
      keys,
      overheadBytes,
      datasetBytes,
      datasetPercent: (datasetBytes * 100) / addedBytes,
      bytesPerKey: keys === 0 ? 0 : Math.floor(addedBytes / keys),
      allocatedBytes: usedBytes,
      activeBytes: usedBytes + this.unusedArenaBytes(),
    };
  }

  private bytesToSample(): number {
    return this.clientBytes() + this.overheads.scriptBytes() + this.overheads.functionBytes();
  }

  /** Tables of the databases that have keys. */
  private databases(): DatabaseMemory[] {
    return this.keyspace.databases
      .filter((db) => db.size > 0)
      .map((db) => ({
        index: db.index,
        keys: db.size,
        mainTableBytes: db.dict.tableBytes,
        expiresBytes: db.expires.bytes,
      }));
  }

  /** Bytes of the arenas that were in use once and are no one's now. */
  private unusedArenaBytes(): number {
    let total = this.overheads.collections.wastedBytes;
    for (const { arena } of this.keyspace.databases) {
      total += Math.max(arena.touchedBytes - arena.usedBytes, 0);
    }
    return total;
  }
}
