import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  describeWithRedis,
  findRedisServer,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from './real-redis.js';
import { showReply } from './resp-client.js';

describeWithRedis('a real redis-server', () => {
  let redis: RealRedis;

  beforeAll(async () => {
    redis = await startRealRedis(['--maxmemory', '100mb']);
  });

  afterAll(async () => {
    await redis.stop();
    expect(existsSync(redis.dir)).toBe(false);
  });

  it('answers in RESP2 and, after HELLO 3, in RESP3', async () => {
    const client = await redis.connect();
    await client.send('HSET', 'h', 'field', 'value');
    expect(showReply(await client.send('HGETALL', 'h'))).toBe('["field" "value"]');
    await client.send('HELLO', '3');
    expect(showReply(await client.send('HGETALL', 'h'))).toBe('{"field": "value"}');
    expect((await client.exchange(['GET', 'none'])).raw.toString()).toBe('_\r\n');
    client.close();
  });

  it('was started with the arguments given and is of the version reported', async () => {
    const client = await redis.connect();
    expect(showReply(await client.send('CONFIG', 'GET', 'maxmemory'))).toBe(
      '["maxmemory" "104857600"]',
    );
    const info = await client.send('INFO', 'server');
    expect(showReply(info)).toContain(`redis_version:${redisVersion()}`);
    client.close();
  });

  it('says why when it cannot start', async () => {
    await expect(startRealRedis(['--no-such-option', 'x'])).rejects.toThrow(/ended with code 1/);
  });
});

it('REDIS_SERVER must name a file that exists', () => {
  expect(() => findRedisServer({ REDIS_SERVER: 'no/such/file' })).toThrow('no such file');
  expect(findRedisServer({ PATH: '' })).toBeUndefined();
});
