/** Client-side caching over sockets, as a client library would use it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { RespdServer } from '../../src/index.js';
import { Opened } from '../support/opened.js';
import { showReply } from '../support/resp-client.js';

let server: RespdServer;
const opened = new Opened();

beforeEach(async () => {
  server = await opened.server();
});

describe('a client that keeps copies of keys', () => {
  it('never keeps one for good that is out of date', async () => {
    const reader = await opened.client(server);
    await reader.send('HELLO', 3);
    await reader.send('CLIENT', 'TRACKING', 'ON');
    const writer = opened.redis(server);
    const copies = new Map<string, string>();
    const settle = () => {
      for (const { raw } of reader.outOfBand.splice(0)) {
        copies.delete(raw.toString().split('\r\n')[5]!);
      }
    };
    for (let round = 0; round < 300; round++) {
      const key = `key:${round % 7}`;
      await writer.set(key, String(round));
      if (round % 3 !== 0) continue;
      const copy = showReply(await reader.send('GET', key));
      settle();
      copies.set(key, copy);
    }
    await reader.send('PING');
    settle();
    expect(copies.size).toBeLessThan(7);
    for (const [key, copy] of copies) {
      expect(copy).toBe(showReply(await reader.send('GET', key)));
    }
  });

  it('may use ioredis: one connection reads, another one gets the messages', async () => {
    const reader = opened.redis(server);
    const listener = opened.redis(server);
    const writer = opened.redis(server);
    const messages: unknown[] = [];
    const id = await listener.client('ID');
    await listener.subscribe('__redis__:invalidate');
    const told = new Promise<void>((resolve) =>
      listener.on('message', (channel, keys) => {
        messages.push([channel, String(keys)]);
        resolve();
      }),
    );
    await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id));
    await reader.get('price');
    await writer.set('price', 12);
    await told;
    expect(messages).toEqual([['__redis__:invalidate', 'price']]);
  });

  it('leaves nothing behind: the keys of clients that have gone go with their next change', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => opened.client(server)));
    for (const client of clients) {
      await client.send('HELLO', 3);
      await client.send('CLIENT', 'TRACKING', 'ON');
      await client.pipeline(Array.from({ length: 50 }, (_, i) => ['GET', `k${i}`]));
    }
    const writer = opened.redis(server);
    const count = async (field: string) =>
      Number(new RegExp(`${field}:(\\d+)`).exec(await writer.info())?.[1]);
    expect(await count('tracking_total_items')).toBe(1000);
    for (const client of clients) client.close();
    while ((await count('tracking_clients')) > 0);
    expect(await count('tracking_total_keys')).toBe(50);
    for (let i = 0; i < 50; i++) await writer.set(`k${i}`, 1);
    expect(await count('tracking_total_items')).toBe(0);
    expect(await count('tracking_total_keys')).toBe(0);
  });

  it('gets one message per prefix for many changes, the same bytes as all the others', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => opened.client(server)));
    for (const client of clients) {
      await client.send('HELLO', 3);
      await client.send('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'user:');
    }
    const writer = await opened.client(server);
    await writer.pipeline(Array.from({ length: 100 }, (_, i) => ['SET', `user:${i + 100}`, 'x']));
    const messages = await Promise.all(clients.map((client) => client.nextOutOfBand()));
    for (const { raw } of messages) expect(raw.equals(messages[0]!.raw)).toBe(true);
  });
});
