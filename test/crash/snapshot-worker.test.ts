/**
 * The processes that write snapshots: what becomes of a save, of the server and of the folder when one
 * of them is killed, or the server is; started directly by a small server, through a shell by a large
 * one.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, type RespClient } from '../support/resp-client.js';
import { ServerProcess } from '../support/server-process.js';

const STARTED = /Background saving started by pid (\d+)/g;
/** So many keys make a server that is large. */
const MANY = 400_000;

const dirs: string[] = [];
const running: ServerProcess[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

async function start(...args: string[]): Promise<[ServerProcess, RespClient]> {
  const dir = mkdtempSync(join(tmpdir(), 'respd-worker-'));
  dirs.push(dir);
  const options = ['--save', '3600 1000000', '--enable-debug-command', 'yes', ...args];
  const server = await ServerProcess.respd(dir, ...options).ready();
  running.push(server);
  return [server, await server.connect()];
}

async function populate(client: RespClient, keys: number): Promise<void> {
  await ask(client, `DEBUG POPULATE ${keys} key 100`);
}

/** The process number of the last save. */
function lastWorker({ output }: ServerProcess): number {
  return Number([...output.matchAll(STARTED)].at(-1)![1]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !(await condition()); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await condition()).toBe(true);
}

async function isSaving(client: RespClient): Promise<boolean> {
  return (await ask(client, 'INFO persistence')).includes('rdb_bgsave_in_progress:1');
}

const files = ({ dir }: ServerProcess) => readdirSync(dir).filter((name) => name.endsWith('.rdb'));

describe('A process that writes a snapshot', () => {
  it.each([
    ['small', 1000],
    ['large', MANY],
  ])('saves again and again for a %s server', async (_, keys) => {
    const [server, client] = await start();
    await populate(client, keys);
    // The cron sees how large it is.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const workers = new Set<number>();
    for (let round = 0; round < 3; round++) {
      await ask(client, `SET round ${round}`);
      await ask(client, 'BGSAVE');
      // The log reaches us when it will.
      await until(async () => server.output.match(/saving started by pid/g)?.length === round + 1);
      workers.add(lastWorker(server));
      await ask(client, 'SET round changed');
      await until(async () => !(await isSaving(client)));
      expect(files(server)).toEqual(['dump.rdb']);
      await ask(client, 'DEBUG RELOAD NOSAVE');
      expect(await ask(client, 'GET round')).toBe(`"${round}"`);
      expect(await ask(client, 'DBSIZE')).toBe(`:${keys + 1}`);
    }
    expect(workers.size).toBe(3);
    expect(server.output.match(/Background saving terminated with success/g)).toHaveLength(3);
  });

  it.each([
    ['small', 1000, '100'],
    ['large', MANY, '10'],
  ])('that is killed fails that save of a %s server alone', async (_, keys, delay) => {
    const [server, client] = await start();
    await populate(client, keys);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await ask(client, `CONFIG SET rdb-key-save-delay ${delay}`);
    await ask(client, 'BGSAVE');
    await until(() => files(server).length > 0);
    process.kill(lastWorker(server), 'SIGKILL');
    await server.logs(/Background saving terminated by signal 9/);
    expect(files(server)).toEqual([]);
    expect(await ask(client, 'PING')).toMatch(/MISCONF/);
    await ask(client, 'CONFIG SET rdb-key-save-delay 0');
    await ask(client, 'BGSAVE');
    await server.logs(/Background saving terminated with success/);
    expect(files(server)).toEqual(['dump.rdb']);
    expect(await ask(client, 'PING')).toBe('+PONG');
  });

  it.each([
    ['small', 1000, '10000'],
    ['large', MANY, '10'],
  ])('ends with a %s server that is killed, and leaves nothing behind', async (_, keys, delay) => {
    const [server, client] = await start('--rdb-key-save-delay', delay);
    await populate(client, keys);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await ask(client, 'BGSAVE');
    await until(() => files(server).length > 0);
    const worker = lastWorker(server);
    await server.kill();
    await until(() => !isAlive(worker));
    expect(files(server)).toEqual([]);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'latin1' })).not.toContain(server.dir);
  });
});
