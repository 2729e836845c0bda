import { describe, expect, it } from 'vitest';
import { createServer } from '../../../src/index.js';
import { RespClient, showReply } from '../../support/resp-client.js';
import { serverRig } from './server-rig.js';

const START_MS = 1_700_000_000_123;
const rig = serverRig({ clock: 'manual', startMs: START_MS });
const { ask } = rig;

describe('TIME', () => {
  it('tells seconds and microseconds', async () => {
    expect(await ask('TIME')).toBe('["1700000000" "123000"]');
  });
});

describe('LOLWUT', () => {
  it('tells the version, whatever it draws', async () => {
    expect(await rig.text('LOLWUT')).toBe('Redis ver. 7.2.6\n');
    expect(await rig.text('LOLWUT', 'VERSION', '1')).toBe('Redis ver. 7.2.6\n');
    expect(await rig.text('LOLWUT', 'VERSION', '5')).toMatch(/Redis ver\. 7\.2\.6\n$/);
  });

  it('draws in the size that is asked for, within limits', async () => {
    const figures = (await rig.text('LOLWUT', 'VERSION', '5', '20', '4', '2')).split('\n');
    expect(figures.slice(0, 5).map((line) => line.length)).toEqual([20, 20, 20, 20, 20]);
    const automaton = (await rig.text('LOLWUT', 'VERSION', '6', '30', '3')).split('\n');
    expect(automaton.slice(0, 3).map((line) => line.length)).toEqual([30, 30, 30]);
    expect((await rig.text('LOLWUT', 'VERSION', '6', '0', '-9')).split('\n')[0]).toHaveLength(1);
    expect(await ask('LOLWUT VERSION 5 x')).toBe('-ERR value is not an integer or out of range');
  });
});

describe('MEMORY', () => {
  it('USAGE tells what a key takes and checks its options', async () => {
    await ask(`SET big ${'x'.repeat(1000)}`);
    await ask('SET small x');
    const bytes = async (key: string) => Number((await ask(`MEMORY USAGE ${key}`)).slice(1));
    expect((await bytes('big')) - (await bytes('small'))).toBeGreaterThanOrEqual(900);
    expect(await ask('MEMORY USAGE nokey')).toBe('null-bulk');
    expect(await ask('MEMORY USAGE big SAMPLES 0')).toMatch(/^:\d+$/);
    expect(await ask('MEMORY USAGE big SAMPLES -1')).toBe('-ERR syntax error');
    expect(await ask('MEMORY USAGE big COUNT 5')).toBe('-ERR syntax error');
  });

  it('STATS is a map with an entry for each database that has keys', async () => {
    await ask('HELLO 3');
    const stats = await rig.client.send('MEMORY', 'STATS');
    await ask('HELLO 2');
    if (stats.kind !== 'map') throw new Error(stats.kind);
    expect(stats.entries).toHaveLength(28);
    const entries = new Map(stats.entries.map(([name, value]) => [showReply(name), value]));
    expect(showReply(entries.get('"keys.count"')!)).toBe(':2');
    expect(showReply(entries.get('"db.0"')!)).toMatch(
      /^{"overhead.hashtable.main": :\d+, "overhead.hashtable.expires": :\d+, "overhead.hashtable.slot-to-keys": :0}$/,
    );
    expect(entries.get('"dataset.percentage"')!.kind).toBe('double');
  });

  it('DOCTOR waits for data before it judges', async () => {
    expect(await rig.text('MEMORY', 'DOCTOR')).toMatch(/too little to tell/);
    const value = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 8; i++) await rig.client.send('SET', `m${i}`, value);
    for (let i = 1; i < 8; i++) await rig.client.send('SET', `m${i}`, '');
    await rig.client.send('SET', 'm0', 'x'.repeat(6 * 1024 * 1024));
    expect(await rig.text('MEMORY', 'DOCTOR')).toMatch(/^(No problem|Problems)/);
  });

  it('PURGE and MALLOC-STATS answer', async () => {
    expect(await ask('MEMORY PURGE')).toBe('+OK');
    expect(await rig.text('MEMORY', 'MALLOC-STATS')).toMatch(/^db0: \d+ blocks/m);
  });

  it('names a subcommand that is unknown or has a wrong number of arguments', async () => {
    expect(await ask('MEMORY nosuch')).toBe("-ERR unknown subcommand 'nosuch'. Try MEMORY HELP.");
    expect(await ask('MEMORY USAGE')).toBe(
      "-ERR wrong number of arguments for 'memory|usage' command",
    );
  });
});

describe('SHUTDOWN', () => {
  it('refuses words that are none or contradict each other', async () => {
    for (const words of ['foo', 'SAVE NOSAVE', 'ABORT NOW', 'NOSAVE ABORT']) {
      expect(await ask(`SHUTDOWN ${words}`)).toBe('-ERR syntax error');
    }
    expect(await ask('SHUTDOWN ABORT')).toBe('-ERR No shutdown in progress.');
  });

  it('ends the server without a reply', async () => {
    const server = await createServer({});
    const client = await RespClient.connect(server.port);
    const other = await RespClient.connect(server.port);
    const reply = client.send('SHUTDOWN', 'NOSAVE');
    await expect(reply).rejects.toThrow(/closed/);
    await other.closed();
    await expect(RespClient.connect(server.port || 1)).rejects.toThrow();
    await server.close();
  });
});
