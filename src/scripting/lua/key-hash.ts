/**
 * The hashes by which PUC Lua places keys in a table's hash part. That of strings is the one of
 * Redis's Lua, which takes all bytes of a string; Lua 5.1 itself skips some of those over 31.
 */
import { ODD_MODULUS } from './nodes.js';

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** @returns 32 bits; ODD_MODULUS is added where the hash is to be taken modulo an odd number */
export function hashOf(key: unknown, serial: number): number {
  if (typeof key === 'string') return hashOfString(key);
  if (typeof key === 'number') return hashOfNumber(key);
  if (typeof key === 'boolean') return key ? 1 : 0;
  // PUC takes the address. Any number will do: nobody can know the address.
  return ODD_MODULUS + serial;
}

export function hashOfString(key: string): number {
  let hash = key.length;
  for (let i = key.length - 1; i >= 0; i--) {
    hash ^= (hash << 5) + (hash >>> 2) + key.charCodeAt(i);
  }
  return hash >>> 0;
}

function hashOfNumber(key: number): number {
  if (key === 0) return 0;
  double[0] = key;
  return ODD_MODULUS + ((words[0] + words[1]) >>> 0);
}
