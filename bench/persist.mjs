/**
 * What a snapshot costs while clients write as fast as they can: how long a PING waits, how much memory
 * server and helper take beyond what the server took before, how long it takes. BGSAVE and
 * BGREWRITEAOF, here and there.
 *
 * Each is done twice: once with the PINGs watched, once with the memory (to look at a process's pages
 * makes it wait).
 *
 * A PING waits for what the server does, and for a core with the server where others want it: the
 * load, the helper, whatever else runs. The promise is about what the server does: the worst PING less
 * the server's waits for a core, and the longest turn of the event loop less those. The load has a lower
 * priority than the servers, and the probe a higher one.
 */
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { insideSummary, startObserved } from './observed.mjs';
import { startProbe } from './probe.mjs';
import { childrenOf, proportionalBytes } from './process-stats.mjs';
import { machine, machineLine, table, thousands } from './report.mjs';
import { redisCommand, respdCommand, startServer } from './servers.mjs';
import { ask, drive, Template } from './wire.mjs';

/** Promised of respd: the longest stall, and memory beyond what was there. */
const STALL_LIMIT_MS = 5;
const EXTRA_LIMIT = 0.1;
const CONNECTIONS = 8;
const DEPTH = 16;
const KEY = 'key:#############';
const VALUE = 'xxxxxxx#############';
const QUIET_SECONDS = 5;
const POLL_MS = 20;
const MEMORY_POLL_MS = 200;
const PATIENCE_MS = 300_000;
const DRIVER_NICENESS = 10;

/** @typedef {import('./servers.mjs').BenchServer} BenchServer */
/**
 * @typedef {object} Run
 * @property {string} server
 * @property {string} what
 * @property {number} seconds
 * @property {import('./probe.mjs').PingSummary} ping
 * @property {number | undefined} turnMs
 * @property {number | undefined} extra as a part of what the server took before
 * @property {number} writesPerSecond
 */

/** What is measured: its command, and the line of INFO persistence that says that it has ended. */
const JOBS = [
  { what: 'BGSAVE', done: 'rdb_bgsave_in_progress:0' },
  { what: 'BGREWRITEAOF', done: 'aof_rewrite_in_progress:0' },
];

/** @param {{ keys: number }} options */
export async function benchPersist({ keys }) {
  const about = machine();
  console.log(`## Saving under load\n\n${machineLine(about)}`);
  console.log(
    `${thousands(keys)} keys, ${CONNECTIONS} connections of ${DEPTH} SETs of any of them\n`,
  );
  // What observes turns takes memory, in the helper as well.
  const subjects = [
    { server: await startObserved(STALL_LIMIT_MS), looksAt: ['time'] },
    { server: await startServer('respd', respdCommand()), looksAt: ['memory'] },
    { server: await startServer('redis-server', redisCommand()), looksAt: ['time', 'memory'] },
  ].map((subject) => ({ ...subject, probe: startProbe(subject.server) }));
  // Those above keep the priority that they were started with.
  setPriority(0, DRIVER_NICENESS);
  /** @type {Run[]} */
  const runs = [];
  for (const { server, probe, looksAt } of subjects) {
    try {
      runs.push(...(await measure(server, probe, keys, looksAt)));
    } finally {
      probe.stop();
      await server.stop();
    }
  }
  console.log(asTable(runs));
  console.log(`\n${subjects[0].probe.explanation}`);
  return { name: 'persist', machine: about, keys, runs, broken: runs.flatMap(broken) };
}

/**
 * @param {BenchServer} server @param {import('./probe.mjs').Probe} probe
 * @param {number} keys @param {readonly string[]} looksAt
 * @returns {Promise<Run[]>}
 */
async function measure(server, probe, keys, looksAt) {
  const { port } = server;
  const load = { port, connections: CONNECTIONS, depth: DEPTH };
  await drive({ ...load, total: keys, template: new Template(['SET', KEY, VALUE]) });
  const write = new Template(['SET', KEY, VALUE], [() => Math.floor(Math.random() * keys)]);
  const endless = { ...load, total: Number.POSITIVE_INFINITY, template: write };
  /** @type {Run[]} */
  const runs = [];
  /** @param {string} what @param {() => Promise<number | undefined>} work gives extra memory */
  const run = async (what, work) => {
    await insideSummary(server);
    await probe.summary();
    const stop = new AbortController();
    const before = performance.now();
    const writing = drive({ ...endless, signal: stop.signal });
    const extra = await work();
    const seconds = (performance.now() - before) / 1000;
    const ping = await probe.summary();
    const inside = await insideSummary(server);
    stop.abort();
    const { sent } = await writing;
    const turnMs = inside?.worstOwnTurnMs;
    const writesPerSecond = sent / seconds;
    runs.push({ server: server.name, what, seconds, ping, turnMs, extra, writesPerSecond });
  };
  if (looksAt.includes('time'))
    await run('writes alone', () => sleep(QUIET_SECONDS * 1000, undefined));
  for (const { what, done } of JOBS) {
    if (what === 'BGREWRITEAOF') {
      await ask(port, ['CONFIG', 'SET', 'appendonly', 'yes']);
      await untilDone(port, done);
      await sleep(500);
    }
    if (looksAt.includes('time')) {
      await run(what, async () => {
        await ask(port, [what]);
        await untilDone(port, done);
        return undefined;
      });
      await sleep(500);
    }
    if (looksAt.includes('memory')) {
      await run(`${what}, memory`, () => peakDuring(server, what, done));
    }
  }
  return runs;
}

/** @param {number} port @param {string} line */
async function untilDone(port, line) {
  const end = Date.now() + PATIENCE_MS;
  do await sleep(POLL_MS);
  while (!(await ask(port, ['INFO', 'persistence'])).includes(line) && Date.now() < end);
}

/**
 * The most memory that a server and its helper take during a job, beyond what the server took before.
 * @param {BenchServer} server @param {string} what @param {string} done
 * @returns {Promise<number>} as a part of that
 */
async function peakDuring({ pid, port }, what, done) {
  const before = proportionalBytes(pid);
  let peak = before;
  await ask(port, [what]);
  const end = Date.now() + PATIENCE_MS;
  do {
    const helpers = childrenOf(pid).map(proportionalBytes);
    peak = Math.max(
      peak,
      helpers.reduce((sum, bytes) => sum + bytes, proportionalBytes(pid)),
    );
    await sleep(MEMORY_POLL_MS);
  } while (!(await ask(port, ['INFO', 'persistence'])).includes(done) && Date.now() < end);
  return (peak - before) / before;
}

/** @param {Run[]} runs */
function asTable(runs) {
  const head = [
    'server',
    'what',
    's',
    'writes/s',
    'PING worst ms',
    'less core wait',
    'p99.9',
    'p50',
    'turn ms',
    'extra memory',
  ];
  const rows = runs.map(({ server, what, seconds, ping, turnMs, extra, writesPerSecond }) => [
    server,
    what,
    seconds.toFixed(2),
    thousands(writesPerSecond),
    ping.worst.toFixed(2),
    ping.worstOwn.toFixed(2),
    ping.p999.toFixed(2),
    ping.p50.toFixed(2),
    turnMs?.toFixed(2) ?? '-',
    extra === undefined ? '-' : `${(extra * 100).toFixed(1)} %`,
  ]);
  return table(head, rows);
}

/** @param {Run} run */
function broken({ what, ping, turnMs = 0, extra, server }) {
  if (server !== 'respd') return [];
  const told = [];
  // Where memory is looked at, that makes the server wait.
  if (extra === undefined && ping.worstOwn > STALL_LIMIT_MS)
    told.push(`a PING of ${ping.worstOwn.toFixed(2)} ms during ${what}`);
  if (turnMs > STALL_LIMIT_MS) told.push(`a turn of ${turnMs.toFixed(2)} ms during ${what}`);
  if (extra !== undefined && extra > EXTRA_LIMIT)
    told.push(`${(extra * 100).toFixed(0)} % more memory during ${what}`);
  return told;
}
