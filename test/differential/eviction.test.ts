/**
 * Eviction beside a real redis-server: which keys go, in which order, where chance has no part in it.
 *
 *     RESTORE … IDLETIME n / FREQ n, EXPIRE      what a policy looks at, given to each key
 *     maxmemory-samples 64, a dozen keys         all are looked at each time
 *     maxmemory = used - half a value            one key must go
 *     __keyevent@0__:evicted                     which one it was
 *
 * Bytes differ, so each server's limit is set by its own `used_memory`. What goes by chance is compared
 * as a set.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import { readCommands } from '../support/aof-file.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { RespClient, run, showReply } from '../support/resp-client.js';
import { type Form, formsOf } from './forms.js';
import { Random } from './random.js';
import { runStream } from './stream.js';

const VALUE_BYTES = 1024 * 1024;
const KEYS = 12;
const MINUTE_S = 60;
const TIMEOUT_MS = 120_000;
const SEED = Number(process.env.EVICT_SEED || 20_261_121);
const LOG = {
  appendonly: 'yes',
  appendfsync: 'no',
  'auto-aof-rewrite-percentage': 0,
  'enable-debug-command': 'yes',
  save: '',
} as const;

/** Made by a script, so that no client's buffer grows. */
const BIG_SET = `
  local members = {}
  for i = 1, 300 do members[i] = string.rep('x', 3500) .. i end
  return redis.call('sadd', KEYS[1], unpack(members))`;

/** One of the two servers, with a client and one that is told what was evicted. */
interface Side {
  readonly client: RespClient;
  readonly listener: RespClient;
}

let dir: string;
let respd: RespdServer;
let redis: RealRedis;
let sides: readonly [Side, Side];

async function connect(port: number): Promise<Side> {
  const client = await RespClient.connect(port);
  const listener = await RespClient.connect(port);
  listener.write('SUBSCRIBE', '__keyevent@0__:evicted');
  await listener.nextOutOfBand();
  return { client, listener };
}

/** Sends the same to both. @returns their answers, which must be the same */
async function both(...words: (string | Buffer)[]): Promise<string> {
  const [ours, theirs] = await Promise.all(sides.map(({ client }) => client.send(...words)));
  expect(`${words[0]}: ${showReply(ours!)}`).toBe(`${words[0]}: ${showReply(theirs!)}`);
  return showReply(ours!);
}

async function info({ client }: Side, field: string): Promise<number> {
  return Number(new RegExp(`${field}:(\\d+)`).exec(await run(client, 'INFO everything'))![1]);
}

/** Takes the limit so far below what is used that one value must go. @returns its key */
async function evictOne(side: Side): Promise<string> {
  const before = await info(side, 'evicted_keys');
  do {
    const used = await info(side, 'used_memory');
    const limit = used - (await info(side, 'mem_not_counted_for_evict')) - VALUE_BYTES / 2;
    await side.client.send('CONFIG', 'SET', 'maxmemory', String(limit));
    await side.client.send('GET', 'nothing');
    await side.client.send('CONFIG', 'SET', 'maxmemory', '0');
    // Not yet, if a buffer was given back meanwhile.
  } while ((await info(side, 'evicted_keys')) === before);
  const { reply } = await side.listener.nextOutOfBand();
  return reply.kind === 'array' ? showReply(reply.items[2]!) : showReply(reply);
}

/** Evicts so many keys, one by one, on both. */
async function evict(count: number): Promise<[string[], string[]]> {
  const orders: [string[], string[]] = [[], []];
  for (let i = 0; i < count; i++) {
    const gone = await Promise.all(sides.map(evictOne));
    orders[0].push(gone[0]!);
    orders[1].push(gone[1]!);
  }
  return orders;
}

/** Keys with big values, made with these options of RESTORE. */
async function fill(options: readonly (readonly string[])[]): Promise<void> {
  await both('FLUSHALL');
  await both('SETRANGE', 'model', String(VALUE_BYTES - 1), 'x');
  const dump = await sides[1].client.send('DUMP', 'model');
  await both('DEL', 'model');
  if (dump.kind !== 'bulk') throw new Error(showReply(dump));
  for (const [i, [ttl, ...rest]] of options.entries()) {
    await both('RESTORE', `key:${i}`, ttl!, dump.bytes, ...rest);
  }
}

function shuffledNumbers(random: Random, step: number): number[] {
  return random.shuffled(Array.from({ length: KEYS }, (_, i) => (i + 1) * step));
}

/** The removals that a server's append-only file holds. */
function removals(folder: string): string[] {
  const log = join(folder, 'appendonlydir');
  const names = readdirSync(log).filter((name) => name.endsWith('.incr.aof'));
  const commands = names.flatMap((name) => readCommands(readFileSync(join(log, name))).commands);
  const words = commands.map((command) => command.map((word) => word.toString('latin1')));
  // The model of the values goes, too.
  const found = words.filter(([name, key]) => /^(del|unlink)$/i.test(name!) && key !== 'model');
  return found.map((command) => command.join(' '));
}

describeWithRedis('eviction beside a real redis-server', () => {
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'respd-eviction-'));
    respd = await createServer({ port: 0, dir, ...LOG });
    redis = await startRealRedis(Object.entries(LOG).flatMap(([k, v]) => [`--${k}`, String(v)]));
    sides = [await connect(respd.port), await connect(redis.port)];
    await both('CONFIG', 'SET', 'notify-keyspace-events', 'Ee', 'maxmemory-samples', '64');
    await both('CONFIG', 'SET', 'lfu-decay-time', '0', 'lfu-log-factor', '0');
  });

  afterEach(async () => {
    for (const { client, listener } of sides) {
      client.close();
      listener.close();
    }
    await respd?.close();
    await redis?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  describe.each(['allkeys', 'volatile'])('of %s', (which) => {
    // Of all keys, every other one expires; only those may go under a volatile policy.
    const mayGo = (i: number) => which === 'allkeys' || i % 2 === 0;
    const ttl = (i: number) => (i % 2 === 0 ? '10000000' : '0');
    const expected = (ranks: readonly number[]) =>
      ranks
        .map((rank, i) => ({ rank, key: `"key:${i}"`, i }))
        .filter(({ i }) => mayGo(i))
        .sort((a, b) => a.rank - b.rank)
        .map(({ key }) => key);

    it(
      'by lru takes what was idle for longest, and accesses count',
      async () => {
        const random = new Random(SEED);
        const idle = shuffledNumbers(random, MINUTE_S);
        await both('CONFIG', 'SET', 'maxmemory-policy', `${which}-lru`);
        await fill(idle.map((s, i) => [ttl(i), 'IDLETIME', String(s)]));
        for (const [i, s] of idle.entries()) {
          const told = await Promise.all(
            sides.map(({ client }) => run(client, `OBJECT IDLETIME key:${i}`)),
          );
          for (const text of told) expect(Math.abs(Number(text.slice(1)) - s)).toBeLessThan(5);
        }
        for (const i of [1, 4]) {
          await both('GETRANGE', `key:${i}`, '0', '0');
          idle[i] = 0;
        }
        const order = expected(idle.map((s) => -s));
        const sure = order.length - 2;
        const [ours, theirs] = await evict(sure);
        expect(theirs).toEqual(order.slice(0, sure));
        expect(ours).toEqual(theirs);
      },
      TIMEOUT_MS,
    );

    it(
      'by lfu takes what was used least, and accesses count',
      async () => {
        const random = new Random(SEED + 1);
        const freq = shuffledNumbers(random, 7);
        await both('CONFIG', 'SET', 'maxmemory-policy', `${which}-lfu`);
        await fill(freq.map((n, i) => [ttl(i), 'FREQ', String(n)]));
        for (let times = 0; times < 40; times++) {
          const i = random.below(KEYS);
          await both('GETRANGE', `key:${i}`, '0', '0');
          freq[i]!++;
        }
        for (const [i, n] of freq.entries()) {
          expect(await both('OBJECT', 'FREQ', `key:${i}`)).toBe(`:${n}`);
        }
        const distinct = new Set(freq.filter((_, i) => mayGo(i)));
        const order = expected(freq);
        expect(distinct.size).toBe(order.length);
        const [ours, theirs] = await evict(order.length);
        expect(theirs).toEqual(order);
        expect(ours).toEqual(order);
      },
      TIMEOUT_MS,
    );

    it(
      'by chance takes all that may go, and then refuses',
      async () => {
        await both('CONFIG', 'SET', 'maxmemory-policy', `${which}-random`);
        await fill(Array.from({ length: KEYS }, (_, i) => [ttl(i)]));
        const order = expected(Array.from({ length: KEYS }, () => 0));
        const [ours, theirs] = await evict(order.length);
        expect(ours.sort()).toEqual([...order].sort());
        expect(theirs.sort()).toEqual([...order].sort());
        expect(await info(sides[0], 'evicted_keys')).toBe(await info(sides[1], 'evicted_keys'));
        await both('CONFIG', 'SET', 'maxmemory', '1');
        expect(await both('SET', 'more', 'x')).toContain('OOM');
        await both('CONFIG', 'SET', 'maxmemory', '0');
        expect(await both('DBSIZE')).toBe(`:${KEYS - order.length}`);
      },
      TIMEOUT_MS,
    );
  });

  it(
    'by ttl takes what expires next',
    async () => {
      const ttls = shuffledNumbers(new Random(SEED + 2), 1_000_000);
      await both('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
      await fill(ttls.map((ms, i) => [i === 3 ? '0' : String(ms)]));
      const order = ttls
        .map((ms, i) => ({ ms, i }))
        .filter(({ i }) => i !== 3)
        .sort((a, b) => a.ms - b.ms)
        .map(({ i }) => `"key:${i}"`);
      const [ours, theirs] = await evict(order.length);
      expect(theirs).toEqual(order);
      expect(ours).toEqual(order);
    },
    TIMEOUT_MS,
  );

  it('is propagated as DEL, or as UNLINK where it is lazy, and counted alike', async () => {
    await both('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    await fill(Array.from({ length: 6 }, (_, i) => ['0', 'FREQ', String(10 * (i + 1))]));
    for (const lazy of ['no', 'yes']) {
      await both('CONFIG', 'SET', 'lazyfree-lazy-eviction', lazy);
      await both('EVAL', BIG_SET, '1', `set:${lazy}`);
      const [ours, theirs] = await evict(1);
      expect(ours).toEqual([`"set:${lazy}"`]);
      expect(theirs).toEqual(ours);
    }
    const lazyFreed = await Promise.all(sides.map((side) => info(side, 'lazyfreed_objects')));
    expect(lazyFreed).toEqual([1, 1]);
    // Redis may have evicted another key while its thread was yet to free the set.
    for (const folder of [dir, redis.dir]) {
      expect(removals(folder).slice(0, 2)).toEqual(['DEL set:no', 'UNLINK set:yes']);
    }
  });

  it(
    'refuses the same commands, before and behind the same other errors, where nothing may go',
    async () => {
      const sends = ({ name, spec }: Form) =>
        spec.group !== 'scripting' && !/^config\||^(flush|client\||function)/.test(name);
      await runStream({
        seed: SEED,
        count: 6000,
        oursPort: respd.port,
        theirsPort: redis.port,
        version: redisVersion()!,
        forms: formsOf(allCommands),
        sends,
        config: ['maxmemory', '1', 'maxmemory-policy', 'noeviction'],
      });
      expect(await info(sides[0], 'evicted_keys')).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('refuses scripts and what they call in the same words', async () => {
    await both('SET', 'k', 'v');
    await both('CONFIG', 'SET', 'maxmemory', '1');
    for (const script of [
      'return 1',
      "return redis.call('get', KEYS[1])",
      "return redis.call('set', KEYS[1], 1)",
      "return redis.pcall('set', KEYS[1], 1)",
      "redis.call('del', KEYS[1]) return redis.call('set', KEYS[1], 1)",
      "redis.pcall('nosuch') return redis.call('append', KEYS[1], 1)",
      '#!lua\nreturn 1',
      "#!lua flags=no-writes\nreturn redis.call('get', KEYS[1])",
      "#!lua flags=allow-oom\nreturn redis.call('set', KEYS[1], 1)",
      "#!lua\nreturn redis.call('set', KEYS[1], 1)",
    ]) {
      await both('EVAL', script, '1', 'k');
      await both('EVAL_RO', script, '1', 'k');
    }
    for (const line of ['MULTI|SET a 1|EXEC', 'MULTI|GET k|EXEC', 'MULTI|DEL k|EXEC']) {
      for (const request of line.split('|')) await both(...request.split(' '));
    }
    await both('CONFIG', 'SET', 'maxmemory', '0');
    await both('MULTI');
    await both('SET', 'a', '1');
    await both('CONFIG', 'GET', 'maxmemory');
    await both('EXEC');
  });

  it('has its directives checked alike', async () => {
    for (const [name, values] of [
      ['maxmemory-eviction-tenacity', '0 10 100 101 -1 x 1.5'],
      ['maxmemory-samples', '1 64 0 -1 65 x'],
      ['maxmemory-policy', 'allkeys-lru ALLKEYS-LFU nosuch volatile'],
      ['lfu-log-factor', '0 10 -1 x'],
      ['lfu-decay-time', '0 1 -1 x'],
      ['maxmemory', '0 1gb 100mb 10% -1 x 18446744073709551615 1k'],
      ['lazyfree-lazy-eviction', 'yes no maybe'],
    ] as const) {
      for (const value of values.split(' ')) {
        await both('CONFIG', 'SET', name, value);
        await both('CONFIG', 'GET', name);
      }
      await both('CONFIG', 'SET', 'maxmemory', '0');
    }
  });
});
