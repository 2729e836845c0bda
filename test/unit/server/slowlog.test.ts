/** The slow log as a list: what it keeps of a request, and how many. */
import { describe, expect, test } from 'vitest';
import { Args } from '../../../src/resp/args.js';
import type { Client } from '../../../src/server/api/client.js';
import type { CommandSpec } from '../../../src/server/api/command.js';
import { RegisteredCommand } from '../../../src/server/command-table.js';
import { SlowLog } from '../../../src/server/slowlog.js';

const CLIENT = { addr: '127.0.0.1:1234', name: 'me' } as Client;
const SPEC: CommandSpec = {
  name: 'sadd',
  summary: '',
  since: '1.0.0',
  group: 'set',
  complexity: '',
  arity: -1,
  flags: [],
  reply: 'integer',
  run: () => {},
};
const SADD = new RegisteredCommand(SPEC, undefined);
const AUTH = new RegisteredCommand({ ...SPEC, name: 'auth', secrets: () => [1, 2] }, undefined);

function slowLog(maxLength = 3): SlowLog {
  return new SlowLog(
    () => 1_700_000_000_999,
    () => maxLength,
  );
}

/** The arguments of the newest entry, as texts. */
function kept(log: SlowLog): string[] {
  return log.newest(1)[0]!.args.map((arg) => Buffer.from(arg).toString('latin1'));
}

describe('the slow log', () => {
  test('tells when, how long, what, and by whom', () => {
    const log = slowLog();
    log.add(CLIENT, SADD, Args.from(['sadd', 'k', 'v']), 1234.9);
    expect(log.newest(10)).toEqual([
      {
        id: 0,
        timeSec: 1_700_000_000,
        usec: 1234,
        args: ['sadd', 'k', 'v'].map((text) => Buffer.from(text)),
        addr: '127.0.0.1:1234',
        clientName: 'me',
      },
    ]);
  });

  test('has the newest first and forgets the oldest', () => {
    const log = slowLog(3);
    for (let i = 0; i < 5; i++) log.add(CLIENT, SADD, Args.from(['sadd']), i);
    expect(log.length).toBe(3);
    expect(log.newest(10).map(({ id }) => id)).toEqual([4, 3, 2]);
    expect(log.newest(2).map(({ usec }) => usec)).toEqual([4, 3]);
  });

  test('goes on counting its entries after a reset', () => {
    const log = slowLog();
    log.add(CLIENT, SADD, Args.from(['sadd']), 1);
    log.reset();
    expect(log.length).toBe(0);
    log.add(CLIENT, SADD, Args.from(['sadd']), 1);
    expect(log.newest(1)[0]!.id).toBe(1);
  });

  test('keeps nothing when its length is 0', () => {
    const log = slowLog(0);
    log.add(CLIENT, SADD, Args.from(['sadd']), 1);
    expect(log.newest(-1 >>> 1)).toEqual([]);
  });

  test('keeps 32 arguments whole, and of more the first 31', () => {
    const log = slowLog();
    const words = Array.from({ length: 33 }, (_, i) => `a${i}`);
    log.add(CLIENT, SADD, Args.from(words.slice(0, 32)), 1);
    expect(kept(log)).toEqual(words.slice(0, 32));
    log.add(CLIENT, SADD, Args.from(words), 1);
    expect(kept(log)).toEqual([...words.slice(0, 31), '... (2 more arguments)']);
  });

  test('keeps 128 bytes of an argument', () => {
    const log = slowLog();
    log.add(CLIENT, SADD, Args.from(['x'.repeat(128), 'y'.repeat(138)]), 1);
    expect(kept(log)).toEqual(['x'.repeat(128), `${'y'.repeat(128)}... (10 more bytes)`]);
  });

  test('keeps copies, not the bytes of the read buffer', () => {
    const log = slowLog();
    const args = Args.from(['sadd', 'key']);
    log.add(CLIENT, SADD, args, 1);
    args.buf.fill(0);
    expect(kept(log)).toEqual(['sadd', 'key']);
  });

  test('hides what is secret', () => {
    const log = slowLog();
    log.add(CLIENT, AUTH, Args.from(['auth', 'me', 'secret']), 1);
    expect(kept(log)).toEqual(['auth', '(redacted)', '(redacted)']);
  });
});
