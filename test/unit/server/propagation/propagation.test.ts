/** What commands have others told: in which form, in which order, and what belongs together. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Args } from '../../../../src/resp/args.js';
import { PropagateTo } from '../../../../src/server/api/propagation.js';
import type { PropagationSink } from '../../../../src/server/propagation/propagation.js';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

class Recorder implements PropagationSink {
  private lines: string[] = [];
  private db = 0;

  constructor(readonly target: number = PropagateTo.Aof) {}

  command(db: number, args: Args): void {
    const words = Array.from({ length: args.count }, (_, i) => args.text(i));
    this.lines.push((db === this.db ? '' : `${db}: `) + words.join(' '));
  }

  multi(): void {
    this.lines.push('MULTI');
  }

  exec(): void {
    this.lines.push('EXEC');
  }

  taken(): string[] {
    const { lines } = this;
    this.lines = [];
    return lines;
  }
}

let rig: WaitingRig;
let client: RigClient;
let log: Recorder;

beforeEach(() => {
  rig = new WaitingRig({ save: [] });
  client = rig.connect();
  log = new Recorder();
  rig.server.propagation.feed(log, true);
});

afterEach(() => rig.close());

async function told(...requests: string[]): Promise<string[]> {
  await rig.ask(client, ...requests);
  return log.taken();
}

describe('a command', () => {
  it('is passed on as it was sent, if it has changed something', async () => {
    expect(await told('SET k v', 'GET k', 'Append k w', 'DEL none', 'INCR k')).toEqual([
      'SET k v',
      'Append k w',
    ]);
  });

  it('goes with the number of its database', async () => {
    expect(await told('SELECT 3', 'SET k v', 'MOVE k 4', 'SELECT 0', 'SET k v')).toEqual([
      '3: SET k v',
      '3: MOVE k 4',
      'SET k v',
    ]);
  });

  it('is told in the form that means the same at any other time', async () => {
    expect(await told('SET k v EX 10', 'EXPIRE k 20', 'INCRBYFLOAT k2 1.5')).toEqual([
      'SET k v PXAT 1700000010000',
      'PEXPIREAT k 1700000020000',
      'SET k2 1.5 KEEPTTL',
    ]);
  });

  it('with several effects has them carried out together', async () => {
    await told('XGROUP CREATE s g $ MKSTREAM', 'XADD s 1-1 a b', 'XADD s 2-1 a b');
    expect(await told('XREADGROUP GROUP g me STREAMS s >')).toEqual([
      'MULTI',
      'XCLAIM s g me 0 1-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1',
      'XCLAIM s g me 0 2-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 2-1',
      'EXEC',
    ]);
  });

  it('is passed on even if it has nothing to remove, when it is a flush', async () => {
    expect(await told('FLUSHDB', 'FLUSHALL ASYNC')).toEqual(['FLUSHDB', 'FLUSHALL ASYNC']);
  });

  it('that has changed something and failed then is passed on too', async () => {
    expect(await told('SET k v', 'SET k v NX', 'LPUSH k x')).toEqual(['SET k v']);
  });
});

describe('a key that was due', () => {
  it('is deleted in front of the command that has met it', async () => {
    await told('SET k v PX 1');
    await rig.server.clock.now();
    rig.server.debug.activeExpire = false;
    await rig.advance(5);
    expect(await told('GET k')).toEqual(['DEL k']);
  });

  it('is deleted together with what the command then does', async () => {
    await told('SET k v PX 1');
    rig.server.debug.activeExpire = false;
    await rig.advance(5);
    expect(await told('INCR k')).toEqual(['MULTI', 'DEL k', 'INCR k', 'EXEC']);
  });

  it('is unlinked with lazyfree-lazy-expire', async () => {
    await told('CONFIG SET lazyfree-lazy-expire yes', 'SET k v PX 1');
    rig.server.debug.activeExpire = false;
    await rig.advance(5);
    expect(await told('EXISTS k')).toEqual(['UNLINK k']);
  });

  it('is deleted by itself when SCAN meets several, or the expire cycle does', async () => {
    await told('SET a v PX 1', 'SET b v PX 1', 'SET c v');
    rig.server.debug.activeExpire = false;
    await rig.advance(5);
    expect((await told('SCAN 0 COUNT 100')).sort()).toEqual(['DEL a', 'DEL b']);
    await told('SET a v PX 1', 'SET b v PX 1');
    rig.server.debug.activeExpire = true;
    await rig.advance(5);
    rig.server.upkeep.expireCycle.slow();
    expect(log.taken().sort()).toEqual(['DEL a', 'DEL b']);
  });

  it('has its field of a hash deleted alone', async () => {
    await told('HSET h a 1 b 2', 'HPEXPIRE h 1 FIELDS 1 a');
    rig.server.debug.activeExpire = false;
    await rig.advance(5);
    expect(await told('HLEN h', 'HSETNX h a 2')).toEqual([
      'MULTI',
      'HDEL h a',
      'HSETNX h a 2',
      'EXEC',
    ]);
  });
});

describe('a transaction', () => {
  it('is passed on as one, if it has changed more than one thing', async () => {
    expect(await told('MULTI', 'SET a 1', 'GET a', 'SELECT 2', 'INCR b', 'EXEC')).toEqual([
      'MULTI',
      'SET a 1',
      '2: INCR b',
      'EXEC',
    ]);
  });

  it('that has changed one thing is passed on without MULTI and EXEC', async () => {
    expect(await told('MULTI', 'SET a 1', 'GET a', 'EXEC')).toEqual(['SET a 1']);
    expect(await told('MULTI', 'GET a', 'EXEC')).toEqual([]);
  });

  it('holds what its commands were told as', async () => {
    expect(await told('MULTI', 'SET a 1 EX 1', 'SPOP none', 'EXPIRE a 9', 'EXEC')).toEqual([
      'MULTI',
      'SET a 1 PXAT 1700000001000',
      'PEXPIREAT a 1700000009000',
      'EXEC',
    ]);
  });
});

describe('a client that is served', () => {
  it('has its own command passed on, behind the one that served it', async () => {
    const waiting = rig.connect();
    await rig.ask(waiting, 'BLPOP list 0');
    expect(await told('RPUSH list a b')).toEqual(['RPUSH list a b', 'LPOP list']);
  });

  it('comes behind the whole transaction', async () => {
    const waiting = rig.connect();
    await rig.ask(waiting, 'BLMOVE list other LEFT RIGHT 0');
    expect(await told('MULTI', 'RPUSH list a', 'SET k v', 'EXEC')).toEqual([
      'MULTI',
      'RPUSH list a',
      'SET k v',
      'EXEC',
      'LMOVE list other LEFT RIGHT',
    ]);
  });
});

describe('sinks', () => {
  it('get nothing of what was changed before', async () => {
    rig.server.propagation.feed(log, false);
    expect(await told('SET k v', 'SPOP none')).toEqual([]);
    rig.server.propagation.feed(log, true);
    expect(await told('GET k', 'SET k w')).toEqual(['SET k w']);
  });

  it('get only what is for them', async () => {
    const replica = new Recorder(PropagateTo.Replicas);
    const { propagation, keyspace } = rig.server;
    propagation.feed(replica, true);
    propagation.also(keyspace.databases[0]!, ['PUBLISH', 'c', 'm'], PropagateTo.Replicas);
    expect(await told('SET k v')).toEqual(['SET k v']);
    expect(replica.taken()).toEqual(['MULTI', 'PUBLISH c m', 'SET k v', 'EXEC']);
  });

  it('are not told of commands while the targets leave them out', async () => {
    rig.server.propagation.begin();
    rig.server.propagation.targets = PropagateTo.None;
    await told('SET a 1');
    rig.server.propagation.targets = PropagateTo.Replicas;
    await told('SET b 1');
    rig.server.propagation.targets = PropagateTo.All;
    await told('SET c 1');
    rig.server.propagation.end();
    expect(await told('SET d 1')).toEqual(['MULTI', 'SET c 1', 'SET d 1', 'EXEC']);
  });

  it('make the offset rise by one with each command', async () => {
    const { propagation } = rig.server;
    await told('SET a 1', 'GET a', 'MULTI', 'SET a 2', 'SET a 3', 'EXEC');
    expect(propagation.offset).toBe(3);
  });
});

describe('CONFIG SET and the like', () => {
  it('are never passed on', async () => {
    expect(
      await told('CONFIG SET hz 20', 'CLIENT SETNAME x', 'PUBLISH c m', 'SELECT 1', 'SCAN 0'),
    ).toEqual([]);
  });
});

describe('a key that has to make room', () => {
  it('is deleted by itself, in front of the command that needs the room', async () => {
    await told('SET a 1', 'SET b 1');
    await told('CONFIG SET maxmemory-policy allkeys-random maxmemory 1');
    log.taken();
    const keys = await told('SET c 1', 'GET a');
    expect(keys.every((line) => /^DEL [abc]$/.test(line))).toBe(true);
  });
});
