/**
 * What is known of a table's constructor before it runs.
 */
import type { TableNode } from '../syntax/tree.js';

/** A record with more names is made step by step. */
const MAX_RECORD = 30;

/** Keys of a constructor that has but names, each once. */
export function recordKeys({ items }: TableNode): string[] | undefined {
  if (items.length > MAX_RECORD) return undefined;
  const keys: string[] = [];
  for (const { key } of items) {
    if (key?.kind !== 'string' || keys.includes(key.value)) return undefined;
    keys.push(key.value);
  }
  return keys;
}

/** Sizes in PUC's instruction have five bits, three of them behind the point: they are rounded up. */
export function floatingByte(size: number): number {
  let mantissa = size;
  let exponent = 0;
  while (mantissa >= 16) {
    mantissa = (mantissa + 1) >> 1;
    exponent++;
  }
  return mantissa * 2 ** exponent;
}
