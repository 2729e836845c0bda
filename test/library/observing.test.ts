/** MONITOR, SLOWLOG and LATENCY, as clients see them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { ask, RespClient, run, showReply } from '../support/resp-client.js';

let server: RespdServer;
let one: RespClient;
let other: RespClient;

beforeEach(async () => {
  server = await createServer({
    port: 0,
    'enable-debug-command': 'yes',
    'slowlog-log-slower-than': 0,
  });
  one = await RespClient.connect(server.port);
  other = await RespClient.connect(server.port);
});

afterEach(async () => {
  one.close();
  other.close();
  await server.close();
});

/** The requests in the slow log, oldest first. */
async function slow(): Promise<string[]> {
  const reply = await other.send('SLOWLOG', 'GET', '-1');
  if (reply.kind !== 'array') throw new Error(showReply(reply));
  return reply.items.reverse().map((entry) => {
    const args = entry.kind === 'array' ? entry.items[3] : undefined;
    if (args?.kind !== 'array') throw new Error(showReply(entry));
    return args.items.map((arg) => (arg.kind === 'bulk' ? arg.bytes.toString() : '')).join(' ');
  });
}

describe('a client that monitors', () => {
  /** What it is told, without time and address. */
  async function told(lines: number): Promise<string[]> {
    const found: string[] = [];
    while (found.length < lines) {
      const line = showReply((await one.nextOutOfBand()).reply);
      expect(line).toMatch(/^\+\d{10}\.\d{6} \[\d+ [^ ]+\] "/);
      found.push(line.replace(/^\S+ \[(\d+) \S+\]/, '$1'));
    }
    return found;
  }

  it('is told of every command that has run, by database', async () => {
    expect(await ask(one, 'MONITOR')).toBe('+OK');
    await run(other, 'SET k v', 'SELECT 3', 'GET k');
    expect(await told(3)).toEqual(['0 "SET" "k" "v"', '3 "SELECT" "3"', '3 "GET" "k"']);
  });

  it('is told of a transaction when it runs, EXEC last', async () => {
    await ask(one, 'MONITOR');
    await run(other, 'MULTI', 'SET k v', 'EXEC');
    expect(await told(3)).toEqual(['0 "MULTI"', '0 "SET" "k" "v"', '0 "EXEC"']);
  });

  it('is told once of a command that waits', async () => {
    await ask(one, 'MONITOR');
    const third = await RespClient.connect(server.port);
    const popped = ask(third, 'BLPOP list 0');
    await run(other, 'PING', 'LPUSH list x');
    await popped;
    await ask(other, 'PING');
    third.close();
    const lines = await told(4);
    expect(lines.filter((line) => line.includes('BLPOP'))).toHaveLength(1);
    expect(lines.at(-1)).toBe('0 "PING"');
  });

  it('is not told of what is refused, nor of administration', async () => {
    await ask(one, 'MONITOR');
    await run(other, 'NOSUCH', 'GET', 'CONFIG GET port', 'SLOWLOG LEN', 'PING');
    expect(await told(1)).toEqual(['0 "PING"']);
  });

  it('does not learn secrets', async () => {
    await ask(one, 'MONITOR');
    await run(other, 'AUTH me secret', 'HELLO 3 AUTH me secret');
    expect(await told(2)).toEqual([
      '0 "AUTH" "(redacted)" "(redacted)"',
      '0 "HELLO" "3" "AUTH" "(redacted)" "(redacted)"',
    ]);
  });

  it('sees bytes as C writes them', async () => {
    await ask(one, 'MONITOR');
    await other.send('ECHO', Buffer.from([0, 7, 10, 34, 92, 255]));
    expect(await told(1)).toEqual(['0 "ECHO" "\\x00\\a\\n\\"\\\\\\xff"']);
  });

  it('may not touch data, and is told of its own commands behind their replies', async () => {
    await ask(one, 'MONITOR');
    expect(await ask(one, 'GET k')).toBe("-ERR Replica can't interact with the keyspace");
    expect(await ask(one, 'PING')).toBe('+PONG');
    expect(await told(1)).toEqual(['0 "PING"']);
  });

  it('is one no more after RESET', async () => {
    expect(await run(one, 'MONITOR', 'RESET')).toBe('+RESET');
    await ask(other, 'PING');
    expect(await run(one, 'GET k')).toBe('null-bulk');
  });

  it('has the letter O', async () => {
    await ask(one, 'MONITOR');
    expect(await ask(other, 'CLIENT LIST')).toMatch(/ flags=O /);
  });

  it('cannot begin inside of a transaction', async () => {
    expect(await run(one, 'MULTI', 'MONITOR', 'EXEC')).toBe(
      "[-ERR MONITOR isn't allowed for DENY BLOCKING client]",
    );
  });
});

describe('the slow log', () => {
  it('has every command when its threshold is 0, also of a pipeline', async () => {
    await ask(other, 'SLOWLOG RESET');
    await Promise.all([ask(one, 'SET k v'), ask(one, 'GET k'), ask(one, 'KEYS *')]);
    expect(await slow()).toEqual(['SLOWLOG RESET', 'SET k v', 'GET k', 'KEYS *']);
  });

  it('has what a transaction runs, but neither EXEC nor what is queued or refused', async () => {
    await ask(other, 'SLOWLOG RESET');
    await run(one, 'MULTI', 'SET k v', 'EXEC', 'GET', 'NOSUCH');
    expect(await slow()).toEqual(['SLOWLOG RESET', 'MULTI', 'SET k v']);
  });

  it('has a command that waits once, when it is served', async () => {
    await ask(other, 'SLOWLOG RESET');
    const popped = ask(one, 'BLPOP list 0');
    await ask(other, 'PING');
    expect(await slow()).toEqual(['SLOWLOG RESET', 'PING']);
    await ask(other, 'LPUSH list x');
    await popped;
    expect((await slow()).filter((line) => line.startsWith('BLPOP'))).toEqual(['BLPOP list 0']);
  });

  it('has only what is slow, and can be switched off', async () => {
    await run(other, 'CONFIG SET slowlog-log-slower-than 10000', 'SLOWLOG RESET');
    await run(one, 'PING', 'DEBUG SLEEP 0.02');
    expect(await slow()).toEqual(['DEBUG SLEEP 0.02']);
    await run(other, 'CONFIG SET slowlog-log-slower-than -1', 'SLOWLOG RESET');
    await run(one, 'DEBUG SLEEP 0.02');
    expect(await slow()).toEqual([]);
  });

  it('is cut when its length is lowered', async () => {
    await run(one, 'PING', 'PING', 'PING', 'PING');
    await ask(other, 'CONFIG SET slowlog-max-len 2');
    expect(await ask(other, 'SLOWLOG LEN')).toBe(':2');
  });

  it('refuses a count below -1', async () => {
    const error = '-ERR count should be greater than or equal to -1';
    expect(await ask(one, 'SLOWLOG GET -2')).toBe(error);
    expect(await ask(one, 'SLOWLOG GET x')).toBe(error);
    expect(await ask(one, 'SLOWLOG GET 0')).toBe('[]');
  });
});

describe('latency monitoring', () => {
  it('notes slow commands by kind, and forgets them', async () => {
    await run(one, 'CONFIG SET latency-monitor-threshold 10', 'DEBUG SLEEP 0.03');
    expect(await ask(one, 'LATENCY HISTORY command')).toMatch(/^\[\[:\d{10} :[34]\d\]\]$/);
    expect(await ask(one, 'LATENCY LATEST')).toMatch(/^\[\["command" :\d{10} :(\d+) :\1\]/);
    expect(await ask(one, 'LATENCY HISTORY nosuch')).toBe('[]');
    expect(await ask(one, 'LATENCY RESET nosuch command')).toBe(':1');
    await ask(one, 'LATENCY RESET');
    expect(await ask(one, 'LATENCY LATEST')).toBe('[]');
    expect(await ask(one, 'LATENCY GRAPH command')).toBe(
      "-ERR No samples available for event 'command'",
    );
  });

  it('counts the calls that have run, by command and subcommand', async () => {
    await run(one, 'CONFIG RESETSTAT', 'SET k v', 'SET k v', 'SET', 'CLIENT ID', 'MULTI', 'GET k');
    await ask(one, 'DISCARD');
    const calls = async (names: string) =>
      (await ask(one, `LATENCY HISTOGRAM ${names}`)).match(/"calls" :\d+/g);
    expect(await calls('set')).toEqual(['"calls" :2']);
    expect(await calls('client nosuch')).toEqual(['"calls" :1']);
    expect(await calls('client|id')).toEqual(['"calls" :1']);
    expect(await ask(one, 'LATENCY HISTOGRAM get')).toBe('[]');
  });
});

describe('what is counted', () => {
  const field = async (name: string, section: string) =>
    new RegExp(`${name}:([^\\\\\r]*)`).exec(await ask(other, `INFO ${section}`))?.[1];

  it('is what has run, also in a transaction, and EXEC has not failed with it', async () => {
    const before = Number(await field('total_commands_processed', 'stats'));
    await run(
      one,
      'MULTI',
      'SET k v',
      'INCR k',
      'EXEC',
      'NOSUCH',
      'GET',
      'MULTI',
      'GET k',
      'DISCARD',
    );
    const after = Number(await field('total_commands_processed', 'stats'));
    expect(after - before).toBe(1 + 6); // the first INFO; MULTI SET INCR EXEC MULTI DISCARD
    expect(await field('cmdstat_exec', 'commandstats')).toContain('failed_calls=0');
    expect(await field('cmdstat_incr', 'commandstats')).toContain('failed_calls=1');
    expect(await field('cmdstat_get', 'commandstats')).toMatch(/calls=0,usec=0,.*rejected_calls=1/);
  });

  it('is the longest turn of the event loop', async () => {
    await run(one, 'DEBUG SLEEP 0.3', 'CONFIG RESETSTAT');
    await run(one, 'CLIENT REPLY ON', 'PING');
    await new Promise((done) => setTimeout(done, 60));
    expect(Number(await field('eventloop_duration_max', 'debug'))).toBeLessThan(250_000);
    await ask(one, 'DEBUG SLEEP 0.3');
    expect(Number(await field('eventloop_duration_max', 'debug'))).toBeGreaterThan(299_000);
  });
});
