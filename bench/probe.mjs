/** The PING probe beside a server: started, asked for what it has seen, ended. */
import { Worker } from 'node:worker_threads';
import { withTimeout } from './observed.mjs';

/** @typedef {{ count: number, p50: number, p999: number, worst: number }} PingSummary */

/** @param {number} port @returns {Worker} */
export function startProbe(port) {
  return new Worker(new URL('./ping-probe.mjs', import.meta.url), { workerData: { port } });
}

/**
 * What it has seen since it was asked last.
 * @param {Worker} probe @returns {Promise<PingSummary>}
 */
export function pingSummary(probe) {
  return withTimeout('the PING probe', (resolve) => {
    probe.once('message', resolve);
    probe.postMessage('phase');
  });
}
