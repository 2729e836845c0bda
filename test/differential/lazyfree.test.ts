/** What counts as freed lazily (lazyfreed_objects), command by command, beside a real redis-server. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { describeWithRedis, type RealRedis, startRealRedis } from '../support/real-redis.js';
import { RespClient, run } from '../support/resp-client.js';

const SET = `local t = {} for i = 1, 300 do t[i] = 'm' .. i end redis.call('sadd', KEYS[1], unpack(t))`;
const HASH = `local t = {} for i = 1, 800 do t[i] = string.rep('f', 70) .. i end redis.call('hset', KEYS[1], unpack(t))`;
const ZSET = `local t = {} for i = 1, 300 do t[2 * i - 1] = i t[2 * i] = 'm' .. i end redis.call('zadd', KEYS[1], unpack(t))`;
const LIST = `local t = {} for i = 1, 3000 do t[i] = string.rep('e', 300) end redis.call('rpush', KEYS[1], unpack(t))`;
const STREAM = `for i = 1, 300 do redis.call('xadd', KEYS[1], i, 'field', string.rep('v', 1000)) end`;
/** What may be written for a big value under a key. */
const BIG: Readonly<Record<string, string>> = { SET, HASH, ZSET, LIST, STREAM };

/** Requests behind each other; `BIG <kind> <key>` makes a big value. */
const CASES = [
  ...['SET', 'HASH', 'ZSET', 'LIST', 'STREAM'].map((kind) => `BIG ${kind} k|UNLINK k`),
  'SADD k a b|UNLINK k',
  'BIG SET a|BIG HASH b|UNLINK a b none',
  'BIG SET k|DEL k',
  'BIG SET k|SET small 1|RENAME small k',
  'BIG SET k|RENAME k k',
  'BIG SET k|SET k v',
  'BIG LIST k|SETEX k 100 v',
  'BIG HASH k|MSET k v other v',
  'BIG SET k|SADD u a|SUNIONSTORE k u',
  'BIG SET k|SINTERSTORE k none',
  'BIG ZSET k|ZRANGESTORE k none 0 -1',
  'BIG STREAM k|BITOP NOT k none',
  'BIG SET k|RPUSH l 2 1|SORT l STORE k',
  'BIG SET k|SET s v|COPY s k REPLACE',
  'BIG SET k|SPOP k 299|SPOP k',
  'BIG SET k|PEXPIRE k -1',
  'BIG SET k|EXPIREAT k 1',
  'BIG SET k|PEXPIRE k 1|WAIT-A-MOMENT|EXISTS k',
  'BIG SET k|FLUSHDB',
  'BIG SET k|BIG SET j|FLUSHALL ASYNC',
  'BIG SET k|FLUSHALL SYNC',
  'FLUSHALL ASYNC',
  'SET a 1 EX 100|FLUSHALL ASYNC',
];
const DIRECTIVES = ['user-del', 'server-del', 'expire', 'user-flush', 'eviction'];

describeWithRedis('lazy freeing beside a real redis-server', () => {
  let respd: RespdServer;
  let redis: RealRedis;
  let clients: RespClient[];

  beforeEach(async () => {
    respd = await createServer({ port: 0 });
    redis = await startRealRedis();
    clients = [await RespClient.connect(respd.port), await RespClient.connect(redis.port)];
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await respd?.close();
    await redis?.stop();
  });

  async function tell(client: RespClient, request: string): Promise<void> {
    const words = request.split(' ');
    if (words[0] === 'BIG') await client.send('EVAL', BIG[words[1]!]!, '1', words[2]!);
    else if (words[0] === 'WAIT-A-MOMENT') await new Promise((go) => setTimeout(go, 10));
    else await client.send(...words);
  }

  /** What was freed lazily, once all of it is. */
  async function freed(client: RespClient): Promise<string> {
    for (;;) {
      const info = await run(client, 'INFO memory');
      if (!/lazyfree_pending_objects:0/.test(info)) continue;
      return /lazyfreed_objects:\d+/.exec(info)![0];
    }
  }

  it.each(['no', 'yes'])('counts the same objects (directives: %s)', async (value) => {
    for (const client of clients) {
      for (const name of DIRECTIVES)
        await client.send('CONFIG', 'SET', `lazyfree-lazy-${name}`, value);
    }
    for (const requests of CASES) {
      const counts: string[] = [];
      for (const client of clients) {
        await client.send('FLUSHALL', 'SYNC');
        await client.send('CONFIG', 'RESETSTAT');
        for (const request of requests.split('|')) await tell(client, request);
        counts.push(`${requests}: ${await freed(client)}`);
      }
      expect(counts[0]).toBe(counts[1]);
    }
  });

  it('counts scripts that are forgotten by the way', async () => {
    const counts: string[] = [];
    for (const client of clients) {
      for (let i = 0; i < 80; i++) await client.send('SCRIPT', 'LOAD', `return ${i}`);
      await client.send('SCRIPT', 'FLUSH', 'ASYNC');
      for (let i = 0; i < 60; i++) await client.send('SCRIPT', 'LOAD', `return ${i}`);
      await client.send('SCRIPT', 'FLUSH', 'ASYNC');
      counts.push(await freed(client));
    }
    expect(counts).toEqual(['lazyfreed_objects:80', 'lazyfreed_objects:80']);
  });
});
