/**
 * `client-output-buffer-limit`: when a client that does not read is ended, by its class.
 *
 * Above the hard limit at once; above the soft one when that has lasted for its seconds. What one
 * turn answers up to UNLIMITED_BYTES is never too much, however low a limit is: Redis has a buffer
 * of that size for each client, which it does not count either.
 *
 * Source: https://redis.io/docs/latest/develop/reference/clients/#output-buffer-limits
 */
import { ClientFlag } from './api/client.js';

/** Replies up to this size go out whatever the limits, in bytes. */
export const UNLIMITED_BYTES = 16 * 1024;

export interface OutputLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** The limits of each class; 0 is none. */
export interface OutputLimitValues {
  readonly normal: OutputLimit;
  readonly replica: OutputLimit;
  readonly pubsub: OutputLimit;
}

/** A client's class. Its master counts as a normal client here, and so does one that monitors. */
export function outputLimitOf(values: OutputLimitValues, flags: number): OutputLimit {
  const isReplica = (flags & (ClientFlag.Replica | ClientFlag.Monitor)) === ClientFlag.Replica;
  if ((flags & ClientFlag.Master) !== 0) return values.normal;
  if (isReplica) return values.replica;
  return (flags & ClientFlag.Pubsub) !== 0 ? values.pubsub : values.normal;
}

/** How a client stands to its limits. */
export class OutputWatch {
  /** Since when it is above the soft limit, Unix ms; 0: it is not. */
  private softSinceMs = 0;

  /**
   * Whether the client is to be ended.
   * @param bytes that wait for it @param backlogBytes the replication backlog's size: a replica may
   *   always have as much waiting, since that memory is the backlog's
   */
  isExceeded(limit: OutputLimit, bytes: number, nowMs: number, backlogBytes = 0): boolean {
    const { hardBytes, softBytes, softSeconds } = limit;
    if (hardBytes > 0 && bytes >= Math.max(hardBytes, backlogBytes)) return true;
    if (softBytes === 0 || bytes < softBytes) {
      this.softSinceMs = 0;
      return false;
    }
    if (this.softSinceMs === 0) this.softSinceMs = nowMs;
    return nowMs - this.softSinceMs > softSeconds * 1000;
  }
}
