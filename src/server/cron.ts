/**
 * The server's periodic work: `hz` times per second, each task at its own period.
 *
 * A task must be short: what may take long is done in slices with a time limit. Time comes from the
 * server's clock, so a test that moves a manual clock runs the cron as well.
 */
import type { Clock, TimerHandle } from './api/clock.js';
import type { Stats } from './stats.js';

interface Task {
  readonly periodMs: number;
  readonly run: () => void;
  dueMs: number;
}

export class Cron {
  /** Whether tasks wait (DEBUG PAUSE-CRON). */
  paused = false;
  /** Runs so far. */
  runs = 0;
  private readonly tasks: Task[] = [];
  private timer: TimerHandle | undefined;

  /** @param stats where the time that it takes is counted */
  constructor(
    private readonly clock: Clock,
    private readonly hz: () => number,
    private readonly stats: Stats,
  ) {}

  /** Has `run` called about every `periodMs` (0: at every run of the cron). */
  every(periodMs: number, run: () => void): void {
    this.tasks.push({ periodMs, run, dueMs: 0 });
  }

  start(): void {
    this.timer = this.clock.setTimer(() => this.run(), 1000 / this.hz());
  }

  stop(): void {
    this.clock.clearTimer(this.timer);
    this.timer = undefined;
  }

  private run(): void {
    this.start();
    if (this.paused) return;
    this.runs++;
    const { clock, stats } = this;
    const begin = clock.micros();
    const now = clock.now();
    for (const task of this.tasks) {
      if (now < task.dueMs) continue;
      task.dueMs = now + task.periodMs;
      task.run();
    }
    const micros = clock.micros() - begin;
    stats.countTurn(micros);
    stats.cronMicros += micros;
  }
}
