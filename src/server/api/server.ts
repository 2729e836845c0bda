/**
 * The server as commands see it: each part behind its own small interface. Commands import these
 * types and nothing else of src/server.
 */
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { AclApi } from './acl.js';
import type { AppendOnlyApi } from './append-only.js';
import type { BlockingApi } from './blocking.js';
import type { Client, ClientRegistry } from './client.js';
import type { Clock } from './clock.js';
import type { CommandTable } from './command-table.js';
import type { Config } from './config.js';
import type { HotKeysApi } from './hot-keys.js';
import type { LatencyApi } from './latency.js';
import type { LoadingApi } from './loading.js';
import type { Log } from './log.js';
import type { MigrationApi } from './migration.js';
import type { MonitorsApi } from './monitors.js';
import type { PersistenceApi } from './persistence.js';
import type { PropagationApi } from './propagation.js';
import type { PubsubApi } from './pubsub.js';
import type { ScriptingApi } from './scripting.js';
import type { SlowLogApi } from './slowlog.js';
import type { TrackingApi } from './tracking.js';
import type { TransactionsApi } from './transactions.js';

export interface ServerApi {
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly clients: ClientRegistry;
  readonly commands: CommandTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: ServerStats;
  readonly info: InfoApi;
  readonly lifecycle: Lifecycle;
  readonly debug: DebugSwitches;
  readonly memory: MemoryApi;
  readonly blocking: BlockingApi;
  readonly transactions: TransactionsApi;
  readonly scripting: ScriptingApi;
  readonly tracking: TrackingApi;
  readonly slowLog: SlowLogApi;
  readonly latency: LatencyApi;
  readonly hotKeys: HotKeysApi;
  readonly monitors: MonitorsApi;
  readonly pubsub: PubsubApi;
  readonly migration: MigrationApi;
  readonly persistence: PersistenceApi;
  readonly loading: LoadingApi;
  readonly propagation: PropagationApi;
  readonly appendOnly: AppendOnlyApi;
  readonly acl: AclApi;
  /** A random number in [0, 1). */
  readonly random: () => number;
  /** Random bytes as hexadecimal digits. */
  randomHex(bytes: number): string;
}

/** Counters of INFO stats and others; plain numbers, reset by CONFIG RESETSTAT. */
export interface ServerStats {
  /** Zeroes all that CONFIG RESETSTAT resets. */
  reset(): void;
  dirty(): number;
}

export interface InfoApi {
  /** INFO's text for these section names (none: the default ones). */
  render(sections: readonly string[]): string;
}

export interface ShutdownOptions {
  save?: boolean;
  now: boolean;
  force: boolean;
}

export interface Lifecycle {
  /**
   * Ends the server as SHUTDOWN does: the process (or library instance) ends, and no reply is sent. If
   * it can't end, the client is answered with an error, later.
   */
  shutdown(options: ShutdownOptions, client: Client): void;
  /** Gives a shutdown up that was asked for and has not begun. The client is answered, a little later. */
  abortShutdown(client: Client): void;
}

/** What made a process crash. */
export type CrashCause =
  | { readonly kind: 'signal'; readonly signal: 'SIGSEGV' | 'SIGABRT' }
  | { readonly kind: 'exception'; readonly error: Error }
  | { readonly kind: 'panic'; readonly message: string }
  | { readonly kind: 'assertion'; readonly expression: string }
  | { readonly kind: 'out of memory'; readonly bytes: number };

/** What DEBUG can switch. */
export interface DebugSwitches {
  activeExpire: boolean;
  /** Whether the cron is stopped (DEBUG PAUSE-CRON). */
  cronPaused: boolean;
  /** Blocks the event loop. */
  sleep(ms: number): void;
  /** Writes a bug report to the log and ends the process, as a bug would. */
  crash(cause: CrashCause): void;
}

/** Names the allocator in INFO and reports. */
export const ALLOCATOR = 'arena';

export interface MemoryApi {
  /** Bytes in use, as INFO's used_memory. */
  used(): number;
  peak(): number;
  resident(): number;
  /** Bytes in use right after the start. */
  startup(): number;
  /** Bytes of client buffers. */
  clients(): number;
  /** All of it at one moment, and what it is used for. */
  report(): MemoryReport;
  /** Gives memory back that is held for nothing, as far as that can be done at once. */
  purge(): void;
}

export interface MemoryReport {
  readonly usedBytes: number;
  readonly peakBytes: number;
  readonly peakPercent: number;
  readonly startupBytes: number;
  readonly residentBytes: number;
  readonly clientBytes: number;
  /** Bytes that wait to be written to the append-only file. */
  readonly logBytes: number;
  /** Scripts that are cached. */
  readonly scripts: number;
  /** Bytes of cached scripts, and of functions. */
  readonly scriptBytes: number;
  readonly functionBytes: number;
  /** Those that have keys. */
  readonly databases: readonly DatabaseMemory[];
  readonly keys: number;
  /** All that is no data: startup, clients, scripts, tables. */
  readonly overheadBytes: number;
  readonly datasetBytes: number;
  /** Of what was added since the start. */
  readonly datasetPercent: number;
  readonly bytesPerKey: number;
  /** Bytes given out, and those held for it, free blocks included. */
  readonly allocatedBytes: number;
  readonly activeBytes: number;
}

export interface DatabaseMemory {
  readonly index: number;
  readonly keys: number;
  readonly mainTableBytes: number;
  readonly expiresBytes: number;
}
