/** Starts workers: directly while the server is small, through a shell that was started before it grew. */
import { LauncherShell } from './launcher-shell.js';
import {
  spawnWorker,
  type WorkerEvents,
  type WorkerLauncher,
  type WorkerProcess,
} from './worker-process.js';

export class ProcessLauncher implements WorkerLauncher {
  private shell: LauncherShell | undefined = undefined;
  private hasFailed = false;

  launch(events: WorkerEvents): WorkerProcess | undefined {
    return this.shell?.isReady ? this.shell.launch(events) : spawnWorker(events);
  }

  prepare(): void {
    // Elsewhere nothing is copied to start a process.
    if (process.platform !== 'linux' || this.hasFailed) return;
    if (this.shell !== undefined && !this.shell.isOver) return;
    try {
      this.shell = new LauncherShell();
    } catch {
      this.hasFailed = true;
    }
  }

  stop(): void {
    this.shell?.close();
    this.shell = undefined;
  }
}
