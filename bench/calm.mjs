/**
 * How long respd keeps clients waiting while a collection of millions of members goes away: deleted,
 * unlinked, overwritten, expired, evicted, flushed. The longest turn of the event loop tells (see
 * observe.mjs), from the command until its memory has been given back. A PING in place of the
 * command says what of it is not the deletion's: the cron, and the observer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { insideSummary, startObserved } from './observed.mjs';
import { residentBytes } from './process-stats.mjs';
import { machine, machineLine, table, thousands } from './report.mjs';
import { drive, Line, Template } from './wire.mjs';

/** The longest turn of the event loop that is promised. */
const LIMIT_MS = 1;
const CONNECTIONS = 4;
const DEPTH = 256;
/** After this time the memory is to be back. */
const WATCH_MS = 1500;
const WARM_ROUNDS = 50;
const MIB = 1024 * 1024;
/** Bytes that maxmemory leaves. */
const HEADROOM = 64 * 1024;

/**
 * A way for a collection to end: what is sent before it is watched, given the memory in use, and
 * what ends it.
 * @typedef {{ name: string, before?: (used: number) => string[][], commands: string[][] }} Ending
 */

const FILLINGS = [
  { name: 'set', args: ['SADD', 'k', 'member:#########'] },
  { name: 'hash', args: ['HSET', 'k', 'field:##########', 'value'] },
  { name: 'sorted set', args: ['ZADD', 'k', '############', 'member:#########'] },
  { name: 'list', args: ['RPUSH', 'k', 'element:#########'] },
  { name: 'stream', args: ['XADD', 'k', '*', 'field', '#########'] },
];

const NOTHING = { name: 'nothing (PING)', commands: [['PING']] };
const DEL = { name: 'DEL', commands: [['DEL', 'k']] };
/** Each collection is ended by two of these, in turns, too. @type {Ending[]} */
const OTHERS = [
  { name: 'UNLINK', commands: [['UNLINK', 'k']] },
  { name: 'SET over it', commands: [['SET', 'k', 'v']] },
  { name: 'PEXPIRE 20', commands: [['PEXPIRE', 'k', '20']] },
  { name: 'DEL in MULTI', commands: [['MULTI'], ['DEL', 'k'], ['EXEC']] },
  {
    name: 'RENAME over it',
    before: () => [['SET', 'other', 'v']],
    commands: [['RENAME', 'other', 'k']],
  },
  { name: 'SUNIONSTORE over it', commands: [['SUNIONSTORE', 'k', 'missing']] },
  { name: 'FLUSHALL ASYNC', commands: [['FLUSHALL', 'ASYNC']] },
  {
    name: 'eviction',
    before: (used) => [
      ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', String(used + HEADROOM)],
    ],
    // The last at the latest finds no room.
    commands: [
      ['SET', 'other', 'x'.repeat(HEADROOM * 0.6)],
      ['SET', 'another', 'x'.repeat(HEADROOM * 0.6)],
      ['SET', 'third', 'v'],
    ],
  },
];
/** Before the next collection. */
const CLEAN_UP = [
  ['CONFIG', 'SET', 'maxmemory', '0'],
  ['DEL', 'k', 'other', 'another', 'third'],
];

/** @param {{ members: number }} options */
export async function benchCalm({ members }) {
  const about = machine();
  console.log(`## Ends of big collections\n\n${machineLine(about)}`);
  console.log(`${thousands(members)} members each; longest turn of the event loop, ms\n`);
  const rows = [];
  const broken = [];
  for (const [i, filling] of FILLINGS.entries()) {
    const endings = [DEL, OTHERS[(2 * i) % OTHERS.length], OTHERS[(2 * i + 1) % OTHERS.length]];
    if (i === 0) endings.unshift(NOTHING);
    for (const end of await endAll(members, filling.args, endings)) {
      const worst = end.worstMs.toFixed(2);
      rows.push([filling.name, end.name, worst, mib(end.full), mib(end.left)]);
      if (end.worstMs > LIMIT_MS) broken.push(`${end.name} of a ${filling.name}: ${worst} ms`);
    }
  }
  const columns = ['collection', 'ended by', 'longest turn ms', 'resident MiB before', 'after'];
  console.log(table(columns, rows));
  console.log(`\npromised is at most ${LIMIT_MS} ms`);
  return { name: 'calm', machine: about, members, rows, broken };
}

/** @param {number} bytes */
function mib(bytes) {
  return thousands(bytes / MIB);
}

/**
 * Fills a collection and ends it, in one way after the other.
 * @param {number} members
 * @param {string[]} filling
 * @param {Ending[]} endings
 */
async function endAll(members, filling, endings) {
  const server = await startObserved(LIMIT_MS);
  const line = await Line.open(server.port);
  try {
    // The commands are compiled, and their way known, before it matters.
    for (let i = 0; i < WARM_ROUNDS; i++) {
      for (const { before, commands } of endings) {
        await askAll(line, [filling.map((arg) => arg.replace(/#+/, String(i)))]);
        await askAll(line, before?.(await usedBytes(line)) ?? []);
        await askAll(line, commands);
        await askAll(line, CLEAN_UP);
      }
    }
    const results = [];
    for (const { name, before, commands } of endings) {
      const template = new Template(filling);
      const { port } = server;
      await drive({ port, connections: CONNECTIONS, depth: DEPTH, total: members, template });
      await askAll(line, before?.(await usedBytes(line)) ?? []);
      await sleep(WATCH_MS);
      const full = residentBytes(server.pid);
      await insideSummary(server);
      await askAll(line, commands);
      await sleep(WATCH_MS);
      const worstMs = (await insideSummary(server))?.worstOwnTurnMs ?? Number.NaN;
      results.push({ name, worstMs, full, left: residentBytes(server.pid) });
      await askAll(line, CLEAN_UP);
      await sleep(WATCH_MS);
    }
    return results;
  } finally {
    line.close();
    await server.stop();
  }
}

/** @param {Line} line @param {string[][]} commands */
async function askAll(line, commands) {
  for (const command of commands) {
    const reply = await line.ask(command);
    if (reply.startsWith('-')) throw new Error(`${command.join(' ')}: ${reply}`);
  }
}

/** @param {Line} line */
async function usedBytes(line) {
  return Number(/used_memory:(\d+)/.exec(await line.ask(['INFO', 'memory']))?.[1]);
}
