/**
 * Latency monitoring: what took longer than `latency-monitor-threshold` milliseconds, by event.
 *
 *     command:       [12:00:07 31 ms][12:00:09 12 ms] …     the worst of each second in which it
 *     expire-cycle:  [11:58:00 14 ms]                       happened, the last 160 such seconds
 *
 * Nothing is kept or measured while the threshold is 0. Pauses of the garbage collector are asked
 * of the engine only while it is not: being told of them costs the engine something.
 *
 * Source of the idea and the numbers: latency.c of Redis.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import type { LatencyApi, LatencyEvent, LatencySample, LatencySeries } from './api/latency.js';

/** Seconds that are remembered of each event. */
const MAX_SAMPLES = 160;

class Series implements LatencySeries {
  maxMs = 0;
  /** A ring: the oldest is at `next` once it is full. */
  private readonly ring: LatencySample[] = [];
  private next = 0;

  constructor(readonly event: LatencyEvent) {}

  add(timeSec: number, ms: number): void {
    if (ms > this.maxMs) this.maxMs = ms;
    const last = (this.next + MAX_SAMPLES - 1) % MAX_SAMPLES;
    const before = this.ring[last];
    if (before?.timeSec === timeSec) {
      if (ms > before.ms) this.ring[last] = { timeSec, ms };
      return;
    }
    this.ring[this.next] = { timeSec, ms };
    this.next = (this.next + 1) % MAX_SAMPLES;
  }

  samples(): readonly LatencySample[] {
    const { ring, next } = this;
    if (ring.length < MAX_SAMPLES) return [...ring];
    return [...ring.slice(next), ...ring.slice(0, next)];
  }
}

export class LatencyMonitor implements LatencyApi {
  private thresholdMs = 0;
  private readonly events = new Map<string, Series>();
  private collector: PerformanceObserver | undefined;

  /** @param now Unix ms */
  constructor(private readonly now: () => number) {}

  /** 0 while monitoring is off. */
  get threshold(): number {
    return this.thresholdMs;
  }

  /** `latency-monitor-threshold`, ms. What is known stays known. */
  setThreshold(ms: number): void {
    this.thresholdMs = ms;
    if (ms > 0) this.watchCollector();
    else this.stop();
  }

  /** Ends what runs in the background. */
  stop(): void {
    this.collector?.disconnect();
    this.collector = undefined;
  }

  add(event: LatencyEvent, ms: number): void {
    const whole = Math.floor(ms);
    if (this.thresholdMs === 0 || whole < this.thresholdMs) return;
    let series = this.events.get(event);
    if (series === undefined) {
      series = new Series(event);
      this.events.set(event, series);
    }
    series.add(Math.floor(this.now() / 1000), whole);
  }

  all(): Iterable<LatencySeries> {
    return this.events.values();
  }

  series(event: string): LatencySeries | undefined {
    return this.events.get(event);
  }

  reset(events: readonly string[]): number {
    const before = this.events.size;
    if (events.length === 0) this.events.clear();
    for (const event of events) this.events.delete(event.toLowerCase());
    return before - this.events.size;
  }

  private watchCollector(): void {
    if (this.collector !== undefined) return;
    this.collector = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.add('gc', duration);
    });
    this.collector.observe({ entryTypes: ['gc'] });
  }
}
