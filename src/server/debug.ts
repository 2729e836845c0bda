/** What DEBUG can do to a server: see the command in commands/server/debug.ts. */
import type { Call } from './api/call.js';
import type { ClientRegistry } from './api/client.js';
import type { Config } from './api/config.js';
import type { Log } from './api/log.js';
import type { CrashCause, DebugSwitches, InfoApi } from './api/server.js';
import { writeBugReport } from './bug-report.js';
import type { Cron } from './cron.js';

/** How a crashed process ends. */
export type CrashSignal = 'SIGSEGV' | 'SIGABRT';

export interface DebugParts {
  readonly call: Call;
  readonly clients: ClientRegistry;
  readonly config: Config;
  readonly cron: Cron;
  readonly info: InfoApi;
  readonly log: Log;
  /** Ends the process, after a report. */
  onCrash(signal: CrashSignal): void;
}

export class ServerDebug implements DebugSwitches {
  activeExpire = true;

  constructor(private readonly parts: DebugParts) {}

  get cronPaused(): boolean {
    return this.parts.cron.paused;
  }

  set cronPaused(paused: boolean) {
    this.parts.cron.paused = paused;
  }

  sleep(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  crash(cause: CrashCause): void {
    this.report(cause);
    this.parts.onCrash(cause.kind === 'signal' ? cause.signal : 'SIGABRT');
  }

  /** Writes a bug report to the log. */
  report(cause: CrashCause): void {
    const { call, clients, config, info, log } = this.parts;
    writeBugReport(cause, {
      log,
      info,
      clients,
      detailed: config.values['crash-log-enabled'],
      current: { client: call.client, args: call.args },
    });
  }
}
