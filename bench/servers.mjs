/**
 * The two servers that are compared: started freshly, each in a temporary folder of its own, and
 * ended whatever happens to the benchmark (its end, an error, Ctrl-C).
 *
 * Both run with snapshots off and everything else as it comes. REDIS_SERVER names another
 * redis-server than the one in PATH; RESPD another respd, as a command line split at spaces.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask } from './wire.mjs';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 5;
const MAX_KEPT_OUTPUT_CHARS = 16 * 1024;
const MAIN_FILE = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/**
 * @typedef {object} BenchServer
 * @property {string} name
 * @property {number} port
 * @property {number} pid of the server itself, even where a wrapper started it
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => Promise<void>} stop
 */

/** The command line of respd. */
export function respdCommand() {
  return process.env.RESPD?.split(' ').filter(Boolean) ?? [process.execPath, MAIN_FILE];
}

/** The command line of redis-server. */
export function redisCommand() {
  return [process.env.REDIS_SERVER || 'redis-server'];
}

/** What `redis-server --version` says, shortened to name and version. */
export function redisVersion() {
  const text = execFileSync(redisCommand()[0], ['--version'], { encoding: 'utf8' });
  return `redis-server ${/v=(\S+)/.exec(text)?.[1] ?? text.trim()}`;
}

/** @returns {Promise<number>} a TCP port of the loopback that was free a moment ago */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** What must be undone when the process ends; each takes itself out when done. */
/** @type {Set<() => void>} */
const cleanups = new Set();

function cleanUpNow() {
  for (const cleanup of cleanups) cleanup();
}

/** Makes sure that no server outlives this process. Call once, first of all. */
export function cleanUpAtEnd() {
  process.once('exit', cleanUpNow);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => process.exit(130));
  }
}

/**
 * @param {string} name for the reports
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<BenchServer>}
 */
export async function startServer(name, command, options = {}) {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'respd-bench-'));
  const args = [...command.slice(1), '--port', String(port), '--save', ''];
  const stdio = /** @type {const} */ (['ignore', 'pipe', 'pipe']);
  const child = spawn(command[0], args, { cwd: dir, stdio: [...stdio], ...options });
  /** @type {{ text: string }} */
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output.text = (output.text + chunk).slice(-MAX_KEPT_OUTPUT_CHARS);
    });
  }
  child.once('error', (error) => {
    output.text += error;
  });
  let pid = child.pid ?? -1;
  const cleanup = () => {
    if (!hasEnded(child)) {
      child.kill('SIGKILL');
      if (pid !== child.pid) tryKill(pid, 'SIGKILL');
    }
    rmSync(dir, { recursive: true, force: true });
    cleanups.delete(cleanup);
  };
  cleanups.add(cleanup);

  await untilUp(name, port, child, output);
  const info = await ask(port, ['INFO', 'server']);
  pid = Number(/process_id:(\d+)/.exec(info)?.[1] ?? pid);
  return {
    name,
    port,
    pid,
    child,
    async stop() {
      tryKill(pid, 'SIGTERM');
      const deadline = Date.now() + STOP_TIMEOUT_MS;
      while (!hasEnded(child) && Date.now() < deadline) await sleep(POLL_MS);
      cleanup();
    },
  };
}

/** @param {import('node:child_process').ChildProcess} child */
function hasEnded(child) {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function tryKill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/**
 * @param {string} name
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ text: string }} output
 */
async function untilUp(name, port, child, output) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !hasEnded(child)) {
    const reply = await ask(port, ['PING']).catch(() => '');
    if (reply.startsWith('+PONG')) return;
    await sleep(POLL_MS);
  }
  const what = hasEnded(child) ? 'ended at once' : 'did not answer PING';
  throw new Error(`${name} (${child.spawnargs.join(' ')}) ${what}. It said:\n${output.text}`);
}
