/**
 * What INFO's sections read: the server, seen from outside of it.
 *
 * Each section is a function from this to lines. Fields whose subject is not there (replicas, files,
 * scripts) are said truthfully: zero, none, never.
 */
import type { Defragmenter } from '../../keyspace/defragmenter.js';
import type { ExpireCycle } from '../../keyspace/expire-cycle.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { ClientRegistry } from '../api/client.js';
import type { Clock } from '../api/clock.js';
import type { CommandTable } from '../api/command-table.js';
import type { Config } from '../api/config.js';
import type { MigrationApi } from '../api/migration.js';
import type { PubsubApi } from '../api/pubsub.js';
import type { MemoryApi } from '../api/server.js';
import type { TrackingCounts } from '../api/tracking.js';
import type { Eviction } from '../eviction.js';
import type { AppendOnly } from '../persistence/append-only.js';
import type { RdbSaves } from '../persistence/rdb-saves.js';
import type { Snapshots } from '../persistence/snapshots.js';
import type { Stats } from '../stats.js';
import type { ClientPeaks } from './client-peaks.js';

export interface InfoContext {
  readonly blocking: AwaitedKeys;
  readonly clients: ClientRegistry;
  readonly clientPeaks: ClientPeaks;
  readonly clock: Clock;
  readonly commands: CommandTable;
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly loading: LoadProgress;
  readonly migration: MigrationApi;
  readonly snapshots: Snapshots;
  readonly rdbSaves: RdbSaves;
  readonly appendOnly: AppendOnly;
  readonly memory: MemoryApi;
  readonly pubsub: Pick<PubsubApi, 'topics'>;
  readonly tracking: TrackingCounts;
  scripting(): ScriptCounts;
  readonly stats: Stats;
  readonly expireCycle: ExpireCycle;
  readonly eviction: Eviction;
  readonly defragmenter: Defragmenter;
  readonly identity: ServerIdentity;
  /** Where the server listens now. */
  listeners(): readonly ListenerFacts[];
  /** When a shutdown that waits will end, Unix ms; undefined: none is under way. */
  shutdownAtMs(): number | undefined;
}

/** A load that is under way, and what the last one has brought. */
export interface LoadProgress {
  readonly isActive: boolean;
  /** Unix ms. */
  readonly startedMs: number;
  /** 0: not known. */
  readonly totalBytes: number;
  readonly bytesRead: number;
  /** What the data took where they were saved, in bytes; 0: not known. */
  readonly usedMemory: number;
  readonly keysLoaded: number;
  readonly keysExpired: number;
}

/** Scripts and functions; memory in bytes. */
export interface ScriptCounts {
  readonly cachedScripts: number;
  readonly cachedScriptBytes: number;
  readonly functions: number;
  readonly libraries: number;
  readonly functionBytes: number;
  /** Of the interpreters for scripts, and of those for functions. */
  readonly scriptVmBytes: number;
  readonly functionVmBytes: number;
}

/** Keys that clients wait for. */
export interface AwaitedKeys {
  readonly keyCount: number;
  /** Those whose going is waited for, too. */
  readonly onDeletionKeyCount: number;
}

/** What a server is for all its life. */
export interface ServerIdentity {
  /** Unix ms. */
  readonly startedMs: number;
  /** 40 hexadecimal digits, another one at every start. */
  readonly runId: string;
  /** 40 hexadecimal digits: names the history of the data set. */
  readonly replicationId: string;
  /** Path of the program; '' where the server is part of another. */
  readonly executable: string;
  /** Absolute path, '' if none. */
  readonly configFile: string;
  /** Who restarts the process when it ends: `no`, `systemd`, `upstart` or `unknown`. */
  readonly supervised: string;
}

export interface ListenerFacts {
  readonly kind: 'tcp' | 'tls' | 'unix';
  /** As configured: addresses, or the socket's path. */
  readonly addresses: readonly string[];
  /** 0 where there is none. */
  readonly port: number;
}

/** One `name:value` line. */
export type InfoLine = readonly [name: string, value: string | number];

export interface InfoSection {
  /** As in INFO's arguments. */
  readonly name: string;
  /** Its heading; by default the name with a capital. */
  readonly title?: string;
  /** Other names that INFO takes for it. */
  readonly aliases?: readonly string[];
  /** `asked`: only when named; `all`: with ALL and EVERYTHING too; `default`: always. */
  readonly shown: 'default' | 'all' | 'asked';
  lines(context: InfoContext): Iterable<InfoLine>;
}
