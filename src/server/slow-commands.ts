/**
 * Who wants to know of slow commands: the slow log and latency monitoring.
 *
 * Commands are timed by execution/charges.ts, which compares with one number, the lower of the two
 * thresholds, and only what it has timed anyway. Where that is too coarse (constant-time commands are
 * timed together, and few of those that come one at a time), it is asked to time each: when someone
 * wants to know of commands that took less than a millisecond, or of single constant-time commands at
 * all (latency monitoring).
 */
import type { Args } from '../resp/args.js';
import type { Client } from './api/client.js';
import { type Command, CommandBit } from './api/command-table.js';
import type { Config } from './api/config.js';
import type { Charges } from './execution/charges.js';
import type { LatencyMonitor } from './latency-monitor.js';
import type { SlowLog } from './slowlog.js';
import type { Stats } from './stats.js';

/** Thresholds below this have each constant-time command timed, in microseconds. */
const TIME_EACH_BELOW = 1000;

export class SlowCommands {
  /** `slowlog-log-slower-than`; infinite when it notes nothing. */
  private slowLogUsec = Number.POSITIVE_INFINITY;

  constructor(
    private readonly slowLog: SlowLog,
    private readonly latency: LatencyMonitor,
  ) {}

  /** Keeps the thresholds at what the configuration says. */
  follow(config: Config, charges: Charges, stats: Stats): void {
    const apply = () => {
      const { values } = config;
      const slowerThan = values['slowlog-log-slower-than'];
      const monitorMs = values['latency-monitor-threshold'];
      this.slowLogUsec = slowerThan < 0 ? Number.POSITIVE_INFINITY : slowerThan;
      this.latency.setThreshold(monitorMs);
      const monitorUsec = monitorMs === 0 ? Number.POSITIVE_INFINITY : monitorMs * 1000;
      stats.longTurnMicros = monitorUsec;
      charges.slowerThanUsec = Math.min(this.slowLogUsec, monitorUsec);
      charges.timesEach = monitorMs > 0 || this.slowLogUsec < TIME_EACH_BELOW;
      return undefined;
    };
    apply();
    config.onChange(['slowlog-log-slower-than', 'latency-monitor-threshold'], apply);
    config.onChange(['slowlog-max-len'], () => {
      this.slowLog.trim();
      return undefined;
    });
  }

  /** A command has taken at least as long as someone wants to know of. */
  note(client: Client, command: Command, args: Args, usec: number): void {
    const isFast = (command.bits & CommandBit.Fast) !== 0;
    this.latency.add(isFast ? 'fast-command' : 'command', usec / 1000);
    if (usec < this.slowLogUsec || (command.bits & CommandBit.SkipSlowLog) !== 0) return;
    this.slowLog.add(client, command, args, usec);
  }
}
