/** The append-only file, as commands see it. */
import type { Client } from './client.js';

/** What becomes of BGREWRITEAOF. */
export type RewriteRequest = 'started' | 'scheduled' | 'in progress' | 'failed';

/** What WAITAOF waits for. */
export interface AwaitedSync {
  /** 1: the client's writes on the disk of this server; 0: not that. */
  readonly local: number;
  /** … and on the disks of so many replicas. */
  readonly replicas: number;
  /** Unix ms; 0: waits for ever. */
  readonly deadlineMs: number;
}

export interface AppendOnlyApi {
  /** Whether `appendonly` is on. */
  readonly isOn: boolean;
  /** A pause before each write to the file, in microseconds (DEBUG AOF-FLUSH-SLEEP). */
  flushSleepMicros: number;
  /** Has the file rewritten, now or as soon as that can be. @returns soon, if the disk has to be waited for */
  rewrite(): RewriteRequest | Promise<RewriteRequest>;
  /** 1 if all that this client's commands have changed is on the disk, else 0. */
  syncedLocally(client: Client): number;
  /** On the disks of how many replicas that is. */
  syncedReplicas(client: Client): number;
  /** Has the client wait; it is answered with those two numbers. */
  awaitSync(client: Client, wanted: AwaitedSync): void;
}
