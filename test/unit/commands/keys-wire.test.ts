/** Key commands on a whole server: other clients, the cron, config changes. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../../src/index.js';
import { RespClient, showReply } from '../../support/resp-client.js';

let server: RespdServer;
let client: RespClient;

beforeAll(async () => {
  server = await createServer({
    clock: 'manual',
    debugArena: true,
    'enable-debug-command': 'yes',
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  client = await RespClient.connect(server.port);
  await client.send('FLUSHALL');
});
afterEach(() => client.close());

/** Sends commands (blanks between words) in one write and shows their replies. */
async function ask(...commands: string[]): Promise<string[]> {
  const received = await client.pipeline(commands.map((command) => command.split(' ')));
  return received.map(({ reply }) => showReply(reply));
}

const one = async (command: string) => (await ask(command))[0];

describe('SWAPDB', () => {
  it('shows connected clients the other database, within a pipeline too', async () => {
    const other = await RespClient.connect(server.port);
    await other.send('SELECT', '1');
    await other.send('SET', 'k', 'of one');
    expect(await ask('SET k zero', 'SWAPDB 0 1', 'GET k', 'DBSIZE')).toEqual([
      '+OK',
      '+OK',
      '"of one"',
      ':1',
    ]);
    expect(showReply(await other.send('GET', 'k'))).toBe('"zero"');
    other.close();
    expect(await ask('SELECT 1', 'GET k')).toEqual(['+OK', '"zero"']);
  });
});

describe('the cron', () => {
  it('removes keys whose time has come though nobody asks for them', async () => {
    await ask('SET a 1 PX 500', 'SET b 2 PX 5000', 'SET c 3');
    server.advance(1000);
    expect(await ask('DBSIZE', 'TTL b')).toEqual([':2', ':4']);
    expect(await one('INFO stats')).toContain('expired_keys:1');
    expect(await one('INFO keyspace')).toMatch(/db0:keys=2,expires=1,avg_ttl=\d+/);
    server.advance(5000);
    expect(await one('DBSIZE')).toBe(':1');
  });

  it('moves the access clock, which OBJECT IDLETIME shows', async () => {
    await ask('SET a 1');
    server.advance(42_000);
    expect(await ask('OBJECT IDLETIME a', 'TOUCH a', 'OBJECT IDLETIME a')).toEqual([
      ':42',
      ':1',
      ':0',
    ]);
  });
});

describe('maxmemory-policy', () => {
  it('chooses at any time whether uses are counted or dated', async () => {
    await ask('CONFIG SET maxmemory-policy allkeys-lfu', 'SET a 1');
    expect(await one('OBJECT FREQ a')).toBe(':5');
    server.advance(3 * 60_000);
    expect(await one('OBJECT FREQ a')).toBe(':2');
    for (let i = 0; i < 5; i++) await one('GET a');
    expect(Number((await one('OBJECT FREQ a'))!.slice(1))).toBeGreaterThan(2);
    await ask('CONFIG SET maxmemory-policy noeviction', 'SET b 1');
    expect(await one('OBJECT IDLETIME b')).toBe(':0');
  });
});

describe('a flush', () => {
  it('leaves a database that takes keys at once, while its memory goes back', async () => {
    await ask('DEBUG POPULATE 100000', 'EXPIRE key:7 100');
    expect(await ask('DBSIZE', 'FLUSHDB', 'DBSIZE', 'SET key:7 again', 'TTL key:7')).toEqual([
      ':100000',
      '+OK',
      ':0',
      '+OK',
      ':-1',
    ]);
    server.advance(1000);
    expect(await ask('DBSIZE', 'GET key:7')).toEqual([':1', '"again"']);
  });
});
