/** What a start loads, what an end saves, and when either fails: with the program as a user starts it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { showReply } from '../support/resp-client.js';
import { ServerProcess } from '../support/server-process.js';

const SAVING = ['--save', '3600 1'];
const SLOW = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'];

let dir: string;
let servers: ServerProcess[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'respd-end-'));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.kill();
  rmSync(dir, { recursive: true, force: true });
});

function begin(...args: string[]): ServerProcess {
  const server = ServerProcess.respd(dir, ...args);
  servers.push(server);
  return server;
}

const start = (...args: string[]) => begin(...args).ready();

async function ask(server: ServerProcess, ...words: string[]): Promise<string> {
  const client = await server.connect();
  const reply = showReply(await client.send(...words));
  client.close();
  return reply;
}

/** Leaves a dump.rdb with so many keys. */
async function leaveKeys(count: number): Promise<void> {
  const server = await start('--save', '', '--enable-debug-command', 'yes');
  await ask(server, 'DEBUG', 'POPULATE', String(count), 'key', '500');
  await ask(server, 'SAVE');
  await server.kill();
}

describe('A server that is told to end by SIGTERM', () => {
  test('saves if there are save points, and finds its keys again', async () => {
    const first = await start(...SAVING);
    await ask(first, 'SET', 'k', 'v');
    expect(await first.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(first.output).toMatch(
      /Saving the final RDB snapshot before exiting\.\n.* DB saved on disk/,
    );
    expect(readdirSync(dir)).toEqual(['dump.rdb']);
    const second = await start(...SAVING);
    expect(await ask(second, 'GET', 'k')).toBe('"v"');
    expect(second.output).toMatch(
      /Server initialized\n(?:.|\n)*DB loaded from disk: (?:.|\n)*Ready to accept/,
    );
  });

  test('has the append-only file whole, and loads that instead of dump.rdb', async () => {
    await leaveKeys(1);
    const first = await start('--appendonly', 'yes', '--save', '');
    await ask(first, 'SET', 'k', 'v');
    await first.kill('SIGTERM');
    expect(first.output).toContain('Calling fsync() on the AOF file.');
    const second = await start('--appendonly', 'yes', '--save', '');
    expect(await ask(second, 'KEYS', '*')).toBe('["k"]');
  });

  test('goes on if it can not save, unless shutdown-on-sigterm says force', async () => {
    const server = await start(...SAVING);
    mkdirSync(join(dir, 'dump.rdb'));
    process.kill(server.pid, 'SIGTERM');
    await server.logs(/Errors trying to shut down the server/);
    expect(server.output).toContain("Error trying to save the DB, can't exit.");
    expect(await ask(server, 'SHUTDOWN')).toMatch(/Errors trying to SHUTDOWN\. Check logs\./);
    expect(await ask(server, 'SET', 'a', 'b')).toBe('+OK');
    await ask(server, 'CONFIG', 'SET', 'shutdown-on-sigterm', 'force');
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(readdirSync(dir)).toEqual(['dump.rdb']);
  });

  test('leaves the file alone while it is loading it', async () => {
    await leaveKeys(5000);
    const before = readFileSync(join(dir, 'dump.rdb'));
    const server = begin(...SAVING, ...SLOW);
    await server.logs(/RDB memory usage when created/);
    expect(await ask(server, 'GET', 'key:1')).toContain('LOADING Redis is loading the dataset');
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(server.output).toContain(
      'Received shutdown signal during loading, scheduling shutdown.',
    );
    expect(server.output).not.toContain('Ready to accept');
    expect(readFileSync(join(dir, 'dump.rdb')).equals(before)).toBe(true);
  });
});

describe('The worker that saves', () => {
  test('comes after the server: by its priority, and by that of its session where those count', async () => {
    const server = await start('--save', '', '--rdb-key-save-delay', '100000');
    await ask(server, 'MSET', ...'abcdefghij'.split('').flatMap((key) => [key, 'v']));
    await ask(server, 'BGSAVE');
    const pid = await vi.waitFor(() => {
      const file = readdirSync(dir).find((name) => name.startsWith('temp-'))!;
      return Number(/\d+/.exec(file)![0]);
    });
    const lower = Math.min(getPriority(server.pid) + 5, 19);
    expect(getPriority(pid)).toBe(lower);
    const session = `/proc/${pid}/autogroup`;
    if (existsSync(session)) {
      expect(readFileSync(session, 'latin1')).toMatch(new RegExp(`nice ${lower}\n$`));
    }
  });
});

describe('A second SIGINT', () => {
  test('ends the process at once, and half a file does not stay', async () => {
    const server = await start(...SAVING, '--rdb-key-save-delay', '100000');
    for (let i = 0; i < 100; i++) await ask(server, 'SET', `k${i}`, 'v');
    process.kill(server.pid, 'SIGINT');
    await server.logs(/Saving the final RDB snapshot/);
    const half = join(dir, `temp-${server.pid}.rdb`);
    await vi.waitFor(() => expect(existsSync(half)).toBe(true), { timeout: 5000 });
    expect(await server.kill('SIGINT')).toEqual({ code: 1, signal: null });
    expect(server.output).toContain('You insist... exiting now.');
    expect(readdirSync(dir).filter((name) => name !== 's')).toEqual([]);
  });
});

describe('SHUTDOWN', () => {
  test('while it loads ends it without saving', async () => {
    await leaveKeys(5000);
    const server = begin(...SAVING, ...SLOW);
    await server.logs(/RDB memory usage when created/);
    const client = await server.connect();
    client.write('SHUTDOWN', 'SAVE');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.output).not.toContain('Saving the final RDB snapshot');
  });

  test('removes what a BGSAVE has written so far', async () => {
    const server = await start('--save', '', '--rdb-key-save-delay', '10000000');
    await ask(server, 'SET', 'a', 'b');
    await ask(server, 'SET', 'b', 'b');
    await ask(server, 'BGSAVE');
    await server.logs(/Background saving started by pid/);
    const client = await server.connect();
    client.write('SHUTDOWN');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.output).toContain('There is a child saving an .rdb. Killing it!');
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('A start with data that can not be loaded', () => {
  test('ends with status 1, and says where what is wrong', async () => {
    await leaveKeys(10);
    const path = join(dir, 'dump.rdb');
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(path, bytes);
    const server = begin(...SAVING);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output).toMatch(/Internal error in RDB reading offset \d+ .*RDB CRC error/);
    expect(server.output.trimEnd()).toMatch(/Terminating server after rdb file reading failure\.$/);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
