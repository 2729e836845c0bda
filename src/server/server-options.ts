/** What a server is made with: its configuration, and what it has of the world around it. */
import type { AofFiles } from '../persistence/aof/files.js';
import type { WorkerLauncher } from '../persistence/snapshot/worker-process.js';
import type { ScriptEngine } from '../scripting/engine.js';
import type { CommandSpec } from './api/command.js';
import type { ServerClock } from './clock.js';
import type { Config } from './config/config.js';
import type { ConfigFiles } from './config/host.js';
import type { CrashSignal } from './debug.js';
import type { ServerLog } from './log.js';

export interface ServerOptions {
  config: Config;
  clock: ServerClock;
  log: ServerLog;
  /** A number in [0, 1). */
  random?: () => number;
  /** The config file's absolute path, for INFO and CONFIG REWRITE. */
  configFile?: string;
  /** Who supervises the process, for INFO. */
  supervisedBy?: string;
  /** Check the arenas' every free; slow. For tests. */
  debugArena?: boolean;
  /** The disk, for the ACL file; by default the real one. */
  files?: ConfigFiles;
  /** The disk, for the append-only file; by default the real one. */
  aofFiles?: AofFiles;
  /** The commands it has; by default all there are. For tests. */
  commands?: readonly CommandSpec[];
  /** Whether port 0 means "any free port" (library) and not "no TCP" (command line). */
  portZeroIsAny?: boolean;
  /** How much may wait for clients that do not read; by default a share of memory. For tests. */
  outputBudgetBytes?: number;
  /** Path of the program, for INFO. */
  executable?: string;
  /** The scripting languages it has; by default all there are. For tests. */
  engines?: readonly ScriptEngine[];
  /** Whether it serves a debugging session, with a copy of another server's data (debug-forks.ts). */
  isFork?: boolean;
  /** Ends the process when a client had it crash (DEBUG SEGFAULT); by default the server stops. */
  onCrash?: (signal: CrashSignal) => void;
  /** Starts the processes that write snapshots; by default real ones. For tests. */
  workers?: WorkerLauncher;
  /** Told of each such process. */
  onWorker?: (pid: number) => void;
  /** Told when SHUTDOWN or a signal has ended the server. */
  onStopped?: (exitCode: number) => void;
}
