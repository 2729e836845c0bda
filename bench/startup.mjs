/**
 * How long it takes until a server just started answers its first PING: started through node, as
 * the executable that npm links, as a library inside a process, and, for scale, redis-server.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine, machineLine, median, table } from './report.mjs';
import { freePort, redisCommand, respdCommand } from './servers.mjs';
import { encode } from './wire.mjs';

const RUNS = 10;
const RETRY_MS = 1;
const TIMEOUT_MS = 20_000;
const MAIN_FILE = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const INDEX_FILE = new URL('../dist/index.js', import.meta.url);

/** @typedef {{ what: string, timesMs: number[] }} Row */

export async function benchStartup() {
  const about = machine();
  console.log(`## Start to first PONG\n\n${machineLine(about)}; median of ${RUNS}\n`);
  /** @type {Row[]} */
  const rows = [
    {
      what: `respd: ${process.env.RESPD ?? 'node dist/main.js'}`,
      timesMs: await repeat(respdCommand()),
    },
  ];
  // The compiler makes no file executable; npm does so where it installs the package.
  if (isExecutable(MAIN_FILE)) {
    rows.push({ what: 'respd: dist/main.js itself', timesMs: await repeat([MAIN_FILE]) });
  } else {
    console.log(`not measured: ${MAIN_FILE} on its own, for it is not executable\n`);
  }
  if (existsSync(INDEX_FILE)) rows.push(...(await inProcess()));
  rows.push({ what: 'redis-server', timesMs: await repeat(redisCommand()) });
  const body = rows.map(({ what, timesMs }) => [
    what,
    timesMs.length > 0 ? median(timesMs).toFixed(1) : '-',
    timesMs.length > 0 ? Math.max(...timesMs).toFixed(1) : '-',
  ]);
  console.log(table(['what', 'median ms', 'worst ms'], body));
  return { name: 'startup', machine: about, rows, broken: [] };
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string[]} command */
async function repeat(command) {
  /** @type {number[]} */
  const timesMs = [];
  for (let run = 0; run < RUNS; run++) timesMs.push(await startToPong(command));
  return timesMs;
}

/** @param {string[]} command */
async function startToPong(command) {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'respd-bench-'));
  const started = performance.now();
  const args = [...command.slice(1), '--port', String(port), '--save', ''];
  const child = spawn(command[0], args, { cwd: dir, stdio: 'ignore' });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await firstPong(port, started + TIMEOUT_MS);
    return performance.now() - started;
  } finally {
    killChild();
    await ended;
    process.off('exit', killChild);
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Tries until the port answers +PONG.
 * @param {number} port
 * @param {number} deadline
 * @returns {Promise<void>}
 */
function firstPong(port, deadline) {
  return new Promise((resolve, reject) => {
    const attempt = () => {
      const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
      socket.once('connect', () => socket.write(encode(['PING'])));
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', () => {
        if (performance.now() < deadline) setTimeout(attempt, RETRY_MS);
        else reject(new Error(`Nothing answered PING on port ${port} in ${TIMEOUT_MS} ms.`));
      });
    };
    attempt();
  });
}

/**
 * Import, first and later `createServer()` inside a fresh process.
 * @returns {Promise<Row[]>}
 */
async function inProcess() {
  const script = `
    const t0 = performance.now();
    const { createServer } = await import(${JSON.stringify(INDEX_FILE.href)});
    const t1 = performance.now();
    const first = await createServer({ port: 0 });
    const t2 = performance.now();
    const second = await createServer({ port: 0 });
    const t3 = performance.now();
    process.stdout.write(JSON.stringify([t1 - t0, t2 - t1, t3 - t2]), () => process.exit(0));`;
  /** @type {number[][]} */
  const runs = [];
  for (let run = 0; run < RUNS; run++) {
    const times = await runScript(script);
    if (times === undefined) break;
    runs.push(times);
  }
  return ['import of the library', 'first createServer()', 'second createServer()'].map(
    (what, i) => ({ what, timesMs: runs.map((times) => times[i]) }),
  );
}

/**
 * @param {string} script
 * @returns {Promise<number[] | undefined>} undefined when it failed, which is said on stderr
 */
function runScript(script) {
  return new Promise((resolve) => {
    const args = ['--input-type=module', '-e', script];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.once('close', (code) => resolve(code === 0 ? JSON.parse(output) : undefined));
  });
}
