/** Servers inside a program whose data outlive them. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CreateServerOptions, createServer, LoadError } from '../../src/index.js';
import { RespClient, showReply } from '../support/resp-client.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'respd-library-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const POINTS = [{ seconds: 3600, changes: 1 }];

/** Starts a server, sends it one request and ends it. */
async function once(options: CreateServerOptions, ...words: string[]): Promise<string> {
  const server = await createServer(options);
  const client = await RespClient.connect(server.port);
  const reply = showReply(await client.send(...words));
  client.close();
  await server.close();
  return reply;
}

test('Keys are saved when a server with save points is closed, and loaded by the next', async () => {
  await once({ dir, save: POINTS }, 'SET', 'k', 'v');
  expect(readdirSync(dir)).toEqual(['dump.rdb']);
  expect(await once({ dir }, 'GET', 'k')).toBe('"v"');
});

test('Changes are in the append-only file when a server that has one is closed', async () => {
  await once({ dir, appendonly: true }, 'SET', 'k', 'v');
  expect(await once({ dir, appendonly: true }, 'GET', 'k')).toBe('"v"');
});

test('Without any of dir, dbfilename, save and appendonly nothing is loaded or saved', async () => {
  await once({ dir, save: POINTS }, 'SET', 'k', 'v');
  const before = process.cwd();
  process.chdir(dir);
  try {
    expect(await once({}, 'GET', 'k')).toBe('null-bulk');
    expect(await once({ dbfilename: 'dump.rdb' }, 'GET', 'k')).toBe('"v"');
  } finally {
    process.chdir(before);
  }
});

test('Data that can not be loaded refuse the start, saying what is wrong', async () => {
  writeFileSync(join(dir, 'dump.rdb'), 'REDIS0011c');
  const start = createServer({ dir });
  await expect(start).rejects.toThrow(LoadError);
  await expect(start).rejects.toThrow(/dump\.rdb is damaged: offset \d+/);
});

test('A server that can not save says so when it is closed, and has ended', async () => {
  const server = await createServer({ dir, save: POINTS });
  mkdirSync(join(dir, 'dump.rdb'));
  await expect(server.close()).rejects.toThrow(/has ended, but its data could not be saved/);
  await expect(RespClient.connect(server.port)).rejects.toThrow();
});
