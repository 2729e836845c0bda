/** MIGRATE between respd and a real redis-server: there and back again, nothing is another. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { describeWithRedis, type RealRedis, startRealRedis } from '../support/real-redis.js';
import { ask, RespClient } from '../support/resp-client.js';
import { everything } from './data.js';

const DATABASE = 9;

describeWithRedis('MIGRATE between respd and redis-server', () => {
  let redis: RealRedis;
  let theirs: RespClient;
  let server: RespdServer;
  let ours: RespClient;

  beforeAll(async () => {
    redis = await startRealRedis(['--enable-debug-command', 'yes']);
    theirs = await redis.connect();
    server = await createServer({ 'enable-debug-command': 'yes', debugArena: true });
    ours = await RespClient.connect(server.port);
    for (const request of everything()) await ours.send(...request);
  });

  afterAll(async () => {
    ours?.close();
    theirs?.close();
    await server?.close();
    await redis?.stop();
  });

  async function keys(client: RespClient): Promise<Buffer[]> {
    const reply = await client.send('KEYS', '*');
    if (reply.kind !== 'array') throw new Error(`KEYS answered with ${reply.kind}`);
    return reply.items.map((item) => (item.kind === 'bulk' ? item.bytes : Buffer.alloc(0)));
  }

  it('moves all keys there and back', async () => {
    const digest = await ask(ours, 'DEBUG DIGEST');
    const names = await keys(ours);
    expect(names.length).toBeGreaterThan(30);
    const to = (port: number, database: number) => [
      'MIGRATE',
      '127.0.0.1',
      port,
      '',
      database,
      5000,
    ];
    const half = names.length >> 1;
    for (const some of [names.slice(0, half), names.slice(half)]) {
      const there = await ours.send(...to(redis.port, DATABASE), 'KEYS', ...some);
      expect(there).toEqual({ kind: 'status', text: 'OK' });
    }
    expect(await ask(ours, 'DBSIZE')).toBe(':0');
    await ask(theirs, `SELECT ${DATABASE}`);
    expect(await ask(theirs, 'DBSIZE')).toBe(`:${names.length}`);
    const back = await theirs.send(...to(server.port, 0), 'KEYS', ...names);
    expect(back).toEqual({ kind: 'status', text: 'OK' });
    expect(await ask(theirs, 'DBSIZE')).toBe(':0');
    expect(await ask(ours, 'DEBUG DIGEST')).toBe(digest);
  });
});
