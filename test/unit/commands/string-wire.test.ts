import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../../src/index.js';
import { RespClient, showReply } from '../../support/resp-client.js';

let server: RespdServer;
let client: RespClient;

beforeAll(async () => {
  server = await createServer({ port: 0, clock: 'manual', debugArena: true });
});
afterAll(() => server.close());

beforeEach(async () => {
  client = await RespClient.connect(server.port);
  return () => client.close();
});

/** Sends commands in one write and shows their replies. */
async function ask(...commands: string[]): Promise<string[]> {
  const received = await client.pipeline(commands.map((command) => command.split(' ')));
  return received.map(({ reply }) => showReply(reply));
}

describe('string commands over a connection', () => {
  it('answer a pipeline in order, each command seeing what those before it did', async () => {
    const replies = await ask('SET p 9', 'INCR p', 'APPEND p x', 'GET p', 'INCR p', 'GETDEL p');
    const error = '-ERR value is not an integer or out of range';
    expect(replies).toEqual(['+OK', ':10', ':3', '"10x"', error, '"10x"']);
  });

  it('answer null and maps in the forms of RESP3', async () => {
    await ask('HELLO 3', 'MSET m1 ab m2 b');
    expect(await ask('GET none', 'MGET none m1', 'SET none x XX', 'LCS m1 m2 IDX')).toEqual([
      'null',
      '[null "ab"]',
      'null',
      '{"matches": [[[:1 :1] [:0 :0]]], "len": :1}',
    ]);
  });

  it('expire a key when its time has passed', async () => {
    await ask('SET e v PX 1000', 'SETEX f 2 v');
    server.advance(1001);
    expect(await ask('GET e', 'GET f')).toEqual(['null-bulk', '"v"']);
  });

  it('carry a value of many MiB whole', async () => {
    const value = Buffer.alloc(5 * 1024 * 1024, 'pattern');
    await client.send('SET', 'big', value);
    const replies = await Promise.all([
      client.send('GET', 'big'),
      client.send('GETRANGE', 'big', 1_000_000, 3_000_000),
    ]);
    const [whole, part] = replies.map((reply) => reply.kind === 'bulk' && reply.bytes);
    expect(whole && value.equals(whole)).toBe(true);
    expect(part && value.subarray(1_000_000, 3_000_001).equals(part)).toBe(true);
  });
});
