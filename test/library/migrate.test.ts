/** MIGRATE from one server to another in the same process, and to targets that misbehave. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createServer } from '../../src/index.js';
import { Opened } from '../support/opened.js';
import { ask, RespClient, run, showReply } from '../support/resp-client.js';

const opened = new Opened();

interface FakeTarget {
  readonly port: number;
  /** Waits until something has come, and gives it. */
  received(): Promise<string>;
  answer(text: string): void;
}

/** A target that says what the test has it say. */
async function fakeTarget(): Promise<FakeTarget> {
  let peer: Socket | undefined;
  let text = '';
  let told = () => {};
  const server = createSocketServer((socket) => {
    peer = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      told();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  opened.keep({
    close() {
      peer?.destroy();
      server.close();
    },
  });
  return {
    port: (server.address() as AddressInfo).port,
    async received() {
      if (text === '') {
        await new Promise<void>((done) => {
          told = done;
        });
      }
      return text;
    },
    answer: (reply) => void peer?.write(reply),
  };
}

const IO_ERROR = {
  connect: '-IOERR error or timeout connecting to the client',
  write: '-IOERR error or timeout writing to target instance',
  read: '-IOERR error or timeout reading to target instance',
};

describe('MIGRATE', () => {
  test('moves a key with its time to live, and COPY leaves it', async () => {
    const [here, there] = [await opened.server(), await opened.server()];
    const [source, target] = [await opened.client(here), await opened.client(there)];
    await run(source, 'RPUSH list a b c', 'SET k v PX 90000', 'SET kept v');
    expect(await ask(source, `MIGRATE 127.0.0.1 ${there.port} list 3 5000`)).toBe('+OK');
    expect(await ask(source, `MIGRATE 127.0.0.1 ${there.port} k 3 5000`)).toBe('+OK');
    expect(await ask(source, `MIGRATE 127.0.0.1 ${there.port} kept 0 5000 COPY`)).toBe('+OK');
    expect(await run(source, 'EXISTS list k kept')).toBe(':1');
    expect(await run(target, 'GET kept', 'SELECT 3', 'LRANGE list 0 -1')).toBe('["a" "b" "c"]');
    expect(Number((await ask(target, 'PTTL k')).slice(1))).toBeGreaterThan(60_000);
    expect(await ask(source, `MIGRATE 127.0.0.1 ${there.port} list 3 5000`)).toBe('+NOKEY');
    const stats = showReply(await source.send('INFO', 'stats'));
    expect(stats).toContain('migrate_cached_sockets:1');
  });

  test('of several keys moves those that are there and that the target takes', async () => {
    const [here, there] = [await opened.server(), await opened.server()];
    const [source, target] = [await opened.client(here), await opened.client(there)];
    await run(source, 'MSET a 1 b 2 c 3 d 4');
    await ask(target, 'SET b taken');
    const request = ['MIGRATE', '127.0.0.1', there.port, '', 0, 5000];
    expect(showReply(await source.send(...request, 'KEYS', 'a', 'none', 'b', 'c'))).toBe(
      '-ERR Target instance replied with error: BUSYKEY Target key name already exists.',
    );
    expect(await ask(source, 'KEYS *')).toMatch(/^\["[bd]" "[bd]"\]$/);
    expect(await ask(target, 'MGET a b c')).toBe('["1" "taken" "3"]');
    expect(showReply(await source.send(...request, 'REPLACE', 'KEYS', 'b', 'd'))).toBe('+OK');
    expect(await ask(target, 'MGET b d')).toBe('["2" "4"]');
    expect(await ask(source, 'DBSIZE')).toBe(':0');
  });

  test('authenticates, and tells what the target says if that fails', async () => {
    const [here, there] = [await opened.server(), await opened.server({ requirepass: 'secret' })];
    const source = await opened.client(here);
    await run(source, 'MSET a 1 b 2', 'CONFIG SET slowlog-log-slower-than 0');
    const request = `MIGRATE 127.0.0.1 ${there.port} a 0 5000`;
    const prefix = '-ERR Target instance replied with error:';
    expect(await ask(source, request)).toBe(`${prefix} NOAUTH Authentication required.`);
    expect(await ask(source, `${request} AUTH wrong`)).toBe(
      `${prefix} WRONGPASS invalid username-password pair or user is disabled.`,
    );
    expect(await ask(source, `${request} AUTH secret`)).toBe('+OK');
    const other = `MIGRATE 127.0.0.1 ${there.port} b 0 5000 AUTH2 default secret`;
    expect(await ask(source, other)).toBe('+OK');
    const log = await ask(source, 'SLOWLOG GET 10');
    expect(log).not.toContain('secret');
    expect(log).toContain('"AUTH2" "(redacted)" "(redacted)"');
  });

  test('has others read but not write until the target has answered', async () => {
    const there = await fakeTarget();
    const here = await opened.server();
    const [source, reader, writer] = [
      await opened.client(here),
      await opened.client(here),
      await opened.client(here),
    ];
    await ask(source, 'SET k v');
    const moved = ask(source, `MIGRATE 127.0.0.1 ${there.port} k 0 5000`);
    expect(await there.received()).toContain('RESTORE\r\n$1\r\nk\r\n');
    let hasWritten = false;
    const written = ask(writer, 'APPEND k x').then((reply) => {
      hasWritten = true;
      return reply;
    });
    expect(await run(reader, 'GET k', 'INFO clients', 'GET k')).toBe('"v"');
    expect(hasWritten).toBe(false);
    there.answer('+OK\r\n+OK\r\n');
    expect(await moved).toBe('+OK');
    expect(await written).toBe(':1');
    expect(await ask(reader, 'GET k')).toBe('"x"');
  });

  test('is done to its end when its client goes away meanwhile', async () => {
    const there = await fakeTarget();
    const here = await opened.server();
    const [source, other] = [await opened.client(here), await opened.client(here)];
    await ask(source, 'SET k v');
    const gone = source.send('MIGRATE', '127.0.0.1', there.port, 'k', 0, 5000);
    await there.received();
    (source.stream as Socket).resetAndDestroy();
    await expect(gone).rejects.toThrow('closed');
    while ((await ask(other, 'CLIENT LIST')).split('\\n').length > 2);
    expect(await ask(other, 'EXISTS k')).toBe(':1');
    there.answer('+OK\r\n+OK\r\n');
    expect(await ask(other, 'DEL k')).toBe(':0');
  });

  test('gives up when nothing happens, and keeps what was not acknowledged', async () => {
    const there = await fakeTarget();
    const source = await opened.client(await opened.server());
    await run(source, 'MSET a 1 b 2');
    const request = ['MIGRATE', '127.0.0.1', there.port, '', 0, 60, 'KEYS', 'a', 'b'];
    const moved = source.send(...request);
    await there.received();
    there.answer('+OK\r\n+OK\r\n');
    expect(showReply(await moved)).toBe(IO_ERROR.read);
    expect(await ask(source, 'KEYS *')).toBe('["b"]');
  });

  test('gives up on a target that talks nonsense or is not there', async () => {
    const there = await fakeTarget();
    const source = await opened.client(await opened.server());
    await ask(source, 'SET k v');
    const moved = ask(source, `MIGRATE 127.0.0.1 ${there.port} k 0 100`);
    await there.received();
    there.answer('+OK\r\nHTTP/1.1 400 Bad Request\r\n\r\n');
    await there.received();
    expect(await moved).toBe(IO_ERROR.read);
    const unused = await fakeTarget();
    await opened.closeLast();
    const failure = async (where: string) => ask(source, `MIGRATE ${where} k 0 500`);
    expect(await failure(`127.0.0.1 ${unused.port}`)).toBe(IO_ERROR.write);
    expect(await failure('127.0.0.1 99999')).toBe(IO_ERROR.connect);
    expect(await failure('no.such.host.invalid 6379')).toBe(IO_ERROR.connect);
    expect(await ask(source, 'APPEND k w')).toBe(':2');
  });

  test('connects anew when the link that it had kept is dead', async () => {
    const source = await opened.client(await opened.server());
    await run(source, 'MSET a 1 b 2');
    const there = await createServer({});
    const { port } = there;
    expect(await ask(source, `MIGRATE 127.0.0.1 ${port} a 0 5000`)).toBe('+OK');
    await there.close();
    await opened.server({ port });
    expect(await ask(source, `MIGRATE 127.0.0.1 ${port} b 0 5000`)).toBe('+OK');
  });

  test('is propagated as DEL of what the target has taken', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'respd-migrate-'));
    try {
      const [here, there] = [await createServer({ dir, appendonly: true }), await opened.server()];
      const source = await RespClient.connect(here.port);
      await run(source, 'MSET a 1 b 2 c 3');
      await source.send('MIGRATE', '127.0.0.1', there.port, '', 0, 5000, 'KEYS', 'a', 'b');
      source.close();
      await here.close();
      const log = readdirSync(join(dir, 'appendonlydir')).find((name) =>
        name.endsWith('.incr.aof'),
      );
      const text = readFileSync(join(dir, 'appendonlydir', log!), 'latin1');
      expect(text).toContain('*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n');
      expect(text).not.toContain('MIGRATE');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('refuses what makes no sense', async () => {
    const source = await opened.client(await opened.server());
    await ask(source, 'SET k v');
    const error = async (...rest: (string | number)[]) =>
      showReply(await source.send('MIGRATE', '127.0.0.1', 1, ...rest));
    expect(await error('k', 0, 'soon')).toBe('-ERR value is not an integer or out of range');
    expect(await error('k', 0, 10, 'AUTH')).toBe('-ERR syntax error');
    expect(await error('k', 0, 10, 'AUTH2', 'x')).toBe('-ERR syntax error');
    expect(await error('k', 0, 10, 'MOVE')).toBe('-ERR syntax error');
    expect(await error('k', 0, 10, 'KEYS', 'a')).toBe(
      '-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
    );
    const inTransaction = await run(source, 'MULTI', 'MIGRATE 127.0.0.1 1 k 0 10', 'EXEC');
    expect(inTransaction).toContain('MIGRATE can not run in a transaction or script');
    expect(await ask(source, 'COMMAND GETKEYS MIGRATE h 1 k 0 10 COPY')).toBe('["k"]');
  });
});
