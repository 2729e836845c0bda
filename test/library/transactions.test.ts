/** MULTI, EXEC, DISCARD and WATCH, as clients see them; time is moved by hand. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { ask, RespClient, run, showReply } from '../support/resp-client.js';

let server: RespdServer;
let one: RespClient;
let other: RespClient;

beforeEach(async () => {
  server = await createServer({ port: 0, clock: 'manual', 'enable-debug-command': 'yes' });
  one = await RespClient.connect(server.port);
  other = await RespClient.connect(server.port);
});

afterEach(async () => {
  one.close();
  other.close();
  await server.close();
});

describe('a transaction', () => {
  it('runs what was queued, one command after the other', async () => {
    expect(await run(one, 'MULTI', 'SET k 1', 'INCR k')).toBe('+QUEUED');
    expect(await ask(other, 'GET k')).toBe('null-bulk');
    expect(await ask(one, 'EXEC')).toBe('[+OK :2]');
    expect(await ask(one, 'EXEC')).toBe('-ERR EXEC without MULTI');
  });

  it('goes on behind a command that fails', async () => {
    expect(await run(one, 'MULTI', 'SET k a', 'INCR k', 'LPUSH k x', 'GET k', 'EXEC')).toBe(
      '[+OK -ERR value is not an integer or out of range ' +
        '-WRONGTYPE Operation against a key holding the wrong kind of value "a"]',
    );
  });

  it.each(['NOSUCH', 'GET', 'SHUTDOWN'])('is refused when %s is refused', async (request) => {
    await run(one, 'MULTI', 'SET k 1', request, 'SET k 2');
    expect(await ask(one, 'EXEC')).toBe(
      '-EXECABORT Transaction discarded because of previous errors.',
    );
    expect(await ask(one, 'GET k')).toBe('null-bulk');
  });

  it('is forgotten when EXEC is refused', async () => {
    expect(await run(one, 'MULTI', 'SET k 1', 'EXEC now')).toBe(
      "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
    );
    expect(await ask(one, 'EXEC')).toBe('-ERR EXEC without MULTI');
  });

  it('sets what needs no waiting for, and no other port', async () => {
    const port = await ask(one, 'CONFIG GET port');
    await run(one, 'MULTI', 'CONFIG SET maxmemory-samples 7', 'CONFIG SET port 1', 'PING');
    expect(await ask(one, 'EXEC')).toBe(
      "[+OK -ERR CONFIG SET failed (possibly related to argument 'port') - can't be set in a " +
        'transaction +PONG]',
    );
    expect(await ask(one, 'CONFIG GET port')).toBe(port);
  });

  it('is not refused because of MULTI or WATCH inside of it', async () => {
    await ask(one, 'MULTI');
    expect(await ask(one, 'MULTI')).toBe('-ERR MULTI calls can not be nested');
    expect(await ask(one, 'WATCH k')).toBe('-ERR WATCH inside MULTI is not allowed');
    expect(await run(one, 'PING', 'EXEC')).toBe('[+PONG]');
  });

  it('is forgotten by DISCARD and by RESET', async () => {
    expect(await run(one, 'MULTI', 'SET k 1', 'DISCARD')).toBe('+OK');
    expect(await ask(one, 'DISCARD')).toBe('-ERR DISCARD without MULTI');
    expect(await run(one, 'MULTI', 'SET k 1', 'RESET')).toBe('+RESET');
    expect(await run(one, 'GET k')).toBe('null-bulk');
  });

  it('does not wait: a command that would answers null', async () => {
    expect(await run(one, 'MULTI', 'BLPOP q 0', 'BLMOVE q r LEFT LEFT 0', 'EXEC')).toBe(
      '[null-array null-bulk]',
    );
  });

  it('serves those who wait only when it is over', async () => {
    const waiting = other.send('BLPOP', 'q', '0');
    while (!(await ask(one, 'INFO clients')).includes('blocked_clients:1'));
    expect(await run(one, 'MULTI', 'LPUSH q a', 'LPUSH q b', 'LLEN q', 'EXEC')).toBe('[:1 :2 :2]');
    expect(showReply(await waiting)).toBe('["q" "b"]');
    await run(one, 'DEL q');
  });

  it('counts each command, and tells of itself in CLIENT LIST', async () => {
    await run(one, 'CLIENT SETNAME me', 'MULTI', 'PING', 'PING');
    expect(await ask(other, 'CLIENT LIST')).toMatch(/name=me .*flags=x .*multi=2 /);
    await ask(one, 'EXEC');
    expect(await ask(other, 'INFO commandstats')).toContain('cmdstat_ping:calls=2,');
    expect(await ask(other, 'CLIENT LIST')).toMatch(/name=me .*flags=N .*multi=-1 /);
  });
});

describe('a watched key', () => {
  const increment = ['MULTI', 'INCR k', 'EXEC'] as const;

  it.each([
    'SET k 5',
    'DEL k',
    'EXPIRE k 100',
    'FLUSHDB',
    'FLUSHALL',
    'SWAPDB 0 1',
    'RENAME k l',
    'PEXPIREAT k 1',
  ])('fails the transaction when another client sends %s', async (change) => {
    await run(one, 'SET k 1', 'WATCH k');
    await ask(other, change);
    expect(await run(one, ...increment)).toBe('null-array');
    expect(await run(one, 'SET k 1', ...increment)).toBe('[:2]');
  });

  it.each(['SET l 5', 'GET k', 'PERSIST k', 'SWAPDB 2 3'])(
    'holds when it is %s',
    async (request) => {
      await run(one, 'SET k 1', 'WATCH k');
      await ask(other, request);
      expect(await run(one, ...increment)).toBe('[:2]');
    },
  );

  it('fails the transaction when it becomes due meanwhile', async () => {
    await run(one, 'SET k 1 PX 100', 'WATCH k');
    await server.advance(101);
    expect(await run(one, 'MULTI', 'PING', 'EXEC')).toBe('null-array');
  });

  it('holds when SWAPDB puts a key that is due in the place of none, or of another such', async () => {
    await run(one, 'DEBUG SET-ACTIVE-EXPIRE 0', 'SELECT 1', 'SET k 1 PX 100', 'SELECT 0');
    await run(one, 'SET l 1 PX 100', 'SELECT 1', 'SET l 2 PX 100', 'SELECT 0');
    await server.advance(101);
    await run(one, 'WATCH k l');
    await ask(other, 'SWAPDB 0 1');
    expect(await run(one, 'MULTI', 'PING', 'EXEC')).toBe('[+PONG]');
  });

  it('is watched in its own database', async () => {
    await run(one, 'WATCH k');
    await run(other, 'SELECT 1', 'SET k 5');
    expect(await run(one, ...increment)).toBe('[:1]');
  });

  it('is watched no more after UNWATCH, EXEC, DISCARD', async () => {
    await run(one, 'WATCH k', 'UNWATCH');
    await ask(other, 'SET k 5');
    expect(await run(one, ...increment)).toBe('[:6]');
    await ask(other, 'SET k 7');
    expect(await run(one, ...increment)).toBe('[:8]');
    await run(one, 'WATCH k', 'MULTI', 'DISCARD');
    await ask(other, 'SET k 9');
    expect(await run(one, ...increment)).toBe('[:10]');
  });

  it('leaves nothing behind when its client goes', async () => {
    await run(one, 'WATCH k');
    one.close();
    while (!(await ask(other, 'INFO clients')).includes('connected_clients:1'));
    expect(await ask(other, 'SET k 5')).toBe('+OK');
  });
});
