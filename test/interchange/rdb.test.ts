/**
 * RDB files and DUMP payloads between respd and a real redis-server, in both directions: what one
 * writes the other reads, and then holds the same.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { valueDigest } from '../../src/commands/server/debug-digest.js';
import { LooseValue } from '../../src/keyspace/loose-value.js';
import { LoadContext } from '../../src/persistence/rdb/load-context.js';
import { isPayload, PayloadWriter, readPayload } from '../../src/persistence/rdb/payload.js';
import { HandlerRig } from '../support/handler-rig.js';
import { findProgram } from '../support/programs.js';
import { readRdb, writeRdb } from '../support/rdb-file.js';
import { describeWithRedis, type RealRedis, startRealRedis } from '../support/real-redis.js';
import type { Arg, RespClient } from '../support/resp-client.js';
import { showReply } from '../support/resp-client.js';
import { everything } from './data.js';

const DEBUG = ['--enable-debug-command', 'yes'];

describeWithRedis('RDB between respd and redis-server', () => {
  let redis: RealRedis;
  let client: RespClient;
  let rig: HandlerRig;

  async function ask(on: RespClient, ...request: Arg[]): Promise<string> {
    return showReply(await on.send(...request));
  }

  beforeAll(async () => {
    redis = await startRealRedis(DEBUG);
    client = await redis.connect();
    rig = new HandlerRig(allCommands);
    for (const request of everything()) {
      await client.send(...request);
      runHere(rig, request);
    }
  });

  afterAll(async () => {
    client?.close();
    await redis?.stop();
  });

  it('a file that Redis wrote gives the same keys here', async () => {
    expect(await ask(client, 'SAVE')).toMatch(/OK/);
    const file = await readFile(join(redis.dir, 'dump.rdb'));
    const loaded = new HandlerRig(allCommands);
    expect(readRdb(loaded.keyspace, file, { isDeep: true }).fault).toBeUndefined();
    expect(digests(loaded)).toEqual(digests(rig));
    const stream = 'XINFO STREAM stream:big FULL COUNT 0';
    expect(withoutTimes(loaded.run(stream))).toBe(withoutTimes(rig.run(stream)));
  });

  it.each([undefined, 9, 10])(
    'Redis loads a file of ours (version %s) without complaint',
    async (version) => {
      const dir = await mkdtemp(join(tmpdir(), 'respd-test-rdb-'));
      const path = join(dir, 'dump.rdb');
      await writeFile(path, writeRdb(rig.keyspace, { version, stepBytes: 1000 }));
      const checker = findProgram('redis-check-rdb');
      if (checker !== undefined) {
        expect(execFileSync(checker, [path], { encoding: 'utf8' })).toMatch(/RDB looks OK/);
      }
      const other = await startRealRedis([
        ...DEBUG,
        '--dir',
        dir,
        '--sanitize-dump-payload',
        'yes',
      ]);
      const there = await other.connect();
      try {
        expect(await ask(there, 'DEBUG', 'DIGEST')).toBe(await ask(client, 'DEBUG', 'DIGEST'));
      } finally {
        there.close();
        await other.stop();
        await rm(dir, { recursive: true, force: true });
      }
    },
  );

  it('payloads of DUMP go both ways', async () => {
    const db = rig.keyspace.databases[0]!;
    const context = new LoadContext();
    context.db = db;
    context.isDeep = true;
    const value = new LooseValue();
    const payloads = new PayloadWriter();
    const copy = Buffer.from('copy');
    await client.send('CONFIG', 'SET', 'sanitize-dump-payload', 'yes');
    const keys = Array.from({ length: db.dict.entryTop }, (_, e) => e).filter(
      (e) => e > 0 && db.dict.isUsed(e),
    );
    for (const e of keys) {
      const key = db.keyName(e);
      const ours = payloads.write(db, e, true);
      const ttl = db.isVolatile(e) ? db.expiryExact(e) : 0n;
      expect(
        await ask(client, 'RESTORE', copy, ttl, ours, 'REPLACE', 'ABSTTL'),
        key.toString(),
      ).toMatch(/OK/);
      const reply = await client.send('DEBUG', 'DIGEST-VALUE', key, copy);
      const [a, b] = reply.kind === 'array' ? reply.items.map(showReply) : [];
      expect(a, key.toString()).toBe(b);
      const dump = await client.send('DUMP', key);
      const theirs = dump.kind === 'bulk' ? dump.bytes : Buffer.alloc(0);
      expect(isPayload(theirs, 0, theirs.length, true)).toBe(true);
      expect(readPayload(theirs, 0, theirs.length, context, value)).toBeUndefined();
      const restored = value.addTo(db, copy, 0, copy.length, 0);
      if (ttl !== 0n) db.setExpiry(restored, ttl);
      expect(valueDigest(db, restored), key.toString()).toBe(valueDigest(db, e));
      db.remove(restored);
    }
  });
});

function runHere(rig: HandlerRig, request: Arg[]): void {
  // The rig runs all in the first database: another one takes its place, and later gives it back.
  if (request[0] === 'SELECT') {
    rig.keyspace.swap(0, 9);
    return;
  }
  rig.run(request.map((arg) => (arg instanceof Uint8Array ? arg : String(arg))));
}

/** Digests of all values, by key, whatever their database. */
function digests(rig: HandlerRig): string[] {
  const lines: string[] = [];
  for (const db of rig.keyspace.databases) {
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (!db.dict.isUsed(e)) continue;
      lines.push(`${db.keyName(e).toString('latin1')} ${db.expiryExact(e)} ${valueDigest(db, e)}`);
    }
  }
  return lines.sort();
}

/** An answer of XINFO without the times at which something happened. */
function withoutTimes(reply: string): string {
  return reply.replace(/:1[67]\d{11}\r\n/g, ':time\r\n');
}
