/**
 * `oom-score-adj`: how soon the kernel ends this process when the machine's memory runs out (Linux).
 * The process's own value is kept while ours is in force, and put back when it is not.
 *
 * Source: https://www.kernel.org/doc/html/latest/filesystems/proc.html (oom_score_adj)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Log } from '../server/api/log.js';
import type { Config } from '../server/config/config.js';

const MAX = 1000;
const PATH = '/proc/self/oom_score_adj';
/** Of the three values, the one for processes that save in the background. */
const WORKER = 2;

export class OomScore {
  /** The process's own value; undefined while it is in force. */
  private own: number | undefined;

  constructor(
    private readonly config: Config,
    private readonly log: Log,
    private readonly path = PATH,
  ) {
    config.onChange(['oom-score-adj', 'oom-score-adj-values'], () => this.apply());
  }

  /** @returns why CONFIG SET fails, if the value can't be set; the log then says more */
  apply(): string | undefined {
    const { 'oom-score-adj': mode, 'oom-score-adj-values': values } = this.config.values;
    if (mode === 'no' && this.own === undefined) return undefined;
    try {
      const own = this.own ?? Number(readFileSync(this.path, 'utf8'));
      const [master] = values;
      writeFileSync(this.path, mode === 'no' ? String(own) : this.score(own, master));
      this.own = mode === 'no' ? undefined : own;
      return undefined;
    } catch (error) {
      this.log.warning(`Unable to write oom_score_adj: ${(error as Error).message}`);
      return 'Failed to set current oom_score_adj. Check server logs.';
    }
  }

  /** Gives a process that saves in the background the value meant for it, if there is one. */
  applyToWorker(pid: number): void {
    if (this.own === undefined) return;
    try {
      const value = this.config.values['oom-score-adj-values'][WORKER]!;
      writeFileSync(`/proc/${pid}/oom_score_adj`, this.score(this.own, value));
    } catch (error) {
      this.log.warning(`Unable to write oom_score_adj: ${(error as Error).message}`);
    }
  }

  private score(own: number, value: number): string {
    const wanted = this.config.values['oom-score-adj'] === 'absolute' ? value : own + value;
    return String(Math.max(-MAX, Math.min(MAX, wanted)));
  }
}
