/**
 * The server as commands see it: each part behind its own small interface. Commands import these
 * types and nothing else of src/server.
 */
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { Client, ClientRegistry } from './client.js';
import type { Clock } from './clock.js';
import type { CommandTable } from './command-table.js';
import type { Config } from './config.js';
import type { Log } from './log.js';

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
  /** A random number in [0, 1). */
  readonly random: () => number;
  /** Random bytes as hexadecimal digits. */
  randomHex(bytes: number): string;
  /** Authenticates; undefined: wrong name or password. */
  authenticate(user: string, password: Uint8Array): boolean;
  /** Marks a client as authenticated (or back to the start: RESET). */
  setAuthenticated(client: Client, user: string | undefined): void;
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
   * Ends the server as SHUTDOWN does. Returns an error text when it can't; else the process (or
   * library instance) ends and no reply is sent.
   */
  shutdown(options: ShutdownOptions, client: Client): string | undefined;
  /** Ends a shutdown that waits. @returns whether there was one */
  abortShutdown(): boolean;
  /** DEBUG RESTART, CRASH-AND-RECOVER: starts anew in this process after a delay. */
  restart(delayMs: number): void;
}

/** What DEBUG can switch. */
export interface DebugSwitches {
  activeExpire: boolean;
  /** Whether the cron is stopped (DEBUG PAUSE-CRON). */
  cronPaused: boolean;
  /** Whether this client may use DEBUG (`enable-debug-command`). */
  isAllowed(client: Client): boolean;
  /** Blocks the event loop. */
  sleep(ms: number): void;
}

export interface MemoryApi {
  /** Bytes in use, as INFO's used_memory. */
  used(): number;
  peak(): number;
  resident(): number;
  /** Bytes in use right after the start. */
  startup(): number;
  /** Bytes of client buffers. */
  clients(): number;
}
