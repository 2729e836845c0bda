/**
 * DEBUG DIGEST: a fingerprint of the data, equal for equal data, whatever the order in which it came
 * and however it is encoded. The same as Redis's for the same data, so that the two can be compared.
 *
 * Source: the comment on computeDatasetDigest in Redis's debug.c
 */
import type { Database } from '../../keyspace/database.js';
import { Digest } from './digest.js';
import { mixContent } from './digest-content.js';

/** Stands for a time to live, whatever it is: two servers may differ by a few ms. */
const EXPIRES = Buffer.from('!!expire!!');

/** The digest of all databases, keys that are due but not yet removed included. */
export function datasetDigest(databases: readonly Database[]): string {
  const total = new Digest();
  for (const db of databases) {
    if (db.size === 0) continue;
    total.mixNumber(db.index);
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (!db.dict.isUsed(e)) continue;
      const digest = new Digest();
      digest.mix(db.keyName(e));
      mixValue(digest, db, e);
      total.add(digest);
    }
  }
  return total.toString();
}

/** The digest of one value and whether it expires; of nothing (`e` is 0) it is all zeros. */
export function valueDigest(db: Database, e: number): string {
  const digest = new Digest();
  if (e !== 0) mixValue(digest, db, e);
  return digest.toString();
}

function mixValue(digest: Digest, db: Database, e: number): void {
  mixContent(digest, db, e);
  if (db.isVolatile(e)) digest.add(EXPIRES);
}
