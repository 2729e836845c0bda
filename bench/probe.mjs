/**
 * The PING probe beside a server: started, asked for what it has seen, ended.
 *
 * Where the system allows it (root on Linux), the probe runs at real-time priority: it then has a core
 * whenever it wants one, and what it measures is the server, not its own place in the queue.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withTimeout } from './observed.mjs';

const PROBE_FILE = fileURLToPath(new URL('./ping-probe.mjs', import.meta.url));
const REAL_TIME = ['chrt', '-f', '1'];
const PROMPT = 'PINGs are sent and timed at real-time priority.';
const PATIENT =
  'PINGs are sent and timed at ordinary priority: the times include waits of the sender for a core.';
const LESS_WAIT =
  "`less core wait`: without the time in which the server's thread wanted a core and had none.";

/**
 * @typedef {object} PingSummary latencies in milliseconds
 * @property {number} count
 * @property {number} p50
 * @property {number} p999
 * @property {number} worst
 * @property {number} worstOwn the worst when the server's waits for a core are taken off
 */
/**
 * @typedef {object} Probe
 * @property {string} explanation what its figures are, for the report
 * @property {() => Promise<PingSummary>} summary what it has seen since it was asked last
 * @property {() => void} stop
 */

/** @param {{ port: number, pid: number }} server @returns {Probe} */
export function startProbe({ port, pid }) {
  const isRealTime = mayRunInRealTime();
  const command = [process.execPath, PROBE_FILE, String(port), String(pid)];
  const [program, ...args] = isRealTime ? [...REAL_TIME, ...command] : command;
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    explanation: `${isRealTime ? PROMPT : PATIENT} ${LESS_WAIT}`,
    summary: () =>
      withTimeout('the PING probe', (resolve) => {
        child.once('message', (summary) => resolve(/** @type {PingSummary} */ (summary)));
        child.send('phase');
      }),
    // It ends when the channel closes, as it does when this process is gone.
    stop: () => child.disconnect(),
  };
}

function mayRunInRealTime() {
  const [program, ...args] = REAL_TIME;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}
