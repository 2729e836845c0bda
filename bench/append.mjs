/**
 * What the append-only file costs: the server's CPU time for a SET, all its threads included, without
 * one and with each of the three policies, here and there.
 */
import { cpuTimeNs } from './process-stats.mjs';
import { machine, machineLine, median, table, thousands } from './report.mjs';
import { redisCommand, respdCommand, startServer } from './servers.mjs';
import { ask, drive, Template } from './wire.mjs';

const POLICIES = /** @type {const} */ (['off', 'no', 'everysec', 'always']);
const ROUNDS = 3;
const CONNECTIONS = 50;
const DEPTHS = [1, 16];
/** Of the other policies' writes, `always` gets so many: it waits for the disk. */
const ALWAYS_PART = 0.1;
const KEYS = 100_000;
const WARM_UP = 300_000;
const KEY = 'key:#############';
const VALUE = 'xxxxxxx#############';

/** @param {{ writes: number }} options */
export async function benchAppend({ writes }) {
  const about = machine();
  console.log(`## The append-only file's cost\n\n${machineLine(about)}`);
  console.log(`${thousands(writes)} SETs, ${CONNECTIONS} connections; median of ${ROUNDS}\n`);
  /** @type {{ depth: number, policy: string, ours: number, theirs: number }[]} */
  const rows = [];
  const servers = [
    await startServer('respd', [...respdCommand(), '--auto-aof-rewrite-percentage', '0']),
    await startServer('redis-server', [...redisCommand(), '--auto-aof-rewrite-percentage', '0']),
  ];
  try {
    // What is measured is code that has run for a while.
    for (const server of servers) await cpuPerSet(server, DEPTHS.at(-1) ?? 1, WARM_UP);
    for (const policy of POLICIES) {
      for (const { port } of servers) await choose(port, policy);
      for (const depth of DEPTHS) {
        const total = policy === 'always' ? Math.ceil(writes * ALWAYS_PART) : writes;
        /** @type {number[][]} */
        const samples = [[], []];
        for (let round = 0; round < ROUNDS; round++) {
          for (const [i, server] of servers.entries()) {
            samples[i].push(await cpuPerSet(server, depth, total));
          }
        }
        rows.push({ depth, policy, ours: median(samples[0]), theirs: median(samples[1]) });
      }
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  rows.sort((a, b) => a.depth - b.depth);
  console.log(
    table(
      ['appendfsync', 'pipeline', 'respd us', 'redis us', 'ratio'],
      rows.map(({ depth, policy, ours, theirs }) => [
        policy === 'off' ? 'no log' : policy,
        String(depth),
        ours.toFixed(2),
        theirs.toFixed(2),
        (ours / theirs).toFixed(2),
      ]),
    ),
  );
  return { name: 'append', machine: about, writes, rows, broken: [] };
}

/** @param {number} port @param {string} policy */
async function choose(port, policy) {
  const isOn = policy !== 'off';
  if (isOn) await ask(port, ['CONFIG', 'SET', 'appendfsync', policy]);
  await ask(port, ['CONFIG', 'SET', 'appendonly', isOn ? 'yes' : 'no']);
  while (/rewrite_(in_progress|scheduled):1/.test(await ask(port, ['INFO', 'persistence'])));
}

/**
 * @param {import('./servers.mjs').BenchServer} server @param {number} depth @param {number} total
 * @returns {Promise<number>} microseconds
 */
async function cpuPerSet({ pid, port }, depth, total) {
  const template = new Template(['SET', KEY, VALUE], [(i) => i % KEYS]);
  const before = cpuTimeNs(pid);
  const { sent } = await drive({ port, connections: CONNECTIONS, depth, total, template });
  return (cpuTimeNs(pid) - before) / sent / 1000;
}
