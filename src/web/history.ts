/**
 * The last ten minutes in figures, one set a second, for the page's curves: whoever opens it sees at
 * once what has been.
 */
import { type InfoFields, infoField, parseInfo } from './info-text.js';

const LENGTH = 600;
const PERIOD_MS = 1000;
const SECTIONS = ['clients', 'cpu', 'memory', 'stats'];

/** What the server was like for one second. */
export interface Moment {
  /** Unix ms. */
  readonly time: number;
  readonly commandsPerSecond: number;
  /** Share of one core, 0 to 1 and more. */
  readonly cpu: number;
  /** Mean time of a command, microseconds. */
  readonly usecPerCommand: number;
  readonly usedBytes: number;
  readonly residentBytes: number;
  /** Share of lookups that found their key; null: there were none. */
  readonly hitRate: number | null;
  readonly clients: number;
  readonly inBytesPerSecond: number;
  readonly outBytesPerSecond: number;
}

/** Counters that a moment is the difference of. */
interface Totals {
  readonly time: number;
  readonly commands: number;
  readonly commandUsec: number;
  readonly cpuSeconds: number;
  readonly hits: number;
  readonly misses: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

export interface HistoryParts {
  /** Unix ms. */
  now(): number;
  /** INFO's text for these sections. */
  info(sections: readonly string[]): string;
  /** Microseconds that all commands have taken so far. */
  commandUsec(): number;
}

export class History {
  private readonly moments: Moment[] = [];
  private before: Totals | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: HistoryParts) {}

  start(): void {
    this.timer ??= setInterval(() => this.sample(), PERIOD_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.before = undefined;
    this.moments.length = 0;
  }

  /** Those after `sinceMs` (Unix ms), oldest first. */
  since(sinceMs: number): Moment[] {
    return this.moments.filter(({ time }) => time > sinceMs);
  }

  /** Notes what the time since the last call was like. */
  sample(): void {
    const info = parseInfo(this.parts.info(SECTIONS));
    const now = this.totals(info);
    const { before } = this;
    this.before = now;
    if (before === undefined || now.time <= before.time) return;
    const seconds = (now.time - before.time) / 1000;
    const commands = Math.max(0, now.commands - before.commands);
    const hits = Math.max(0, now.hits - before.hits);
    const lookups = hits + Math.max(0, now.misses - before.misses);
    this.moments.push({
      time: now.time,
      commandsPerSecond: commands / seconds,
      cpu: (now.cpuSeconds - before.cpuSeconds) / seconds,
      usecPerCommand: commands > 0 ? (now.commandUsec - before.commandUsec) / commands : 0,
      usedBytes: numberIn(info, 'used_memory'),
      residentBytes: numberIn(info, 'used_memory_rss'),
      hitRate: lookups > 0 ? hits / lookups : null,
      clients: numberIn(info, 'connected_clients'),
      inBytesPerSecond: Math.max(0, now.inBytes - before.inBytes) / seconds,
      outBytesPerSecond: Math.max(0, now.outBytes - before.outBytes) / seconds,
    });
    if (this.moments.length > LENGTH) this.moments.shift();
  }

  private totals(info: InfoFields): Totals {
    return {
      time: this.parts.now(),
      commands: numberIn(info, 'total_commands_processed'),
      commandUsec: this.parts.commandUsec(),
      cpuSeconds: numberIn(info, 'used_cpu_sys') + numberIn(info, 'used_cpu_user'),
      hits: numberIn(info, 'keyspace_hits'),
      misses: numberIn(info, 'keyspace_misses'),
      inBytes: numberIn(info, 'total_net_input_bytes'),
      outBytes: numberIn(info, 'total_net_output_bytes'),
    };
  }
}

function numberIn(info: InfoFields, field: string): number {
  return Number(infoField(info, field) ?? 0);
}
