/**
 * `maxmemory-clients`: when all clients together take more memory than that, the biggest are ended.
 *
 * What each takes is counted anew whenever it was served, and by the cron. Clients are kept in
 * buckets by size, each for twice the size of the one before, so that a big one is found without a
 * look at all; within a bucket the one that came first goes first. Clients with CLIENT NO-EVICT,
 * replicas and the master are in no bucket; the memory of the former counts all the same.
 *
 *     bucket:  0        1        2             18
 *              <32 KB   <64 KB   <128 KB  …    4 GB and above
 *              o o o    o o               …    o  <- ended first
 *
 * It happens between the requests of two clients, and at the end of a turn, when everything due has
 * been sent. A client over its output limit has forgotten its replies by then, and pays for itself.
 *
 * While the limit is 0 nothing is counted, and nothing here costs anything.
 *
 * Source of the behaviour: https://redis.io/docs/latest/develop/reference/clients/#client-eviction
 */
import { ClientFlag } from './api/client.js';
import { clientInfo } from './api/client-info.js';
import type { Log } from './api/log.js';
import type { ClientImpl } from './client.js';

/** A smaller limit would leave no room to speak to the server at all, in bytes. */
const LIMIT_MIN_BYTES = 128 * 1024;
/** Sizes below 2^15 share the first bucket, those from 2^32 the last. */
const SMALLEST_LOG = 15;
const BUCKETS = 19;
/** Clients that are in no bucket and in no sum. */
const NOT_COUNTED = ClientFlag.Master | ClientFlag.Replica;

export interface ClientEvictionParts {
  readonly log: Log;
  now(): number;
  all(): Iterable<ClientImpl>;
}

/** What is known of a counted client. */
interface Count {
  bytes: number;
  /** Number of its bucket, -1: none. */
  bucket: number;
}

/**
 * The limit in bytes, 0 for none.
 * @param setting `maxmemory-clients`: bytes, or below zero a percentage of `maxMemory`
 */
export function clientMemoryLimit(setting: number, maxMemory: number): number {
  if (setting === 0 || (setting < 0 && maxMemory === 0)) return 0;
  const bytes = setting < 0 ? Math.floor((maxMemory * -setting) / 100) : setting;
  return Math.max(bytes, LIMIT_MIN_BYTES);
}

export class ClientEviction {
  /** How many clients were ended. */
  evicted = 0;
  private limitBytes = 0;
  /** Of all counted clients. */
  private totalBytes = 0;
  private readonly counts = new Map<ClientImpl, Count>();
  private readonly buckets = Array.from({ length: BUCKETS }, () => new Set<ClientImpl>());
  /** Clients that are to be counted anew. */
  private readonly touched = new Set<ClientImpl>();

  constructor(private readonly parts: ClientEvictionParts) {}

  get isOn(): boolean {
    return this.limitBytes !== 0;
  }

  /** @param bytes 0: none */
  setLimit(bytes: number): void {
    const wasOn = this.isOn;
    this.limitBytes = bytes;
    if (this.isOn) {
      for (const client of this.parts.all()) this.touched.add(client);
    } else if (wasOn) {
      this.counts.clear();
      this.touched.clear();
      for (const bucket of this.buckets) bucket.clear();
      this.totalBytes = 0;
    }
  }

  /** The client may take more or less memory than before. */
  touch(client: ClientImpl): void {
    if (this.isOn) this.touched.add(client);
  }

  /** Counts those that were touched, and ends the biggest clients until the limit is kept. */
  settle(): void {
    if (this.touched.size === 0) return;
    for (const client of this.touched) this.count(client);
    this.touched.clear();
    if (this.totalBytes >= this.limitBytes) this.evict();
  }

  forget(client: ClientImpl): void {
    this.touched.delete(client);
    const count = this.counts.get(client);
    if (count === undefined) return;
    this.totalBytes -= count.bytes;
    this.moveTo(client, count, -1);
    this.counts.delete(client);
  }

  private count(client: ClientImpl): void {
    if (client.closed) return;
    if ((client.flags & NOT_COUNTED) !== 0 && (client.flags & ClientFlag.Monitor) === 0) {
      this.forget(client);
      return;
    }
    let count = this.counts.get(client);
    if (count === undefined) {
      count = { bytes: 0, bucket: -1 };
      this.counts.set(client, count);
    }
    const bytes = client.memoryBytes;
    this.totalBytes += bytes - count.bytes;
    count.bytes = bytes;
    this.moveTo(client, count, (client.flags & ClientFlag.NoEvict) !== 0 ? -1 : bucketOf(bytes));
  }

  private moveTo(client: ClientImpl, count: Count, bucket: number): void {
    if (count.bucket === bucket) return;
    this.buckets[count.bucket]?.delete(client);
    this.buckets[bucket]?.add(client);
    count.bucket = bucket;
  }

  private evict(): void {
    const { log, now } = this.parts;
    for (let i = BUCKETS - 1; i >= 0; i--) {
      for (const client of this.buckets[i]!) {
        if (this.totalBytes < this.limitBytes) return;
        log.notice(`Evicting client: ${clientInfo(client, now())}`);
        this.evicted++;
        client.close(false);
      }
    }
    if (this.totalBytes < this.limitBytes) return;
    log.warning('Over client maxmemory after evicting all evictable clients');
  }
}

function bucketOf(bytes: number): number {
  const log = bytes < 1 ? 0 : Math.floor(Math.log2(bytes)) + 1;
  return Math.min(Math.max(log - SMALLEST_LOG, 0), BUCKETS - 1);
}
