/**
 * HalfSipHash-1-3: a keyed hash of bytes to 32 bits.
 *
 * Keys of a dict come from strangers; with an unkeyed hash they could choose thousands that share a
 * bucket and make every access walk them. With a secret 64-bit key they cannot foresee the bucket.
 * HalfSipHash is SipHash on 32-bit words, which is what JavaScript's integers are; 1 round per word
 * and 3 at the end, like the SipHash-1-2 that Redis uses, trade a security margin against time that
 * a table with rehashing does not need.
 *
 * Source: J.-P. Aumasson, D. J. Bernstein: SipHash (2012), and the authors' HalfSipHash reference.
 */
export class SipHasher {
  private readonly k0: number;
  private readonly k1: number;

  /** @param k0,k1 the secret key, two random 32-bit numbers */
  constructor(k0: number, k1: number) {
    this.k0 = k0 | 0;
    this.k1 = k1 | 0;
  }

  /**
   * The hash of `buf[off..off+len)`: a signed 32-bit integer, never 0 (0 means "not computed").
   * Allocates nothing; guarded by `npm run bench`.
   */
  hash(buf: Uint8Array, off: number, len: number): number {
    const { k0, k1 } = this;
    let v0 = k0;
    let v1 = k1;
    let v2 = 0x6c796765 ^ k0;
    let v3 = 0x74656462 ^ k1;
    const end = off + (len & ~3);
    let at = off;
    for (; at < end; at += 4) {
      const m = buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16) | (buf[at + 3]! << 24);
      v3 ^= m;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= m;
    }
    let m = len << 24;
    const left = len & 3;
    if (left > 0) {
      m |= buf[at]!;
      if (left > 1) m |= buf[at + 1]! << 8;
      if (left > 2) m |= buf[at + 2]! << 16;
    }
    v3 ^= m;
    for (let round = 0; round < 4; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (round === 0) {
        v0 ^= m;
        v2 ^= 0xff;
      }
    }
    const h = v1 ^ v3;
    return h === 0 ? 1 : h;
  }
}
