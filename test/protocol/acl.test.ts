/** Users on the wire: the shapes of replies in both protocols, and what those may send who are nobody. */
import { afterEach, describe, expect, it } from 'vitest';
import { createServer } from '../../src/index.js';
import { RespClient, showReply } from '../support/resp-client.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function connect(options: Parameters<typeof createServer>[0] = {}): Promise<RespClient> {
  const server = await createServer(options);
  const client = await RespClient.connect(server.port);
  open.push(server, client);
  return client;
}

describe('ACL GETUSER', () => {
  it('is an array in RESP2; in RESP3 a map, with a set of flags', async () => {
    const client = await connect();
    await client.send('ACL', 'SETUSER', 'u', 'on', '%R~a', '~b', '&c', '+get', '(+set ~d)');
    const { raw } = await client.exchange(['ACL', 'GETUSER', 'u']);
    expect(raw.toString()).toBe(
      '*12\r\n$5\r\nflags\r\n*2\r\n$2\r\non\r\n$16\r\nsanitize-payload\r\n$9\r\npasswords\r\n*0\r\n' +
        '$8\r\ncommands\r\n$10\r\n-@all +get\r\n$4\r\nkeys\r\n$7\r\n%R~a ~b\r\n' +
        '$8\r\nchannels\r\n$2\r\n&c\r\n$9\r\nselectors\r\n*1\r\n*6\r\n' +
        '$8\r\ncommands\r\n$10\r\n-@all +set\r\n$4\r\nkeys\r\n$2\r\n~d\r\n$8\r\nchannels\r\n$0\r\n\r\n',
    );
    await client.send('HELLO', '3');
    const { raw: raw3 } = await client.exchange(['ACL', 'GETUSER', 'u']);
    const asResp3 = raw.toString().replace('*12', '%6').replace('*2', '~2').replace('*6', '%3');
    expect(raw3.toString()).toBe(asResp3);
    expect((await client.exchange(['ACL', 'GETUSER', 'nobody'])).raw.toString()).toBe('_\r\n');
  });
});

describe('ACL LOG', () => {
  it('has ten fields, the age a double in RESP3', async () => {
    const client = await connect();
    await client.send('AUTH', 'nobody', 'x');
    const { raw } = await client.exchange(['ACL', 'LOG']);
    expect(raw.toString()).toMatch(
      /^\*1\r\n\*20\r\n\$5\r\ncount\r\n:1\r\n.*\$11\r\nage-seconds\r\n\$/s,
    );
    await client.send('HELLO', '3');
    const { raw: raw3 } = await client.exchange(['ACL', 'LOG']);
    expect(raw3.toString()).toMatch(/^\*1\r\n%10\r\n.*\$11\r\nage-seconds\r\n,/s);
  });
});

describe('a client that has not logged in', () => {
  it('may send small requests only, and then as any other', async () => {
    const client = await connect({ requirepass: 'x' });
    expect(showReply(await client.send('GET', 'a'))).toContain('NOAUTH Authentication required.');
    await client.send('AUTH', 'x');
    const many = Array.from({ length: 20 }, (_, i) => `k${i}`);
    expect((await client.send('MGET', ...many)).kind).toBe('array');
    await client.send('RESET');
    const { raw } = await client.exchange(['MGET', ...many]);
    expect(raw.toString()).toBe('-ERR Protocol error: unauthenticated multibulk length\r\n');
  });

  it('may send any once no password is wanted any more', async () => {
    const server = await createServer({ requirepass: 'x' });
    const waiting = await RespClient.connect(server.port);
    const admin = await RespClient.connect(server.port);
    open.push(server, waiting, admin);
    await waiting.send('PING');
    await admin.send('AUTH', 'x');
    await admin.send('CONFIG', 'SET', 'requirepass', '');
    const many = Array.from({ length: 20 }, (_, i) => `k${i}`);
    expect((await waiting.send('MGET', ...many)).kind).toBe('array');
    // HELLO wants one to have logged in all the same.
    expect(showReply(await waiting.send('HELLO', '3'))).toContain('NOAUTH HELLO must be called');
  });
});
