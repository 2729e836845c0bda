/**
 * What is saved is what was there at the cut, to the byte, whatever happens meanwhile: random commands
 * run between the entries of a walk, and between the steps of big collections.
 *
 * Each run has a seed of its own, which names it when it fails; SNAPSHOT_SEED runs that one again.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valueDigest } from '../../../../src/commands/server/debug-digest.js';
import { HashFields } from '../../../../src/keyspace/hash/hash-fields.js';
import { Keyspace } from '../../../../src/keyspace/keyspace.js';
import { Kind } from '../../../../src/keyspace/kinds.js';
import { PayloadWriter } from '../../../../src/persistence/rdb/payload.js';
import { InProcessLauncher } from '../../../support/in-process-worker.js';
import { readRdb } from '../../../support/rdb-file.js';
import { seeded } from '../../../support/seeded.js';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

const RUNS = 40;
/** Commands that set the stage, and those that run while it is saved. */
const BEFORE = 120;
const DURING = 160;
const DATABASES = 4;
const START_MS = 1_700_000_000_000;

type Random = ReturnType<typeof seeded>;

/** Every key of every database with all that can be known of it. */
function facts(keyspace: Keyspace): string[] {
  const lines: string[] = [];
  const payloads = new PayloadWriter();
  const fields = new HashFields();
  for (const db of keyspace.databases) {
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (!db.dict.isUsed(e)) continue;
      const kind = db.kind(e);
      const more: (string | number)[] = [];
      if (kind === Kind.Stream) more.push(payloads.write(db, e, false).toString('hex'));
      if (kind >= Kind.HashListpackEx) {
        fields.open(db, e);
        for (fields.rewind(); fields.next(); ) {
          const name = fields.field.subarray(fields.fieldOff, fields.fieldOff + fields.fieldLen);
          if (fields.deadline !== 0)
            more.push(`${Buffer.from(name).toString('latin1')}:${fields.deadline}`);
        }
        more.sort();
      }
      const name = db.keyName(e).toString('latin1');
      lines.push([db.index, name, db.expiryExact(e), valueDigest(db, e), ...more].join(' | '));
    }
  }
  return lines.sort();
}

function loaded(path: string): string[] {
  const keyspace = new Keyspace({ databases: DATABASES, random: () => 0.5 });
  const reader = readRdb(keyspace, readFileSync(path), { now: 0 });
  expect(reader.fault).toBeUndefined();
  return facts(keyspace);
}

/** A random command: all types, all ways for a key to change, to go and to come. */
function command(random: Random): string {
  const key = (type: string) => `${type}${random(6)}`;
  const any = () => key(['s', 'l', 'h', 'z', 't', 'x', 'hll'][random(7)]!);
  const big = () => ['big-l', 'big-t', 'big-h', 'big-z', 'big-x'][random(5)]!;
  const word = () => `w${random(40)}`;
  const long = () => 'long words '.repeat(1 + random(30)).replaceAll(' ', '_');
  const many = (n: number, of: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => of(i)).join(' ');
  const kinds: (() => string)[] = [
    () => `SET ${key('s')} ${word()}`,
    () => `SET ${key('s')} ${long()} PX ${1 + random(400)}`,
    () => `SET ${any()} ${random(1e6)}`,
    () => `APPEND ${key('s')} ${long()}`,
    () => `SETRANGE ${key('s')} ${random(6000)} ${word()}`,
    () => `SETBIT ${key('s')} ${random(3000)} 1`,
    () => `INCRBY n${random(4)} ${random(100)}`,
    () => `GETEX ${key('s')} PX ${1 + random(300)}`,
    () => `RPUSH ${key('l')} ${many(1 + random(5), word)}`,
    () => `RPUSH big-l ${many(1500, (i) => `element-of-a-long-list-${i}-${random(1000)}`)}`,
    () => `LPOP ${key('l')}`,
    () => `LSET big-l ${random(3000)} changed`,
    () => `LREM big-l 1 changed`,
    () => `LMOVE ${key('l')} ${key('l')} LEFT RIGHT`,
    () => `LTRIM big-l ${random(10)} -1`,
    () => `SORT ${key('l')} ALPHA STORE ${any()}`,
    () => `SADD ${key('t')} ${many(1 + random(20), word)}`,
    () => `SADD ${key('t')} ${many(1 + random(20), () => String(random(500)))}`,
    () => `SADD big-t ${many(1500, (i) => `member-of-a-large-set-${i}-${random(3)}`)}`,
    () => `SREM big-t member-of-a-large-set-${random(1500)}-0`,
    () => `SPOP ${key('t')}`,
    () => `SINTERSTORE ${any()} ${key('t')} ${key('t')}`,
    () => `HSET ${key('h')} ${many(1 + random(6), () => `${word()} ${word()}`)}`,
    () => `HSET big-h ${many(1000, (i) => `field-${i} value-of-a-field-${i}-${random(9)}`)}`,
    () => `HSET big-h field-${random(1500)} changed`,
    () => `HDEL big-h field-${random(1500)}`,
    () => `HPEXPIRE ${key('h')} ${1 + random(300)} FIELDS 1 ${word()}`,
    () => `HPEXPIRE big-h ${1 + random(300)} FIELDS 1 field-${random(1000)}`,
    () => `HGETALL ${key('h')}`,
    () => `HGET big-h field-${random(1000)}`,
    () => `ZADD ${key('z')} ${many(1 + random(5), () => `${random(50)} ${word()}`)}`,
    () => `ZADD big-z ${many(1000, (i) => `${random(5000)} member-of-a-sorted-set-${i}`)}`,
    () => `ZINCRBY big-z 7 member-of-a-sorted-set-${random(1200)}`,
    () => `ZPOPMIN big-z ${random(5)}`,
    () => `ZRANGESTORE ${any()} ${key('z')} 0 -1`,
    () => `XADD ${key('x')} * ${word()} ${word()}`,
    () => `XADD big-x * f ${long()}${long()}${long()}`,
    () => `XGROUP CREATE ${key('x')} g 0 MKSTREAM`,
    () => `XREADGROUP GROUP g c${random(3)} COUNT 3 STREAMS ${key('x')} >`,
    () => `XACK ${key('x')} g ${START_MS}-${random(5)}`,
    () => `XTRIM big-x MAXLEN ${random(500)}`,
    () => `PFADD ${key('hll')} ${word()} ${word()}`,
    () => `PFCOUNT ${key('hll')}`,
    () => `DEL ${any()} ${any()}`,
    () => `SADD big-t ${many(5000, (i) => `member-of-a-large-set-${i}`)}`,
    () => `UNLINK ${big()}`,
    () => `SET ${big()} ${word()}`,
    () => `SUNIONSTORE ${big()} ${key('t')} big-t`,
    () => `RENAME ${any()} ${big()}`,
    () => `RENAME ${any()} ${any()}`,
    () => `COPY ${any()} ${any()} REPLACE`,
    () => `COPY ${any()} ${any()} DB ${random(DATABASES)} REPLACE`,
    () => `MOVE ${any()} ${random(DATABASES)}`,
    () => `MOVE ${['big-l', 'big-t', 'big-h', 'big-z'][random(4)]} ${random(DATABASES)}`,
    () => `PEXPIRE ${any()} ${1 + random(300)}`,
    () => `PEXPIRE ${big()} ${1 + random(300)}`,
    () => `PERSIST ${any()}`,
    () => `BLPOP ${key('l')} ${key('l')} 0.01`,
    () => `SELECT ${random(DATABASES)}`,
    () => `MULTI\r\nSET ${any()} ${word()}\r\nHSET ${key('h')} a b\r\nLPUSH ${key('l')} x\r\nEXEC`,
    () => `EVAL "return redis.call('append',KEYS[1],'by_script')" 1 ${key('s')}`,
    () => 'RANDOMKEY',
  ];
  // Rarely, so that something is left. (FLUSHALL would end the save, as it does in Redis.)
  if (random(50) === 0) return 'FLUSHDB';
  if (random(40) === 0) return `SWAPDB ${random(DATABASES)} ${random(DATABASES)}`;
  return kinds[random(kinds.length)]!();
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'respd-snapshot-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function run(seed: number): Promise<void> {
  const random = seeded(seed);
  const workers = new InProcessLauncher();
  const rig = new WaitingRig(
    // Each entry of the walk takes a millisecond of the clock that stands.
    { dir: directory, save: [], databases: DATABASES, 'rdb-key-save-delay': 1000 },
    { workers },
  );
  rig.server.cron.start();
  const clients = [rig.connect(), rig.connect()];
  const some = (): RigClient => clients[random(clients.length)]!;
  const { keyspace } = rig.server;
  for (let i = 0; i < BEFORE; i++) {
    await rig.ask(some(), command(random));
    expect(keyspace.meter.usedBytes).toBe(keyspace.usedBytes);
  }
  const atCut = facts(keyspace);
  expect(await rig.ask(rig.connect(), 'BGSAVE')).toBe('+Background saving started');
  for (let i = 0; i < DURING && rig.server.storage.snapshots.active !== undefined; i++) {
    if (random(3) === 0) await rig.advance(1 + random(4));
    await rig.ask(some(), command(random));
    // What only the snapshot needs is not counted.
    expect(keyspace.meter.usedBytes).toBe(keyspace.usedBytes);
  }
  for (let i = 0; i < 5000 && rig.server.storage.snapshots.active !== undefined; i++)
    await rig.advance(1);
  expect(rig.info('persistence', 'rdb_last_bgsave_status')).toBe('ok');
  await rig.close();
  expect(loaded(join(directory, 'dump.rdb'))).toEqual(atCut);
}

describe('A snapshot', () => {
  const named = process.env.SNAPSHOT_SEED;
  const seeds = named === undefined ? Array.from({ length: RUNS }, (_, i) => i + 1) : [+named];
  it.each(seeds)('is the data set at its cut, whatever is written meanwhile: seed %i', run);
});
