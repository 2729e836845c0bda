/** Clients that wait for keys, over real sockets and in real time. */
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { createServer } from '../../src/index.js';
import { Opened } from '../support/opened.js';

const opened = new Opened();

async function waitFor(redis: Redis, waiting: number): Promise<void> {
  while (!(await redis.info('clients')).includes(`blocked_clients:${waiting}\r\n`));
}

describe('clients that wait', () => {
  test('share out what comes, everything once', async () => {
    const server = await opened.server();
    const writer = opened.redis(server);
    const got: string[] = [];
    const workers = Array.from({ length: 20 }, async () => {
      const redis = opened.redis(server);
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
    const server = await opened.server();
    const writer = opened.redis(server);
    const survivor = opened.redis(server);
    for (let round = 0; round < 10; round++) {
      const gone = opened.redis(server);
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
    const redis = opened.redis(await opened.server());
    for (const ms of [1, 5, 20, 50]) {
      const begin = performance.now();
      expect(await redis.bzpopmin('k', ms / 1000)).toBeNull();
      const took = performance.now() - begin;
      expect(took).toBeGreaterThanOrEqual(ms);
      expect(took).toBeLessThan(ms + 250);
    }
  });

  test('obey a clock that is moved by hand', async () => {
    const server = await opened.server({ clock: 'manual' });
    const redis = opened.redis(server);
    const reply = redis.bzpopmin('k', 3600);
    await waitFor(opened.redis(server), 1);
    server.advance(3_599_999);
    await waitFor(opened.redis(server), 1);
    server.advance(1);
    expect(await reply).toBeNull();
  });

  test('do not keep a server from closing', async () => {
    const server = await createServer();
    const redis = new Redis(server.url, { retryStrategy: null });
    const reply = redis.bzpopmin('k', 1000).catch(() => 'gone');
    await waitFor(opened.redis(server), 1);
    await server.close();
    expect(await reply).toBe('gone');
  });
});
