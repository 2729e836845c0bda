import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Keyspace } from '../../../../src/keyspace/keyspace.js';
import type { DirectiveOptions } from '../../../../src/server/config/directives.js';
import { silentLog } from '../../../../src/server/silent-log.js';
import { InProcessLauncher } from '../../../support/in-process-worker.js';
import { readRdb } from '../../../support/rdb-file.js';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

const MISCONF = /^-MISCONF Redis is configured to save RDB snapshots, but it's currently unable/;

let directory: string;
let workers: InProcessLauncher;
let rig: WaitingRig;
let client: RigClient;
let logged: string[];

function start(directives: DirectiveOptions = {}): void {
  workers = new InProcessLauncher();
  logged = [];
  const note = (text: string) => void logged.push(text);
  const log = { ...silentLog, notice: note, warning: note };
  rig = new WaitingRig({ dir: directory, save: [], ...directives }, { workers, log });
  rig.server.cron.start();
  client = rig.connect();
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'respd-saves-'));
});

afterEach(async () => {
  await rig.close();
  rmSync(directory, { recursive: true, force: true });
});

const ask = (...requests: string[]) => rig.ask(client, ...requests);
const field = (name: string) => rig.info('persistence', name);

/** A request too long for a line. */
function asBulks(...args: string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** Lets what is under way come to its end. */
async function finish(): Promise<void> {
  for (let i = 0; i < 500 && rig.server.storage.snapshots.active !== undefined; i++)
    await rig.settle();
  expect(rig.server.storage.snapshots.active).toBeUndefined();
}

function load(): Keyspace {
  const keyspace = new Keyspace({ databases: 16, random: () => 0.5 });
  const reader = readRdb(keyspace, readFileSync(join(directory, 'dump.rdb')), { now: 0 });
  expect(reader.fault).toBeUndefined();
  return keyspace;
}

function stringOf(keyspace: Keyspace, key: string): string | undefined {
  const db = keyspace.databases[0]!;
  const bytes = Buffer.from(key);
  const e = db.find(bytes, 0, bytes.length, 0);
  return e === 0 ? undefined : db.stringBytes(e).toString('latin1');
}

describe('BGSAVE', () => {
  it('saves what was there when it was asked, and says so', async () => {
    start();
    await ask('SET a 1', 'SET b 2');
    expect(await ask('BGSAVE', 'SET a changed', 'DEL b', 'SET c 3')).toBe(
      '+Background saving started +OK :1 +OK',
    );
    expect(field('rdb_bgsave_in_progress')).toBe('1');
    await finish();
    expect(readdirSync(directory)).toEqual(['dump.rdb']);
    expect(['a', 'b', 'c'].map((key) => stringOf(load(), key))).toEqual(['1', '2', undefined]);
    expect(logged.slice(-3)).toEqual([
      'Background saving started by pid 10000',
      'DB saved on disk',
      'Background saving terminated with success',
    ]);
  });

  it('leaves the changes since its cut to be saved yet', async () => {
    start();
    await ask('SET a 1', 'SET b 2');
    expect(field('rdb_changes_since_last_save')).toBe('2');
    await ask('BGSAVE', 'SET a 2');
    expect(field('rdb_changes_since_last_save')).toBe('3');
    await finish();
    expect(field('rdb_changes_since_last_save')).toBe('1');
  });

  it('is refused while another is under way, and so is SAVE', async () => {
    start();
    workers.startsStuck = true;
    await ask('SET a 1', 'BGSAVE');
    const error = '-ERR Background save already in progress';
    expect(await ask('BGSAVE', 'BGSAVE SCHEDULE', 'SAVE')).toBe(`${error} ${error} ${error}`);
    expect(await ask('BGSAVE NOW')).toBe('-ERR syntax error');
    workers.last.release();
    await finish();
  });

  it('begins after the transaction that it is part of', async () => {
    start();
    expect(await ask('MULTI', 'BGSAVE', 'SET a 1', 'EXEC')).toContain(
      '+Background saving scheduled',
    );
    expect(rig.server.storage.snapshots.active).toBeUndefined();
    await rig.advance(200);
    await finish();
    expect(stringOf(load(), 'a')).toBe('1');
  });

  it('fails alone when no process can be started', async () => {
    start();
    workers.failure = 'Resource temporarily unavailable';
    expect(await ask('BGSAVE', 'PING')).toBe('-ERR +PONG');
    expect(field('rdb_last_bgsave_status')).toBe('err');
    expect(logged).toContain("Can't save in background: fork: Resource temporarily unavailable");
  });

  it('fails alone when the file cannot be written, and says why as Redis does', async () => {
    start();
    writeFileSync(join(directory, 'file'), '');
    await ask('SET a 1');
    rig.server.config.force('dir', join(directory, 'file'));
    expect(await ask('BGSAVE')).toBe('+Background saving started');
    await finish();
    expect(logged.slice(-2)).toEqual([
      `Failed opening the temp RDB file temp-10000.rdb (in server root dir ${directory}/file) for ` +
        'saving: Not a directory',
      'Background saving error',
    ]);
    expect(field('rdb_last_bgsave_status')).toBe('err');
    expect(await ask('SET a 2')).toBe('+OK');
  });

  it('that is killed leaves nothing behind', async () => {
    start();
    workers.startsStuck = true;
    await ask('SET a 1', 'BGSAVE');
    writeFileSync(join(directory, 'temp-10000.rdb'), 'half a file');
    workers.last.kill();
    await finish();
    expect(readdirSync(directory)).toEqual([]);
    expect(logged.at(-1)).toBe('Background saving terminated by signal 9');
    expect(field('rdb_last_bgsave_status')).toBe('err');
  });

  it('goes on while the worker is slow, and keeps little waiting for it', async () => {
    start({ 'enable-debug-command': 'yes' });
    await ask('DEBUG POPULATE 100000 key 100');
    workers.startsStuck = true;
    await ask('BGSAVE');
    const worker = workers.last;
    // The job itself is stuck as well, so the walk has not begun.
    expect(rig.server.storage.snapshots.processed).toBe(0);
    worker.release();
    await finish();
    expect(load().databases[0]!.size).toBe(100_000);
  });

  it('tells how far it is', async () => {
    start({ 'rdb-key-save-delay': 1000 });
    await ask('MSET a 1 b 2 c 3 d 4', 'BGSAVE');
    await rig.advance(1);
    expect(field('current_save_keys_total')).toBe('4');
    const processed = Number(field('current_save_keys_processed'));
    expect(processed).toBeGreaterThan(0);
    expect(processed).toBeLessThan(4);
    for (let i = 0; i < 10; i++) await rig.advance(1);
    expect(field('current_save_keys_total')).toBe('0');
  });

  it('writes long strings piece by piece, and compresses them like others', async () => {
    start();
    const long = 'many words of a long text, '.repeat(20_000).replaceAll(' ', '_');
    await ask(
      asBulks('SET', 'long', long),
      `SET short ${long.slice(0, 300)}`,
      'BGSAVE',
      'SET long gone',
    );
    await finish();
    expect(stringOf(load(), 'long')).toBe(long);
    expect(stringOf(load(), 'short')).toBe(long.slice(0, 300));
    expect(readFileSync(join(directory, 'dump.rdb')).length).toBeLessThan(long.length / 10);
  });

  it('compresses nothing with rdbcompression no', async () => {
    start({ rdbcompression: false });
    await ask(asBulks('SET', 'long', 'x'.repeat(100_000)), 'BGSAVE');
    await finish();
    expect(readFileSync(join(directory, 'dump.rdb')).length).toBeGreaterThan(100_000);
    expect(stringOf(load(), 'long')).toBe('x'.repeat(100_000));
  });

  it('writes the version that rdb-version names', async () => {
    start({ 'rdb-version': '9' });
    await ask('RPUSH list a b c', 'BGSAVE');
    await finish();
    expect(readFileSync(join(directory, 'dump.rdb'), 'latin1').slice(0, 9)).toBe('REDIS0009');
    expect(load().databases[0]!.size).toBe(1);
  });
});

describe('A database', () => {
  it('that is emptied key by key and filled again during a save is saved as it was', async () => {
    start({ 'rdb-key-save-delay': 1000 });
    await ask('MSET a 1 b 2 c 3', 'BGSAVE');
    await ask('DEL a', 'DEL b', 'DEL c', 'MSET x 1 y 2 z 3');
    for (let i = 0; i < 10; i++) await rig.advance(1);
    await finish();
    const saved = load();
    expect(['a', 'b', 'c', 'x', 'y', 'z'].map((key) => stringOf(saved, key))).toEqual([
      '1',
      '2',
      '3',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('that is flushed during a save is saved as it was, and its memory given back', async () => {
    start({ 'rdb-key-save-delay': 1000 });
    await ask('MSET a 1 b 2 c 3', 'SELECT 3', 'SET d 4', 'BGSAVE', 'FLUSHDB', 'SET e 5');
    for (let i = 0; i < 10; i++) await rig.advance(1);
    await finish();
    expect(
      load()
        .databases.map((db) => db.size)
        .slice(0, 4),
    ).toEqual([3, 0, 0, 1]);
    expect(await ask('DBSIZE', 'GET e')).toBe(':1 $1 5');
  });
});

describe('Save points', () => {
  const save = [{ seconds: 60, changes: 2 }];

  it('save when enough has changed for long enough', async () => {
    start({ save });
    await ask('SET a 1', 'SET b 2');
    await rig.advance(60_000);
    expect(field('rdb_saves')).toBe('0');
    await rig.advance(1_100);
    await finish();
    expect(logged).toContain('2 changes in 60 seconds. Saving...');
    expect(field('rdb_saves')).toBe('1');
    expect(stringOf(load(), 'b')).toBe('2');
  });

  it('try again five seconds after a save has failed', async () => {
    start({ save });
    workers.failure = 'Resource temporarily unavailable';
    await ask('SET a 1', 'SET b 2');
    await rig.advance(61_100);
    expect(field('rdb_saves')).toBe('1');
    await rig.advance(4_000);
    expect(field('rdb_saves')).toBe('1');
    workers.failure = undefined;
    await rig.advance(2_500);
    await finish();
    expect(field('rdb_saves')).toBe('2');
    expect(field('rdb_last_bgsave_status')).toBe('ok');
  });

  it('refuse writes while the last save has failed, and let them through after the next', async () => {
    start({ save });
    workers.startsStuck = true;
    await ask('SET a 1', 'BGSAVE');
    workers.last.kill();
    await finish();
    expect(await ask('SET a 2')).toMatch(MISCONF);
    expect(await ask('PING')).toMatch(MISCONF);
    expect(await ask('GET a')).toBe('$1 1');
    await ask('CONFIG SET stop-writes-on-bgsave-error no');
    expect(await ask('SET a 2')).toBe('+OK');
    await ask('CONFIG SET stop-writes-on-bgsave-error yes');
    expect(await ask('SET a 3')).toMatch(MISCONF);
    workers.startsStuck = false;
    await ask('BGSAVE');
    await finish();
    expect(await ask('SET a 3')).toBe('+OK');
  });

  it('have FLUSHALL end what is under way, and save that there is nothing', async () => {
    start({ save });
    workers.startsStuck = true;
    await ask('SET a 1', 'BGSAVE', 'FLUSHALL');
    await finish();
    expect(field('rdb_last_bgsave_status')).toBe('ok');
    expect(logged).toContain('Background saving terminated by signal 10');
    expect(load().databases[0]!.size).toBe(0);
  });
});

describe('SAVE', () => {
  it('counts as a save, and is told of by LASTSAVE', async () => {
    start();
    await rig.advance(5_000);
    expect(await ask('SET a 1', 'SAVE', 'LASTSAVE')).toBe(
      `+OK +OK :${Math.floor(rig.clock.now() / 1000)}`,
    );
    expect(field('rdb_changes_since_last_save')).toBe('0');
    expect(stringOf(load(), 'a')).toBe('1');
  });

  it('says in the log what has kept it from saving', async () => {
    start();
    rig.server.config.force('dir', join(directory, 'nowhere'));
    expect(await ask('SET a 1', 'SAVE')).toBe('+OK -ERR');
    expect(logged.at(-1)).toMatch(
      /^Failed opening the temp RDB file temp-\d+\.rdb \(in server root/,
    );
    expect(existsSync(join(directory, 'dump.rdb'))).toBe(false);
  });
});

describe('A server without save points', () => {
  it('saves nothing by itself, not even when it ends', async () => {
    start();
    await ask('SET a 1');
    await rig.advance(10_000_000);
    await rig.server.stop();
    expect(readdirSync(directory)).toEqual([]);
  });
});
