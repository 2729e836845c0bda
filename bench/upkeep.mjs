/**
 * What respd does by itself while it serves: a million keys that expire in the same second, and
 * giving memory back after nine of ten keys were deleted all over. The longest turn of the event loop
 * (see observe.mjs) says how long clients had to wait meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { insideSummary, startObserved } from './observed.mjs';
import { residentBytes } from './process-stats.mjs';
import { machine, machineLine, table, thousands } from './report.mjs';
import { ask, drive, Template } from './wire.mjs';

const EXPIRE_LIMIT_MS = 5;
const EXPIRE_LIMIT_SECONDS = 2;
const DEFRAG_LIMIT_MS = 2;
const RATIO_LIMIT = 1.2;
const EXPIRING_SHARE = 0.2;
const CONNECTIONS = 8;
const DEPTH = 32;
const KEY = 'key:#########';
const VALUE = 'x'.repeat(100);
/** Keys are to expire so long after the last is loaded, at least. */
const EXPIRE_RESERVE_MS = 4000;
const LOAD_TIME_RESERVE = 2;
const MAX_DEFRAG_SECONDS = 120;

/** @param {{ keys: number }} options */
export async function benchUpkeep({ keys }) {
  const about = machine();
  console.log(`## Upkeep\n\n${machineLine(about)}\n`);
  const expiry = await expireTogether(Math.round(keys * EXPIRING_SHARE));
  const defrag = await defragment(keys);
  console.log(
    table(
      ['what', 'keys', 'seconds', 'longest turn ms', 'resident MiB before', 'after', 'ratio'],
      [
        [
          'expire in one second',
          thousands(expiry.keys),
          expiry.seconds.toFixed(2),
          ms(expiry),
          '',
          '',
          '',
        ],
        [
          'defragment after deleting 9 of 10',
          thousands(keys),
          defrag.seconds.toFixed(1),
          ms(defrag),
          mib(defrag.before),
          mib(defrag.after),
          `${defrag.ratioBefore} -> ${defrag.ratio}`,
        ],
      ],
    ),
  );
  const broken = [];
  if (expiry.worstMs > EXPIRE_LIMIT_MS) broken.push(`a turn of ${ms(expiry)} ms while keys expire`);
  if (expiry.seconds > EXPIRE_LIMIT_SECONDS) broken.push(`expiry took ${expiry.seconds} s`);
  if (defrag.worstMs > DEFRAG_LIMIT_MS)
    broken.push(`a turn of ${ms(defrag)} ms of defragmentation`);
  if (defrag.ratio > RATIO_LIMIT) broken.push(`a ratio of ${defrag.ratio} after defragmentation`);
  return { name: 'upkeep', machine: about, expiry, defrag, broken };
}

/** @param {{ worstMs: number }} result */
function ms({ worstMs }) {
  return worstMs.toFixed(2);
}

/** @param {number} bytes */
function mib(bytes) {
  return thousands(bytes / 1024 / 1024);
}

/** A light load, so that there are turns to be held up. @param {number} port @param {number} until */
function serve(port, until) {
  const template = new Template(['SET', 'other:####', VALUE], [(i) => i % 1000]);
  return drive({ port, connections: 2, depth: 4, total: Infinity, template, until });
}

/** @param {number} keys */
async function expireTogether(keys) {
  const server = await startObserved(EXPIRE_LIMIT_MS);
  const { port } = server;
  try {
    const warm = new Template(['SET', KEY, VALUE]);
    const load = { port, connections: CONNECTIONS, depth: DEPTH, total: keys };
    const { seconds } = await drive({ ...load, template: warm });
    const at = Math.round(Date.now() + seconds * 1000 * LOAD_TIME_RESERVE + EXPIRE_RESERVE_MS);
    const template = new Template(
      ['SET', KEY, VALUE, 'PXAT', '#############'],
      [(i) => i, (i) => at + (i % 1000)],
    );
    await drive({ ...load, template });
    await sleep(Math.max(0, at - Date.now()));
    await insideSummary(server);
    const busy = serve(port, performance.now() + 5000);
    let left = keys;
    while (left > 1000 && Date.now() < at + 60_000) {
      left = Number(/^:(\d+)/.exec(await ask(port, ['DBSIZE']))?.[1]);
      await sleep(10);
    }
    const took = (Date.now() - at) / 1000;
    await busy;
    return { keys, seconds: took, worstMs: (await insideSummary(server))?.worstOwnTurnMs ?? NaN };
  } finally {
    await server.stop();
  }
}

/** @param {number} keys */
async function defragment(keys) {
  const server = await startObserved(DEFRAG_LIMIT_MS);
  const { port } = server;
  try {
    const load = { port, connections: CONNECTIONS, depth: DEPTH };
    await drive({ ...load, total: keys, template: new Template(['SET', KEY, VALUE]) });
    const deleted = Array.from({ length: keys }, (_, i) => i).filter(
      (i) => scrambled(i) % 10 !== 0,
    );
    const template = new Template(['DEL', KEY], [(i) => deleted[i]]);
    await drive({ ...load, total: deleted.length, template });
    await sleep(1500);
    const before = residentBytes(server.pid);
    const ratioBefore = await ratio(port);
    await insideSummary(server);
    const started = performance.now();
    const busy = serve(port, started + 5000);
    await ask(port, ['CONFIG', 'SET', 'activedefrag', 'yes']);
    await sleep(1500);
    while ((await info(port, 'active_defrag_running')) > 0) {
      if (performance.now() - started > MAX_DEFRAG_SECONDS * 1000) break;
      await sleep(100);
    }
    const seconds = (performance.now() - started) / 1000;
    await busy;
    await sleep(1500);
    return {
      seconds,
      before,
      ratioBefore,
      after: residentBytes(server.pid),
      ratio: await ratio(port),
      worstMs: (await insideSummary(server))?.worstOwnTurnMs ?? NaN,
    };
  } finally {
    await server.stop();
  }
}

/** A number that has nothing to do with the order of `i`. @param {number} i */
function scrambled(i) {
  const mixed = Math.imul(i ^ (i >>> 15), 0x2c1b3c6d);
  return ((mixed ^ (mixed >>> 12)) >>> 0) % 1_000_003;
}

/** @param {number} port @param {string} field */
async function info(port, field) {
  const text = await ask(port, ['INFO', 'memory']);
  return Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(text)?.[1]);
}

/** What the process has of the system beside what it uses. @param {number} port */
async function ratio(port) {
  return info(port, 'mem_fragmentation_ratio');
}
