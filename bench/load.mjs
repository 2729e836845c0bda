/**
 * How long the start takes with data to load: the same dump.rdb, and the same append-only log of
 * commands, here and there, each from the beginning of the process to its first PONG. The time that a
 * start without data takes is left out.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimeNs, residentBytes } from './process-stats.mjs';
import { machine, machineLine, median, table, thousands } from './report.mjs';
import { redisCommand, respdCommand, startServer } from './servers.mjs';
import { ask, drive, Template } from './wire.mjs';

/** Promised: respd's time by Redis's. */
const RATIO_LIMIT = 1;
const ROUNDS = 3;
const CONNECTIONS = 8;
const DEPTH = 64;
const POLL_MS = 50;
const KEY = 'key:#############';
const VALUE = 'xxxxxxx#############';
const LOG = 'appendonlydir';

/** @typedef {{ seconds: number, cpu: number, bytes: number }} Sample */

const SERVERS = /** @type {const} */ ([
  ['respd', respdCommand],
  ['redis-server', redisCommand],
]);

/** @param {{ keys: number }} options */
export async function benchLoad({ keys }) {
  const about = machine();
  console.log(`## Loading\n\n${machineLine(about)}`);
  console.log(`${thousands(keys)} keys; median of ${ROUNDS}\n`);
  const dir = mkdtempSync(join(tmpdir(), 'respd-bench-data-'));
  try {
    await makeFiles(dir, keys);
    const rows = [];
    const broken = [];
    for (const [what, args] of [
      ['dump.rdb', []],
      ['commands', ['--appendonly', 'yes']],
    ]) {
      const [ours, theirs] = await compare(dir, /** @type {string[]} */ (args));
      const ratio = ours.seconds / theirs.seconds;
      rows.push({ what: String(what), ours, theirs, ratio });
      if (ratio > RATIO_LIMIT) broken.push(`${what}: ${ratio.toFixed(2)} of Redis's time to load`);
    }
    console.log(
      table(
        ['file', 'respd s', 'redis s', 'ratio', 'respd CPU s', 'redis CPU s', 'MiB', 'redis MiB'],
        rows.map(({ what, ours, theirs, ratio }) => [
          what,
          ours.seconds.toFixed(2),
          theirs.seconds.toFixed(2),
          ratio.toFixed(2),
          ours.cpu.toFixed(2),
          theirs.cpu.toFixed(2),
          thousands(ours.bytes / 1024 / 1024),
          thousands(theirs.bytes / 1024 / 1024),
        ]),
      ),
    );
    return { name: 'load', machine: about, keys, rows, broken };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Has redis-server write both kinds of files. @param {string} dir @param {number} keys */
async function makeFiles(dir, keys) {
  const args = ['--dir', dir, '--appendonly', 'yes', '--aof-use-rdb-preamble', 'no'];
  const server = await startServer('redis-server', [...redisCommand(), ...args]);
  try {
    const { port } = server;
    const template = new Template(['SET', KEY, VALUE]);
    await drive({ port, connections: CONNECTIONS, depth: DEPTH, total: keys, template });
    await ask(port, ['BGREWRITEAOF']);
    do await sleep(POLL_MS);
    while ((await ask(port, ['INFO', 'persistence'])).includes('rewrite_in_progress:1'));
    await ask(port, ['SAVE']).catch(() => '');
    while (!(await ask(port, ['PING']).catch(() => '')).startsWith('+PONG')) await sleep(POLL_MS);
  } finally {
    await server.stop();
  }
  console.log(`dump.rdb has ${thousands(statSync(join(dir, 'dump.rdb')).size)} bytes\n`);
}

/** @param {string} data @param {string[]} args @returns {Promise<Sample[]>} respd's and Redis's */
async function compare(data, args) {
  /** @type {Sample[][]} */
  const samples = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [name, command]] of SERVERS.entries()) {
      const empty = await timeStart(name, command(), undefined, args);
      const full = await timeStart(name, command(), data, args);
      samples[i].push({
        seconds: full.seconds - empty.seconds,
        cpu: full.cpu - empty.cpu,
        bytes: full.bytes,
      });
    }
  }
  return samples.map((rounds) => ({
    seconds: median(rounds.map(({ seconds }) => seconds)),
    cpu: median(rounds.map(({ cpu }) => cpu)),
    bytes: median(rounds.map(({ bytes }) => bytes)),
  }));
}

/**
 * @param {string} name @param {string[]} command @param {string | undefined} data a folder to start on
 * @param {string[]} args @returns {Promise<Sample>}
 */
async function timeStart(name, command, data, args) {
  const dir = mkdtempSync(join(tmpdir(), 'respd-bench-load-'));
  try {
    if (data !== undefined) {
      const isLog = args.length > 0;
      const part = isLog ? LOG : 'dump.rdb';
      if (isLog) mkdirSync(join(dir, LOG));
      cpSync(join(data, part), join(dir, part), { recursive: true });
    }
    const before = performance.now();
    const server = await startServer(name, [...command, '--dir', dir, ...args]);
    try {
      const seconds = (performance.now() - before) / 1000;
      return { seconds, cpu: cpuTimeNs(server.pid) / 1e9, bytes: residentBytes(server.pid) };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
