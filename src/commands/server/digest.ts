/**
 * A fingerprint of 20 bytes, and the two ways to add something to it:
 *
 *     add(x):   digest ^= SHA1(x)                     the order does not matter: sets, keys
 *     mix(x):   digest = SHA1(digest ^ SHA1(x))       it does: lists, fields and their values
 *
 * Source: the comments on xorDigest and mixDigest in Redis's debug.c
 */
import crypto from 'node:crypto';

const SIZE = 20;

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

/** Node.js has the faster way from 20.12 on. */
const hasOneShot = typeof crypto.hash === 'function';

function sha1(data: Uint8Array): Buffer {
  if (hasOneShot) return crypto.hash('sha1', data, 'buffer');
  return crypto.createHash('sha1').update(data).digest();
}
