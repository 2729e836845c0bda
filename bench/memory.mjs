/**
 * Resident bytes per key, respd beside redis-server.
 *
 * Each server, fresh, is sent the same bytes: keys of 17 bytes with values of 20. What its process
 * has grown by, divided by the keys, is what a key costs, everything included: the index, the
 * allocator's waste, and, for respd, what V8 took to run the code that loaded them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from './process-stats.mjs';
import { machine, machineLine, table, thousands } from './report.mjs';
import { redisCommand, respdCommand, startServer } from './servers.mjs';
import { drive, Template } from './wire.mjs';

const RATIO_LIMIT = 0.75;
const KEY = 'key:#############';
const VALUE = 'xxxxxxx#############';
const SETTLE_SAMPLE_MS = 200;
const SETTLE_SAMPLES = 5;
const SETTLE_TOLERANCE = 0.002;
const MAX_SETTLE_MS = 10_000;

/** @typedef {{ server: string, before: number, after: number, bytesPerKey: number }} Row */

/** @param {{ keys: number }} options */
export async function benchMemory({ keys }) {
  const about = machine();
  console.log(`## Bytes per key\n\n${machineLine(about)}`);
  console.log(`${thousands(keys)} keys of ${KEY.length} bytes, values of ${VALUE.length} bytes\n`);
  const respd = await measure('respd', respdCommand(), keys);
  const redis = await measure('redis', redisCommand(), keys);
  const ratio = respd.bytesPerKey / redis.bytesPerKey;
  const rows = [respd, redis].map((row) => [
    row.server,
    mebibytes(row.before),
    mebibytes(row.after),
    row.bytesPerKey.toFixed(1),
  ]);
  console.log(table(['server', 'MiB before', 'MiB after', 'bytes per key'], rows));
  console.log(`\nratio ${ratio.toFixed(2)}, promised is at most ${RATIO_LIMIT}`);
  const broken = `a key costs ${ratio.toFixed(2)} of Redis, promised is ${RATIO_LIMIT}`;
  return {
    name: 'memory',
    machine: about,
    keys,
    rows: [respd, redis],
    ratio,
    broken: ratio > RATIO_LIMIT ? [broken] : [],
  };
}

/**
 * @param {string} name
 * @param {string[]} command
 * @param {number} keys
 * @returns {Promise<Row>}
 */
async function measure(name, command, keys) {
  const server = await startServer(name, command);
  try {
    const before = await settledBytes(server.pid);
    const template = new Template(['SET', KEY, VALUE]);
    await drive({ port: server.port, connections: 1, depth: 500, total: keys, template });
    const after = await settledBytes(server.pid);
    return { server: name, before, after, bytesPerKey: (after - before) / keys };
  } finally {
    await server.stop();
  }
}

/**
 * Resident memory once it has stopped changing.
 * @param {number} pid
 */
async function settledBytes(pid) {
  const deadline = Date.now() + MAX_SETTLE_MS;
  let reference = residentBytes(pid);
  let steady = 0;
  while (steady < SETTLE_SAMPLES && Date.now() < deadline) {
    await sleep(SETTLE_SAMPLE_MS);
    const now = residentBytes(pid);
    const isSteady = Math.abs(now - reference) <= reference * SETTLE_TOLERANCE;
    steady = isSteady ? steady + 1 : 0;
    if (!isSteady) reference = now;
  }
  return residentBytes(pid);
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return (bytes / 1024 / 1024).toFixed(1);
}
