/**
 * Loaded into the respd process by `npm run bench -- pauses`: how long is a turn of the event
 * loop, and how long does the garbage collector stop the world?
 *
 * One turn of libuv's loop is timers, poll (wait, then the sockets' callbacks), check (immediates),
 * closing. An unreferenced immediate that arms itself again runs once per turn, in the check phase,
 * and does not keep the loop from sleeping in poll. So the time between two of its runs, less the
 * time that the loop slept in between (libuv counts it), is exactly the time in which no other
 * client could be served:
 *
 *     check ---- timers ---- poll: asleep ~~~~ callbacks ---- check
 *       |<------- one interval, minus what was slept ---------->|
 *
 * On a shared machine a turn is also stretched while the process waits for a core. Linux counts, per
 * thread, the time on a core and the time in the queue for one (schedstat); both are read every
 * millisecond and after each long turn. A long turn's own time is its length less the wait, but never
 * less than the time on a core: the wait may have been the one before the turn, when the loop woke.
 * So a turn that computes is never reported shorter than it was, and at most SAMPLE_EVERY_MS too long.
 *
 * A running thread's time on a core is brought up to date by the kernel only every few milliseconds
 * (4 with 250 ticks a second), unless somebody asks for the process's times: so those are asked for
 * first. Without that, a turn of 1 ms in which a tick came was reported as one of 5.
 */
import { openSync, readSync } from 'node:fs';
import { constants, PerformanceObserver, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** From here on a turn is worth asking what the kernel says about it. */
const LONG_TURN_MS = 2;
const SAMPLE_EVERY_MS = 1;

const GC_KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak callbacks'],
]);

/**
 * @typedef {object} PhaseSummary
 * @property {number} turns
 * @property {number} longTurns turns over `limitMs`
 * @property {number} worstTurnMs
 * @property {number} worstOwnTurnMs the worst when waits for a core are taken off
 * @property {Record<string, number>} worstGcMs by kind
 * @property {number} heapBytes
 */

/** @returns {PhaseSummary} */
function emptySummary() {
  return {
    turns: 0,
    longTurns: 0,
    worstTurnMs: 0,
    worstOwnTurnMs: 0,
    worstGcMs: {},
    heapBytes: 0,
  };
}

/** @typedef {{ onCoreMs: number, waitedMs: number }} CoreTime */

/**
 * What the kernel counts for this thread, as a function; where it doesn't, no wait is ever known.
 * @returns {() => CoreTime}
 */
function coreTimeReader() {
  try {
    const file = openSync('/proc/self/schedstat', 'r');
    const buffer = Buffer.alloc(128);
    return () => {
      process.cpuUsage();
      const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
      const [onCoreNs, waitedNs] = text.split(' ').map(Number);
      return { onCoreMs: onCoreNs / 1e6, waitedMs: waitedNs / 1e6 };
    };
  } catch {
    return () => ({ onCoreMs: 0, waitedMs: 0 });
  }
}

/** @param {number} limitMs */
function observe(limitMs) {
  let summary = emptySummary();
  const coreTime = coreTimeReader();
  let turnStart = performance.now();
  let idleAtStart = performance.nodeTiming.idleTime;
  let sampledAt = turnStart;
  let sample = coreTime();
  let hasAnswered = false;

  const turn = () => {
    const now = performance.now();
    const idle = performance.nodeTiming.idleTime;
    const lengthMs = now - turnStart - (idle - idleAtStart);
    let ownMs = lengthMs;
    if (lengthMs > LONG_TURN_MS || now - sampledAt > SAMPLE_EVERY_MS) {
      const later = coreTime();
      const onCoreMs = later.onCoreMs - sample.onCoreMs;
      const waitedMs = later.waitedMs - sample.waitedMs;
      ownMs = Math.min(lengthMs, Math.max(lengthMs - waitedMs, onCoreMs));
      sample = later;
      sampledAt = now;
    }
    if (hasAnswered) {
      summary = emptySummary();
      hasAnswered = false;
    } else {
      summary.turns++;
      if (lengthMs > limitMs) summary.longTurns++;
      if (lengthMs > summary.worstTurnMs) summary.worstTurnMs = lengthMs;
      if (ownMs > summary.worstOwnTurnMs) summary.worstOwnTurnMs = ownMs;
    }
    // Read again: what was done above is not the next turn's.
    turnStart = performance.now();
    idleAtStart = idle;
    setImmediate(turn).unref();
  };

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = /** @type {{ kind: number }} */ (/** @type {any} */ (entry).detail);
      const name = GC_KINDS.get(kind) ?? `kind ${kind}`;
      summary.worstGcMs[name] = Math.max(summary.worstGcMs[name] ?? 0, entry.duration);
    }
  }).observe({ entryTypes: ['gc'] });

  // Each message ends a phase, and the answer is what that was like. The next one starts with the turn
  // after: to answer takes 1 to 2 ms, which are none of the server's.
  process.on('message', (message) => {
    if (message !== 'respd-bench-phase') return;
    process.send?.({
      respdBenchPhase: { ...summary, heapBytes: process.memoryUsage().heapUsed },
    });
    hasAnswered = true;
  });
  process.channel?.unref();
  setImmediate(turn).unref();
}

const limit = process.env.RESPD_BENCH_OBSERVE;
if (limit !== undefined && isMainThread) {
  // Processes that respd starts are not to be observed.
  delete process.env.RESPD_BENCH_OBSERVE;
  process.env.NODE_OPTIONS = process.env.NODE_OPTIONS?.replace(/ --import=\S*observe\.mjs$/, '');
  observe(Number(limit));
}
