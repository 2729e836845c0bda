import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../../src/index.js';
import type { BlockReason, Client } from '../../../src/server/api/client.js';
import type { Server } from '../../../src/server/server.js';
import { RespClient, showReply } from '../../support/resp-client.js';

let server: RespdServer;
let client: RespClient;
let other: RespClient;

beforeAll(async () => {
  server = await createServer({ clock: 'manual', startMs: 1_700_000_000_500 });
});
afterAll(() => server.close());
beforeEach(async () => {
  client = await RespClient.connect(server.port);
  other = await RespClient.connect(server.port);
});
afterEach(async () => {
  client.close();
  other.close();
  while (registry().count > 0) await new Promise((resolve) => setImmediate(resolve));
});

const registry = () => (server as unknown as { server: Server }).server.clients;

/** Sends commands (blanks between words) in one write and shows their replies. */
async function ask(by: RespClient, ...commands: string[]): Promise<string[]> {
  const received = await by.pipeline(commands.map((command) => command.split(' ')));
  return received.map(({ reply }) => showReply(reply));
}

const one = async (command: string, by = client) => (await ask(by, command))[0]!;
const idOf = async (of: RespClient) => Number((await one('CLIENT ID', of)).slice(1));

/** The fields of CLIENT LIST's lines. */
async function list(command = 'CLIENT LIST'): Promise<Record<string, string>[]> {
  const reply = await client.send(...command.split(' '));
  if (reply.kind !== 'bulk') throw new Error(showReply(reply));
  const lines = reply.bytes.toString('latin1').split('\n').slice(0, -1);
  return lines.map((line) => Object.fromEntries(line.split(' ').map((field) => field.split('='))));
}

describe('CLIENT LIST and INFO', () => {
  const FIELDS =
    'id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem ' +
    'multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver';

  it('have the fields of Redis 7.2, in its order', async () => {
    const info = await one('CLIENT INFO');
    const names = info
      .slice(1, -3)
      .split(' ')
      .map((field) => field.replace(/=.*/, ''));
    expect(names).toEqual(FIELDS.split(' '));
    expect(info.endsWith('\\n"')).toBe(true);
  });

  it('tell of the client that asks: bytes of its request, its command, no debts', async () => {
    const [self] = await list(`CLIENT LIST ID ${await idOf(client)}`);
    expect(self).toMatchObject({ flags: 'N', multi: '-1', obl: '0', oll: '0', omem: '0' });
    expect(self).toMatchObject({ cmd: 'client|list', user: 'default', redir: '-1', resp: '2' });
    const request = 3 * '$0\r\n\r\n'.length + `*4\r\n$2\r\nCLIENTLISTID`.length;
    expect(Number(self!.qbuf)).toBeGreaterThan(request);
    expect(Number(self!['argv-mem'])).toBe(`CLIENTLISTID${self!.id}`.length);
  });

  it('count the bytes of the whole read, as Redis does', async () => {
    expect(await one('CLIENT LIST')).toContain(' qbuf=26 ');
    expect(await one('CLIENT INFO')).toContain(' qbuf=26 ');
  });

  it('count age and idleness in seconds of the clock', async () => {
    await one('PING', other);
    server.advance(499);
    expect((await list())[1]).toMatchObject({ age: '0', idle: '0' });
    server.advance(1);
    expect((await list())[1]).toMatchObject({ age: '1', idle: '1' });
    await one('PING', other);
    server.advance(2000);
    expect((await list())[1]).toMatchObject({ age: '3', idle: '2' });
  });

  it('show the last command of the others, and NULL before the first', async () => {
    expect((await list())[1]!.cmd).toBe('NULL');
    await ask(other, 'PING', 'CLIENT ID');
    expect((await list())[1]!.cmd).toBe('client|id');
  });

  it('show database, modes and protocol', async () => {
    await ask(other, 'SELECT 5', 'CLIENT NO-EVICT on', 'CLIENT NO-TOUCH ON', 'HELLO 3');
    expect((await list())[1]).toMatchObject({ db: '5', flags: 'eT', resp: '3' });
    await ask(other, 'CLIENT NO-EVICT OFF', 'CLIENT NO-TOUCH off');
    expect((await list())[1]).toMatchObject({ flags: 'N' });
  });

  it('list the clients asked for, in the order asked, unknown ones left out', async () => {
    const [mine, others] = [await idOf(client), await idOf(other)];
    const ids = async (command: string) => (await list(command)).map(({ id }) => Number(id));
    expect(await ids('CLIENT LIST')).toEqual([mine, others]);
    expect(await ids(`CLIENT LIST ID ${others} 99999 ${mine} ${others}`)).toEqual([
      others,
      mine,
      others,
    ]);
    expect(await ids('CLIENT LIST TYPE Normal')).toEqual([mine, others]);
    for (const type of ['master', 'replica', 'slave', 'pubsub']) {
      expect(await ids(`CLIENT LIST TYPE ${type}`)).toEqual([]);
    }
  });

  it('show the buffer for a large request, which the cron takes back from an idle client', async () => {
    const buffer = async () => {
      const { qbuf, 'qbuf-free': free } = (await list())[1]!;
      return Number(qbuf) + Number(free);
    };
    await other.send('SET', 'big', 'x'.repeat(400_000));
    expect(await buffer()).toBeGreaterThan(400_000);
    server.advance(1000);
    await other.send('PING');
    server.advance(1000);
    await other.send('PING');
    server.advance(1000);
    expect(await buffer()).toBe(16 * 1024);
    server.advance(4000);
    expect(await buffer()).toBe(0);
  });

  it('are verbatim texts in RESP3', async () => {
    await one('HELLO 3');
    expect(await one('CLIENT INFO')).toMatch(/^=txt:"id=/);
    expect(await one('CLIENT LIST')).toMatch(/^=txt:"id=/);
  });

  it('refuse bad arguments', async () => {
    expect(
      await ask(
        client,
        'CLIENT LIST FOO',
        'CLIENT LIST TYPE',
        'CLIENT LIST TYPE x',
        'CLIENT LIST ID',
        'CLIENT LIST ID x',
        'CLIENT INFO x',
      ),
    ).toEqual([
      '-ERR syntax error',
      '-ERR syntax error',
      "-ERR Unknown client type 'x'",
      '-ERR syntax error',
      '-ERR Invalid client ID',
      "-ERR wrong number of arguments for 'client|info' command",
    ]);
  });
});

describe('CLIENT SETNAME, GETNAME and SETINFO', () => {
  it('give a name, change it, and take it away', async () => {
    expect(await ask(client, 'CLIENT GETNAME', 'CLIENT SETNAME a', 'CLIENT SETNAME b')).toEqual([
      'null-bulk',
      '+OK',
      '+OK',
    ]);
    expect(await one('CLIENT GETNAME')).toBe('"b"');
    expect(showReply(await client.send('CLIENT', 'SETNAME', ''))).toBe('+OK');
    expect(await one('CLIENT GETNAME')).toBe('null-bulk');
  });

  it.each(['a b', 'a\n', '\t', '\x7f', 'é', 'a\rb'])('refuse the name %j', async (name) => {
    await one('CLIENT SETNAME old');
    expect(showReply(await client.send('CLIENT', 'SETNAME', name))).toBe(
      '-ERR Client names cannot contain spaces, newlines or special characters.',
    );
    expect(await one('CLIENT GETNAME')).toBe('"old"');
    expect(showReply(await client.send('CLIENT', 'SETINFO', 'Lib-Name', name))).toBe(
      '-ERR Lib-Name cannot contain spaces, newlines or special characters.',
    );
  });

  it('cut a name at a NUL byte in the list, where nobody has checked what follows', async () => {
    await client.send('CLIENT', 'SETNAME', 'a\0b c');
    expect(await one('CLIENT GETNAME')).toBe('"a\\u0000b c"');
    expect((await list())[0]).toMatchObject({ name: 'a', age: '0' });
  });

  it('tell of the library', async () => {
    await ask(client, 'CLIENT SETINFO lib-name ioredis', 'CLIENT SETINFO LIB-VER 5');
    expect((await list())[0]).toMatchObject({ 'lib-name': 'ioredis', 'lib-ver': '5' });
    await client.send('CLIENT', 'SETINFO', 'LIB-NAME', '');
    expect((await list())[0]).toMatchObject({ 'lib-name': '', 'lib-ver': '5' });
    expect(await one('CLIENT SETINFO foo x')).toBe("-ERR Unrecognized option 'foo'");
  });
});

describe('CLIENT KILL', () => {
  it('ends the connection with an address', async () => {
    const [, { addr }] = (await list()) as [unknown, Record<string, string>];
    expect(await one(`CLIENT KILL ${addr}`)).toBe('+OK');
    await other.closed();
    expect(await one(`CLIENT KILL ${addr}`)).toBe('-ERR No such client');
  });

  it('takes the client out of the list at once', async () => {
    const id = await idOf(other);
    const [killed, listed] = await ask(client, `CLIENT KILL ID ${id}`, 'CLIENT LIST');
    expect(killed).toBe(':1');
    expect(listed).not.toContain(`id=${id} `);
  });

  it('ends its own connection after the reply, and runs nothing more of it', async () => {
    const [self] = await list();
    const [ok] = await client.request(`CLIENT KILL ${self!.addr}\r\nSET killed-ran 1\r\n`, 1);
    expect(showReply(ok!.reply)).toBe('+OK');
    await client.closed();
    expect(await one('GET killed-ran', other)).toBe('null-bulk');
  });

  it('with filters spares the caller, unless SKIPME no', async () => {
    expect(await one('CLIENT KILL TYPE normal USER default')).toBe(':1');
    await other.closed();
    expect(await one('CLIENT KILL SKIPME yes')).toBe(':0');
    expect(await one('CLIENT KILL TYPE normal SKIPME no')).toBe(':1');
    await client.closed();
  });

  it('ends those for whom all filters hold', async () => {
    const [self, { id, addr, laddr }] = (await list()) as Record<string, string>[];
    const none = [
      `ID ${id} ADDR ${self!.addr}`,
      `ID 99999`,
      `ID ${id} LADDR 1.2.3.4:5`,
      'TYPE pubsub',
      'TYPE replica',
      'TYPE slave',
      'TYPE master',
      `ID ${self!.id}`,
    ];
    for (const filter of none) expect(await one(`CLIENT KILL ${filter}`)).toBe(':0');
    const all = `ID ${id} ADDR ${addr} LADDR ${laddr} USER default TYPE normal SKIPME no`;
    expect(await one(`CLIENT KILL ${all}`)).toBe(':1');
    await other.closed();
  });

  it('of several filters of a kind the last holds', async () => {
    const [mine, others] = [await idOf(client), await idOf(other)];
    expect(await one(`CLIENT KILL ID ${mine} ID ${others}`)).toBe(':1');
  });

  it.each([
    ['ID x', 'ERR client-id should be greater than 0'],
    ['ID 0', 'ERR client-id should be greater than 0'],
    ['ID -1', 'ERR client-id should be greater than 0'],
    ['ID 1 ADDR', 'ERR syntax error'],
    ['TYPE foo', "ERR Unknown client type 'foo'"],
    ['TYPE constructor', "ERR Unknown client type 'constructor'"],
    ['USER foo', "ERR No such user 'foo'"],
    ['SKIPME maybe', 'ERR syntax error'],
    ['FOO bar', 'ERR syntax error'],
  ])('refuses %s', async (args, error) => {
    expect(await one(`CLIENT KILL ${args}`)).toBe(`-${error}`);
    expect(await list()).toHaveLength(2);
  });

  it('what a killed client was still to be sent goes nowhere', async () => {
    const id = await idOf(other);
    // Both in one turn: the reply to PING waits for the turn's end, but the client is gone then.
    const pong = other.send('PING').catch((error: Error) => error.message);
    const killed = client.send('CLIENT', 'KILL', 'ID', id);
    expect(showReply(await killed)).toBe(':1');
    expect([
      { kind: 'status', text: 'PONG' },
      'The server closed the connection.',
      'read ECONNRESET',
    ]).toContainEqual(await pong);
  });
});

describe('CLIENT REPLY', () => {
  /** Sends inline commands and returns all that comes back until an ECHO's answer. */
  async function answers(commands: string): Promise<string> {
    const until = 'the-end';
    let got = '';
    const done = new Promise<void>((resolve) => {
      other.stream.removeAllListeners('data');
      other.stream.on('data', (chunk: Buffer) => {
        got += chunk.toString('latin1');
        if (got.endsWith(`$7\r\n${until}\r\n`)) resolve();
      });
    });
    other.stream.write(`${commands.replaceAll(', ', '\r\n')}\r\nECHO ${until}\r\n`);
    await done;
    return got.slice(0, -`$7\r\n${until}\r\n`.length).replaceAll('\r\n', ' ').trim();
  }

  it.each([
    ['CLIENT REPLY ON', '+OK'],
    ['CLIENT REPLY OFF, PING, FOO, CLIENT REPLY x, CLIENT REPLY ON, PING', '+OK +PONG'],
    ['CLIENT REPLY SKIP, PING, PING', '+PONG'],
    ['PING, CLIENT REPLY SKIP, FOO, PING', '+PONG +PONG'],
    ['CLIENT REPLY SKIP, GET a b c, PING', '+PONG'],
    ['CLIENT REPLY SKIP, CLIENT REPLY SKIP, PING, PING', '+PONG'],
    ['CLIENT REPLY SKIP, CLIENT REPLY ON, PING', '+OK +PONG'],
    ['CLIENT REPLY OFF, CLIENT REPLY SKIP, PING, CLIENT REPLY ON, PING', '+OK +PONG'],
    ['CLIENT REPLY OFF, RESET, PING', '+RESET +PONG'],
    ['CLIENT REPLY x', '-ERR syntax error'],
  ])('%s is answered by: %s', async (commands, expected) => {
    expect(await answers(commands)).toBe(expected);
  });

  it('holds for requests that come one by one too', async () => {
    other.stream.write('CLIENT REPLY SKIP\r\n');
    await one('PING');
    other.stream.write('ECHO skipped\r\n');
    await one('PING');
    expect(await one('ECHO told', other)).toBe('"told"');
  });
});

describe('CLIENT PAUSE', () => {
  const settled = () => one('CLIENT ID').then(() => one('CLIENT ID'));

  afterEach(() => server.advance(100_000));

  it('WRITE has writes wait, and reads not, until its time is over', async () => {
    expect(await one('CLIENT PAUSE 1000 WRITE')).toBe('+OK');
    let reply: string[] | undefined;
    void ask(other, 'GET p', 'SET p v', 'GET p').then((r) => (reply = r));
    expect(await one('GET p')).toBe('null-bulk');
    await settled();
    expect(reply).toBeUndefined();
    expect((await list())[1]).toMatchObject({ flags: 'b' });
    expect(registry().blockedCount).toBe(1);
    server.advance(1001);
    await expect.poll(() => reply).toEqual(['null-bulk', '+OK', '"v"']);
    expect(registry().blockedCount).toBe(0);
  });

  it('ALL has everything wait', async () => {
    expect(await one('CLIENT PAUSE 1000')).toBe('+OK');
    const ping = one('PING', other);
    const own = one('PING');
    expect(await Promise.race([ping, own, new Promise((r) => setTimeout(r, 20, 'waits'))])).toBe(
      'waits',
    );
    server.advance(1001);
    expect([await ping, await own]).toEqual(['+PONG', '+PONG']);
  });

  it('ends by UNPAUSE, whose own reply and those of the waiting stay apart', async () => {
    await one('CLIENT PAUSE 100000 WRITE');
    const others = ask(other, 'SET u 1', 'GET u', 'CLIENT GETNAME');
    await settled();
    expect(await ask(client, 'PING', 'CLIENT UNPAUSE', 'PING', 'GET none')).toEqual([
      '+PONG',
      '+OK',
      '+PONG',
      'null-bulk',
    ]);
    expect(await others).toEqual(['+OK', '"1"', 'null-bulk']);
  });

  it('of two pauses the later end and the stronger kind hold', async () => {
    await ask(client, 'CLIENT PAUSE 2000 WRITE', 'CLIENT PAUSE 1000 WRITE');
    const write = one('SET w 1', other);
    await settled();
    server.advance(1500);
    await settled();
    expect(registry().blockedCount).toBe(1);
    server.advance(600);
    expect(await write).toBe('+OK');
  });

  it('of no time pauses nobody', async () => {
    expect(await ask(client, 'CLIENT PAUSE 0', 'SET z 1')).toEqual(['+OK', '+OK']);
  });

  it('forgets a waiting client that goes away', async () => {
    await one('CLIENT PAUSE 100000 WRITE');
    other.write('SET', 'gone', 1);
    await expect.poll(() => registry().blockedCount).toBe(1);
    other.close();
    await expect.poll(() => registry().blockedCount).toBe(0);
    await one('CLIENT UNPAUSE');
    expect(await one('GET gone')).toBe('null-bulk');
  });

  it.each([
    ['x', 'ERR timeout is not an integer or out of range'],
    ['-1', 'ERR timeout is negative'],
    ['9223372036854775807', 'ERR timeout is out of range'],
    ['1 SOME', 'ERR CLIENT PAUSE mode must be WRITE or ALL'],
    [
      '1 ALL x',
      "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
    ],
  ])('refuses %s', async (args, error) => {
    expect(await one(`CLIENT PAUSE ${args}`)).toBe(`-${error}`);
  });
});

describe('CLIENT UNBLOCK', () => {
  /** Has the other client wait as a blocking command will. */
  async function block(reason: BlockReason): Promise<Client> {
    const blocked = registry().byId(await idOf(other))!;
    blocked.block(reason);
    return blocked;
  }

  const reason = (kind: BlockReason['kind'] = 'keys'): BlockReason => ({
    kind,
    deadlineMs: 1_700_001_000_000,
    onTimeout: (reply) => reply.nilArray(),
  });

  it('has the command end as if its time were over', async () => {
    const { id } = await block(reason());
    const replies = other.request('PING\r\n', 2);
    expect(await ask(client, 'PING', `CLIENT UNBLOCK ${id}`, 'PING')).toEqual([
      '+PONG',
      ':1',
      '+PONG',
    ]);
    expect((await replies).map(({ reply }) => showReply(reply))).toEqual(['null-array', '+PONG']);
    expect(await one(`CLIENT UNBLOCK ${id}`)).toBe(':0');
  });

  it('answers in the protocol of the client that waited', async () => {
    await one('HELLO 3', other);
    const { id } = await block(reason());
    const replies = other.request('', 1);
    expect(await one(`CLIENT UNBLOCK ${id} TIMEOUT`)).toBe(':1');
    expect(showReply((await replies)[0]!.reply)).toBe('null');
  });

  it('ERROR has it end with an error', async () => {
    const { id } = await block(reason('wait'));
    const replies = other.request('', 1);
    expect(await one(`CLIENT UNBLOCK ${id} ERROR`)).toBe(':1');
    expect(showReply((await replies)[0]!.reply)).toBe(
      '-UNBLOCKED client unblocked via CLIENT UNBLOCK',
    );
  });

  it('leaves alone who waits for something else, or not at all', async () => {
    const id = await idOf(other);
    expect(await ask(client, `CLIENT UNBLOCK ${id}`, 'CLIENT UNBLOCK 99999')).toEqual([':0', ':0']);
    const blocked = await block(reason('async'));
    expect(await one(`CLIENT UNBLOCK ${id} TIMEOUT`)).toBe(':0');
    blocked.unblock();
    await one('CLIENT PAUSE 100 WRITE');
    const set = one('SET k v', other);
    await expect.poll(() => registry().blockedCount).toBe(1);
    expect(await one(`CLIENT UNBLOCK ${id}`)).toBe(':0');
    server.advance(101);
    expect(await set).toBe('+OK');
  });

  it('is not needed when the time is over', async () => {
    await block({
      ...reason(),
      deadlineMs: registry().byId(await idOf(client))!.createdMs + 60_000,
    });
    const replies = other.request('', 1);
    server.advance(600_000);
    expect(showReply((await replies)[0]!.reply)).toBe('null-array');
  });

  it.each([
    ['x', 'ERR value is not an integer or out of range'],
    ['1 SOMEHOW', 'ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR'],
    [
      '1 ERROR x',
      "ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.",
    ],
  ])('refuses %s', async (args, error) => {
    expect(await one(`CLIENT UNBLOCK ${args}`)).toBe(`-${error}`);
  });
});

describe('CLIENT', () => {
  it('HELP lists the subcommands as statuses', async () => {
    const help = await client.send('CLIENT', 'HELP');
    if (help.kind !== 'array') throw new Error(showReply(help));
    expect(help.items.every((item) => item.kind === 'status')).toBe(true);
    expect(help.items.map(showReply)).toContain('+KILL <option> <value> [<option> <value> [...]]');
  });

  it('refuses what is no subcommand, or no mode', async () => {
    expect(
      await ask(client, 'CLIENT', 'CLIENT FOO', 'CLIENT NO-EVICT x', 'CLIENT NO-TOUCH x'),
    ).toEqual([
      "-ERR wrong number of arguments for 'client' command",
      "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.",
      '-ERR syntax error',
      '-ERR syntax error',
    ]);
  });
});
