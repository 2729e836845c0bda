/** maxmemory as clients see it: what goes, what is refused, and that memory stays within the limit. */
import { describe, expect, it } from 'vitest';
import { Opened } from '../support/opened.js';
import { type RespClient, run, showReply } from '../support/resp-client.js';

const opened = new Opened();

async function start(): Promise<{
  client: RespClient;
  port: number;
  ask: (line: string) => Promise<string>;
}> {
  const server = await opened.server({ debugArena: false });
  const client = await opened.client(server);
  return { client, port: server.port, ask: (line) => run(client, line) };
}

async function infoNumber(ask: (line: string) => Promise<string>, field: string): Promise<number> {
  return Number(new RegExp(`${field}:(\\d+)`).exec(await ask('INFO everything'))![1]);
}

/** Sets the limit to what is in use and so many bytes more. */
async function limit(ask: (line: string) => Promise<string>, room: number): Promise<number> {
  const bytes = (await infoNumber(ask, 'used_memory')) + room;
  await ask(`CONFIG SET maxmemory ${bytes}`);
  return bytes;
}

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

describe('maxmemory', () => {
  it('under noeviction refuses what needs memory, alone and in transactions, and nothing else', async () => {
    const { ask } = await start();
    await ask('SET k v');
    await ask('CONFIG SET maxmemory 1');
    expect(await ask('SET a 1')).toContain(OOM);
    expect(await ask('GET k')).toContain('v');
    expect(await ask('DEL k')).toContain('1');
    await ask('MULTI');
    expect(await ask('GET k')).toContain(OOM); // what is queued takes memory, too
    expect(await ask('EXEC')).toContain('EXECABORT');
    await ask('CONFIG SET maxmemory 0');
    await ask('MULTI');
    await ask('SET a 1');
    await ask('CONFIG SET maxmemory 1');
    await ask('CONFIG SET maxmemory 0');
    expect(await ask('EXEC')).not.toContain('EXECABORT');
    expect(await ask('GET a')).toContain('1');
  });

  it('with allkeys-lru keeps memory within the limit while keys come in, and says what it evicts', async () => {
    const { client, port, ask } = await start();
    await ask('CONFIG SET maxmemory-policy allkeys-lru');
    await ask('CONFIG SET notify-keyspace-events Ee');
    const listener = await opened.client({ port });
    await listener.send('SUBSCRIBE', '__keyevent@0__:evicted');
    const bytes = await limit(ask, 512 * 1024);
    const value = 'x'.repeat(1000);
    for (let i = 0; i < 3000; i++) {
      await client.send('SET', `key:${i}`, value);
      if (i % 100 === 0) expect(await infoNumber(ask, 'used_memory')).toBeLessThan(bytes * 1.02);
    }
    const evicted = await infoNumber(ask, 'evicted_keys');
    expect(evicted).toBeGreaterThan(2000);
    expect(Number((await ask('DBSIZE')).replace(/\D/g, ''))).toBe(3000 - evicted);
    const { reply } = await listener.nextOutOfBand();
    expect(showReply(reply)).toContain('evicted');
  });

  it('evicts only keys that expire under a volatile policy, and refuses once there are none', async () => {
    const { ask } = await start();
    await ask('CONFIG SET maxmemory-policy volatile-ttl');
    await ask('SET stays 1');
    await ask('SET goes 1 EX 1000');
    await ask('CONFIG SET maxmemory 1');
    expect(await ask('SET a 1')).toContain(OOM);
    await ask('CONFIG SET maxmemory 0');
    expect(await ask('EXISTS goes')).toContain('0');
    expect(await ask('EXISTS stays')).toContain('1');
  });

  it('counts big values that are evicted lazily, if that is allowed', async () => {
    const { ask } = await start();
    await ask('CONFIG SET maxmemory-policy allkeys-random');
    const members = Array.from({ length: 1000 }, (_, i) => `member:${i}`).join(' ');
    for (const [lazy, counted] of [
      ['no', 0],
      ['yes', 1],
    ] as const) {
      await ask(`CONFIG SET lazyfree-lazy-eviction ${lazy}`);
      await ask(`SADD big ${members}`);
      await ask('CONFIG SET maxmemory 1');
      expect(await ask('GET nothing')).toBe('null-bulk');
      await ask('CONFIG SET maxmemory 0');
      expect(await ask('EXISTS big')).toBe(':0');
      expect(await infoNumber(ask, 'lazyfreed_objects')).toBe(counted);
    }
  });
});
