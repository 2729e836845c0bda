/** Keyspaces with every encoding, made with the real commands, and what they hold as text. */
import { allCommands } from '../../../src/commands/index.js';
import { datasetDigest, valueDigest } from '../../../src/commands/server/debug-digest.js';
import type { Database } from '../../../src/keyspace/database.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { encodingName } from '../../../src/keyspace/kinds.js';
import { everything } from '../../interchange/data.js';
import { HandlerRig } from '../../support/handler-rig.js';

/** A rig with one of everything, made by the commands that the interchange tests use. */
export function fullRig(): HandlerRig {
  const rig = new HandlerRig(allCommands);
  for (const request of everything()) {
    const name = String(request[0]);
    if (name === 'SELECT') continue;
    rig.run(
      request.map((arg) =>
        typeof arg === 'string' || arg instanceof Uint8Array ? arg : String(arg),
      ),
    );
  }
  return rig;
}

/** One key of every encoding, as short as they can be. */
export function smallRig(): HandlerRig {
  const rig = new HandlerRig(allCommands, {
    'hash-max-listpack-value': 30,
    'zset-max-listpack-value': 30,
    'set-max-listpack-value': 30,
    'list-max-listpack-size': 4,
  });
  const long = 'm'.repeat(40);
  for (const request of [
    'SET int 12345',
    `SET raw ${long}`,
    'RPUSH list:listpack a b 1',
    'RPUSH list:quicklist a b c d e f g 1000000',
    'SADD set:intset 1 2 70000',
    'SADD set:listpack a b 12',
    `SADD set:table a ${long}`,
    'HSET hash:listpack a 1 b 2',
    `HSET hash:table a ${long} b c`,
    'HSET hash:timed a 1 b 2 c 3',
    'HPEXPIREAT hash:timed 1800000000000 FIELDS 2 a b',
    `HSET hash:timed:table a ${long} b c`,
    'HPEXPIREAT hash:timed:table 1800000000000 FIELDS 1 a',
    'ZADD zset:listpack 1 a 1.5 b',
    `ZADD zset:skiplist 1 a 2.5 ${long}`,
    'XADD stream 1-1 a b c d',
    'XADD stream 1-2 a b c d',
    'XADD stream 2-1 x y',
    'XGROUP CREATE stream group 0',
    'XREADGROUP GROUP group Alice COUNT 1 STREAMS stream >',
    'XREADGROUP GROUP group Bob COUNT 1 STREAMS stream >',
  ]) {
    rig.run(request);
  }
  return rig;
}

export function emptyKeyspace(): Keyspace {
  return new Keyspace({ databases: 16, random: () => 0.5, debugArena: true });
}

/** All keys of the first database: encoding, time to live, fields' deadlines, content. */
export function facts(keyspace: Keyspace): string[] {
  const db = keyspace.databases[0]!;
  const lines: string[] = [];
  for (let e = 1; e < db.dict.entryTop; e++) {
    if (!db.dict.isUsed(e)) continue;
    lines.push(
      [
        db.keyName(e).toString('latin1'),
        encodingName(db.kind(e)),
        db.expiryExact(e),
        valueDigest(db, e),
      ].join(' | '),
    );
  }
  return lines.sort();
}

export function digestOf(keyspace: Keyspace): string {
  return datasetDigest(keyspace.databases);
}

/** The entry of a key. */
export function entryOf(db: Database, key: string): number {
  const bytes = Buffer.from(key, 'latin1');
  return db.find(bytes, 0, bytes.length, 0);
}
