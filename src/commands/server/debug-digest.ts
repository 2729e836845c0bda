/**
 * DEBUG DIGEST: a fingerprint of the data, equal for equal data, whatever the order in which it came
 * and however it is encoded. The same as Redis's for the same data, so that the two can be compared.
 *
 * Two ways to add something to a digest of 20 bytes:
 *
 *     add(x):   digest ^= SHA1(x)                     the order does not matter: sets, keys
 *     mix(x):   digest = SHA1(digest ^ SHA1(x))       it does: lists, fields and their values
 *
 * Source: the comments on xorDigest, mixDigest and computeDatasetDigest in Redis's debug.c
 */
import { createHash } from 'node:crypto';
import type { Database } from '../../keyspace/database.js';
import { isString } from '../../keyspace/kinds.js';

const SIZE = 20;
/** A type's number in the digest. */
const STRING_TYPE = 0;
/** Stands for a time to live, whatever it is: two servers may differ by a few ms. */
const EXPIRES = Buffer.from('!!expire!!');

export class Digest {
  private readonly bytes = Buffer.alloc(SIZE);

  /** Adds something, or another digest, whose order does not matter. */
  add(data: Uint8Array | Digest): void {
    const hash = sha1(data instanceof Digest ? data.bytes : data);
    for (let i = 0; i < SIZE; i++) this.bytes[i]! ^= hash[i]!;
  }

  /** Adds something that comes after all that was added before. */
  mix(data: Uint8Array): void {
    this.add(data);
    sha1(this.bytes).copy(this.bytes);
  }

  mixNumber(n: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(n);
    this.mix(bytes);
  }

  toString(): string {
    return this.bytes.toString('hex');
  }
}

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
  const kind = db.kind(e);
  if (!isString(kind)) throw new Error(`DEBUG DIGEST does not know values of kind ${kind}`);
  digest.mixNumber(STRING_TYPE);
  digest.mix(db.stringBytes(e));
  if (db.isVolatile(e)) digest.add(EXPIRES);
}

function sha1(data: Uint8Array): Buffer {
  return createHash('sha1').update(data).digest();
}
