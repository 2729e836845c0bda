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
const MEMBERS_RATIO_LIMIT = 1;
const SMALL_HASHES_RATIO_LIMIT = 0.8;
const KEY = 'key:#############';
const VALUE = 'xxxxxxx#############';
const SETTLE_SAMPLE_MS = 200;
const SETTLE_SAMPLES = 5;
const SETTLE_TOLERANCE = 0.002;
const MAX_SETTLE_MS = 10_000;

/**
 * What a collection is filled with: a command sent `total` times with a number in it.
 * @typedef {{ name: string, args: string[], share: number, limit: number }} Filling
 */

/**
 * One collection each, and many small hashes. `share` is how many commands there are for each member
 * that was asked for.
 * @type {Filling[]}
 */
const FILLINGS = [
  { name: 'set', args: ['SADD', 's', 'member:#########'] },
  { name: 'set of numbers', args: ['SADD', 'n', '1##############'] },
  { name: 'hash', args: ['HSET', 'h', 'field:##########', VALUE] },
  { name: 'sorted set', args: ['ZADD', 'z', '############', 'member:#########'] },
  { name: 'list', args: ['RPUSH', 'l', VALUE] },
  { name: 'stream', args: ['XADD', 'x', '#############-1', 'field', VALUE] },
]
  .map((filling) => ({ ...filling, share: 1, limit: MEMBERS_RATIO_LIMIT }))
  .concat({
    name: 'small hashes (5 fields)',
    args: ['HSET', 'user:########', ...smallHash()],
    share: 0.4,
    limit: SMALL_HASHES_RATIO_LIMIT,
  });

function smallHash() {
  return [
    'name',
    'somebody',
    'mail',
    'somebody@example.org',
    'age',
    '42',
    'city',
    'Rome',
    'n',
    '1',
  ];
}

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

/** @param {{ members: number }} options */
export async function benchMembers({ members }) {
  const about = machine();
  console.log(`## Bytes per member\n\n${machineLine(about)}`);
  console.log(`one key of ${thousands(members)} members, or ${thousands(members * 0.4)} hashes\n`);
  const rows = [];
  const broken = [];
  for (const { name, args, share, limit } of FILLINGS) {
    // A stream's IDs begin at 1.
    const total = Math.round(members * share);
    const respd = await measure('respd', respdCommand(), total, args);
    const redis = await measure('redis', redisCommand(), total, args);
    const ratio = respd.bytesPerKey / redis.bytesPerKey;
    rows.push([name, respd.bytesPerKey, redis.bytesPerKey, ratio, limit]);
    if (ratio > limit) broken.push(`${name}: ${ratio.toFixed(2)} of Redis, promised is ${limit}`);
  }
  const shown = rows.map(([name, ours, theirs, ratio, limit]) => [
    String(name),
    Number(ours).toFixed(1),
    Number(theirs).toFixed(1),
    Number(ratio).toFixed(2),
    String(limit),
  ]);
  console.log(table(['', 'respd', 'redis', 'ratio', 'promised'], shown));
  return { name: 'members', machine: about, members, rows, broken };
}

/**
 * @param {string} name
 * @param {string[]} command
 * @param {number} keys
 * @param {string[]} [args] of the command that stores one of them
 * @returns {Promise<Row>}
 */
async function measure(name, command, keys, args = ['SET', KEY, VALUE]) {
  const server = await startServer(name, command);
  try {
    const before = await settledBytes(server.pid);
    const template = new Template(args, [(index) => index + 1]);
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
