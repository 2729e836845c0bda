import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { createServer, type RespdServer } from '../../../src/index.js';
import { REDIS_VERSION, RESPD_VERSION } from '../../../src/server/api/version.js';
import { RespClient, showReply } from '../../support/resp-client.js';

let server: RespdServer;
let client: RespClient;

beforeAll(async () => {
  server = await createServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  client = await RespClient.connect(server.port);
});
afterEach(() => client.close());

/** Sends commands (blanks between words) in one write and shows their replies. */
async function ask(...commands: string[]): Promise<string[]> {
  const received = await client.pipeline(commands.map((command) => command.split(' ')));
  return received.map(({ reply }) => showReply(reply));
}

const one = async (command: string) => (await ask(command))[0];

it('RESPD_VERSION is the version in package.json', () => {
  expect(RESPD_VERSION).toBe(packageJson.version);
});

describe('PING and ECHO', () => {
  it('PING answers PONG, or with its message', async () => {
    expect(await ask('PING', 'PING hello')).toEqual(['+PONG', '"hello"']);
    expect(await one('PING a b')).toBe("-ERR wrong number of arguments for 'ping' command");
  });

  it('ECHO answers with its message, whatever bytes it has', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    expect(await client.send('ECHO', bytes)).toEqual({ kind: 'bulk', bytes });
    expect(await one('ECHO')).toBe("-ERR wrong number of arguments for 'echo' command");
  });
});

describe('SELECT', () => {
  it('chooses the database for this connection alone', async () => {
    expect(await ask('SELECT 3', 'SET key three', 'SELECT 0', 'GET key')).toEqual([
      '+OK',
      '+OK',
      '+OK',
      'null-bulk',
    ]);
    expect(await ask('SELECT 3', 'GET key')).toEqual(['+OK', '"three"']);
    const other = await RespClient.connect(server.port);
    expect(showReply(await other.send('GET', 'key'))).toBe('null-bulk');
    other.close();
  });

  it.each([
    ['16', '-ERR DB index is out of range'],
    ['-1', '-ERR DB index is out of range'],
    ['x', '-ERR value is not an integer or out of range'],
    ['1.5', '-ERR value is not an integer or out of range'],
    ['2147483648', '-ERR value is out of range, value must between -2147483648 and 2147483647'],
    ['9223372036854775808', '-ERR value is not an integer or out of range'],
  ])('refuses %s', async (index, error) => {
    expect(await one(`SELECT ${index}`)).toBe(error);
  });
});

describe('QUIT and RESET', () => {
  it('QUIT answers OK and closes; what follows it is not run', async () => {
    const [ok] = await client.request('QUIT\r\nSET quit-ran 1\r\n', 1);
    expect(showReply(ok!.reply)).toBe('+OK');
    await client.closed();
    client = await RespClient.connect(server.port);
    expect(await one('EXISTS quit-ran')).toMatch(/^(:0|-ERR unknown command)/);
    expect(await one('GET quit-ran')).toBe('null-bulk');
  });

  it('RESET takes back database, protocol, name and modes, not the library', async () => {
    await ask('HELLO 3 SETNAME me', 'SELECT 9', 'CLIENT NO-EVICT on', 'CLIENT NO-TOUCH on');
    await ask('CLIENT SETINFO lib-name lib', 'CLIENT SETINFO lib-ver 1');
    expect(await one('RESET')).toBe('+RESET');
    expect(await one('CLIENT GETNAME')).toBe('null-bulk');
    expect(await one('CLIENT INFO')).toMatch(
      / name= .* flags=N db=0 .* resp=2 lib-name=lib lib-ver=1/,
    );
  });
});

describe('HELLO', () => {
  const facts = (proto: number) =>
    `"server" "redis" "version" "${REDIS_VERSION}" "proto" :${proto} "id" :N "mode" "standalone" ` +
    '"role" "master" "modules" []';
  const shown = (text: string) => text.replace(/"id" :\d+/, '"id" :N');

  it('tells of the server, as an array in RESP2 and a map in RESP3', async () => {
    expect(shown((await one('HELLO'))!)).toBe(`[${facts(2)}]`);
    expect(shown((await one('HELLO 2'))!)).toBe(`[${facts(2)}]`);
    const map = (await one('HELLO 3'))!.replace(/"id": :\d+/, '"id": :N');
    expect(map).toBe(
      `{"server": "redis", "version": "${REDIS_VERSION}", "proto": :3, "id": :N, ` +
        '"mode": "standalone", "role": "master", "modules": []}',
    );
    expect(await one('HELLO')).toBe(await one('HELLO 3'));
  });

  it('switches the protocol from its own reply on, within a pipeline too', async () => {
    expect(await ask('GET none', 'HELLO 3', 'GET none', 'HELLO 2', 'GET none')).toEqual([
      'null-bulk',
      expect.stringMatching(/^\{/),
      'null',
      expect.stringMatching(/^\[/),
      'null-bulk',
    ]);
  });

  it.each([
    ['4', '-NOPROTO unsupported protocol version'],
    ['1', '-NOPROTO unsupported protocol version'],
    ['x', '-ERR Protocol version is not an integer or out of range'],
    ['3 FOO', "-ERR Syntax error in HELLO option 'FOO'"],
    ['3 SETNAME', "-ERR Syntax error in HELLO option 'SETNAME'"],
    ['3 AUTH default', "-ERR Syntax error in HELLO option 'AUTH'"],
    ['3 AUTH nobody x', '-WRONGPASS invalid username-password pair or user is disabled.'],
    [
      '3 SETNAME caf\xe9',
      '-ERR Client names cannot contain spaces, newlines or special characters.',
    ],
  ])('refuses %s and leaves all as it was', async (args, error) => {
    expect(await one(`HELLO ${args}`)).toBe(error);
    expect(await ask('GET none', 'CLIENT GETNAME')).toEqual(['null-bulk', 'null-bulk']);
  });

  it('names the client', async () => {
    expect(await ask('HELLO 2 SETNAME me', 'CLIENT GETNAME')).toContain('"me"');
  });
});

describe('AUTH without a password set', () => {
  it('takes any password for the default user, and no other user', async () => {
    expect(await ask('AUTH default x', 'AUTH nobody x', 'AUTH a b c')).toEqual([
      '+OK',
      '-WRONGPASS invalid username-password pair or user is disabled.',
      '-ERR syntax error',
    ]);
  });

  it('tells that there is none in its short form', async () => {
    expect(await one('AUTH x')).toBe(
      '-ERR AUTH <password> called without any password configured for the default user. ' +
        'Are you sure your configuration is correct?',
    );
  });
});

describe('a server with a password', () => {
  let locked: RespdServer;
  const WRONG = '-WRONGPASS invalid username-password pair or user is disabled.';
  const NO_AUTH = '-NOAUTH Authentication required.';

  beforeAll(async () => {
    locked = await createServer({ requirepass: 'secret' });
  });
  afterAll(() => locked.close());
  beforeEach(async () => {
    client.close();
    client = await RespClient.connect(locked.port);
  });

  it('runs only AUTH, HELLO, RESET and QUIT before', async () => {
    expect(await ask('PING', 'GET k', 'CLIENT ID', 'RESET', 'QUIT')).toEqual([
      NO_AUTH,
      NO_AUTH,
      NO_AUTH,
      '+RESET',
      '+OK',
    ]);
  });

  it('tells first of commands that do not exist or lack arguments', async () => {
    expect(await ask('FOO', 'GET')).toEqual([
      "-ERR unknown command 'FOO', with args beginning with: ",
      "-ERR wrong number of arguments for 'get' command",
    ]);
  });

  it('runs commands behind a good AUTH, in the same pipeline', async () => {
    expect(await ask('AUTH no', 'PING', 'AUTH secret', 'PING')).toEqual([
      WRONG,
      NO_AUTH,
      '+OK',
      '+PONG',
    ]);
    expect(await ask('AUTH default no', 'PING')).toEqual([WRONG, '+PONG']);
  });

  it('is unlocked by HELLO with AUTH, and told how by HELLO without', async () => {
    expect(await one('HELLO 3')).toBe(
      '-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
        '<proto> AUTH <user> <pass> option can be used to authenticate the client and select the ' +
        'RESP protocol version at the same time',
    );
    expect(await one('HELLO 3 AUTH default no')).toBe(WRONG);
    expect(await ask('HELLO 3 AUTH default secret', 'GET none')).toContain('null');
  });

  it('is locked again by RESET', async () => {
    expect(await ask('AUTH secret', 'RESET', 'PING')).toEqual(['+OK', '+RESET', NO_AUTH]);
  });

  it('takes no big requests before, and any behind an AUTH', async () => {
    const big = Buffer.alloc(20_000, 'x');
    const replies = await client.pipeline([
      ['AUTH', 'secret'],
      ['ECHO', big],
      ['MGET', ...Array(20).fill('k')],
    ]);
    expect(replies.map(({ reply }) => reply.kind)).toEqual(['status', 'bulk', 'array']);
    const stranger = await RespClient.connect(locked.port);
    const [error] = await stranger.request('*11\r\n', 1);
    expect(showReply(error!.reply)).toBe('-ERR Protocol error: unauthenticated multibulk length');
    await stranger.closed();
  });
});
