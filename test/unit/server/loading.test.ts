/** Loading while clients are connected: who is served meanwhile, and what becomes of bad files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import type { DirectiveOptions } from '../../../src/server/config/directives.js';
import { LoadError } from '../../../src/server/persistence/loading-data.js';
import { silentLog } from '../../../src/server/silent-log.js';
import { writeRdb } from '../../support/rdb-file.js';
import { ToyEngine } from '../../support/toy-engine.js';
import { type RigClient, WaitingRig } from '../../support/waiting-rig.js';

const NOW = 1_700_000_000_000;
/** Microseconds: with this `key-load-delay` a load goes on only when the clock does. */
const SLOW = 1_000_000;
const LOADING = '-LOADING Redis is loading the dataset in memory';

let dir: string;
let rig: WaitingRig;
let lines: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'respd-loading-'));
  lines = [];
});
afterEach(async () => {
  await rig.close();
  rmSync(dir, { recursive: true, force: true });
});

function start(directives: DirectiveOptions = {}): WaitingRig {
  const note = (line: string) => void lines.push(line);
  rig = new WaitingRig(
    { dir, save: [], ...directives },
    { log: { ...silentLog, notice: note, warning: note }, engines: [new ToyEngine()] },
  );
  return rig;
}

function rdbOf(fill: (keyspace: Keyspace) => void): Buffer {
  const keyspace = new Keyspace({ databases: 16, random: () => 0.5 });
  fill(keyspace);
  return writeRdb(keyspace, { compresses: false });
}

function addKey(keyspace: Keyspace, key: string, value: string, expiryMs?: number): void {
  const db = keyspace.databases[0]!;
  const [k, v] = [Buffer.from(key), Buffer.from(value)];
  const e = db.addString(k, 0, k.length, 0, v, 0, v.length);
  if (expiryMs !== undefined) db.setExpiry(e, expiryMs);
}

function saveKeys(count: number): void {
  const bytes = rdbOf((keyspace) => {
    for (let i = 0; i < count; i++) addKey(keyspace, `key:${i}`, 'x'.repeat(100));
  });
  writeFileSync(join(dir, 'dump.rdb'), bytes);
}

/** Writes an append-only log: commands in words, as one incr file. */
function writeLog(...commands: (string | Buffer)[]): string {
  const folder = join(dir, 'appendonlydir');
  mkdirSync(folder);
  const path = join(folder, 'appendonly.aof.1.incr.aof');
  writeFileSync(path, Buffer.concat(commands.map(encode)));
  const manifest = 'file appendonly.aof.1.incr.aof seq 1 type i\n';
  writeFileSync(join(folder, 'appendonly.aof.manifest'), manifest);
  return path;
}

function encode(command: string | Buffer): Buffer {
  if (typeof command !== 'string') return command;
  const words = command.split(' ');
  return Buffer.from(
    `*${words.length}\r\n${words.map((w) => `$${w.length}\r\n${w}\r\n`).join('')}`,
  );
}

/** Loads on until it is done. */
async function finish(load: Promise<boolean>): Promise<void> {
  let isDone = false;
  void load.finally(() => {
    isDone = true;
  });
  while (!isDone) await rig.advance(1000);
  await load;
}

async function loadLog(directives: DirectiveOptions = {}): Promise<RigClient> {
  start({ appendonly: true, appendfsync: 'no', ...directives });
  await rig.server.load();
  return rig.connect();
}

describe('While data are loaded', () => {
  const slowly = { 'key-load-delay': SLOW, 'loading-process-events-interval-bytes': 1024 };

  test('commands that need them are refused, and others are answered', async () => {
    saveKeys(100);
    start(slowly);
    const client = rig.connect();
    const load = rig.server.load();
    expect(await rig.ask(client, 'GET key:1', 'PING', 'SET a b', 'ECHO x')).toBe(
      `${LOADING} ${LOADING} ${LOADING} $1 x`,
    );
    expect(await rig.ask(client, 'SELECT 3', 'CLIENT SETNAME me')).toBe('+OK +OK');
    expect(await rig.ask(client, 'CONFIG SET appendonly yes')).toBe(LOADING);
    expect(await rig.ask(client, 'CONFIG SET loglevel debug')).toBe('+OK');
    await finish(load);
    expect(await rig.ask(client, 'SELECT 0', 'DBSIZE', 'PING')).toBe('+OK :100 +PONG');
  });

  test('a transaction is refused if one of its commands would be', async () => {
    saveKeys(100);
    start(slowly);
    const [early, late] = [rig.connect(), rig.connect()];
    expect(await rig.ask(early, 'MULTI', 'GET key:1')).toBe('+OK +QUEUED');
    const load = rig.server.load();
    expect(await rig.ask(early, 'EXEC')).toBe(
      `-EXECABORT Transaction discarded because of: ${LOADING.slice(1)}`,
    );
    expect(await rig.ask(late, 'MULTI', 'GET key:1', 'EXEC')).toBe(
      `+OK ${LOADING} -EXECABORT Transaction discarded because of previous errors.`,
    );
    expect(await rig.ask(late, 'MULTI', 'CLIENT ID', 'EXEC')).toBe('+OK +QUEUED *1 :2');
    await finish(load);
  });

  test('INFO tells how far it has come, and afterwards what it has brought', async () => {
    saveKeys(100);
    start(slowly);
    const load = rig.server.load();
    await rig.settle();
    const info = (field: string) => Number(rig.info('persistence', field));
    const total = readFileSync(join(dir, 'dump.rdb')).length;
    expect(info('loading')).toBe(1);
    expect(info('loading_start_time')).toBe(NOW / 1000);
    expect(info('loading_total_bytes')).toBe(total);
    const before = info('loading_loaded_bytes');
    expect(before).toBeGreaterThan(0);
    await rig.advance(60_000);
    expect(info('loading_loaded_bytes')).toBeGreaterThan(before);
    expect(info('loading_loaded_perc')).toBeCloseTo(
      (info('loading_loaded_bytes') / total) * 100,
      1,
    );
    expect(info('loading_eta_seconds')).toBeGreaterThan(0);
    expect(info('rdb_last_load_keys_loaded')).toBeGreaterThan(0);
    await finish(load);
    expect(info('loading')).toBe(0);
    expect(rig.info('persistence', 'loading_loaded_bytes')).toBeUndefined();
    expect(info('rdb_last_load_keys_loaded')).toBe(100);
  });

  test('that goes for DEBUG RELOAD, too, whose client waits', async () => {
    saveKeys(100);
    start({ 'enable-debug-command': 'yes', 'loading-process-events-interval-bytes': 1024 });
    await rig.server.load();
    const [one, other] = [rig.connect(), rig.connect()];
    await rig.ask(one, `CONFIG SET key-load-delay ${SLOW}`);
    expect(await rig.ask(one, 'DEBUG RELOAD NOSAVE', 'PING')).toBe('');
    expect(await rig.ask(other, 'GET key:1')).toBe(LOADING);
    for (let i = 0; i < 100 && rig.server.loading.isActive; i++) await rig.advance(10_000);
    await rig.settle();
    expect(one.taken()).toBe('+OK +PONG');
    expect(await rig.ask(other, 'DBSIZE')).toBe(':100');
    // In a transaction nobody can wait, and so all others do.
    await rig.ask(one, 'CONFIG SET key-load-delay -1000000');
    expect(await rig.ask(one, 'MULTI', 'DEBUG RELOAD NOSAVE', 'EXEC')).toBe('+OK +QUEUED *1 +OK');
  });

  test('a load can be stopped, and does not go on', async () => {
    saveKeys(100);
    start(slowly);
    const load = rig.server.load();
    await rig.settle();
    await rig.server.stop();
    expect(await load).toBe(false);
    expect(rig.server.keyspace.databases[0]!.size).toBeLessThan(100);
  });

  test('nothing expires', async () => {
    writeFileSync(
      join(dir, 'dump.rdb'),
      rdbOf((keyspace) => {
        for (let i = 0; i < 50; i++) addKey(keyspace, `k${i}`, 'x'.repeat(100), NOW + 5000);
      }),
    );
    start(slowly);
    const load = rig.server.load();
    await finish(load);
    expect(rig.clock.ms).toBeGreaterThan(NOW + 5000);
    expect(rig.server.keyspace.databases[0]!.size).toBe(50);
    const client = rig.connect();
    expect(await rig.ask(client, 'EXISTS k1')).toBe(':0');
  });
});

describe('An RDB file', () => {
  test('that is not there is no data, and takes no time', async () => {
    start();
    expect(await rig.server.load()).toBe(true);
    expect(lines).toEqual([]);
  });

  test('loses the keys that are due', async () => {
    writeFileSync(
      join(dir, 'dump.rdb'),
      rdbOf((keyspace) => {
        addKey(keyspace, 'late', 'x', NOW - 1);
        addKey(keyspace, 'soon', 'x', NOW + 1000);
      }),
    );
    start();
    await rig.server.load();
    expect(lines.join('\n')).toMatch(
      /Done loading RDB, keys loaded: 1, keys expired: 1\.\nDB loaded/,
    );
    expect(rig.info('persistence', 'rdb_last_load_keys_expired')).toBe('1');
  });

  test('that is damaged ends the start: where, which key, why', async () => {
    saveKeys(3);
    const bytes = readFileSync(join(dir, 'dump.rdb'));
    const at = bytes.indexOf('key:1') - 2;
    bytes[at] = 99;
    writeFileSync(join(dir, 'dump.rdb'), bytes);
    start();
    const error = (await rig.server.load().catch((thrown) => thrown)) as LoadError;
    expect(error).toBeInstanceOf(LoadError);
    expect(error.message).toMatch(/dump\.rdb is damaged: offset \d+ .*99 is neither a type nor an/);
    expect(error.lastWords).toBe('Terminating server after rdb file reading failure.');
    expect(lines[1]).toMatch(/^Internal error in RDB reading offset \d+/);
    expect(rig.server.loading.isActive).toBe(false);
  });

  test('that ends early ends the start', async () => {
    saveKeys(3);
    const bytes = readFileSync(join(dir, 'dump.rdb'));
    writeFileSync(join(dir, 'dump.rdb'), bytes.subarray(0, bytes.length - 20));
    start();
    await expect(rig.server.load()).rejects.toThrow(/damaged: offset \d+/);
  });

  test('that can not be read ends the start', async () => {
    mkdirSync(join(dir, 'dump.rdb'));
    start();
    await expect(rig.server.load()).rejects.toThrow(/can't be read: Is a directory/);
    expect(lines.join('\n')).toMatch(/Fatal error: can't open the RDB file .*: Is a directory/);
  });

  test('can be loaded anew, over the keys that are there', async () => {
    saveKeys(2);
    start({ 'enable-debug-command': 'yes' });
    await rig.server.load();
    const client = rig.connect();
    await rig.ask(client, 'SET key:1 changed', 'SET own x');
    expect(await rig.ask(client, 'DEBUG RELOAD NOSAVE MERGE NOFLUSH', 'GETRANGE key:1 0 0')).toBe(
      '+OK $1 x',
    );
    expect(await rig.ask(client, 'DBSIZE', 'DEBUG RELOAD NOSAVE', 'DBSIZE')).toBe(':3 +OK :2');
  });
});

describe('An append-only log', () => {
  test('is carried out, transactions and all', async () => {
    writeLog(
      'SELECT 2',
      'SET a 1',
      'MULTI',
      'INCR a',
      'INCR a',
      'EXEC',
      'XGROUP CREATE s g 0 MKSTREAM',
    );
    const client = await loadLog();
    expect(await rig.ask(client, 'SELECT 2', 'GET a', 'TYPE s')).toBe('+OK $1 3 +stream');
    expect(lines.join('\n')).toMatch(
      /DB loaded from incr file .*\nDB loaded from append only file: /,
    );
  });

  test('does not count what a MULTI without EXEC has begun, and is cut back to there', async () => {
    const path = writeLog('SET a 1', 'MULTI', 'SET a 2');
    const client = await loadLog();
    expect(await rig.ask(client, 'GET a')).toBe('$1 1');
    expect(readFileSync(path, 'latin1')).toBe(encode('SET a 1').toString('latin1'));
    expect(lines.join('\n')).toMatch(/Revert incomplete MULTI\/EXEC transaction in AOF file/);
  });

  test('keeps what is due until its own deletions come', async () => {
    const past = NOW - 1000;
    writeLog(
      'SET a 1',
      `PEXPIREAT a ${past}`,
      'INCR a',
      `SET b 1 PXAT ${past}`,
      'APPEND b 2',
      `SET c 1 PXAT ${past}`,
      'PERSIST c',
      'HSET h f 1',
      `HPEXPIREAT h ${past} FIELDS 1 f`,
      'HINCRBY h f 1',
      'HPERSIST h FIELDS 1 f',
    );
    const client = await loadLog();
    expect(rig.server.keyspace.databases[0]!.size).toBe(4);
    expect(await rig.ask(client, 'GET a', 'GET b', 'GET c', 'HGET h f')).toBe('$-1 $-1 $1 1 $1 2');
  });

  test('of a Redis before 7.0 is moved into the folder and loaded', async () => {
    writeFileSync(join(dir, 'appendonly.aof'), encode('SET a old'));
    const client = await loadLog();
    expect(await rig.ask(client, 'GET a')).toBe('$3 old');
    expect(lines[0]).toBe(
      'Successfully migrated an old-style AOF file (appendonly.aof) into the AOF directory ' +
        '(appendonlydir).',
    );
  });

  test('with a command that is none ends the start', async () => {
    writeLog('SET a 1', 'BLA b');
    await expect(loadLog()).rejects.toThrow(/Unknown command 'BLA' reading the append only file/);
    expect(lines.at(-1)).toMatch(/^Unknown command 'BLA' reading the append only file appendonly/);
  });

  test('with a command that fails is reported, and gone on with', async () => {
    writeLog('SET a x', 'INCR a', 'SET b y');
    const client = await loadLog();
    expect(await rig.ask(client, 'GET b')).toBe('$1 y');
    expect(lines.join('\n')).toMatch(
      /== CRITICAL == This server is sending an error to its AOF-loading-client: 'ERR value is not an integer or out of range' after processing the command 'incr'/,
    );
    expect(rig.info('stats', 'unexpected_error_replies')).toBe('1');
  });

  test('with a manifest that is none ends the start, wanted or not', async () => {
    mkdirSync(join(dir, 'appendonlydir'));
    writeFileSync(join(dir, 'appendonlydir', 'appendonly.aof.manifest'), 'bla\n');
    start();
    await expect(rig.server.load()).rejects.toThrow(LoadError);
  });

  test('is left while one of its scripts takes its time, so that others are answered', async () => {
    const script = '#!toy\ncall SET k early\npause 50\ncall SET k late';
    const words = ['EVAL', script, '0'].map((word) => `$${word.length}\r\n${word}\r\n`);
    writeLog('SET a 1', Buffer.from(`*3\r\n${words.join('')}`), 'RENAME k after');
    start({ appendonly: true, appendfsync: 'no' });
    const load = rig.server.load();
    const client = rig.connect();
    expect(await rig.ask(client, 'GET k')).toBe(LOADING);
    await load;
    expect(await rig.ask(client, 'MGET a after')).toBe('*2 $1 1 $4 late');
  });

  test('does not make anybody wait who waits for keys', async () => {
    writeLog('BLPOP list 0', 'SET a 1');
    const client = await loadLog();
    expect(await rig.ask(client, 'GET a')).toBe('$1 1');
    expect(rig.info('clients', 'blocked_clients')).toBe('0');
  });

  test('is loaded anew in the middle of a pipeline, and grows no longer by that', async () => {
    const path = writeLog('SET a 1');
    const client = await loadLog({ 'enable-debug-command': 'yes' });
    const answers = await rig.ask(client, 'SET b 2', 'ECHO x', 'DEBUG LOADAOF', 'MGET a b', 'PING');
    expect(answers).toBe('+OK $1 x +OK *2 $1 1 $1 2 +PONG');
    expect(await rig.ask(client, 'SET c 3')).toBe('+OK');
    const file = readFileSync(path, 'latin1');
    expect(file.match(/SET/g)).toHaveLength(3);
    expect(file).not.toContain('LOADAOF');
  });
});
