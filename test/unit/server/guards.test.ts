/** Who may connect, and what of the network's side is refused. */
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import type { CreateServerOptions, RespdServer } from '../../../src/index.js';
import { Config } from '../../../src/server/config/config.js';
import { nodeFiles } from '../../../src/server/config/node-files.js';
import { Door } from '../../../src/server/door.js';
import { maxClientsRefusal, openFileLimit } from '../../../src/server/open-files.js';
import { Opened } from '../../support/opened.js';
import { type RespClient, showReply } from '../../support/resp-client.js';

const opened = new Opened();
let log: string[] = [];
afterEach(() => {
  log = [];
});

async function start(options: CreateServerOptions = {}): Promise<RespdServer> {
  const note = (line: string) => void log.push(line);
  return opened.server({
    log: { debug() {}, verbose() {}, notice() {}, warning: note },
    ...options,
  });
}

async function ask(client: RespClient, ...words: string[]): Promise<string> {
  return showReply(await client.send(...words));
}

/** An address of this machine that is not the loopback's. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address;

describe('protected mode', () => {
  const stranger = { addr: '10.0.0.1:1', laddr: '10.0.0.2:2', isLocal: false, isUnixSocket: false };
  function door(isOpen: boolean, mode: 'yes' | 'no' = 'yes'): Door {
    const config = new Config({ workingDirectory: '/', directories: nodeFiles() });
    config.initialize('protected-mode', mode);
    const { values } = config;
    return new Door({ values, connections: () => 0, defaultUserIsOpen: () => isOpen });
  }

  test('refuses other machines while the default user needs no password', () => {
    const text = door(true).refusal(stranger)!.toString();
    expect(text).toMatch(/^-DENIED Redis is running in protected mode because protected mode is/);
    expect(text).toMatch(/start accepting connections from the outside\.\r\n$/);
    expect(door(true).refusal({ ...stranger, isLocal: true })).toBeUndefined();
    expect(door(false).refusal(stranger)).toBeUndefined();
    expect(door(true, 'no').refusal(stranger)).toBeUndefined();
  });

  test.runIf(outside)('follows CONFIG SET, and counts whom it refuses', async () => {
    const server = await start({ bind: ['*'], port: 0 });
    const local = await opened.client(server);
    const refused = await opened.client(server, outside);
    expect((await refused.nextOutOfBand()).raw.toString()).toMatch(/^-DENIED /);
    await refused.closed();
    expect(await ask(local, 'INFO', 'stats')).toMatch(/rejected_connections:1\D/);
    await ask(local, 'CONFIG', 'SET', 'requirepass', 'secret');
    expect(await ask(await opened.client(server, outside), 'PING')).toContain('NOAUTH');
    await ask(local, 'CONFIG', 'SET', 'requirepass', '');
    await ask(local, 'CONFIG', 'SET', 'protected-mode', 'no');
    expect(await ask(await opened.client(server, outside), 'PING')).toContain('PONG');
  });
});

test('one client too many is told so; a client that goes makes room', async () => {
  const server = await start({ maxclients: 1 });
  const first = await opened.client(server);
  await ask(first, 'PING');
  const second = await opened.client(server);
  const told = await second.nextOutOfBand();
  expect(told.raw.toString()).toBe('-ERR max number of clients reached\r\n');
  expect(await ask(first, 'CONFIG', 'SET', 'maxclients', '2')).toContain('OK');
  expect(await ask(await opened.client(server), 'PING')).toContain('PONG');
});

test('maxclients can not be more than the system has files for', () => {
  const limit = openFileLimit();
  expect(maxClientsRefusal(1)).toBeUndefined();
  if (limit === Number.POSITIVE_INFINITY) return;
  expect(maxClientsRefusal(limit)).toBe(
    'The operating system is not able to handle the specified number of clients, try with ' +
      `${limit - 32}`,
  );
});

describe('the cross-protocol guard', () => {
  test('cuts off who sends POST or Host:, in any case, without a word', async () => {
    const server = await start({ clock: 'manual' });
    const one = await opened.client(server);
    for (const line of ['POST / HTTP/1.1', 'host: example', '*1\r\n$4\r\npOsT']) {
      const browser = await opened.client(server);
      browser.stream.write(`${line}\r\n\r\nSET stolen 1\r\n`);
      await browser.closed();
    }
    expect(await ask(one, 'EXISTS', 'stolen')).toContain('0');
    const told = () => log.filter((line) => line.startsWith('Possible SECURITY ATTACK detected.'));
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatch(/Connection from 127\.0\.0\.1:\d+ aborted\.$/);
    server.advance(61_000);
    (await opened.client(server)).stream.write('POST\r\n');
    await expect.poll(() => told().length).toBe(2);
  });

  test('lets words pass that only resemble these', async () => {
    const one = await opened.client(await start());
    expect(await ask(one, 'posts')).toContain('unknown command');
    expect(await ask(one, 'host')).toContain('unknown command');
    expect(await ask(one, 'GET', 'post')).not.toContain('unknown command');
  });
});

describe('MODULE', () => {
  test('answers as a server that has no modules and can load none', async () => {
    const one = await opened.client(await start({ 'enable-module-command': 'local' }));
    expect(showReply(await one.send('MODULE', 'LIST'))).toBe(
      showReply({ kind: 'array', items: [] }),
    );
    expect(await ask(one, 'MODULE', 'LOAD', '/x.so')).toContain('respd cannot run modules');
    expect(await ask(one, 'MODULE', 'LOADEX', '/x.so', 'ARGS', 'a')).toContain(
      'cannot run modules',
    );
    expect(await ask(one, 'MODULE', 'UNLOAD', 'x')).toContain(
      'ERR Error unloading module: no such module with that name',
    );
  });

  test('is for those that enable-module-command allows', async () => {
    const one = await opened.client(await start());
    expect(await ask(one, 'MODULE', 'LOAD', '/x.so')).toContain(
      'ERR MODULE command not allowed. If the enable-module-command option is set to',
    );
    expect(await ask(one, 'MODULE', 'HELP')).toContain('MODULE <subcommand>');
  });
});
