/**
 * The hash slot of a key in a cluster.
 *
 * A cluster divides the keys over 16384 slots: CRC16 of the key, its lower 14 bits. To keep related
 * keys together, only a hash tag is hashed if the key has one: what stands between its first `{`
 * and the next `}`, unless that is nothing.
 *
 *     user:{42}:name -> CRC16('42')      {}x -> CRC16('{}x')      {{a}b -> CRC16('{a')
 *
 * The CRC is CRC-16/XMODEM: polynomial x^16 + x^12 + x^5 + 1 (0x1021), start 0, no reflection; the
 * check value of `123456789` is 0x31c3. Source: Redis Cluster specification, appendix A.
 *
 * Hot with cluster mode on: allocates nothing.
 */

/** How many slots a cluster has. */
export const SLOT_COUNT = 16384;

const POLYNOMIAL = 0x1021;
const OPEN = 123;
const CLOSE = 125;

/** CRC of each byte followed by nothing. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc & 0xffff;
});

/** CRC-16/XMODEM of `len` bytes from `off` on, 0 to 65535. */
export function crc16(buf: Uint8Array, off: number, len: number): number {
  let crc = 0;
  const end = off + len;
  for (let at = off; at < end; at++) {
    crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ buf[at]!]!;
  }
  return crc;
}

/** The slot, 0 to 16383, of the key of `len` bytes from `off` on. */
export function keyHashSlot(buf: Uint8Array, off: number, len: number): number {
  const end = off + len;
  const open = find(buf, off, end, OPEN);
  const close = find(buf, open + 1, end, CLOSE);
  const hasTag = close < end && close > open + 1;
  const crc = hasTag ? crc16(buf, open + 1, close - open - 1) : crc16(buf, off, len);
  return crc & (SLOT_COUNT - 1);
}

/** Position of the first `byte` in [from, end), or a position not below `end`. */
function find(buf: Uint8Array, from: number, end: number, byte: number): number {
  let at = from;
  while (at < end && buf[at] !== byte) at++;
  return at;
}
