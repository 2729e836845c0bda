/**
 * How long respd keeps clients waiting while millions of keys are loaded, read, flushed and expire.
 *
 * Inside the process observe.mjs measures every turn of the event loop and every pause of the
 * garbage collector; outside a probe sends a PING every millisecond. The turn is the promise: the
 * PING also waits for a core with the server, where others want it. SET and GET must be there; without FLUSHALL or
 * DBSIZE the phases that need them still run, and measure less.
 */
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { insideSummary, startObserved } from './observed.mjs';
import { startProbe } from './probe.mjs';
import { residentBytes } from './process-stats.mjs';
import { machine, machineLine, table, thousands } from './report.mjs';
import { ask, drive, Template } from './wire.mjs';

/** The longest turn of the event loop that is promised. */
export const PAUSE_LIMIT_MS = 5;
const CONNECTIONS = 8;
const DEPTH = 64;
const KEY = 'key:#############';
const VALUE = 'xxxxxxx#############';
const READ_SECONDS = 10;
const WATCH_AFTER_FLUSH_SECONDS = 3;
/** All keys with a time to live expire within this span, the first once all are loaded. */
const EXPIRY_SPAN_MS = 5000;
const MAX_EXPIRY_SECONDS = 60;
/** Loading with a time to live may be slower than without, by this factor, before keys expire. */
const LOAD_TIME_RESERVE = 1.5;
const LOAD_TIME_EXTRA_MS = 2000;
/** The collector's reports arrive a little after the pauses they report. */
const REPORT_DELAY_MS = 100;
const DRIVER_NICENESS = 10;

/** @typedef {import('./observe.mjs').PhaseSummary} PhaseSummary */
/** @typedef {import('./probe.mjs').PingSummary} PingSummary */
/**
 * @typedef {object} Phase
 * @property {string} name
 * @property {number} seconds
 * @property {number} keysPerSecond
 * @property {PhaseSummary | undefined} inside undefined where respd is no Node process
 * @property {PingSummary} ping
 * @property {number} residentBytes
 */

/** @param {{ keys: number }} options */
export async function benchPauses({ keys }) {
  const about = machine();
  console.log(`## Pauses\n\n${machineLine(about)}`);
  console.log(`${thousands(keys)} keys, ${CONNECTIONS} connections of ${DEPTH} requests\n`);
  const server = await startObserved(PAUSE_LIMIT_MS);
  const probe = startProbe(server);
  try {
    // The load must not keep the server from its core.
    setPriority(0, DRIVER_NICENESS);
    const phases = await runPhases(server, probe, keys);
    console.log(phasesAsTable(phases));
    console.log(`\n${probe.explanation}`);
    return { name: 'pauses', machine: about, keys, phases, broken: phases.flatMap(brokenPromise) };
  } finally {
    probe.stop();
    await server.stop();
  }
}

/**
 * @param {import('./servers.mjs').BenchServer} server
 * @param {import('./probe.mjs').Probe} probe
 * @param {number} keys
 */
async function runPhases(server, probe, keys) {
  const { port } = server;
  const load = { port, connections: CONNECTIONS, depth: DEPTH, total: keys };
  /** @type {Phase[]} */
  const phases = [];
  /** @param {string} name @param {() => Promise<number>} work returns the keys it dealt with */
  const phase = async (name, work) => {
    const started = performance.now();
    const done = await work();
    const seconds = (performance.now() - started) / 1000;
    await sleep(REPORT_DELAY_MS);
    const inside = await insideSummary(server);
    const ping = await probe.summary();
    const memory = residentBytes(server.pid);
    const rate = done / seconds;
    phases.push({ name, seconds, keysPerSecond: rate, inside, ping, residentBytes: memory });
    return seconds;
  };

  // What starting took is no phase.
  await insideSummary(server);
  await probe.summary();
  await phase('idle', () => sleep(1000, 0));
  const set = new Template(['SET', KEY, VALUE]);
  const loadSeconds = await phase('load', () => drive({ ...load, template: set }).then(sentOf));
  const get = new Template(['GET', KEY], [() => Math.floor(Math.random() * keys)]);
  const readUntil = () => performance.now() + READ_SECONDS * 1000;
  await phase('read', () =>
    drive({ ...load, total: Infinity, template: get, until: readUntil() }).then(sentOf),
  );
  await phase('flush', async () => {
    const reply = await ask(port, ['FLUSHALL']);
    if (!reply.startsWith('+OK')) console.log(`nothing flushed: ${reply}`);
    await sleep(WATCH_AFTER_FLUSH_SECONDS * 1000);
    return reply.startsWith('+OK') ? keys : 0;
  });
  const reserveMs = loadSeconds * 1000 * LOAD_TIME_RESERVE + LOAD_TIME_EXTRA_MS;
  const firstExpiry = Math.round(Date.now() + reserveMs);
  const setExpiring = new Template(
    ['SET', KEY, VALUE, 'PXAT', '#############'],
    [(i) => i, (i) => i, (i) => firstExpiry + (i % EXPIRY_SPAN_MS)],
  );
  await phase('load with TTL', () => drive({ ...load, template: setExpiring }).then(sentOf));
  await phase('wait', () => sleep(Math.max(0, firstExpiry - Date.now()), 0));
  await phase('expire', async () => keys - (await untilExpired(port)));
  return phases;
}

/** @param {{ sent: number }} result */
function sentOf({ sent }) {
  return sent;
}

/**
 * Waits until no key is left, or, of a server that has no DBSIZE, as long as that should take.
 * @param {number} port
 * @returns {Promise<number>} how many are left when patience ends; NaN where nobody can tell
 */
async function untilExpired(port) {
  const deadline = Date.now() + MAX_EXPIRY_SECONDS * 1000;
  for (;;) {
    const left = Number(/^:(\d+)/.exec(await ask(port, ['DBSIZE']))?.[1] ?? Number.NaN);
    if (Number.isNaN(left)) await sleep(2 * EXPIRY_SPAN_MS);
    if (!(left > 0) || Date.now() > deadline) return left;
    await sleep(50);
  }
}

/** @param {Phase[]} phases */
function phasesAsTable(phases) {
  const head = [
    'phase',
    's',
    'keys/s',
    'worst turn ms',
    'less core wait',
    `turns > ${PAUSE_LIMIT_MS}`,
  ];
  const rows = phases.map(({ name, seconds, keysPerSecond, inside, ping, residentBytes }) => [
    name,
    seconds.toFixed(1),
    keysPerSecond > 0 ? thousands(keysPerSecond) : '-',
    inside?.worstTurnMs.toFixed(2) ?? '-',
    inside?.worstOwnTurnMs.toFixed(2) ?? '-',
    inside ? String(inside.longTurns) : '-',
    inside ? gcText(inside.worstGcMs) : '-',
    ping.worst.toFixed(2),
    ping.worstOwn.toFixed(2),
    ping.p999.toFixed(2),
    ping.p50.toFixed(2),
    thousands(residentBytes / 1024 / 1024),
  ]);
  const rest = ['worst GC ms', 'worst PING', 'less core wait', 'p99.9', 'p50', 'MiB'];
  return table([...head, ...rest], rows);
}

/** @param {Record<string, number>} worstByKind */
function gcText(worstByKind) {
  const kinds = Object.entries(worstByKind).sort(([a], [b]) => a.localeCompare(b));
  return kinds.map(([kind, ms]) => `${kind} ${ms.toFixed(2)}`).join(', ') || 'none';
}

/** @param {Phase} phase */
function brokenPromise({ name, inside }) {
  if (inside === undefined || inside.worstOwnTurnMs <= PAUSE_LIMIT_MS) return [];
  const worst = inside.worstOwnTurnMs.toFixed(2);
  return [`a turn of ${worst} ms in phase ${name}, promised are ${PAUSE_LIMIT_MS} ms`];
}
