/**
 * `supervised`: telling a service manager that the server is ready.
 *
 * systemd wants a datagram on the Unix socket named by NOTIFY_SOCKET; Node has no datagrams over
 * Unix sockets, so its own tool, systemd-notify, sends it. upstart wants the process to stop itself
 * with SIGSTOP once it is ready.
 */
import { spawnSync } from 'node:child_process';
import type { Log } from '../server/api/log.js';

export type SupervisorKind = 'no' | 'systemd' | 'upstart';

export class Supervisor {
  /** Who supervises; `auto` has become what the environment says. */
  readonly kind: SupervisorKind;

  constructor(
    mode: SupervisorKind | 'auto',
    private readonly log: Log,
  ) {
    if (mode === 'auto') {
      this.kind = process.env['NOTIFY_SOCKET']
        ? 'systemd'
        : process.env['UPSTART_JOB']
          ? 'upstart'
          : 'no';
    } else {
      this.kind = mode;
    }
  }

  ready(): void {
    if (this.kind === 'systemd') this.notifySystemd();
    else if (this.kind === 'upstart') this.stopForUpstart();
  }

  private notifySystemd(): void {
    if (!process.env['NOTIFY_SOCKET']) {
      this.log.warning('systemd supervision requested but NOTIFY_SOCKET not found');
      return;
    }
    this.log.notice(
      'Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in your service unit.',
    );
    const args = ['--ready', `--pid=${process.pid}`, '--status=Ready to accept connections'];
    const { error, status } = spawnSync('systemd-notify', args, { timeout: 5000 });
    if (error === undefined && status === 0) return;
    this.log.warning(
      `Could not tell systemd that the server is ready: ${error?.message ?? `systemd-notify ended with status ${status}`}`,
    );
  }

  private stopForUpstart(): void {
    if (!process.env['UPSTART_JOB']) {
      this.log.warning('upstart supervision requested, but UPSTART_JOB not found');
      return;
    }
    this.log.notice('supervised by upstart, will stop to signal readiness');
    process.kill(process.pid, 'SIGSTOP');
  }
}
