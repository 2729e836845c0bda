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
 * On a shared machine a turn is also stretched while the process waits for a core. Linux counts
 * that in schedstat; it is read every few milliseconds and after each long turn, and taken off the
 * turn's length. (A few milliseconds before the turn are counted along: on a quiet machine, nothing.)
 */
import { openSync, readSync } from 'node:fs';
import { constants, PerformanceObserver, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** From here on a turn is worth asking what the kernel says about it. */
const LONG_TURN_MS = 2;
const SAMPLE_WAIT_EVERY_MS = 5;

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

/** How long this thread has waited for a core, in ms, as a function; always 0 where unknown. */
function waitedForCore() {
  try {
    const file = openSync('/proc/self/schedstat', 'r');
    const buffer = Buffer.alloc(128);
    return () =>
      Number(buffer.toString('latin1', 0, readSync(file, buffer, 0, 128, 0)).split(' ')[1]) / 1e6;
  } catch {
    return () => 0;
  }
}

/** @param {number} limitMs */
function observe(limitMs) {
  let summary = emptySummary();
  const waitedMs = waitedForCore();
  let turnStart = performance.now();
  let idleAtStart = performance.nodeTiming.idleTime;
  let waitSampledAt = turnStart;
  let waitSample = waitedMs();

  const turn = () => {
    const now = performance.now();
    const idle = performance.nodeTiming.idleTime;
    const lengthMs = now - turnStart - (idle - idleAtStart);
    summary.turns++;
    if (lengthMs > LONG_TURN_MS || now - waitSampledAt > SAMPLE_WAIT_EVERY_MS) {
      const wait = waitedMs();
      if (lengthMs > LONG_TURN_MS) longTurn(lengthMs, wait - waitSample);
      waitSample = wait;
      waitSampledAt = now;
    } else if (lengthMs > summary.worstTurnMs) {
      longTurn(lengthMs, 0);
    }
    // Read again: what was done above is not the next turn's.
    turnStart = performance.now();
    idleAtStart = idle;
    setImmediate(turn).unref();
  };

  /** @param {number} lengthMs @param {number} waitMs */
  const longTurn = (lengthMs, waitMs) => {
    if (lengthMs > limitMs) summary.longTurns++;
    summary.worstTurnMs = Math.max(summary.worstTurnMs, lengthMs);
    summary.worstOwnTurnMs = Math.max(summary.worstOwnTurnMs, lengthMs - waitMs);
  };

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = /** @type {{ kind: number }} */ (/** @type {any} */ (entry).detail);
      const name = GC_KINDS.get(kind) ?? `kind ${kind}`;
      summary.worstGcMs[name] = Math.max(summary.worstGcMs[name] ?? 0, entry.duration);
    }
  }).observe({ entryTypes: ['gc'] });

  // Each message ends a phase and starts the next; the answer is what the ended one was like.
  process.on('message', (message) => {
    if (message !== 'respd-bench-phase') return;
    const ended = { ...summary, heapBytes: process.memoryUsage().heapUsed };
    summary = emptySummary();
    process.send?.({ respdBenchPhase: ended });
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
