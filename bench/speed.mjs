/**
 * CPU time per request and requests per second, respd beside redis-server.
 *
 * Both servers run all the while; redis-benchmark drives one, then the other, in alternating
 * rounds, so that what the machine does meanwhile hits both alike; the median counts. The first
 * round is not counted: it warms respd's JIT compiler and tells how many requests make a run of
 * `seconds`. What a request costs is the CPU time that the server's process used during a run,
 * divided by the run's requests.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimeNs } from './process-stats.mjs';
import { machine, machineLine, median, table, thousands } from './report.mjs';
import { redisCommand, respdCommand, startServer } from './servers.mjs';
import { KEY_SPACE, ratioLimit } from './tests.mjs';
import { ask, drive, Template } from './wire.mjs';

const CLIENTS = 50;
const WARM_REQUESTS_PIPELINED = 400_000;
const WARM_REQUESTS_UNPIPELINED = 40_000;
const MIN_REQUESTS = 1000;
const MAX_REQUESTS = 20_000_000;
/** Time for the server to notice that redis-benchmark's connections are gone. */
const AFTERMATH_MS = 30;

/** @typedef {import('./tests.mjs').BenchTest} BenchTest */
/** @typedef {import('./servers.mjs').BenchServer} BenchServer */
/** @typedef {{ cpuUs: number, perSecond: number }} Run */
/**
 * @typedef {object} Row
 * @property {string} test
 * @property {number} depth
 * @property {number} requests
 * @property {Run[]} respd one per round
 * @property {Run[]} redis
 * @property {number} ratio of the medians of CPU per request
 * @property {number} limit
 */

/**
 * @param {object} options
 * @param {BenchTest[]} options.tests
 * @param {number[]} options.depths
 * @param {number} options.rounds
 * @param {number} options.seconds how long one run should take
 * @param {number | undefined} options.requests instead of `seconds`
 */
export async function benchSpeed({ tests, depths, rounds, seconds, requests }) {
  const about = machine();
  console.log(`## CPU per request\n\n${machineLine(about)}`);
  console.log(`${CLIENTS} clients, ${thousands(KEY_SPACE)} random keys, median of ${rounds}\n`);
  const redis = await startServer('redis', redisCommand());
  const respd = await startServer('respd', respdCommand());
  /** @type {Row[]} */
  const rows = [];
  /** @type {string[]} */
  const unsupported = [];
  try {
    for (const server of [respd, redis]) await loadKeys(server);
    for (const test of tests) {
      const problem = await whyUnsupported(test, [respd, redis]);
      if (problem !== undefined) {
        unsupported.push(`${test.name}: ${problem}`);
        continue;
      }
      for (const depth of depths) {
        const count = await warm(test, depth, [respd, redis], seconds, requests);
        rows.push(await measure(test, depth, count, rounds, respd, redis));
        progress(rows[rows.length - 1]);
      }
    }
  } finally {
    await respd.stop();
    await redis.stop();
  }
  console.log(rowsAsTable(rows));
  for (const line of unsupported) console.log(`\nnot measured: ${line}`);
  const over = rows.filter((row) => row.ratio > row.limit);
  return { name: 'speed', machine: about, rows, unsupported, broken: over.map(brokenPromise) };
}

/** Sets every key of the key space once, so that GET finds what it looks for. */
/** @param {BenchServer} server */
async function loadKeys({ port }) {
  const template = new Template(['SET', 'key:############', 'xxx']);
  await drive({ port, connections: 8, depth: 64, total: KEY_SPACE, template });
}

/** @param {BenchTest} test @param {BenchServer[]} servers */
async function whyUnsupported(test, servers) {
  for (const { name, port } of servers) {
    const reply = await ask(port, test.probe);
    if (reply.startsWith('-')) return `${name} answered ${reply.trim()}`;
  }
  return undefined;
}

/**
 * Runs the test once on both, uncounted.
 * @param {BenchTest} test
 * @param {number} depth
 * @param {BenchServer[]} servers
 * @param {number} seconds
 * @param {number | undefined} fixed
 * @returns {Promise<number>} how many requests each counted run shall have
 */
async function warm(test, depth, servers, seconds, fixed) {
  const base = depth === 1 ? WARM_REQUESTS_UNPIPELINED : WARM_REQUESTS_PIPELINED;
  const count = fixed ?? wholeBatches(base / test.weight, depth);
  /** @type {Run[]} */
  const runs = [];
  for (const server of servers) runs.push(await runOnce(test, depth, count, server));
  const perSecond = Math.min(...runs.map((run) => run.perSecond));
  return fixed ?? wholeBatches(perSecond * seconds, depth);
}

/** @param {number} requests @param {number} depth */
function wholeBatches(requests, depth) {
  const bounded = Math.max(MIN_REQUESTS, Math.min(MAX_REQUESTS, requests));
  return Math.ceil(bounded / (CLIENTS * depth)) * CLIENTS * depth;
}

/**
 * @param {BenchTest} test
 * @param {number} depth
 * @param {number} requests
 * @param {number} rounds
 * @param {BenchServer} respd
 * @param {BenchServer} redis
 * @returns {Promise<Row>}
 */
async function measure(test, depth, requests, rounds, respd, redis) {
  /** @type {Row} */
  const row = {
    test: test.name,
    depth,
    requests,
    respd: [],
    redis: [],
    ratio: Number.NaN,
    limit: ratioLimit(test, depth),
  };
  for (let round = 0; round < rounds; round++) {
    row.respd.push(await runOnce(test, depth, requests, respd));
    row.redis.push(await runOnce(test, depth, requests, redis));
  }
  row.ratio = medianOf(row.respd, 'cpuUs') / medianOf(row.redis, 'cpuUs');
  return row;
}

/** @param {Run[]} runs @param {keyof Run} field */
function medianOf(runs, field) {
  return median(runs.map((run) => run[field]));
}

/**
 * @param {BenchTest} test
 * @param {number} depth
 * @param {number} requests
 * @param {BenchServer} server
 * @returns {Promise<Run>}
 */
async function runOnce(test, depth, requests, { port, pid }) {
  for (const { args, count } of test.prepare(requests)) {
    await drive({ port, connections: 1, depth: 64, total: count, template: new Template(args) });
  }
  const before = cpuTimeNs(pid);
  const perSecond = await redisBenchmark([
    ...['-h', '127.0.0.1', '-p', String(port), '-c', String(CLIENTS), '-n', String(requests)],
    ...['-P', String(depth), '-r', String(KEY_SPACE), '--csv', ...test.drive],
  ]);
  await sleep(AFTERMATH_MS);
  return { cpuUs: (cpuTimeNs(pid) - before) / 1000 / requests, perSecond };
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} requests per second
 */
function redisBenchmark(args) {
  const program = process.env.REDIS_BENCHMARK || 'redis-benchmark';
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const killChild = () => child.kill('SIGKILL');
    process.once('exit', killChild);
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', killChild);
      const perSecond = lastRate(output);
      if (code === 0 && perSecond > 0) resolve(perSecond);
      else reject(new Error(`${program} ${args.join(' ')} failed (${code}):\n${output}${errors}`));
    });
  });
}

/** The second column of the last line of redis-benchmark's CSV. */
/** @param {string} csv */
function lastRate(csv) {
  const line = csv.trim().split('\n').pop() ?? '';
  return Number(/^".*?","([\d.]+)"/.exec(line)?.[1] ?? Number.NaN);
}

/** @param {Row} row */
function progress(row) {
  if (process.stderr.isTTY) {
    console.error(`  ${row.test} P=${row.depth}: ${row.ratio.toFixed(2)}`);
  }
}

/** @param {Row[]} rows */
function rowsAsTable(rows) {
  const head = ['test', 'pipeline', 'requests', 'respd us', 'redis us', 'ratio', 'limit', 'spread'];
  const body = rows.map((row) => [
    row.test,
    String(row.depth),
    thousands(row.requests),
    medianOf(row.respd, 'cpuUs').toFixed(2),
    medianOf(row.redis, 'cpuUs').toFixed(2),
    `${row.ratio.toFixed(2)}${row.ratio > row.limit ? ' !' : ''}`,
    row.limit.toFixed(2),
    `${Math.round(100 * Math.max(spread(row.respd), spread(row.redis)))} %`,
    thousands(medianOf(row.respd, 'perSecond')),
    thousands(medianOf(row.redis, 'perSecond')),
  ]);
  return table([...head, 'respd req/s', 'redis req/s'], body);
}

/** How far the rounds lie apart: a ratio nearer to its limit than this says little. */
/** @param {Run[]} runs */
function spread(runs) {
  const costs = runs.map((run) => run.cpuUs);
  return (Math.max(...costs) - Math.min(...costs)) / median(costs);
}

/** @param {Row} row */
function brokenPromise({ test, depth, ratio, limit }) {
  return `${test} at pipeline ${depth} costs ${ratio.toFixed(2)} of Redis, promised is ${limit}`;
}
