/**
 * Hit rates of a cache, respd beside redis-server: which keys the eviction policies keep.
 *
 * Both are given a limit that holds the same number of keys (the same bytes of data), and at the same
 * time the same accesses: a GET, and a SET when the key was not there. Only the choice of what to evict
 * makes a difference then; that respd holds more keys in the same memory is `members` and `memory`'s
 * subject. (LRU's clock counts seconds: the faster accesses come, the less it tells.)
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
const NUMBER_DIGITS = 8;
const LIMIT_TRIES = 4;
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

/** All names are of one length, so that each key takes the same memory. @param {number} number */
function keyName(number) {
  return `key:${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

/** @type {Record<string, (accesses: number) => Generator<string>>} */
const TRACES = {
  *zipf(accesses) {
    const rank = zipfRanks(seeded(SEED));
    for (let i = 0; i < accesses; i++) yield keyName(rank());
  },
  *scans(accesses) {
    const rank = zipfRanks(seeded(SEED));
    for (let i = 0; i < accesses; i++) {
      if (i % SCAN_EVERY < SCAN_LENGTH && i >= SCAN_EVERY) yield keyName(UNIVERSE + i);
      else yield keyName(rank());
    }
  },
  *shifting(accesses) {
    const rank = zipfRanks(seeded(SEED));
    for (let i = 0; i < accesses; i++) {
      const shift = Math.floor(i / SHIFT_EVERY) * SHIFT_BY;
      yield keyName((rank() + shift) % UNIVERSE);
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

/**
 * Sets a limit that just CAPACITY keys fit under. What else is in memory, and what a limit leaves free,
 * differs: so keys are evicted under limits until one is right.
 * @param {number} port @param {Connection} connection @param {string} policy
 */
async function setLimit(port, connection, policy) {
  await connection.send([['CONFIG', 'SET', 'maxmemory-policy', policy]]);
  const empty = await info(port, 'used_memory');
  await addKeys(connection, CAPACITY);
  let limit = await info(port, 'used_memory');
  const bytesPerKey = (limit - empty) / CAPACITY;
  for (let tries = 0; tries < LIMIT_TRIES; tries++) {
    await connection.send([['CONFIG', 'SET', 'maxmemory', String(limit)]]);
    await addKeys(connection, 2 * CAPACITY);
    const keys = Number(await ask(port, ['DBSIZE']).then((reply) => reply.slice(1)));
    limit += Math.round((CAPACITY - keys) * bytesPerKey);
  }
  await connection.send([['FLUSHALL'], ['CONFIG', 'SET', 'maxmemory', String(limit)]]);
  return limit;
}

/** As much at once as the trace's batches. @param {Connection} connection @param {number} count */
async function addKeys(connection, count) {
  for (let i = 0; i < count; i += BATCH) {
    const keys = Array.from({ length: BATCH }, (_, k) => keyName(UNIVERSE + i + k));
    await connection.send(keys.map((key) => ['SET', key, VALUE]));
    await connection.send(keys.map((key) => ['GET', key]));
  }
}

/** One of the two servers, and what was counted of it. */
class Side {
  /** @param {string} name @param {string[]} command @param {string} policy */
  static async start(name, command, policy) {
    const server = await startServer(name, command);
    const connection = new Connection(server.port);
    return new Side(server, connection, await setLimit(server.port, connection, policy));
  }

  /**
   * @param {import('./servers.mjs').BenchServer} server @param {Connection} connection
   * @param {number} limit
   */
  constructor(server, connection, limit) {
    this.server = server;
    this.connection = connection;
    this.limit = limit;
    this.hits = 0;
    this.highest = 0;
  }

  /** @param {string[]} keys */
  async access(keys) {
    const replies = await this.connection.send(keys.map((key) => ['GET', key]));
    const missing = new Set(keys.filter((_, i) => replies[i] === null));
    this.hits += replies.filter((reply) => reply !== null).length;
    if (missing.size === 0) return;
    await this.connection.send([...missing].map((key) => ['SET', key, VALUE]));
  }

  async measure() {
    this.highest = Math.max(this.highest, await info(this.server.port, 'used_memory'));
  }

  /** @param {number} accesses */
  async end(accesses) {
    this.connection.close();
    await this.server.stop();
    return { hitRate: this.hits / accesses, overLimit: this.highest / this.limit };
  }
}

/** @param {string} policy @param {string} trace @param {number} accesses */
async function replay(policy, trace, accesses) {
  const sides = [
    await Side.start('respd', respdCommand(), policy),
    await Side.start('redis', redisCommand(), policy),
  ];
  let batches = 0;
  let keys = [];
  for (const key of TRACES[trace](accesses)) {
    keys.push(key);
    if (keys.length < BATCH) continue;
    const batch = keys;
    await Promise.all(sides.map((side) => side.access(batch)));
    if (batches++ % 100 === 0) await Promise.all(sides.map((side) => side.measure()));
    keys = [];
  }
  return Promise.all(sides.map((side) => side.end(batches * BATCH)));
}

/** @param {{ accesses: number }} options */
export async function benchHitRates({ accesses }) {
  console.log(`\nHit rates: ${accesses} accesses to ${UNIVERSE} keys, ${CAPACITY} of which fit`);
  console.log(machineLine(machine()));
  const rows = [];
  const broken = [];
  for (const policy of POLICIES) {
    for (const trace of Object.keys(TRACES)) {
      const [ours, theirs] = await replay(policy, trace, accesses);
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
