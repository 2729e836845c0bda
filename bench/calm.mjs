/**
 * How long respd keeps clients waiting while a collection of millions of members goes away: deleted,
 * unlinked, overwritten, expired. The longest turn of the event loop tells (see observe.mjs), from
 * the command until its memory has been given back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { insideSummary, startObserved } from './observed.mjs';
import { machine, machineLine, table, thousands } from './report.mjs';
import { ask, drive, Template } from './wire.mjs';

/** The longest turn of the event loop that is promised. */
const LIMIT_MS = 1;
const CONNECTIONS = 4;
const DEPTH = 256;
/** A turn without any work but the observer's can take so long, now and then. */
const WATCH_MS = 1500;

const FILLINGS = [
  { name: 'set', args: ['SADD', 'k', 'member:#########'] },
  { name: 'hash', args: ['HSET', 'k', 'field:##########', 'value'] },
  { name: 'sorted set', args: ['ZADD', 'k', '############', 'member:#########'] },
  { name: 'list', args: ['RPUSH', 'k', 'element:#########'] },
  { name: 'stream', args: ['XADD', 'k', '*', 'field', '#########'] },
];

const ENDINGS = [
  { name: 'DEL', args: ['DEL', 'k'] },
  { name: 'UNLINK', args: ['UNLINK', 'k'] },
  { name: 'SET over it', args: ['SET', 'k', 'v'] },
  { name: 'PEXPIRE 20', args: ['PEXPIRE', 'k', '20'] },
];

/** @param {{ members: number }} options */
export async function benchCalm({ members }) {
  const about = machine();
  console.log(`## Ends of big collections\n\n${machineLine(about)}`);
  console.log(`${thousands(members)} members each; longest turn of the event loop, ms\n`);
  const rows = [];
  const broken = [];
  for (const [i, { name, args }] of FILLINGS.entries()) {
    const ending = ENDINGS[i % ENDINGS.length];
    for (const { name: how, args: end } of new Set([ENDINGS[0], ending])) {
      const worstMs = await longestTurn(members, args, end);
      rows.push([name, how, worstMs.toFixed(2)]);
      if (worstMs > LIMIT_MS) broken.push(`${how} of a ${name}: ${worstMs.toFixed(2)} ms`);
    }
  }
  console.log(table(['collection', 'ended by', 'longest turn ms'], rows));
  console.log(`\npromised is at most ${LIMIT_MS} ms`);
  return { name: 'calm', machine: about, members, rows, broken };
}

/**
 * @param {number} members
 * @param {string[]} filling
 * @param {string[]} ending
 */
async function longestTurn(members, filling, ending) {
  const server = await startObserved(LIMIT_MS);
  const { port } = server;
  try {
    // The command is compiled, and its way known, before it matters.
    for (let i = 0; i < 50; i++) {
      await ask(
        port,
        filling.map((arg) => arg.replace(/#+/, String(i))),
      );
      await ask(port, ending);
      await ask(port, ['DEL', 'k']);
    }
    const template = new Template(filling);
    await drive({ port, connections: CONNECTIONS, depth: DEPTH, total: members, template });
    await sleep(WATCH_MS);
    await insideSummary(server);
    const reply = await ask(port, ending);
    if (reply.startsWith('-')) throw new Error(`${ending.join(' ')}: ${reply}`);
    await sleep(WATCH_MS);
    return (await insideSummary(server))?.worstOwnTurnMs ?? Number.NaN;
  } finally {
    await server.stop();
  }
}
