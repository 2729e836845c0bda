/**
 * Integer fields of 1 to 64 bits anywhere in a string of bytes, the highest bit first.
 *
 *     byte      0        1        2
 *           |......hh|hhhhhhhh|hl......|      a field of 12 bits at bit 6
 *
 * A number holds up to 53 bits exactly, so fields of up to that width are read and written as
 * numbers, a byte at a time, and without allocation. Wider ones are bigints, put together from an
 * upper part and the lower 32 bits. Behind the string's end, all bits read as zero.
 */

/** Widest field that a number holds exactly. */
export const NUMBER_BITS = 53;
const LOW_BITS = 32;
const LOW_UNIT = 2n ** 32n;

/**
 * Reads a field as a number.
 * @param off where the string begins in `buf` @param len its bytes
 * @param bit where the field begins in the string @param width at most NUMBER_BITS
 */
export function readField(
  buf: Uint8Array,
  off: number,
  len: number,
  bit: number,
  width: number,
  signed: boolean,
): number {
  let byte = Math.floor(bit / 8);
  let skip = bit % 8;
  let rest = width;
  let value = 0;
  while (rest > 0) {
    const taken = Math.min(8 - skip, rest);
    const present = byte < len ? buf[off + byte]! : 0;
    const part = (present >>> (8 - skip - taken)) & ((1 << taken) - 1);
    value = value * (1 << taken) + part;
    rest -= taken;
    skip = 0;
    byte++;
  }
  return signed && value >= 2 ** (width - 1) ? value - 2 ** width : value;
}

/** As `readField`, of any width. */
export function readExact(
  buf: Uint8Array,
  off: number,
  len: number,
  bit: number,
  width: number,
  signed: boolean,
): bigint {
  if (width <= NUMBER_BITS) return BigInt(readField(buf, off, len, bit, width, signed));
  const upper = width - LOW_BITS;
  const high = readField(buf, off, len, bit, upper, signed);
  const low = readField(buf, off, len, bit + upper, LOW_BITS, false);
  return BigInt(high) * LOW_UNIT + BigInt(low);
}

/** Writes a number that fits a field of at most NUMBER_BITS, all of it within the string. */
export function writeField(
  buf: Uint8Array,
  off: number,
  bit: number,
  width: number,
  value: number,
): void {
  const end = bit + width;
  let byte = Math.floor((end - 1) / 8);
  let shift = byte * 8 + 8 - end;
  let rest = width;
  let unsigned = value < 0 ? value + 2 ** width : value;
  while (rest > 0) {
    const taken = Math.min(8 - shift, rest);
    const mask = ((1 << taken) - 1) << shift;
    const above = Math.floor(unsigned / (1 << taken));
    const part = unsigned - above * (1 << taken);
    buf[off + byte] = (buf[off + byte]! & ~mask) | (part << shift);
    unsigned = above;
    rest -= taken;
    shift = 0;
    byte--;
  }
}

/** As `writeField`, of any width. */
export function writeExact(
  buf: Uint8Array,
  off: number,
  bit: number,
  width: number,
  value: bigint,
): void {
  if (width <= NUMBER_BITS) {
    writeField(buf, off, bit, width, Number(value));
    return;
  }
  const upper = width - LOW_BITS;
  const unsigned = BigInt.asUintN(width, value);
  writeField(buf, off, bit, upper, Number(unsigned / LOW_UNIT));
  writeField(buf, off, bit + upper, LOW_BITS, Number(unsigned % LOW_UNIT));
}
