/** What a client gets that has sent its last request and ended its side, as `nc` does with a file. */
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RespdServer } from '../../src/index.js';
import { overTcp } from '../fuzz/connection.js';
import { Opened } from '../support/opened.js';
import { ask, type RespClient, showReply } from '../support/resp-client.js';

const opened = new Opened();
let server: RespdServer;
let other: RespClient;

beforeEach(async () => {
  server = await opened.server();
  other = await opened.client(server);
});

/** Sends lines in one go, ends, and gives all that is answered. */
async function say(...lines: string[]): Promise<string> {
  const text = lines.map((line) => `${line}\r\n`).join('');
  return (await overTcp(server.port, [Buffer.from(text)])).toString('latin1');
}

const LOOP = 'for i = 1, 3e7 do end return 1';
const LONG_SCRIPT = `EVAL "${LOOP}" 0`;

describe('a client that has ended its side', () => {
  test('is answered all that it has sent before', async () => {
    expect(await say('SET k v', 'GET k', 'PING')).toBe('+OK\r\n$1\r\nv\r\n+PONG\r\n');
  });

  test('is answered when its script is done, and what it has sent behind it', async () => {
    expect(await say(LONG_SCRIPT, 'SET k v', LONG_SCRIPT, 'GET k')).toBe(
      ':1\r\n+OK\r\n:1\r\n$1\r\nv\r\n',
    );
  });

  test("is answered when another's script is done", async () => {
    const running = other.send('EVAL', LOOP, '0');
    expect(await say('SET k v', 'GET k')).toBe('+OK\r\n$1\r\nv\r\n');
    expect(showReply(await running)).toBe(':1');
  });

  test('is answered when MIGRATE is done, and so is another whose write has to wait for that', async () => {
    const silent = createSocketServer();
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const { port } = silent.address() as AddressInfo;
    const connected = new Promise((accepted) => silent.once('connection', accepted));
    const migrating = say('SET k v', `MIGRATE 127.0.0.1 ${port} k 0 300`, 'GET k');
    await connected;
    expect(await say('SET other v', 'GET other')).toBe('+OK\r\n$1\r\nv\r\n');
    expect(await migrating).toMatch(/^\+OK\r\n-IOERR [^\r]*\r\n\$1\r\nv\r\n$/);
    silent.close();
  });

  test('is answered when the rewrite of the log has begun', async () => {
    expect(await say('BGREWRITEAOF', 'PING')).toMatch(/^\+Background[^\r]*\r\n\+PONG\r\n$/);
  });

  test('waits no more: it gets what was due, and takes nothing from the list', async () => {
    expect(await say('PING', 'BLPOP list 0', 'PING')).toBe('+PONG\r\n');
    expect(await say(LONG_SCRIPT, 'BLPOP list 0', 'PING')).toBe(':1\r\n');
    expect(await ask(other, 'RPUSH list v')).toBe(':1');
    expect(await ask(other, 'LLEN list')).toBe(':1');
  });

  test('gives up what CLIENT PAUSE holds', async () => {
    expect(await ask(other, 'CLIENT PAUSE 100000 WRITE')).toBe('+OK');
    expect(await say('PING', 'SET k v')).toBe('+PONG\r\n');
    expect(await ask(other, 'CLIENT UNPAUSE')).toBe('+OK');
    expect(await ask(other, 'EXISTS k')).toBe(':0');
  });
});
