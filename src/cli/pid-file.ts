/** `pidfile`: the process's number in a file, while it runs. */
import { unlinkSync, writeFileSync } from 'node:fs';
import type { Log } from '../server/api/log.js';

export class PidFile {
  private written = false;

  constructor(
    private readonly path: string | undefined,
    private readonly log: Log,
  ) {}

  /** A file that can't be written is no reason not to serve (as in Redis). */
  write(): void {
    if (this.path === undefined) return;
    try {
      writeFileSync(this.path, `${process.pid}\n`);
      this.written = true;
    } catch (error) {
      this.log.warning(`Failed to write PID file: ${(error as Error).message}`);
    }
  }

  remove(): void {
    if (!this.written) return;
    this.log.notice('Removing the pid file.');
    try {
      unlinkSync(this.path!);
    } catch {
      // Somebody else has removed it.
    }
  }
}
