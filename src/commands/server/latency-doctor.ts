/** LATENCY DOCTOR: what was slow, in words, and what can be done about it. */
import type { LatencyEvent, LatencySeries } from '../../server/api/latency.js';

/** What the advice depends on. */
export interface LatencySettings {
  /** `latency-monitor-threshold`, ms; 0: off. */
  readonly thresholdMs: number;
  /** `slowlog-log-slower-than`, µs; negative: off. */
  readonly slowLogUsec: number;
  readonly hz: number;
}

/** @param nowSec Unix seconds @returns a text for people, ending with a newline */
export function diagnoseLatency(
  events: readonly LatencySeries[],
  settings: LatencySettings,
  nowSec: number,
): string {
  if (events.length === 0 && settings.thresholdMs === 0) {
    return (
      'Latency is not being monitored. To begin, name the shortest delay that matters to you: ' +
      'CONFIG SET latency-monitor-threshold <milliseconds>\n'
    );
  }
  if (events.length === 0) {
    return `Nothing has taken ${settings.thresholdMs} ms or longer since monitoring began.\n`;
  }
  let text = 'What has taken long:\n\n';
  events.forEach((series, i) => {
    text += `${i + 1}. ${describe(series, nowSec)}\n`;
  });
  const advice = new Set(events.flatMap((series) => adviceFor(series.event, settings)));
  text += '\nWhat can be done:\n\n';
  for (const line of advice) text += `- ${line}\n`;
  return text;
}

function describe(series: LatencySeries, nowSec: number): string {
  const samples = series.samples();
  const values = samples.map((sample) => sample.ms);
  const mean = Math.floor(sum(values) / values.length);
  const deviation = Math.floor(sum(values.map((ms) => Math.abs(ms - mean))) / values.length);
  const period = Math.max(nowSec - samples[0]!.timeSec, 1) / samples.length;
  return (
    `${series.event}: ${samples.length} latency spikes (average ${mean}ms, mean deviation ` +
    `${deviation}ms, period ${period.toFixed(2)} sec). Worst of all ${series.maxMs}ms.`
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function adviceFor(event: LatencyEvent, settings: LatencySettings): readonly string[] {
  if (event === 'command') return [...slowLogAdvice(settings), SMALLER_VALUES];
  if (event === 'expire-cycle') {
    return settings.hz < HZ_ENOUGH ? [MORE_OFTEN, SMALLER_VALUES] : [SMALLER_VALUES];
  }
  return ADVICE[event];
}

/** How to find out which commands it was. */
function slowLogAdvice({ slowLogUsec, thresholdMs }: LatencySettings): string[] {
  const all = `CONFIG SET slowlog-log-slower-than ${thresholdMs * 1000}`;
  if (slowLogUsec < 0) {
    return [`The slow log is off, so nobody knows which commands were slow: ${all}`];
  }
  const advice = ['SLOWLOG GET shows which commands were slow, and who sent them.'];
  if (thresholdMs > 0 && Math.floor(slowLogUsec / 1000) > thresholdMs) {
    advice.push(`The slow log notes only the slowest of these commands. To see them all: ${all}`);
  }
  return advice;
}

/** From here on the expire cycle runs often enough. */
const HZ_ENOUGH = 100;

const SMALLER_VALUES =
  'Big values take long to be made, read and deleted. Several smaller keys, SCAN and its like ' +
  'instead of KEYS, SMEMBERS or HGETALL, and ranges with limits keep each command short.';
const MORE_OFTEN =
  'Many keys expire at the same time. CONFIG SET hz 100 has them removed in more and smaller ' +
  'steps; times to live that differ a little spread them.';
const FASTER_DISK =
  'The disk is slow or shared with others: a local SSD of its own helps, and so does moving other ' +
  'programs that write a lot elsewhere.';
const MACHINE_BUSY =
  'Commands that need hardly any time were held up: the machine is busy with other programs, or a ' +
  'virtual machine does not get its processor. `redis-cli --intrinsic-latency 100`, run on the ' +
  'same machine, shows how long it stops programs that only count.';
const GARBAGE =
  "The JavaScript engine's collector of garbage stopped the server. It has most to do with values " +
  'that are JavaScript objects (big collections, streams) and with clients whose replies pile up; ' +
  'a larger young generation (node --max-semi-space-size) has it stop less often.';

const ADVICE: Readonly<Record<LatencyEvent, readonly string[]>> = {
  command: [SMALLER_VALUES],
  'fast-command': [MACHINE_BUSY, GARBAGE],
  'expire-cycle': [MORE_OFTEN],
  'eviction-cycle': [
    'Much had to be evicted at once. That happens after maxmemory was lowered or big values were ' +
      'stored; lower it in steps, or leave room for the biggest value.',
  ],
  'active-defrag-cycle': [
    'Active defragmentation moved big collections. A smaller active-defrag-cycle-max has it move ' +
      'less at a time.',
  ],
  'snapshot-slice': [
    'Pieces of a snapshot took long: big values are written in one go. Smaller ones, or snapshots ' +
      'less often, help.',
  ],
  'aof-write': [FASTER_DISK],
  'aof-write-pending-fsync': [FASTER_DISK],
  'aof-write-active-child': [
    'The append-only file was written while a snapshot was: no-appendfsync-on-rewrite lessens what ' +
      'the disk has to do then, at the risk of losing more when the machine stops.',
    FASTER_DISK,
  ],
  'aof-write-alone': [FASTER_DISK],
  'aof-rename': [FASTER_DISK],
  'aof-fsync-always': [
    'appendfsync always waits for the disk after every command that writes; everysec waits for ' +
      'nothing and may lose a second.',
    FASTER_DISK,
  ],
  gc: [GARBAGE],
  'event-loop': [
    'Turns of the event loop were long: others waited for a slow command (see above), for a long ' +
      'pipeline, or for many clients at once.',
  ],
};
