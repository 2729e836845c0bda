/** What clients may take: output limits, backpressure, and eviction when all take too much. */
import { afterEach, describe, expect, test } from 'vitest';
import { SlowRig } from '../../support/slow-client.js';

const KB = 1024;
let rig: SlowRig;

afterEach(() => rig.close());

function field(list: string, client: string, name: string): string | undefined {
  const line = list.split('\n').find((each) => each.includes(` name=${client} `));
  return line === undefined ? undefined : new RegExp(` ${name}=(\\S*)`).exec(line)?.[1];
}

describe('a client that does not read', () => {
  test('is ended when more waits for it than the hard limit of its class, and is sent nothing', async () => {
    rig = new SlowRig({ 'client-output-buffer-limit': 'normal 100kb 0 0' });
    const [greedy, other] = [rig.connect(), rig.connect()];
    await rig.ask(other, `SETRANGE k ${200 * KB} v`);
    greedy.send('GET k\r\nSET after it\r\n');
    await rig.settle();
    expect(greedy.isClosed).toBe(true);
    expect(greedy.received).toBe(0);
    expect(rig.logged.at(-1)).toMatch(
      /^Client id=1 .* flags=N .* scheduled to be closed ASAP for overcoming of output buffer limits\.$/,
    );
    expect(await rig.ask(other, 'EXISTS after')).toBe(':0\r\n');
  });

  test('is ended when small replies of one turn add up to more', async () => {
    rig = new SlowRig({ 'client-output-buffer-limit': 'normal 100kb 0 0' });
    const client = rig.connect();
    await rig.ask(client, `SETRANGE k ${10 * KB} v`);
    client.received = 0;
    client.send('GET k\r\n'.repeat(15));
    await rig.settle();
    expect(client.isClosed).toBe(true);
    expect(client.received).toBe(0);
  });

  test('has its transaction run to the end before it is ended', async () => {
    rig = new SlowRig({ 'client-output-buffer-limit': 'normal 100kb 0 0' });
    const [client, other] = [rig.connect(), rig.connect()];
    await rig.ask(other, `SETRANGE k ${200 * KB} v`);
    client.send('MULTI\r\nSET a 1\r\nGET k\r\nSET b 2\r\nEXEC\r\n');
    await rig.settle();
    expect(client.isClosed).toBe(true);
    expect(await rig.ask(other, 'MGET a b')).toBe('*2\r\n$1\r\n1\r\n$1\r\n2\r\n');
  });

  test('is ended by the cron when it was above the soft limit for its seconds', async () => {
    rig = new SlowRig({ 'client-output-buffer-limit': 'normal 0 100kb 3' });
    const client = rig.connect();
    await rig.ask(client, `SETRANGE k ${600 * KB} v`);
    client.stopReading();
    client.send('GET k\r\nGET k\r\n');
    await rig.settle();
    for (let i = 0; i < 3; i++) await rig.advance(1000);
    expect(client.isClosed).toBe(false);
    for (let i = 0; i < 2; i++) await rig.advance(1000);
    expect(client.isClosed).toBe(true);
    expect(rig.logged.at(-1)).toMatch(/ closed for overcoming of output buffer limits\.$/);
  });

  test('has its requests wait while the replies of all clients exceed the budget', async () => {
    rig = new SlowRig({}, 1000 * KB);
    const [greedy, other] = [rig.connect(), rig.connect()];
    await rig.ask(greedy, `SETRANGE k ${99 * KB} v`);
    await rig.ask(greedy, 'CLIENT SETNAME greedy');
    greedy.stopReading();
    greedy.send('GET k\r\n'.repeat(100).concat('INCR done\r\n'));
    await rig.settle();
    expect(greedy.isRead).toBe(false);
    const list = await rig.ask(other, 'CLIENT LIST');
    expect(Number(field(list, 'greedy', 'omem'))).toBeLessThan(1500 * KB);
    expect(field(list, 'greedy', 'events')).toBe('w');
    expect(await rig.ask(other, 'EXISTS done')).toBe(':0\r\n');

    greedy.read();
    for (let i = 0; i < 60; i++) await rig.settle();
    expect(greedy.isRead).toBe(true);
    expect(await rig.ask(other, 'GET done')).toBe('$1\r\n1\r\n');
    expect(greedy.received).toBeGreaterThan(9900 * KB);
  });

  test('does not keep others from being served', async () => {
    rig = new SlowRig({}, 100 * KB);
    const [greedy, other] = [rig.connect(), rig.connect()];
    await rig.ask(other, `SETRANGE k ${99 * KB} v`);
    greedy.stopReading();
    greedy.send('GET k\r\n'.repeat(100));
    await rig.settle();
    other.received = 0;
    other.send('GET k\r\n'.repeat(10));
    for (let i = 0; i < 20; i++) await rig.settle();
    expect(other.received).toBeGreaterThan(990 * KB);
  });

  test('goes on as soon as others that took the budget are gone', async () => {
    rig = new SlowRig({}, 500 * KB);
    const [one, two] = [rig.connect(), rig.connect()];
    await rig.ask(one, `SETRANGE k ${99 * KB} v`);
    one.stopReading();
    two.stopReading();
    one.send('GET k\r\n'.repeat(100));
    await rig.settle();
    two.send('GET k\r\n'.repeat(4).concat('INCR done\r\n'));
    await rig.settle();
    expect(two.isRead).toBe(false);
    one.hangUp();
    await rig.settle();
    expect(two.isRead).toBe(true);
    expect(await rig.ask(rig.connect(), 'GET done')).toBe('$1\r\n1\r\n');
  });
});

describe('when clients take more than maxmemory-clients', () => {
  /** Sends the beginning of a request, which waits for the rest. */
  function fill(client: { send(text: string): void }, bytes: number): void {
    client.send(`*2\r\n$${bytes}\r\n${'v'.repeat(bytes)}`);
  }

  test('the biggest is ended first, and only as many as needed', async () => {
    rig = new SlowRig({ 'maxmemory-clients': 1000 * KB });
    const small = rig.connect();
    const big = rig.connect();
    await rig.settle();
    fill(small, 300 * KB);
    fill(big, 600 * KB);
    await rig.settle();
    expect([small.isClosed, big.isClosed]).toEqual([false, false]);
    const third = rig.connect();
    fill(third, 200 * KB);
    await rig.settle();
    expect([small.isClosed, big.isClosed, third.isClosed]).toEqual([false, true, false]);
    expect(rig.logged.at(-1)).toMatch(/^Evicting client: id=2 /);
    expect(rig.server.info.render(['stats'])).toContain('evicted_clients:1\r\n');
  });

  test('one with CLIENT NO-EVICT stays, until it takes that back', async () => {
    rig = new SlowRig({ 'maxmemory-clients': 500 * KB });
    const client = rig.connect();
    await rig.ask(client, `SETRANGE k ${600 * KB} v`);
    await rig.ask(client, 'CLIENT NO-EVICT ON');
    client.stopReading();
    client.send('GET k\r\nGET k\r\n');
    await rig.settle();
    expect(client.isClosed).toBe(false);
    expect(rig.logged.at(-1)).toBe('Over client maxmemory after evicting all evictable clients');
    client.send('CLIENT NO-EVICT OFF\r\n');
    await rig.settle();
    expect(client.isClosed).toBe(true);
  });

  test('what counts is input, queued commands, watched keys, subscriptions and output', async () => {
    rig = new SlowRig({ 'maxmemory-clients': 200 * KB });
    const requests: ((i: number) => string)[] = [
      (i) => (i === 0 ? 'MULTI' : `SET key ${'v'.repeat(2000)}`),
      (i) => `WATCH key:${i}`,
      (i) => `SUBSCRIBE channel:${i}`,
      (i) => `PSUBSCRIBE pattern:${i}`,
    ];
    for (const request of requests) {
      const client = rig.connect();
      for (let i = 0; i < 3000 && !client.isClosed; i += 50) {
        client.send(Array.from({ length: 50 }, (_, j) => `${request(i + j)}\r\n`).join(''));
        await rig.settle();
      }
      expect([request(1), client.isClosed]).toEqual([request(1), true]);
    }
  });

  test('a percentage is one of maxmemory, and a lower limit ends clients at once', async () => {
    rig = new SlowRig({ maxmemory: 10_000 * KB, 'maxmemory-clients': '10%' });
    const [client, other] = [rig.connect(), rig.connect()];
    await rig.settle();
    fill(client, 500 * KB);
    await rig.settle();
    expect(client.isClosed).toBe(false);
    expect(await rig.ask(other, 'CONFIG SET maxmemory-clients 4%')).toBe('+OK\r\n');
    expect(client.isClosed).toBe(true);
    expect(other.isClosed).toBe(false);
  });

  test('a percentage of no maxmemory is no limit', async () => {
    rig = new SlowRig({ maxmemory: 10_000 * KB, 'maxmemory-clients': '5%' });
    const [client, other] = [rig.connect(), rig.connect()];
    await rig.settle();
    fill(client, 400 * KB);
    await rig.settle();
    expect(await rig.ask(other, 'CONFIG SET maxmemory 0')).toBe('+OK\r\n');
    const third = rig.connect();
    await rig.settle();
    fill(third, 900 * KB);
    await rig.settle();
    expect(await rig.ask(other, 'PING')).toBe('+PONG\r\n');
    expect([client.isClosed, third.isClosed, other.isClosed]).toEqual([false, false, false]);
  });
});

describe('CLIENT LIST', () => {
  test('tells how far an unfinished request has come', async () => {
    rig = new SlowRig();
    const [client, other] = [rig.connect(), rig.connect()];
    await rig.ask(client, 'CLIENT SETNAME sender');
    client.send(`*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100000\r\n${'v'.repeat(5000)}`);
    await rig.settle();
    const list = await rig.ask(other, 'CLIENT LIST');
    expect(field(list, 'sender', 'argv-mem')).toBe('6');
    expect(field(list, 'sender', 'qbuf')).toBe('5000');
    expect(Number(field(list, 'sender', 'tot-mem'))).toBeGreaterThan(100_000);
  });

  test('has `d` for a client whose watched key has changed', async () => {
    rig = new SlowRig();
    const [client, other] = [rig.connect(), rig.connect()];
    await rig.ask(client, 'CLIENT SETNAME watcher');
    await rig.ask(client, 'WATCH key');
    expect(field(await rig.ask(other, 'CLIENT LIST'), 'watcher', 'flags')).toBe('N');
    await rig.ask(other, 'SET key v');
    expect(field(await rig.ask(other, 'CLIENT LIST'), 'watcher', 'flags')).toBe('d');
    await rig.ask(client, 'UNWATCH');
    expect(field(await rig.ask(other, 'CLIENT LIST'), 'watcher', 'flags')).toBe('N');
  });

  test('shows the size of the replies that a client was sent of late', async () => {
    rig = new SlowRig();
    const client = rig.connect();
    await rig.ask(client, 'CLIENT SETNAME me');
    await rig.ask(client, `SETRANGE k ${40 * KB} v`);
    expect(field(await rig.ask(client, 'CLIENT LIST'), 'me', 'rbs')).toBe('1024');
    await rig.ask(client, 'GET k');
    const busy = await rig.ask(client, 'CLIENT LIST');
    expect([field(busy, 'me', 'rbs'), field(busy, 'me', 'rbp')]).toEqual(['16384', '16384']);
    for (let i = 0; i < 11; i++) await rig.advance(1000);
    expect(field(await rig.ask(client, 'CLIENT LIST'), 'me', 'rbs')).toBe('1024');
  });
});
