/** Starts respd with observe.mjs inside, and asks that for what it has seen. */
import { respdCommand, startServer } from './servers.mjs';

const ANSWER_TIMEOUT_MS = 30_000;

/** @typedef {import('./observe.mjs').PhaseSummary} PhaseSummary */

/** @param {number} limitMs turns longer than this are counted */
export function startObserved(limitMs) {
  const observer = new URL('./observe.mjs', import.meta.url).href;
  return startServer('respd', respdCommand(), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${observer}`,
      RESPD_BENCH_OBSERVE: String(limitMs),
    },
  });
}

/**
 * What was seen since this was asked last.
 * @param {import('./servers.mjs').BenchServer} server
 * @returns {Promise<PhaseSummary | undefined>}
 */
export function insideSummary({ child, pid }) {
  // A server that is no Node process, or hidden behind a wrapper, has nobody at the other end.
  if (!child.connected || child.pid !== pid || !looksLikeNode()) return Promise.resolve(undefined);
  return withTimeout('the observer in respd', (resolve) => {
    child.once('message', (message) => {
      resolve(/** @type {{ respdBenchPhase: PhaseSummary }} */ (message).respdBenchPhase);
    });
    child.send('respd-bench-phase');
  });
}

function looksLikeNode() {
  return !/redis-server|valkey-server/.test(respdCommand()[0]);
}

/**
 * @template T
 * @param {string} who
 * @param {(resolve: (value: T) => void) => void} start
 * @returns {Promise<T>}
 */
export function withTimeout(who, start) {
  return new Promise((resolve, reject) => {
    const error = new Error(`No answer from ${who} within ${ANSWER_TIMEOUT_MS} ms.`);
    const timer = setTimeout(() => reject(error), ANSWER_TIMEOUT_MS);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
