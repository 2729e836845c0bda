/** Clients that wait for keys, over real sockets and in real time. */
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { type CreateServerOptions, createServer, type RespdServer } from '../../src/index.js';

const open: { close(): Promise<void> | void }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: CreateServerOptions = {}): Promise<RespdServer> {
  const server = await createServer({ debugArena: true, ...options });
  open.push(server);
  return server;
}

function connect(server: RespdServer): Redis {
  const redis = new Redis(server.url, { retryStrategy: null });
  redis.on('error', () => {});
  open.push({ close: () => redis.disconnect() });
  return redis;
}

async function waitFor(redis: Redis, waiting: number): Promise<void> {
  while (!(await redis.info('clients')).includes(`blocked_clients:${waiting}\r\n`));
}

describe('clients that wait', () => {
  test('share out what comes, everything once', async () => {
    const server = await start();
    const writer = connect(server);
    const got: string[] = [];
    const workers = Array.from({ length: 20 }, async () => {
      const redis = connect(server);
      for (;;) {
        const item = await redis.bzpopmin('urgent', 'later', 0);
        if (item![1] === 'stop') return;
        got.push(item![1]);
      }
    });
    const expected: string[] = [];
    for (let i = 0; i < 500; i++) {
      expected.push(`job ${i}`);
      await writer.zadd(i % 3 === 0 ? 'urgent' : 'later', i, `job ${i}`);
    }
    for (const _ of workers) {
      await writer.zadd('later', 1000, 'stop');
      while ((await writer.exists('later')) === 1);
    }
    await Promise.all(workers);
    expect(got.sort()).toEqual(expected.sort());
  });

  test('lose nothing when they vanish while they wait', async () => {
    const server = await start();
    const writer = connect(server);
    const survivor = connect(server);
    for (let round = 0; round < 10; round++) {
      const gone = connect(server);
      const never = gone.bzpopmin('k', 0).catch(() => 'gone');
      await waitFor(writer, 1);
      const item = survivor.bzpopmin('k', 0);
      await waitFor(writer, 2);
      gone.disconnect();
      await waitFor(writer, 1);
      await writer.zadd('k', 1, `${round}`);
      expect(await item).toEqual(['k', `${round}`, '1']);
      expect(await never).toBe('gone');
    }
  });

  test('are answered null not before their time, and soon after it', async () => {
    const redis = connect(await start());
    for (const ms of [1, 5, 20, 50]) {
      const begin = performance.now();
      expect(await redis.bzpopmin('k', ms / 1000)).toBeNull();
      const took = performance.now() - begin;
      expect(took).toBeGreaterThanOrEqual(ms);
      expect(took).toBeLessThan(ms + 250);
    }
  });

  test('obey a clock that is moved by hand', async () => {
    const server = await start({ clock: 'manual' });
    const redis = connect(server);
    const reply = redis.bzpopmin('k', 3600);
    await waitFor(connect(server), 1);
    server.advance(3_599_999);
    await waitFor(connect(server), 1);
    server.advance(1);
    expect(await reply).toBeNull();
  });

  test('do not keep a server from closing', async () => {
    const server = await createServer();
    const redis = new Redis(server.url, { retryStrategy: null });
    const reply = redis.bzpopmin('k', 1000).catch(() => 'gone');
    await waitFor(connect(server), 1);
    await server.close();
    expect(await reply).toBe('gone');
  });
});
