/** Client-side caching, to the byte: what is sent, to whom, and between which replies. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RigClient, WaitingRig } from '../support/waiting-rig.js';

const OK = '+OK';
/** An invalidation as RESP3 and as RESP2 have it; none: of all keys. */
function push(...keys: string[]): string {
  return `>2 $10 invalidate ${keys.length === 0 ? '_' : array(keys)}`;
}
function message(...keys: string[]): string {
  return `*3 $7 message $20 __redis__:invalidate ${keys.length === 0 ? '$-1' : array(keys)}`;
}
function array(keys: string[]): string {
  return `*${keys.length} ${keys.map((key) => `$${key.length} ${key}`).join(' ')}`;
}

let rig: WaitingRig;
let one: RigClient;
let other: RigClient;

beforeEach(async () => {
  rig = new WaitingRig({ 'enable-debug-command': 'yes' });
  one = rig.connect();
  other = rig.connect();
  await rig.ask(one, 'HELLO 3');
  await rig.ask(other, 'HELLO 3');
});

afterEach(() => rig.close());

/** What `one` gets from a change that `other` makes. */
async function toldOf(...requests: string[]): Promise<string> {
  await rig.ask(other, ...requests);
  return one.taken();
}

describe('CLIENT TRACKING ON', () => {
  it('tells of a change of a key that was read, once for each reading', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET k', 'GET k');
    expect(await toldOf('SET k 1', 'SET k 2')).toBe(push('k'));
    await rig.ask(one, 'MGET k l');
    expect(await toldOf('SET unread 1', 'MSET l 1 k 2')).toBe(`${push('l')} ${push('k')}`);
  });

  it('remembers keys of reading commands, even if they fail, but not of writing ones', async () => {
    await rig.ask(other, 'SET s text');
    await rig.ask(one, 'CLIENT TRACKING ON', 'LLEN s', 'SET w 1', 'GETDEL x');
    expect(await toldOf('DEL s w x')).toBe(push('s'));
  });

  it('sends nothing to a client that speaks RESP2, which could not tell it from a reply', async () => {
    await rig.ask(one, 'HELLO 2', 'CLIENT TRACKING ON', 'GET k');
    expect(await toldOf('SET k 1')).toBe('');
    expect(rig.info('stats', 'tracking_total_keys')).toBe('0');
    await rig.ask(one, 'GET k', 'HELLO 3');
    expect(await toldOf('SET k 2')).toBe(push('k'));
  });

  it('tells the client of its own changes behind their reply, unless it says NOLOOP', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET k');
    expect(await rig.ask(one, 'SET k 1', 'GET k')).toBe(`${OK} ${push('k')} $1 1`);
    await rig.ask(one, 'CLIENT TRACKING ON NOLOOP');
    expect(await rig.ask(one, 'SET k 2', 'GET k')).toBe(`${OK} $1 2`);
    expect(await toldOf('SET k 3')).toBe(push('k'));
  });

  it('tells of the changes of a transaction behind the reply to EXEC', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET a');
    const reply = await rig.ask(one, 'MULTI', 'INCR a', 'GET b', 'SET b 1', 'EXEC');
    expect(reply).toBe(`${OK} +QUEUED +QUEUED +QUEUED *3 :1 _ ${OK} ${push('a')} ${push('b')}`);
  });

  it('tells a client that has waited of what its command changes, behind its reply', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET to');
    await rig.ask(one, 'BLMOVE from to LEFT LEFT 0');
    await rig.ask(other, 'RPUSH from x');
    expect(one.taken()).toBe(`$1 x ${push('to')}`);
  });

  it('tells of keys that expire, found by a command or by the cycle', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'MSET a 1 b 2', 'PEXPIRE a 10', 'MGET a b');
    await rig.ask(other, 'DEBUG SET-ACTIVE-EXPIRE 0');
    await rig.advance(20);
    expect(await rig.ask(one, 'MGET b a')).toBe(`*2 $1 2 _ ${push('a')}`);
    await rig.ask(other, 'DEBUG SET-ACTIVE-EXPIRE 1', 'PEXPIRE b 10');
    one.taken();
    await rig.ask(one, 'GET b');
    rig.server.keyspace.expire(rig.server.keyspace.databases[0]!, keyEntry('b'));
    await rig.settle();
    expect(one.taken()).toBe(push('b'));
  });

  it('sends a null for all keys when databases are flushed, but not when they are swapped', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET k');
    expect(await toldOf('SWAPDB 0 1')).toBe('');
    expect(await toldOf('SELECT 3', 'FLUSHDB')).toBe(push());
    expect(rig.info('stats', 'tracking_total_keys')).toBe('0');
    expect(await rig.ask(one, 'FLUSHALL', 'PING')).toBe(`${OK} ${push()} +PONG`);
  });

  it('sends messages whatever CLIENT REPLY says', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET k', 'CLIENT REPLY OFF');
    expect(await toldOf('SET k 1')).toBe(push('k'));
    await rig.ask(one, 'GET k');
    expect(await rig.ask(one, 'SET k 2')).toBe(push('k'));
    expect(await rig.ask(one, 'CLIENT REPLY ON')).toBe(OK);
    await rig.ask(one, 'GET k');
    expect(await rig.ask(one, 'CLIENT REPLY SKIP', 'SET k 3', 'PING')).toBe(`${push('k')} +PONG`);
  });

  it('ends with CLIENT TRACKING OFF, RESET, or the connection', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'GET k', 'CLIENT TRACKING OFF');
    expect(await toldOf('SET k 1')).toBe('');
    await rig.ask(one, 'CLIENT TRACKING ON BCAST', 'RESET', 'HELLO 3');
    expect(await toldOf('SET k 1')).toBe('');
    await rig.ask(one, 'CLIENT TRACKING ON BCAST PREFIX a PREFIX b');
    expect(rig.info('stats', 'tracking_total_prefixes')).toBe('2');
    one.hangUp();
    await rig.settle();
    expect(rig.info('clients', 'tracking_clients')).toBe('0');
    expect(rig.info('stats', 'tracking_total_prefixes')).toBe('0');
  });
});

function keyEntry(key: string): number {
  return rig.server.keyspace.databases[0]!.find(Buffer.from(key), 0, key.length, 0);
}

describe('OPTIN and OPTOUT', () => {
  it('let CLIENT CACHING choose for the next command, or transaction', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON OPTIN', 'GET a', 'CLIENT CACHING YES', 'GET b', 'GET c');
    expect(await toldOf('MSET a 1 b 1 c 1')).toBe(push('b'));
    await rig.ask(one, 'CLIENT CACHING YES', 'MULTI', 'GET a', 'GET b', 'EXEC', 'GET c');
    expect(await toldOf('MSET a 1 b 1 c 1')).toBe(`${push('a')} ${push('b')}`);
    await rig.ask(one, 'CLIENT TRACKING OFF', 'CLIENT TRACKING ON OPTOUT');
    await rig.ask(one, 'CLIENT CACHING NO', 'GET a', 'GET b');
    expect(await toldOf('MSET a 1 b 1')).toBe(push('b'));
  });

  it('keep the choice for a command that waits, and no longer', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON OPTIN', 'CLIENT CACHING YES');
    await rig.ask(one, 'XREAD BLOCK 50 STREAMS s 0');
    await rig.advance(100);
    await rig.ask(one, 'GET k');
    expect(await toldOf('SET k 1', 'XADD s 1-1 f v')).toBe(push('s'));
  });
});

describe('CLIENT TRACKING ON BCAST', () => {
  it('tells at the end of the turn, all keys of a prefix in one message', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON BCAST PREFIX user: PREFIX item:');
    const requests = ['SET user:2 1', 'SET user:1 1', 'SET other 1', 'SET item:1 1', 'DEL user:2'];
    expect(await toldOf(...requests)).toBe(`${push('item:1')} ${push('user:1', 'user:2')}`);
  });

  it('tells a client of its own changes behind all replies of the turn', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON BCAST');
    expect(await rig.ask(one, 'SET a 1', 'SET b 1', 'PING')).toBe(
      `${OK} ${OK} +PONG ${push('a', 'b')}`,
    );
  });

  it('leaves out, with NOLOOP, what the client has changed last itself', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON BCAST NOLOOP');
    expect(await rig.ask(one, 'SET a 1')).toBe(OK);
    expect(await toldOf('SET a 2')).toBe(push('a'));
    await rig.ask(one, 'MULTI', 'SET gone 1 PX 10', 'SET mine 1', 'EXEC');
    await rig.advance(20);
    expect(await rig.ask(one, 'GET gone')).toBe(`_ ${push('gone')}`);
  });

  it('refuses prefixes that overlap, and options that do not go together', async () => {
    const refused = async (options: string) => rig.ask(one, `CLIENT TRACKING ON ${options}`);
    expect(await refused('BCAST PREFIX foobar PREFIX foo')).toBe(
      "-ERR Prefix 'foobar' overlaps with another provided prefix 'foo'. Prefixes for a single client must not overlap.",
    );
    expect(await refused('BCAST PREFIX x PREFIX ab PREFIX a')).toMatch(/^-ERR Prefix 'ab'[^+]*$/);
    expect(await refused('PREFIX a')).toBe('-ERR PREFIX option requires BCAST mode to be enabled');
    expect(await refused('BCAST OPTIN')).toBe(
      '-ERR OPTIN and OPTOUT are not compatible with BCAST',
    );
    expect(await refused('OPTIN OPTOUT')).toBe(
      "-ERR You can't specify both OPTIN mode and OPTOUT mode",
    );
    expect(await refused('REDIRECT 999')).toBe(
      '-ERR The client ID you want redirect to does not exist',
    );
    expect(await refused('REDIRECT x')).toBe('-ERR value is not an integer or out of range');
    expect(await refused('REDIRECT 1 REDIRECT 2')).toBe(
      '-ERR A client can only redirect to a single other client',
    );
    expect(await refused('PREFIX')).toBe('-ERR syntax error');
    expect(await rig.ask(one, 'CLIENT CACHING YES')).toMatch(
      /^-ERR CLIENT CACHING can be called only/,
    );
    await rig.ask(one, 'CLIENT TRACKING ON BCAST PREFIX foo');
    expect(await refused('BCAST PREFIX fo')).toBe(
      "-ERR Prefix 'fo' overlaps with an existing prefix 'foo'. Prefixes for a single client must not overlap.",
    );
    expect(await refused('')).toMatch(/^-ERR You can't switch BCAST mode on\/off/);
    await rig.ask(one, 'CLIENT TRACKING OFF', 'CLIENT TRACKING ON OPTIN');
    expect(await refused('OPTOUT')).toMatch(/^-ERR You can't switch OPTIN\/OPTOUT mode/);
    expect(await rig.ask(one, 'CLIENT CACHING NO')).toMatch(
      /^-ERR CLIENT CACHING NO is only valid/,
    );
    expect(await rig.ask(one, 'CLIENT CACHING MAYBE')).toBe('-ERR syntax error');
  });
});

describe('REDIRECT', () => {
  let third: RigClient;
  let id: string;

  beforeEach(async () => {
    third = rig.connect();
    id = (await rig.ask(third, 'CLIENT ID')).slice(1);
  });

  it('sends messages of RESP2 to a client that is subscribed', async () => {
    await rig.ask(one, 'HELLO 2', `CLIENT TRACKING ON REDIRECT ${id}`, 'GET k');
    await rig.ask(other, 'SET k 1');
    expect(third.taken()).toBe('');
    await rig.ask(third, 'SUBSCRIBE __redis__:invalidate');
    await rig.ask(one, 'GET k');
    await rig.ask(other, 'SET k 2', 'FLUSHALL');
    expect(third.taken()).toBe(`${message('k')} ${message()}`);
    expect(one.taken()).toBe('');
  });

  it('sends pushes to a client of RESP3, behind the reply if it makes the change itself', async () => {
    await rig.ask(third, 'HELLO 3');
    await rig.ask(one, 'HELLO 2', `CLIENT TRACKING ON REDIRECT ${id}`, 'GET k', 'GET l');
    await rig.ask(other, 'SET k 1');
    expect(third.taken()).toBe(push('k'));
    expect(await rig.ask(third, 'PING', 'SET l 1', 'PING')).toBe(`+PONG ${OK} ${push('l')} +PONG`);
  });

  it('tells a client of RESP3 that the other one is gone', async () => {
    await rig.ask(one, `CLIENT TRACKING ON REDIRECT ${id}`, 'GET k');
    third.hangUp();
    await rig.settle();
    expect(await toldOf('SET k 1')).toBe(`>2 $21 tracking-redir-broken :${id}`);
    expect(await rig.ask(one, 'CLIENT TRACKINGINFO')).toBe(
      `%3 $5 flags ~2 $2 on $15 broken_redirect $8 redirect :${id} $8 prefixes *0`,
    );
    expect(await rig.ask(one, 'CLIENT INFO')).toMatch(new RegExp(` flags=tR .* redir=${id} `));
  });
});

describe('what a client can ask', () => {
  it('is what is set: TRACKINGINFO, GETREDIR, LIST', async () => {
    expect(await rig.ask(one, 'CLIENT TRACKINGINFO', 'CLIENT GETREDIR')).toBe(
      '%3 $5 flags ~1 $3 off $8 redirect :-1 $8 prefixes *0 :-1',
    );
    await rig.ask(one, 'CLIENT TRACKING ON BCAST NOLOOP PREFIX b PREFIX a');
    expect(await rig.ask(one, 'CLIENT TRACKINGINFO', 'CLIENT GETREDIR')).toBe(
      '%3 $5 flags ~3 $2 on $5 bcast $6 noloop $8 redirect :0 $8 prefixes *2 $1 a $1 b :0',
    );
    expect(await rig.ask(one, 'CLIENT INFO')).toMatch(/ flags=tB .* redir=0 /);
    await rig.ask(one, 'CLIENT TRACKING OFF', 'CLIENT TRACKING ON OPTIN', 'CLIENT CACHING YES');
    expect(await rig.ask(one, 'CLIENT TRACKINGINFO')).toContain(
      '~3 $2 on $5 optin $11 caching-yes',
    );
  });
});

describe('tracking-table-max-keys', () => {
  it('has keys forgotten before the next command, which is told before its reply', async () => {
    await rig.ask(one, 'CLIENT TRACKING ON', 'MGET a b c');
    expect(rig.info('stats', 'tracking_total_keys')).toBe('3');
    await rig.ask(other, 'CONFIG SET tracking-table-max-keys 2');
    expect(await rig.ask(one, 'PING')).toBe(`${push('a')} +PONG`);
    expect(await rig.ask(one, 'MGET b d', 'PING')).toBe(`*2 _ _ ${push('b')} +PONG`);
    expect(rig.info('stats', 'tracking_total_items')).toBe('2');
  });
});
