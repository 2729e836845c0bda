/** respd inside another program: what createServer promises. */
import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ConfigError, createServer, ListenError } from '../../src/index.js';
import { Opened } from '../support/opened.js';

const opened = new Opened();

describe('createServer', () => {
  test('gives a server on a free port of the loopback address', async () => {
    const server = await opened.server({ port: 0 });
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
    const redis = opened.redis(server);
    expect(await redis.set('a', '1')).toBe('OK');
    expect(await redis.get('a')).toBe('1');
  });

  test('fifty servers in one process do not know of each other', async () => {
    const servers = await Promise.all(Array.from({ length: 50 }, () => opened.server()));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(50);
    const clients = servers.map((server) => opened.redis(server));
    await Promise.all(clients.map((redis, i) => redis.set('who', String(i))));
    const answers = await Promise.all(clients.map((redis) => redis.get('who')));
    expect(answers).toEqual(servers.map((_server, i) => String(i)));
    const info = await clients[7]!.info('stats');
    expect(info).toContain('total_connections_received:1\r\n');
  });

  test('takes directives as options, in natural forms', async () => {
    const server = await opened.server({
      maxclients: 50,
      'proto-max-bulk-len': '1mb',
      requirepass: 'p w',
    });
    const redis = opened.redis(server);
    expect(await redis.config('GET', 'maxclients', 'proto-max-bulk-len')).toEqual([
      'maxclients',
      '50',
      'proto-max-bulk-len',
      '1048576',
    ]);
    expect(server.url).toContain(':p%20w@');
  });

  test('refuses an unknown option and a bad value with a ConfigError', async () => {
    await expect(createServer({ maxclient: 1 } as never)).rejects.toThrow(ConfigError);
    const bad = createServer({ maxclients: 'many' as never });
    await expect(bad).rejects.toMatchObject({ directive: 'maxclients', code: 'BAD_VALUE' });
  });

  test('refuses a port that is taken with a ListenError, and leaves nothing open', async () => {
    const server = await opened.server();
    await expect(createServer({ port: server.port })).rejects.toThrow(ListenError);
  });

  test('has no config file to rewrite, and says so', async () => {
    const redis = opened.redis(await opened.server({ 'enable-debug-command': 'yes' }));
    const rewrites = [redis.config('REWRITE'), redis.call('DEBUG', 'CONFIG-REWRITE-FORCE-ALL')];
    for (const rewrite of rewrites) await expect(rewrite).rejects.toThrow('without a config file');
  });

  test('close ends connections and frees the port', async () => {
    const server = await createServer();
    const { port } = server;
    const socket = createConnection(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await server.close();
    await ended;
    const again = await opened.server({ port });
    expect(again.port).toBe(port);
  });

  test('SHUTDOWN by a client stops the server and not the process', async () => {
    const server = await opened.server();
    const { port } = server;
    const redis = opened.redis(server);
    await redis.ping();
    const ended = new Promise((resolve) => redis.once('end', resolve));
    redis.shutdown('NOSAVE').catch(() => {});
    await ended;
    await server.close();
    const again = await opened.server({ port });
    expect(again.port).toBe(port);
  });
});

describe('a manual clock', () => {
  test('moves expiry only by advance', async () => {
    const server = await opened.server({ clock: 'manual', startMs: 1_000_000 });
    const redis = opened.redis(server);
    await redis.set('k', 'v', 'PX', 100);
    server.advance(100);
    expect(await redis.get('k')).toBe('v');
    server.advance(1);
    expect(await redis.get('k')).toBeNull();
    expect(await redis.time()).toEqual(['1000', '101000']);
  });

  test('runs the periodic work', async () => {
    const server = await opened.server({ clock: 'manual', timeout: 10 });
    const redis = opened.redis(server);
    await redis.ping();
    const ended = new Promise((resolve) => redis.once('end', resolve));
    server.advance(15_000);
    await ended;
  });

  test('ends CLIENT PAUSE', async () => {
    const server = await opened.server({ clock: 'manual' });
    const redis = opened.redis(server);
    await redis.call('CLIENT', 'PAUSE', '5000');
    let answered = false;
    const reply = redis.ping().then((answer) => {
      answered = true;
      return answer;
    });
    const other = opened.redis(server);
    other.on('error', () => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    server.advance(5000);
    expect(await reply).toBe('PONG');
  });

  test('during CLIENT PAUSE a key that is due is hidden, and goes afterwards', async () => {
    const server = await opened.server({ clock: 'manual' });
    const redis = opened.redis(server);
    await redis.set('k', 'v', 'PX', 100);
    await redis.call('CLIENT', 'PAUSE', '5000', 'WRITE');
    server.advance(1000);
    expect(await redis.get('k')).toBeNull();
    expect(await redis.dbsize()).toBe(1);
    expect(await redis.randomkey()).toBe('k');
    server.advance(5000);
    expect(await redis.dbsize()).toBe(0);
  });

  test('advance needs a manual clock', async () => {
    const server = await opened.server();
    expect(() => server.advance(1)).toThrow('manual');
  });
});
