/**
 * Hit rates of a cache, respd beside redis-server: which keys the eviction policies keep.
 *
 * Both are given a limit that holds the same number of keys (the same bytes of data), and the same
 * accesses: a GET, and a SET when the key was not there. Only the choice of what to evict makes a
 * difference then; that respd holds more keys in the same memory is `members` and `memory`'s subject.
 *
 *     zipf      few keys are asked for often, many seldom
 *     scans     the same, and now and then somebody reads a long row of keys once
 *     shifting  the same, and what is asked for often changes
 */
import { createConnection } from 'node:net';
import RedisParser from 'redis-parser';
import { machine, machineLine, table } from './report.mjs';
import { redisCommand, respdCommand, startServer } from './servers.mjs';
import { ask, encode } from './wire.mjs';

const POLICIES = ['allkeys-lru', 'allkeys-lfu', 'allkeys-random'];
/** Policies whose hit rate must not be below redis-server's, but for chance. */
const PROMISED = new Set(['allkeys-lru', 'allkeys-lfu']);
const CHANCE = 0.005;
const UNIVERSE = 200_000;
const CAPACITY = 20_000;
const VALUE = 'x'.repeat(100);
const BATCH = 200;
const ZIPF_EXPONENT = 0.9;
const SCAN_EVERY = 50_000;
const SCAN_LENGTH = 15_000;
const SHIFT_EVERY = 100_000;
const SHIFT_BY = 3_000;
const SEED = 20_240_601;

/** Numbers in [0, 1), the same in each run (mulberry32). @param {number} seed */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws ranks 0, 1, …, the lower the more often. @param {() => number} random */
function zipfRanks(random) {
  const sums = new Float64Array(UNIVERSE);
  let sum = 0;
  for (let i = 0; i < UNIVERSE; i++) {
    sum += 1 / (i + 1) ** ZIPF_EXPONENT;
    sums[i] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = UNIVERSE - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** @type {Record<string, (accesses: number) => Generator<string>>} */
const TRACES = {
  *zipf(accesses) {
    const rank = zipfRanks(seeded(SEED));
    for (let i = 0; i < accesses; i++) yield `key:${rank()}`;
  },
  *scans(accesses) {
    const rank = zipfRanks(seeded(SEED));
    for (let i = 0; i < accesses; i++) {
      if (i % SCAN_EVERY < SCAN_LENGTH && i >= SCAN_EVERY) yield `scan:${i}`;
      else yield `key:${rank()}`;
    }
  },
  *shifting(accesses) {
    const rank = zipfRanks(seeded(SEED));
    for (let i = 0; i < accesses; i++) {
      const shift = Math.floor(i / SHIFT_EVERY) * SHIFT_BY;
      yield `key:${(rank() + shift) % UNIVERSE}`;
    }
  },
};

/** Sends batches of commands and takes their replies. */
class Connection {
  /** @param {number} port */
  constructor(port) {
    /** @type {unknown[]} */
    this.replies = [];
    this.expected = 0;
    this.done = () => {};
    const parser = new RedisParser({
      returnReply: (/** @type {unknown} */ reply) => this.take(reply),
      returnError: (/** @type {unknown} */ error) => this.take(error),
    });
    this.socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => parser.execute(chunk));
  }

  /** @param {unknown} reply */
  take(reply) {
    this.replies.push(reply);
    if (this.replies.length === this.expected) this.done();
  }

  /** @param {string[][]} commands @returns {Promise<unknown[]>} */
  send(commands) {
    this.replies = [];
    this.expected = commands.length;
    return new Promise((resolve) => {
      this.done = () => resolve(this.replies);
      this.socket.write(commands.map(encode).join(''));
    });
  }

  close() {
    this.socket.destroy();
  }
}

/** @param {number} port @param {string} field */
async function info(port, field) {
  const text = await ask(port, ['INFO', 'memory']);
  return Number(new RegExp(`\\b${field}:(\\d+)`).exec(text)?.[1]);
}

/** A limit under which just CAPACITY keys fit. @param {number} port @param {Connection} connection */
async function limitFor(port, connection) {
  for (let i = 0; i < CAPACITY; i += BATCH) {
    await connection.send(
      Array.from({ length: BATCH }, (_, k) => ['SET', `key:${100_000 + i + k}`, VALUE]),
    );
  }
  const bytes = await info(port, 'used_memory');
  await connection.send([['FLUSHALL']]);
  return bytes;
}

/**
 * @param {string} name @param {string[]} command @param {string} policy @param {string} trace
 * @param {number} accesses
 */
async function replay(name, command, policy, trace, accesses) {
  const server = await startServer(name, command);
  const connection = new Connection(server.port);
  const limit = await limitFor(server.port, connection);
  await connection.send([
    ['CONFIG', 'SET', 'maxmemory-policy', policy],
    ['CONFIG', 'SET', 'maxmemory', String(limit)],
  ]);
  let hits = 0;
  let highest = 0;
  let batches = 0;
  let keys = [];
  for (const key of TRACES[trace](accesses)) {
    keys.push(key);
    if (keys.length < BATCH) continue;
    const replies = await connection.send(keys.map((one) => ['GET', one]));
    const missing = new Set(keys.filter((_, i) => replies[i] === null));
    hits += replies.filter((reply) => reply !== null).length;
    if (missing.size > 0) await connection.send([...missing].map((one) => ['SET', one, VALUE]));
    if (batches++ % 100 === 0) highest = Math.max(highest, await info(server.port, 'used_memory'));
    keys = [];
  }
  connection.close();
  await server.stop();
  return { hitRate: hits / (batches * BATCH), overLimit: highest / limit };
}

/** @param {{ accesses: number }} options */
export async function benchHitRates({ accesses }) {
  console.log(`\nHit rates: ${accesses} accesses to ${UNIVERSE} keys, ${CAPACITY} of which fit`);
  console.log(machineLine(machine()));
  const rows = [];
  const broken = [];
  for (const policy of POLICIES) {
    for (const trace of Object.keys(TRACES)) {
      const ours = await replay('respd', respdCommand(), policy, trace, accesses);
      const theirs = await replay('redis', redisCommand(), policy, trace, accesses);
      rows.push({ policy, trace, ours, theirs });
      if (PROMISED.has(policy) && ours.hitRate < theirs.hitRate - CHANCE) {
        broken.push(`hit rate of ${policy}, ${trace}`);
      }
    }
  }
  const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(2)} %`;
  console.log(
    table(
      ['policy', 'trace', 'respd', 'redis', 'highest memory / limit', 'redis'],
      rows.map(({ policy, trace, ours, theirs }) => [
        policy,
        trace,
        percent(ours.hitRate),
        percent(theirs.hitRate),
        ours.overLimit.toFixed(3),
        theirs.overLimit.toFixed(3),
      ]),
    ),
  );
  return { name: 'hit-rates', broken, rows };
}
