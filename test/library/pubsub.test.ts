/** Pub/Sub and keyspace notifications, as a program that uses ioredis sees them. */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';

let server: RespdServer;
let listener: Redis;
let speaker: Redis;

beforeEach(async () => {
  server = await createServer({ port: 0 });
  listener = new Redis(server.port);
  speaker = new Redis(server.port);
});

afterEach(async () => {
  listener.disconnect();
  speaker.disconnect();
  await server.close();
});

describe('with ioredis', () => {
  it('messages come by channel and by pattern', async () => {
    expect(await listener.subscribe('news', 'sport')).toBe(2);
    expect(await listener.psubscribe('n?ws')).toBe(3);
    const message = once(listener, 'message');
    const byPattern = once(listener, 'pmessage');
    expect(await speaker.publish('news', 'grüße')).toBe(2);
    expect(await message).toEqual(['news', 'grüße']);
    expect(await byPattern).toEqual(['n?ws', 'news', 'grüße']);
    expect(await speaker.pubsub('NUMSUB', 'news', 'none')).toEqual(['news', 1, 'none', 0]);
  });

  it('messages come by shard channel', async () => {
    await listener.ssubscribe('orders');
    const message = once(listener, 'smessage');
    expect(await speaker.spublish('orders', '1')).toBe(1);
    expect(await message).toEqual(['orders', '1']);
    expect(await listener.sunsubscribe('orders')).toBe(0);
    expect(await speaker.spublish('orders', '2')).toBe(0);
  });

  it('a client goes back to ordinary commands when it has unsubscribed from all', async () => {
    await listener.subscribe('news');
    await expect(listener.get('k')).rejects.toThrow(/subscriber mode/);
    await listener.unsubscribe('news');
    expect(await listener.get('k')).toBe(null);
  });

  it('a client that is gone listens no more', async () => {
    await listener.subscribe('news');
    listener.disconnect();
    await expect.poll(() => speaker.pubsub('CHANNELS')).toEqual([]);
  });

  it('what happens to keys is published, from CONFIG SET on', async () => {
    const events: string[] = [];
    listener.on('pmessage', (_, channel, message) => events.push(`${channel} ${message}`));
    await listener.psubscribe('__key*__:*');
    await speaker.set('silent', '1');
    await speaker.config('SET', 'notify-keyspace-events', 'KEA');
    await speaker.set('k', '1', 'EX', 10);
    await speaker.del('k', 'nokey');
    await speaker.config('SET', 'notify-keyspace-events', '');
    await speaker.set('silent', '2');
    await speaker.publish('__key__:end', '');
    await expect.poll(() => events.at(-1)).toBe('__key__:end ');
    expect(events).toEqual([
      '__keyspace@0__:k set',
      '__keyevent@0__:set k',
      '__keyspace@0__:k expire',
      '__keyevent@0__:expire k',
      '__keyspace@0__:k del',
      '__keyevent@0__:del k',
      '__key__:end ',
    ]);
  });
});
