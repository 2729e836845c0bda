/** When the memory limit is looked at: as soon as there is too much in memory, and not before. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerGate } from '../../../src/server/gate.js';
import { type RigClient, WaitingRig } from '../../support/waiting-rig.js';

let rig: WaitingRig;
let client: RigClient;

beforeEach(async () => {
  rig = new WaitingRig({ 'maxmemory-policy': 'allkeys-lru', save: [] });
  client = rig.connect();
  await rig.ask(client, 'SET first 1');
});
afterEach(() => rig.close());

/** Whether commands have to ask whether there is room. */
function asks(): boolean {
  return rig.server.gate.has(ServerGate.MemoryLimited);
}

/** Sets the limit to what is in use and so many bytes more. */
async function limit(room: number): Promise<void> {
  const bytes = rig.server.memory.used() + room;
  await rig.ask(client, `CONFIG SET maxmemory ${bytes}`);
}

describe('the limit on memory', () => {
  it('costs commands nothing while there is room', async () => {
    await limit(100_000);
    expect(asks()).toBe(false);
    await rig.ask(client, `SET a ${'x'.repeat(1000)}`);
    expect(asks()).toBe(false);
    expect(rig.server.keyspace.evicted).toBe(0);
  });

  it('is looked at by the command after the one that exceeded it, which evicts until there is room', async () => {
    await limit(500);
    await rig.ask(client, `SET a ${'x'.repeat(1000)}`);
    expect(asks()).toBe(true);
    expect(rig.server.keyspace.evicted).toBe(0);
    expect(await rig.ask(client, 'PING')).toBe('+PONG');
    expect(rig.server.keyspace.evicted).toBeGreaterThan(0);
    expect(asks()).toBe(false);
    const { evicted } = rig.server.keyspace;
    await rig.ask(client, 'SET small 1');
    expect(rig.server.keyspace.evicted).toBe(evicted);
  });

  it('is looked at within a pipeline, too', async () => {
    await limit(5000);
    const sets = Array.from({ length: 50 }, (_, i) => `SET key:${i} ${'x'.repeat(1000)}`);
    await rig.ask(client, ...sets);
    expect(rig.server.keyspace.evicted).toBeGreaterThan(40);
    expect(rig.server.keyspace.databases[0]!.size).toBe(51 - rig.server.keyspace.evicted);
  });

  it('refuses what needs memory until something was deleted, under noeviction', async () => {
    await rig.ask(client, 'CONFIG SET maxmemory-policy noeviction');
    await rig.ask(client, `SET a ${'x'.repeat(1000)}`);
    await limit(500);
    await rig.ask(client, `SET b ${'x'.repeat(1000)}`);
    expect(await rig.ask(client, 'SET c 1')).toContain('OOM');
    expect(asks()).toBe(true);
    await rig.ask(client, 'DEL b');
    expect(await rig.ask(client, 'SET c 1')).toBe('+OK');
    expect(asks()).toBe(false);
    expect(rig.server.upkeep.eviction.isOutOfMemory).toBe(false);
  });

  it('holds from the moment it is set, and no more when it is taken away', async () => {
    await rig.ask(client, `SET a ${'x'.repeat(1000)}`);
    await limit(-500);
    await rig.settle();
    expect(rig.server.keyspace.evicted).toBeGreaterThan(0);
    await rig.ask(client, 'CONFIG SET maxmemory-policy noeviction');
    await limit(-1);
    expect(await rig.ask(client, 'SET c 1')).toContain('OOM');
    await rig.ask(client, 'CONFIG SET maxmemory 0');
    expect(await rig.ask(client, 'SET c 1')).toBe('+OK');
    expect(asks()).toBe(false);
  });

  it('takes what clients have sent that is no whole request yet into account at once', async () => {
    await limit(100_000);
    const other = rig.connect();
    other.send(`*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$200000\r\n${'x'.repeat(150_000)}`); // more is to come
    await rig.settle();
    expect(asks()).toBe(true);
    expect(await rig.ask(client, 'GET first')).toBe('$-1');
  });

  it('is not exceeded by the messages about what was evicted for it', async () => {
    const tracking = rig.connect();
    await rig.ask(tracking, 'HELLO 3', 'CLIENT TRACKING ON');
    for (let i = 0; i < 50; i++) {
      const key = `key-${i}-${'x'.repeat(1000)}`;
      await rig.ask(client, `SET ${key} 1`);
      await rig.ask(tracking, `GET ${key}`);
    }
    client.send(`CONFIG SET maxmemory ${rig.server.memory.used() - 20_000}`);
    while (rig.server.keyspace.evicted === 0) await new Promise((next) => setImmediate(next));
    for (const { outputBytes } of rig.server.clients.all()) expect(outputBytes).toBe(0);
    expect(rig.server.keyspace.evicted).toBeLessThan(25);
  });

  it('counts the table of tracked keys', async () => {
    const { keyspace } = rig.server;
    await rig.ask(client, 'HELLO 3', 'CLIENT TRACKING ON', 'GET warm-up');
    const before = keyspace.meter.usedBytes;
    for (let i = 0; i < 50; i++) await rig.ask(client, `GET key-that-is-tracked:${i}`);
    expect(keyspace.meter.usedBytes).toBe(keyspace.usedBytes + rig.server.tracking.bytes);
    expect(keyspace.meter.usedBytes).toBeGreaterThan(before + 500);
  });
});
