/** What DEBUG can do to a server: see the command in commands/server/debug.ts. */
import type { Call } from './api/call.js';
import type { Client } from './api/client.js';
import type { CrashCause, DebugSwitches } from './api/server.js';
import { writeBugReport } from './bug-report.js';
import type { Server } from './server.js';

/** How a crashed process ends. */
export type CrashSignal = 'SIGSEGV' | 'SIGABRT';

export class ServerDebug implements DebugSwitches {
  activeExpire = true;

  constructor(
    private readonly server: Pick<Server, 'clients' | 'config' | 'cron' | 'info' | 'log'>,
    private readonly call: Call,
    private readonly end: (signal: CrashSignal) => void,
  ) {}

  get cronPaused(): boolean {
    return this.server.cron.paused;
  }

  set cronPaused(paused: boolean) {
    this.server.cron.paused = paused;
  }

  isAllowed(client: Client): boolean {
    const mode = this.server.config.values['enable-debug-command'];
    return mode === 'yes' || (mode === 'local' && client.isLocal);
  }

  sleep(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  crash(cause: CrashCause): void {
    const { clients, config, info, log } = this.server;
    const { client, args } = this.call;
    writeBugReport(cause, {
      log,
      info,
      clients,
      detailed: config.values['crash-log-enabled'],
      current: { client, args },
    });
    this.end(cause.kind === 'signal' ? cause.signal : 'SIGABRT');
  }
}
