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
