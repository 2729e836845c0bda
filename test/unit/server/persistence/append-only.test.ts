/** A server's append-only file on a disk that tests hold in their hands: what replies wait for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/server/clock.js';
import { Config } from '../../../../src/server/config/config.js';
import type { DirectiveOptions } from '../../../../src/server/config/directives.js';
import { nodeFiles } from '../../../../src/server/config/node-files.js';
import { Server } from '../../../../src/server/server.js';
import { silentLog } from '../../../../src/server/silent-log.js';
import { pair } from '../../../fuzz/connection.js';
import { RigClient } from '../../../support/waiting-rig.js';
import { FakeDisk } from '../../persistence/aof/fake-disk.js';

const DIR = process.cwd();
const FOLDER = `${DIR}/appendonlydir`;
const INCR = `${FOLDER}/appendonly.aof.1.incr.aof`;
const BEGINNING = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n';
/** Turns of the event loop in which a request and its reply have gone through memory. */
const TURNS = 6;

let disk: FakeDisk;
let clock: ManualClock;
let server: Server;
let exitCode: number | undefined;

async function begin(directives: DirectiveOptions): Promise<void> {
  disk = new FakeDisk();
  clock = new ManualClock(1_700_000_000_000);
  exitCode = undefined;
  disk.makeFolder(FOLDER);
  disk.put(`${FOLDER}/appendonly.aof.manifest`, 'file appendonly.aof.1.incr.aof seq 1 type i\n');
  disk.put(INCR, BEGINNING);
  const config = new Config({ workingDirectory: DIR, directories: nodeFiles() });
  for (const [name, value] of Object.entries({ save: [], appendonly: true, ...directives })) {
    config.initialize(name as 'databases', value as number);
  }
  server = new Server({
    config,
    clock,
    log: silentLog,
    aofFiles: disk,
    onStopped: (code) => {
      exitCode = code;
    },
  });
  expect(await server.load()).toBe(true);
  server.begin();
}

function connect(): RigClient {
  const [mine, its] = pair();
  server.attach(its);
  return new RigClient(mine);
}

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise((next) => setImmediate(next));
}

async function ask(client: RigClient, ...requests: string[]): Promise<string> {
  client.send(...requests);
  await settle();
  return client.taken();
}

async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

function appended(): string {
  return disk
    .text(INCR)!
    .slice(BEGINNING.length)
    .replaceAll(/\*\d+\r\n|\$\d+\r\n/g, '');
}

afterEach(() => server.stop());

describe('a reply to a client that has written', () => {
  let one: RigClient;

  beforeEach(async () => {
    await begin({});
    one = connect();
  });

  it('comes when what was written is in the file', async () => {
    disk.before = (operation) => {
      if (operation === 'write') expect(one.taken()).toBe('');
    };
    expect(await ask(one, 'SET a 1', 'SET b 2')).toBe('+OK +OK');
    expect(appended()).toBe('SELECT\r\n0\r\nSET\r\na\r\n1\r\nSET\r\nb\r\n2\r\n');
    expect(disk.log.filter((line) => line.startsWith('write'))).toHaveLength(1);
  });

  it('waits while the file is being synced, but the replies to others do not', async () => {
    await ask(one, 'SET a 1');
    await advance(1100);
    expect(disk.laterSyncs).toHaveLength(1);
    const reader = connect();
    expect(await ask(one, 'SET a 2', 'GET a')).toBe('');
    expect(await ask(reader, 'GET a', 'PING')).toBe('$1 2 +PONG');
    await advance(500);
    expect(one.taken()).toBe('');
    expect(appended()).not.toContain('\r\n2\r\n');
    disk.laterSyncs.shift()!();
    await settle();
    expect(one.taken()).toBe('+OK $1 2');
    expect(appended()).toContain('\r\n2\r\n');
  });

  it('comes after two seconds of a sync that does not end: the file is written then', async () => {
    await ask(one, 'SET a 1');
    await advance(1100);
    expect(await ask(one, 'SET a 2')).toBe('');
    await advance(2100);
    expect(one.taken()).toBe('+OK');
    expect(server.appendOnly.file.writer.delayedSyncs).toBe(1);
  });

  it('comes though a sync goes on, if the client has written nothing since', async () => {
    await ask(one, 'SET a 1');
    await advance(1100);
    expect(await ask(one, 'GET a')).toBe('$1 1');
  });
});

describe('a disk that is full', () => {
  let one: RigClient;

  beforeEach(async () => {
    await begin({});
    one = connect();
    disk.before = (operation) => {
      if (operation === 'write') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    await ask(one, 'SET a 1');
  });

  it('has writes refused, and PING, while reads are answered', async () => {
    const refusal = '-MISCONF Errors writing to the AOF file: No space left on device';
    expect(await ask(one, 'SET a 2', 'PING', 'GET a')).toBe(`${refusal} ${refusal} $1 1`);
    expect(await ask(one, 'MULTI', 'SET a 2', 'EXEC')).toContain('-EXECABORT');
    expect(server.info.render(['persistence'])).toContain('aof_last_write_status:err');
  });

  it('takes what waited as soon as it can', async () => {
    disk.before = () => {};
    await advance(1100);
    disk.laterSyncs.shift()!();
    expect(await ask(one, 'SET a 2')).toBe('+OK');
    expect(appended()).toBe('SELECT\r\n0\r\nSET\r\na\r\n1\r\nSET\r\na\r\n2\r\n');
    expect(server.info.render(['persistence'])).toContain('aof_last_write_status:ok');
  });

  it('is no concern any more once appendonly is off', async () => {
    expect(await ask(one, 'CONFIG SET appendonly no', 'SET a 2')).toBe('+OK +OK');
  });
});

describe('a sync that fails', () => {
  it('has writes refused until one goes well', async () => {
    await begin({});
    const one = connect();
    await ask(one, 'SET a 1');
    await advance(1100);
    disk.laterSyncs.shift()!(Object.assign(new Error('bad'), { code: 'EIO' }));
    expect(await ask(one, 'SET a 2')).toBe(
      '-MISCONF Errors writing to the AOF file: Input/output error',
    );
    await advance(1100);
    disk.laterSyncs.shift()!();
    await settle();
    expect(await ask(one, 'SET a 2')).toBe('+OK');
  });

  it('ends the server with appendfsync always, before anybody is told that it went well', async () => {
    await begin({ appendfsync: 'always' });
    const one = connect();
    expect(await ask(one, 'SET a 1')).toBe('+OK');
    disk.before = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('bad'), { code: 'EIO' });
    };
    expect(await ask(one, 'SET a 2')).toBe('');
    expect(exitCode).toBe(1);
  });
});

describe('WAITAOF', () => {
  it('waits until what the client has written is on the disk', async () => {
    await begin({});
    const one = connect();
    expect(await ask(one, 'WAITAOF 1 0 0')).toBe('*2 :1 :0');
    expect(await ask(one, 'SET a 1', 'WAITAOF 1 0 0')).toBe('+OK');
    await advance(1100);
    expect(one.taken()).toBe('');
    disk.laterSyncs.shift()!();
    await settle();
    expect(one.taken()).toBe('*2 :1 :0');
    expect(await ask(one, 'SET a 1', 'MULTI', 'WAITAOF 1 0 0', 'EXEC')).toContain('*1 *2 :0 :0');
  });

  it('answers how far it has come when its time is up', async () => {
    await begin({});
    const one = connect();
    expect(await ask(one, 'SET a 1', 'WAITAOF 0 1 50')).toBe('+OK');
    await advance(60);
    expect(one.taken()).toBe('*2 :0 :0');
  });

  it('has nothing to wait for with appendfsync always', async () => {
    await begin({ appendfsync: 'always' });
    expect(await ask(connect(), 'SET a 1', 'WAITAOF 1 0 0')).toBe('+OK *2 :1 :0');
  });

  it('is refused where nothing is written to disk, then or meanwhile', async () => {
    await begin({});
    const one = connect();
    await ask(one, 'SET a 1', 'WAITAOF 1 0 0');
    const refusal = '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.';
    await ask(connect(), 'CONFIG SET appendonly no');
    expect(one.taken()).toBe(refusal);
    expect(await ask(one, 'WAITAOF 1 0 0', 'WAITAOF 0 0 0')).toBe(`${refusal} *2 :0 :0`);
    expect(await ask(one, 'WAITAOF 2 0 0')).toBe(
      '-ERR value is out of range, value must between 0 and 1',
    );
  });
});

describe('the end of the server', () => {
  it('has everything on the disk', async () => {
    await begin({ appendfsync: 'no' });
    await ask(connect(), 'SET a 1');
    await server.stop();
    expect(disk.synced(INCR)!.toString()).toContain('SET');
    expect(disk.log.at(-1)).toBe(`close ${INCR}`);
  });
});
